/** How a body is answered that asks a model to write something. */

import type { ServerResponse } from 'node:http'
import type { Chat } from '../../domain/chat.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { AnsweringParts } from '../fields/answering.ts'
import { ignoredHeader } from '../fields/ignored.ts'
import { sessionIdOf } from '../fields/session-id.ts'
import type { Handler } from '../http/exchange.ts'
import { sendReply } from '../http/reply.ts'
import { writeStream } from '../http/stream.ts'
import { readBody } from './body.ts'
import { decodeChatBody } from './chat/decode.ts'
import type { Decoded, DecodeOptions } from './decode.ts'
import { createLineEncoder, encodeWhole } from './encoder.ts'
import { decodeGenerateBody } from './generate/decode.ts'
import { CHAT_FORM, createLines, GENERATE_FORM, type LineForm } from './lines.ts'
import { NDJSON_HEADERS } from './ndjson.ts'
import { createTimings } from './timings.ts'

/** What answering depends on. */
export interface AnswerParts extends AnsweringParts {
  readonly chat: Chat
  /** Where the models run, as clients are told: an origin. */
  readonly remoteHost: string
  /** Takes the place of the model of every request. */
  readonly debugModel: string | undefined
}

/** Creates the handler of `POST /api/chat`. */
export function chatHandler(parts: AnswerParts): Handler {
  return answer(parts, decodeChatBody, CHAT_FORM)
}

/** Creates the handler of `POST /api/generate`. */
export function generateHandler(parts: AnswerParts): Handler {
  return answer(parts, decodeGenerateBody, GENERATE_FORM)
}

function answer(
  parts: AnswerParts,
  decode: (body: JsonObject, options: DecodeOptions) => Decoded,
  form: LineForm,
): Handler {
  const { chat, catalog, clock, bodyLimitBytes, streamTimes, remoteHost } = parts
  const { strict, webSearch, debugModel } = parts
  return async exchange => {
    const timings = createTimings(clock)
    const body = await readBody(exchange, bodyLimitBytes)
    const models = catalog.list()
    const options = { sessionId: sessionIdOf(exchange), strict, webSearch, models, debugModel }
    const { plan, asked, remoteModel, ignored } = decode(body, options)
    const lines = createLines({ asked, remoteModel, remoteHost }, form, clock)
    const headers = ignoredHeader(ignored)
    if (plan.type === 'load') {
      return sendJsonText(exchange.response, lines.last({ reason: plan.reason }), headers)
    }
    timings.noteSent()
    const events = await chat(plan.request, exchange.signal)
    timings.noteAccepted()
    if (plan.stream) {
      const encoder = createLineEncoder(lines, plan, timings)
      const all = { ...NDJSON_HEADERS, ...headers }
      return await writeStream(exchange, events, encoder, all, streamTimes)
    }
    sendJsonText(exchange.response, await encodeWhole(events, lines, plan, timings), headers)
  }
}

function sendJsonText(
  response: ServerResponse,
  text: string,
  headers: Readonly<Record<string, string>>,
): void {
  const type = { 'content-type': 'application/json; charset=utf-8' }
  sendReply(response, { status: 200, headers: { ...type, ...headers }, text })
}
