/** How a body is answered that asks a model to write something: a chat, or a completion. */

import type { Chat } from '../../../domain/chat.ts'
import type { ChatRequest } from '../../../domain/conversation.ts'
import type { ProxyError } from '../../../domain/errors.ts'
import type { ModelEvent } from '../../../domain/events.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { AnsweringParts } from '../../fields/answering.ts'
import { ignoredHeader } from '../../fields/ignored.ts'
import { refuseIgnored } from '../../fields/policy.ts'
import { sessionIdOf } from '../../fields/session-id.ts'
import { unmetTier } from '../../fields/tier.ts'
import { readJsonObject } from '../../http/body.ts'
import type { Exchange, Handler } from '../../http/exchange.ts'
import { sendJson } from '../../http/reply.ts'
import { type Encoder, writeStream } from '../../http/stream.ts'
import { SSE_HEADERS } from '../sse.ts'
import type { DecodeOptions } from './decode.ts'
import type { AnswerFacts } from './encoder.ts'
import { inClientTerms } from './params.ts'

/** What answering depends on. */
export interface AnswerParts extends AnsweringParts {
  readonly chat: Chat
}

/** A body that has been read: what to ask, and how to tell the answer. */
export interface Plan {
  readonly request: ChatRequest
  readonly stream: boolean
  /** Names of the fields that have no effect, for `x-chatmock-ignored`. */
  readonly ignored: readonly string[]
  encoder(facts: AnswerFacts): Encoder<ModelEvent>
  whole(events: AsyncIterable<ModelEvent>, facts: AnswerFacts): Promise<object>
}

/** Creates a handler that reads a body, plans its answer, asks the model and tells what it says. */
export function answer(
  parts: AnswerParts,
  plan: (body: JsonObject, options: DecodeOptions, exchange: Exchange) => Plan,
): Handler {
  const { chat, catalog, clock, bodyLimitBytes, streamTimes, strict, webSearch } = parts
  return async exchange => {
    const body = await readJsonObject(exchange, bodyLimitBytes)
    const options = { sessionId: sessionIdOf(exchange), strict, webSearch }
    const { request, stream, ignored, encoder, whole } = plan(body, options, exchange)
    const facts: AnswerFacts = {
      model: request.model,
      fallbackId: exchange.id,
      fallbackCreatedAt: Math.floor(clock.now() / 1000),
    }
    const unmet = unmetTier(request, catalog.list())
    refuseIgnored(unmet, strict)
    const headers = ignoredHeader([...ignored, ...unmet])
    try {
      const events = await chat(request, exchange.signal)
      if (stream) {
        const all = { ...SSE_HEADERS, ...headers }
        const chunks = encoder(facts)
        const fail = (error: ProxyError) => chunks.fail(inClientTerms(error, body))
        await writeStream(exchange, events, { ...chunks, fail }, all, streamTimes)
      } else {
        sendJson(exchange.response, 200, await whole(events, facts), headers)
      }
    } catch (error) {
      throw inClientTerms(error, body)
    }
  }
}

/** Nobody is going to see a summary, so none is asked for. */
export function withoutSummary(request: ChatRequest): ChatRequest {
  return { ...request, summary: 'none' }
}
