/** Small questions to the backend: one GET, one JSON answer. */

import type { Clock, Credentials, TimeObserver } from '../../domain/ports.ts'
import { type Fetch, readJson, readRefusal, signedHeaders } from './connection.ts'
import { failureOfResponse } from './errors.ts'
import { runExchange } from './exchange.ts'

/** What asking depends on. */
export interface QueryOptions {
  /** The backend without a trailing slash. */
  readonly baseUrl: string
  readonly fetch: Fetch
  readonly userAgent: string
  readonly clock: Clock
  readonly time: TimeObserver
  /** For the whole exchange, the body included; 15 s by default. */
  readonly timeoutMs?: number
  /** What to run when the login is no good. Default: `chatmock login`. */
  readonly signInCommand?: string
}

/** What the backend answered; `body` is its JSON. */
export interface QueryAnswer {
  readonly body: unknown
  readonly headers: Headers
}

/**
 * Asks for what is at a path (with its query string) of the backend.
 *
 * @throws ProxyError `chatgpt_login_required` if the credentials were refused; the codes of any
 *   other refusal; `upstream_connection_error`, `upstream_timeout`, `upstream_response_too_large`,
 *   `upstream_invalid_response` for what is no JSON. The signal's reason if it aborts.
 */
export type Query = (
  path: string,
  credentials: Credentials,
  signal: AbortSignal,
) => Promise<QueryAnswer>

/** Most characters of an answer that are read. */
const MAX_BODY_LENGTH = 8 * 1024 * 1024

/** Creates the function that asks. */
export function createQuery(options: QueryOptions): Query {
  const { baseUrl, fetch, userAgent, clock, time, timeoutMs = 15_000, signInCommand } = options
  return (path, credentials, signal) =>
    runExchange(signal, describeWait, async limit => {
      limit.start(timeoutMs)
      const response = await fetch(`${baseUrl}${path}`, {
        method: 'GET',
        headers: { ...signedHeaders(credentials, userAgent), accept: 'application/json' },
        redirect: 'manual',
        signal: limit.signal,
      })
      time.observe(response.headers.get('date'))
      if (!response.ok) {
        const body = await readRefusal(response)
        throw failureOfResponse(response, body, clock.now(), signInCommand)
      }
      return { body: await readJson(response, MAX_BODY_LENGTH), headers: response.headers }
    })
}

function describeWait(milliseconds: number): string {
  return `The upstream did not answer within ${milliseconds / 1000} seconds.`
}
