/** What each failure is in HTTP, whatever the protocol: a status, and whether to try again. */

import type { ErrorCode, ProxyError } from '../../domain/errors.ts'

interface Row {
  readonly status: number
  /** Whether it may pass by itself, so that the same request can work a little later. */
  readonly isPassing: boolean
}

const lasting = (status: number): Row => ({ status, isPassing: false })
const passing = (status: number): Row => ({ status, isPassing: true })

const TABLE: Readonly<Record<ErrorCode, Row>> = {
  invalid_json: lasting(400),
  json_too_deep: lasting(400),
  invalid_type: lasting(400),
  invalid_value: lasting(400),
  missing_required_parameter: lasting(400),
  unsupported_value: lasting(400),
  unsupported_parameter: lasting(400),
  previous_response_not_found: lasting(400),
  response_not_found: lasting(404),
  unknown_url: lasting(404),
  unsupported_endpoint: lasting(404),
  not_supported: lasting(501),
  method_not_allowed: lasting(405),
  request_too_large: lasting(413),
  unsupported_media_type: lasting(415),
  host_not_allowed: lasting(403),
  origin_not_allowed: lasting(403),
  chatgpt_login_required: lasting(401),
  auth_file_corrupt: lasting(401),
  account_changed: lasting(401),
  auth_store_unreadable: passing(503),
  auth_store_unwritable: passing(503),
  auth_refresh_unavailable: passing(503),
  model_not_found: lasting(404),
  context_length_exceeded: lasting(400),
  invalid_prompt: lasting(400),
  policy_violation: lasting(400),
  upstream_refused: lasting(400),
  usage_limit_reached: lasting(429),
  rate_limit_exceeded: passing(429),
  server_is_overloaded: passing(503),
  upstream_error: passing(502),
  upstream_connection_error: passing(502),
  upstream_stream_incomplete: passing(502),
  upstream_invalid_response: lasting(502),
  upstream_redirect: lasting(502),
  upstream_blocked: lasting(502),
  upstream_event_too_large: lasting(502),
  upstream_response_too_large: lasting(502),
  upstream_timeout: passing(504),
  server_shutting_down: passing(503),
  client_closed: lasting(499),
  internal: lasting(500),
}

/** Longest wait that a client is asked to sit out; some sleep for hours if they are told to. */
const MAX_RETRY_AFTER_SECONDS = 60

/** Returns the status of an answer. A refusal that we have no name for keeps the upstream's own. */
export function errorStatus({ code, upstream }: ProxyError): number {
  const own = code === 'upstream_refused' ? upstream?.status : undefined
  return own !== undefined && own >= 400 && own < 500 ? own : TABLE[code].status
}

/** Tells whether the failure may pass by itself. */
export function isPassing({ code }: ProxyError): boolean {
  return TABLE[code].isPassing
}

/** Returns the headers that tell a client when to try again, or not to. */
export function retryHeaders(error: ProxyError): Readonly<Record<string, string>> {
  const seconds = error.retryAfterSeconds
  // Whatever does not pass within a minute is final for a client that waits.
  if (!isPassing(error) || (seconds !== undefined && seconds > MAX_RETRY_AFTER_SECONDS)) {
    return { 'x-should-retry': 'false' }
  }
  if (seconds === undefined) return {}
  return {
    'retry-after': String(Math.ceil(seconds)),
    'retry-after-ms': String(Math.ceil(seconds * 1000)),
  }
}
