/** One POST to an endpoint of the backend, and whether what came back is an answer. */

import { ProxyError } from '../../domain/errors.ts'
import { asObject, parseJson } from '../../domain/json.ts'
import type { Clock, Credentials, TimeObserver } from '../../domain/ports.ts'
import { connectionFailure, type Fetch, readRefusal, signedHeaders } from './connection.ts'
import type { Form } from './encode.ts'
import { failureInStream, failureOfResponse } from './errors.ts'
import type { TimeLimit } from './time-limit.ts'
import type { UsageNotes } from './usage-notes.ts'

/** What posting depends on. */
export interface PostOptions {
  /** The backend without a trailing slash, e.g. `https://chatgpt.com/backend-api`. */
  readonly baseUrl: string
  readonly fetch: Fetch
  readonly userAgent: string
  readonly clock: Clock
  readonly time: TimeObserver
  /** Learns the `x-models-etag` of each answer that has one: it names the catalogue of the account. */
  readonly onModelsEtag: (etag: string) => void
  /** What to run when the login is no good. Default: `chatmock login`. */
  readonly signInCommand?: string
}

/** Something that can be asked of the backend. */
export interface Endpoint {
  readonly path: string
  /** The media type of an answer. */
  readonly accept: string
  /** Tells by the head of a response whether it can be an answer. */
  readonly canRead: (response: Response) => boolean
}

/** Gives a response, event by event. */
export const RESPONSES: Endpoint = {
  path: '/codex/responses',
  accept: 'text/event-stream',
  canRead: ({ headers, body }) =>
    body !== null && /^text\/event-stream\b/i.test(headers.get('content-type') ?? ''),
}

/** Makes a conversation shorter; its answer is JSON whatever it is called. */
export const COMPACT: Endpoint = {
  path: '/codex/responses/compact',
  accept: 'application/json',
  canRead: () => true,
}

/** What is posted. */
export interface Posting {
  readonly body: string
  readonly form: Form
  readonly cacheKey: string | undefined
}

/** What one call is signed with, how long it may take, and what it tells of usage. */
export interface Call {
  readonly credentials: Credentials
  readonly limit: TimeLimit
  /** How long the head of the response may take. */
  readonly limitMs: number
  readonly notes: UsageNotes
}

/** What came back. */
export interface Posted {
  readonly response: Response
  /** Why it is no answer; `undefined` if it is one, whose body is still to be read. */
  readonly refusal: ProxyError | undefined
}

/**
 * Posts to an endpoint.
 *
 * @throws ProxyError `upstream_connection_error`, `upstream_timeout`. The reason of the call's
 *   signal if it aborts.
 */
export type Post = (endpoint: Endpoint, posting: Posting, call: Call) => Promise<Posted>

/** Creates the function that posts. */
export function createPost(options: PostOptions): Post {
  const { baseUrl, fetch, userAgent, clock, time, onModelsEtag, signInCommand } = options
  return async (endpoint, posting, { credentials, limit, limitMs, notes }) => {
    limit.start(limitMs)
    const response = await fetch(`${baseUrl}${endpoint.path}`, {
      method: 'POST',
      headers: {
        ...signedHeaders(credentials, userAgent),
        'content-type': 'application/json',
        accept: endpoint.accept,
        ...formHeaders(posting),
      },
      body: posting.body,
      redirect: 'manual',
      signal: limit.signal,
    }).catch(error => {
      throw limit.signal.aborted ? limit.signal.reason : connectionFailure(error)
    })
    const { headers, ok } = response
    time.observe(headers.get('date'))
    const etag = headers.get('x-models-etag')
    if (etag) onModelsEtag(etag)
    if (!ok) {
      const body = await readRefusal(response)
      const refusal = failureOfResponse(response, body, clock.now(), signInCommand)
      notes.answer(headers, refusal)
      return { response, refusal }
    }
    notes.answer(headers)
    if (endpoint.canRead(response)) return { response, refusal: undefined }
    const type = headers.get('content-type') ?? ''
    const refusal = notAStream(type, await readRefusal(response), clock.now())
    notes.failure(refusal)
    return { response, refusal }
  }
}

function formHeaders({ form, cacheKey }: Posting): Record<string, string> {
  return {
    ...(cacheKey !== undefined && isHeaderSafe(cacheKey) && { 'session-id': cacheKey }),
    ...(form === 'lite' && { 'x-openai-internal-codex-responses-lite': 'true' }),
  }
}

/** A cache key comes from the client; a header takes visible ASCII only. */
function isHeaderSafe(text: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(text)
}

/** A 200 may still be a refusal, if it is JSON that says so. */
function notAStream(type: string, body: string, now: number): ProxyError {
  const error = /\bjson\b/i.test(type) ? asObject(asObject(parseJson(body))?.['error']) : undefined
  return error !== undefined
    ? failureInStream({}, error, now)
    : new ProxyError(
        'upstream_invalid_response',
        'The upstream answered with something else than an event stream. Check CHATGPT_LOCAL_BASE_URL and the network (a sign-in page of the network does this).',
      )
}
