/** Chat completions, and the completions that came before them. */

import type { Chat } from '../../../domain/chat.ts'
import type { ChatRequest } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import type { ModelEvent } from '../../../domain/events.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { Clock } from '../../../domain/ports.ts'
import { readJsonObject } from '../../http/body.ts'
import type { Exchange, Handler, Route } from '../../http/exchange.ts'
import { sendJson } from '../../http/reply.ts'
import { type Encoder, type StreamTimes, writeStream } from '../../http/stream.ts'
import { decodeCompletion } from '../completions/decode.ts'
import { createCompletionEncoder, encodeCompletion } from '../completions/encoder.ts'
import { ignoredHeader } from '../ignored.ts'
import { sessionIdOf } from '../session-id.ts'
import { SSE_HEADERS } from '../sse.ts'
import { type DecodeOptions, decodeChat } from './decode.ts'
import { type AnswerFacts, createChatEncoder, encodeChatCompletion } from './encoder.ts'
import { inChatTerms } from './params.ts'
import { chooseReasoningMode, type ReasoningMode } from './reasoning.ts'

/** What these endpoints depend on. */
export interface ChatParts {
  readonly chat: Chat
  readonly clock: Clock
  readonly bodyLimitBytes: number
  readonly streamTimes: StreamTimes
  /** Where answers put the reasoning if a request does not say. */
  readonly reasoningMode: ReasoningMode
  /** Refuses fields without effect. */
  readonly strict: boolean
  /** Lets the model search the web unless a request says no. */
  readonly webSearch: boolean
}

/** A body that has been read: what to ask, and how to tell the answer. */
interface Plan {
  readonly request: ChatRequest
  readonly stream: boolean
  readonly ignored: readonly string[]
  encoder(facts: AnswerFacts): Encoder<ModelEvent>
  whole(events: AsyncIterable<ModelEvent>, facts: AnswerFacts): Promise<object>
}

/** Returns the routes, without `/v1`. Chat completions are never stored, so there are none to list. */
export function chatRoutes(parts: ChatParts): readonly Route[] {
  return [
    { method: 'POST', path: '/chat/completions', handle: answer(parts, planChat) },
    { method: 'POST', path: '/completions', handle: answer(parts, planCompletion) },
    {
      method: 'GET',
      path: '/chat/completions',
      handle: ({ response }) => sendJson(response, 200, NONE),
    },
    { method: 'GET', path: '/chat/completions/:id', handle: notStored },
    { method: 'POST', path: '/chat/completions/:id', handle: notStored },
    { method: 'DELETE', path: '/chat/completions/:id', handle: notStored },
  ]
}

const NONE = { object: 'list', data: [], first_id: null, last_id: null, has_more: false }

const notStored: Handler = () => {
  throw new ProxyError('response_not_found', 'There is no such chat completion: none is stored.')
}

function answer(
  parts: ChatParts,
  plan: (body: JsonObject, exchange: Exchange, parts: ChatParts) => Plan,
): Handler {
  const { chat, clock, bodyLimitBytes, streamTimes } = parts
  return async exchange => {
    const body = await readJsonObject(exchange, bodyLimitBytes)
    const { request, stream, ignored, encoder, whole } = plan(body, exchange, parts)
    const facts: AnswerFacts = {
      model: request.model,
      fallbackId: exchange.id,
      fallbackCreatedAt: Math.floor(clock.now() / 1000),
    }
    const headers = ignoredHeader(ignored)
    try {
      const events = await chat(request, exchange.signal)
      if (stream) {
        const all = { ...SSE_HEADERS, ...headers }
        await writeStream(exchange, events, encoder(facts), all, streamTimes)
      } else {
        sendJson(exchange.response, 200, await whole(events, facts), headers)
      }
    } catch (error) {
      throw inChatTerms(error, body)
    }
  }
}

function planChat(body: JsonObject, exchange: Exchange, parts: ChatParts): Plan {
  const chat = decodeChat(body, decodeOptions(exchange, parts))
  const { includeUsage, legacyFunctions, hidesReasoning } = chat
  const header = exchange.request.headers['x-reasoning-compat']
  const reasoning = chooseReasoningMode(parts.reasoningMode, {
    header: header?.toString(),
    hidesReasoning,
    hasFormat: chat.request.format !== undefined,
  })
  const request = reasoning === 'off' ? withoutSummary(chat.request) : chat.request
  const options = { includeUsage, reasoning, legacyFunctions }
  return {
    ...chat,
    request,
    encoder: facts => createChatEncoder(facts, options),
    whole: (events, facts) => encodeChatCompletion(events, facts, options),
  }
}

function planCompletion(body: JsonObject, exchange: Exchange, parts: ChatParts): Plan {
  const completion = decodeCompletion(body, decodeOptions(exchange, parts))
  return {
    ...completion,
    request: withoutSummary(completion.request),
    encoder: facts => createCompletionEncoder(facts, completion),
    whole: (events, facts) => encodeCompletion(events, facts, completion),
  }
}

/** Nobody is going to see a summary, so none is asked for. */
function withoutSummary(request: ChatRequest): ChatRequest {
  return { ...request, summary: 'none' }
}

function decodeOptions(exchange: Exchange, { strict, webSearch }: ChatParts): DecodeOptions {
  return { sessionId: sessionIdOf(exchange), strict, webSearch }
}
