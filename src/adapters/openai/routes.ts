/** The OpenAI API as the server sees it. */

import type { Chat } from '../../domain/chat.ts'
import { collect } from '../../domain/collect.ts'
import { ProxyError } from '../../domain/errors.ts'
import type { Clock, ModelCatalog } from '../../domain/ports.ts'
import { readJsonObject } from '../http/body.ts'
import type { Exchange, Handler, Protocol, Route } from '../http/exchange.ts'
import { sendJson } from '../http/reply.ts'
import { type StreamTimes, writeStream } from '../http/stream.ts'
import { type AnswerFacts, createChatEncoder, encodeChatCompletion } from './chat-encoder.ts'
import { decodeChat } from './decode.ts'
import { encodeError } from './errors.ts'
import { encodeModelNamed, encodeModels } from './models.ts'
import { SSE_HEADERS } from './sse.ts'

/** What the protocol depends on. */
export interface OpenAiParts {
  readonly chat: Chat
  readonly catalog: ModelCatalog
  readonly clock: Clock
  readonly bodyLimitBytes: number
  readonly streamTimes: StreamTimes
}

/** Known parts of the API that this service does not have; 404, as a 5xx would be tried again. */
const UNSUPPORTED = [
  'responses',
  'completions',
  'embeddings',
  'moderations',
  'files',
  'batches',
  'assistants',
  'threads',
  'images/generations',
  'images/edits',
  'audio/speech',
  'audio/transcriptions',
  'fine_tuning/jobs',
]

/** Creates the protocol. Each path is served with and without `/v1`: people type either base URL. */
export function createOpenAi(parts: OpenAiParts): Protocol {
  const routes: Route[] = [
    { method: 'POST', path: '/chat/completions', handle: chatCompletions(parts) },
    {
      method: 'GET',
      path: '/models',
      handle: ({ response }) => sendJson(response, 200, encodeModels(parts.catalog.list())),
    },
    {
      method: 'GET',
      path: '/models/:id',
      handle: ({ response, parameter = '' }) =>
        sendJson(response, 200, encodeModelNamed(parameter, parts.catalog.list())),
    },
    ...UNSUPPORTED.flatMap(name => [`/${name}`, `/${name}/:id`]).flatMap((path): Route[] => [
      { method: 'GET', path, handle: unsupported },
      { method: 'POST', path, handle: unsupported },
      { method: 'DELETE', path, handle: unsupported },
    ]),
  ]
  return {
    encodeError,
    routes: routes.flatMap(route => [route, { ...route, path: `/v1${route.path}` }]),
  }
}

function chatCompletions({ chat, clock, bodyLimitBytes, streamTimes }: OpenAiParts): Handler {
  return async exchange => {
    const body = await readJsonObject(exchange, bodyLimitBytes)
    const { request, stream, includeUsage, ignored } = decodeChat(body, sessionIdOf(exchange))
    const facts: AnswerFacts = {
      model: request.model,
      fallbackId: exchange.id,
      fallbackCreatedAt: Math.floor(clock.now() / 1000),
    }
    const events = await chat(request, exchange.signal)
    const headers = ignoredHeader(ignored)
    if (stream) {
      const encoder = createChatEncoder(facts, includeUsage)
      await writeStream(exchange, events, encoder, { ...SSE_HEADERS, ...headers }, streamTimes)
    } else {
      const completion = encodeChatCompletion(await collect(events), facts)
      sendJson(exchange.response, 200, completion, headers)
    }
  }
}

function sessionIdOf({ request }: Exchange): string | undefined {
  const value = request.headers['x-session-id'] ?? request.headers['session_id']
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** Names fields, not values; a name that is no plain word could not stand in a header. */
function ignoredHeader(names: readonly string[]): Record<string, string> {
  const printable = names.filter(name => /^[\w.-]{1,64}$/.test(name)).slice(0, 50)
  return printable.length > 0 ? { 'x-chatmock-ignored': printable.join(', ') } : {}
}

const unsupported: Handler = ({ request }) => {
  throw new ProxyError(
    'unsupported_endpoint',
    `${request.method} on this part of the OpenAI API is not supported by chatmock.`,
  )
}
