/** The Responses API: asking for a response, and for what is kept of earlier ones. */

import { randomUUID } from 'node:crypto'
import { ProxyError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { Clock } from '../../../domain/ports.ts'
import type { Relay } from '../../../domain/relay.ts'
import type { AnsweringParts } from '../../fields/answering.ts'
import { ignoredHeader } from '../../fields/ignored.ts'
import { refuseIgnored } from '../../fields/policy.ts'
import { sessionIdOf } from '../../fields/session-id.ts'
import { unmetTier } from '../../fields/tier.ts'
import { readJsonObject } from '../../http/body.ts'
import type { Exchange, Handler, Route } from '../../http/exchange.ts'
import { sendJson } from '../../http/reply.ts'
import { writeStream } from '../../http/stream.ts'
import { SSE_HEADERS } from '../sse.ts'
import { type DecodedResponse, decodeResponse, type ResponseDecodeOptions } from './decode.ts'
import { createResponseEncoder } from './encoder.ts'
import { foldResponse } from './fold.ts'
import { encodeInputTokens } from './input-tokens.ts'
import { createResponseMemory, type ResponseMemory } from './memory.ts'
import type { ResponseFacts } from './object.ts'
import { encodeInputItems, findResponse } from './stored.ts'

/** What these endpoints depend on. */
export interface ResponseParts extends AnsweringParts {
  readonly relay: Relay
}

/** Returns the routes, without `/v1`, over a memory of their own. */
export function responseRoutes(parts: ResponseParts): readonly Route[] {
  const memory = createResponseMemory(parts.clock)
  const find = ({ parameter = '' }: Exchange) => findResponse(parameter, memory)
  return [
    { method: 'POST', path: '/responses', handle: respond(parts, memory) },
    { method: 'POST', path: '/responses/input_tokens', handle: countInput(parts, memory) },
    { method: 'POST', path: '/responses/compact', handle: compact(parts, memory) },
    {
      method: 'GET',
      path: '/responses/:id',
      handle(exchange) {
        const { response } = find(exchange)
        refuseReplay(exchange.query)
        sendJson(exchange.response, 200, response)
      },
    },
    {
      method: 'DELETE',
      path: '/responses/:id',
      handle(exchange) {
        const { id } = find(exchange).response
        memory.forget(String(id))
        sendJson(exchange.response, 200, { id, object: 'response', deleted: true })
      },
    },
    {
      method: 'GET',
      path: '/responses/:id/input_items',
      handle: exchange =>
        sendJson(exchange.response, 200, encodeInputItems(find(exchange), exchange.query)),
    },
    {
      method: 'POST',
      path: '/responses/:id/cancel',
      handle(exchange) {
        find(exchange)
        throw new ProxyError(
          'invalid_value',
          'Only a response in the background can be cancelled, and chatmock has none. Close the connection to stop one that is streamed.',
          { param: 'response_id' },
        )
      },
    },
  ]
}

function respond(parts: ResponseParts, memory: ResponseMemory): Handler {
  const { relay, catalog, clock, streamTimes, strict } = parts
  return async exchange => {
    const decoded = await readRequest(exchange, parts, memory)
    const { request, echo, keeps, stream, input } = decoded
    const facts: ResponseFacts = {
      request,
      echo,
      keeps,
      fallbackId: createId(),
      fallbackCreatedAt: unixSeconds(clock),
    }
    const keep = (response: JsonObject | undefined) => {
      if (keeps && response) memory.keep(response, input)
    }
    const unmet = unmetTier(request, catalog.list())
    refuseIgnored(unmet, strict)
    const headers = ignoredHeader([...decoded.ignored, ...unmet])
    const frames = await relay.respond(request, exchange.signal).catch(error => {
      throw decoded.historyLength > 0 ? withoutPlace(error) : error
    })
    if (stream) {
      let whole: JsonObject | undefined
      const encoder = createResponseEncoder(facts, response => {
        whole = response
      })
      try {
        await writeStream(exchange, frames, encoder, { ...SSE_HEADERS, ...headers }, streamTimes)
      } finally {
        // It takes a while, for which the last event need not wait; who leaves with it may come back.
        keep(whole)
      }
    } else {
      const response = await foldResponse(frames, facts)
      sendJson(exchange.response, 200, response, headers)
      keep(response)
    }
  }
}

/** The estimate is made here: nothing goes upstream. No model is needed for it. */
function countInput(parts: ResponseParts, memory: ResponseMemory): Handler {
  return async exchange => {
    const { request, ignored } = await readRequest(exchange, parts, memory, {
      fallbackModel: 'any',
    })
    sendJson(exchange.response, 200, encodeInputTokens(request), ignoredHeader(ignored))
  }
}

const NO_USAGE = {
  input_tokens: 0,
  input_tokens_details: { cached_tokens: 0 },
  output_tokens: 0,
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: 0,
}

function compact(parts: ResponseParts, memory: ResponseMemory): Handler {
  return async exchange => {
    const { request, ignored } = await readRequest(exchange, parts, memory, { purpose: 'compact' })
    const told = await parts.relay.compact(request, exchange.signal)
    const compaction = {
      id: createId(),
      object: 'response.compaction',
      created_at: unixSeconds(parts.clock),
      output: [],
      usage: NO_USAGE,
      ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== null)),
    }
    sendJson(exchange.response, 200, compaction, ignoredHeader(ignored))
  }
}

interface RequestOptions {
  readonly purpose?: ResponseDecodeOptions['purpose']
  readonly fallbackModel?: string
}

async function readRequest(
  exchange: Exchange,
  { bodyLimitBytes, strict, webSearch }: ResponseParts,
  memory: ResponseMemory,
  { purpose = 'answer', fallbackModel }: RequestOptions = {},
): Promise<DecodedResponse> {
  const body = await readJsonObject(exchange, bodyLimitBytes)
  const wanted = { ...body, model: body['model'] ?? fallbackModel }
  const sessionId = sessionIdOf(exchange)
  return decodeResponse(wanted, { purpose, sessionId, strict, webSearch, memory })
}

/** An item that came after recalled ones has another place for the client than for the upstream. */
function withoutPlace(error: unknown): unknown {
  const isPlaced = error instanceof ProxyError && error.param?.startsWith('input[')
  return isPlaced ? error.with({ param: 'input' }) : error
}

/** What was streamed is not kept event by event. */
function refuseReplay(query: URLSearchParams): void {
  if (query.get('stream') !== 'true') return
  throw new ProxyError(
    'unsupported_value',
    'A response that is kept is told whole: leave stream out.',
    { param: 'stream' },
  )
}

function createId(): string {
  return `resp_${randomUUID().replaceAll('-', '')}`
}

function unixSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000)
}
