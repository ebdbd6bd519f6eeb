/** The OpenAI API's error dialect: one complete table, one envelope. */

import type { ErrorCode, ProxyError } from '../../domain/errors.ts'
import type { Reply } from '../http/exchange.ts'

interface Row {
  readonly status: number
  /** `error.type`. `server_error` means that it may pass by itself: agents then try again. */
  readonly type: string
}

const badRequest: Row = { status: 400, type: 'invalid_request_error' }
const unauthorized: Row = { status: 401, type: 'authentication_error' }
const forbidden: Row = { status: 403, type: 'permission_error' }
const notFound: Row = { status: 404, type: 'invalid_request_error' }
const passingFault: Row = { status: 502, type: 'server_error' }
const lastingFault: Row = { status: 502, type: 'upstream_error' }
const unavailable: Row = { status: 503, type: 'server_error' }

const TABLE: Readonly<Record<ErrorCode, Row>> = {
  invalid_json: badRequest,
  json_too_deep: badRequest,
  invalid_type: badRequest,
  invalid_value: badRequest,
  missing_required_parameter: badRequest,
  unsupported_value: badRequest,
  unsupported_parameter: badRequest,
  previous_response_not_found: badRequest,
  response_not_found: notFound,
  unknown_url: notFound,
  unsupported_endpoint: notFound,
  method_not_allowed: { status: 405, type: 'invalid_request_error' },
  request_too_large: { status: 413, type: 'invalid_request_error' },
  unsupported_media_type: { status: 415, type: 'invalid_request_error' },
  host_not_allowed: forbidden,
  origin_not_allowed: forbidden,
  chatgpt_login_required: unauthorized,
  auth_file_corrupt: unauthorized,
  account_changed: unauthorized,
  auth_store_unreadable: unavailable,
  auth_store_unwritable: unavailable,
  auth_refresh_unavailable: unavailable,
  model_not_found: notFound,
  context_length_exceeded: badRequest,
  invalid_prompt: badRequest,
  policy_violation: badRequest,
  upstream_refused: badRequest,
  usage_limit_reached: { status: 429, type: 'usage_limit_reached' },
  rate_limit_exceeded: { status: 429, type: 'rate_limit_error' },
  server_is_overloaded: unavailable,
  upstream_error: passingFault,
  upstream_connection_error: passingFault,
  upstream_stream_incomplete: passingFault,
  upstream_invalid_response: lastingFault,
  upstream_redirect: lastingFault,
  upstream_blocked: lastingFault,
  upstream_event_too_large: lastingFault,
  upstream_response_too_large: lastingFault,
  upstream_timeout: { status: 504, type: 'server_error' },
  server_shutting_down: unavailable,
  client_closed: { status: 499, type: 'invalid_request_error' },
  internal: { status: 500, type: 'internal_error' },
}

/** Longest wait that a client is asked to sit out; some sleep for hours if they are told to. */
const MAX_RETRY_AFTER_SECONDS = 60

/** Encodes an error as `{"error":{"message","type","param","code"}}` with all four keys. */
export function encodeError(error: ProxyError): Reply {
  const status = statusOf(error)
  const limit = error.usageLimit
  return {
    status,
    headers: retryHeaders(error),
    body: {
      error: {
        message: error.message,
        type: typeOf(error, status),
        param: error.param ?? null,
        code: codeOf(error),
        ...(limit && {
          plan_type: limit.planType ?? null,
          resets_at: limit.resetsAt ?? null,
          resets_in_seconds: limit.resetsInSeconds ?? null,
        }),
      },
    },
  }
}

/** A refusal that we have no name for keeps the upstream's own status. */
function statusOf({ code, upstream }: ProxyError): number {
  const own = code === 'upstream_refused' ? upstream?.status : undefined
  return own !== undefined && own >= 400 && own < 500 ? own : TABLE[code].status
}

/** The family of a refusal that we have no name for shows in its status alone. */
function typeOf({ code }: ProxyError, status: number): string {
  return code === 'upstream_refused' && status === 403 ? forbidden.type : TABLE[code].type
}

/** The upstream's own codes are never renamed. */
function codeOf({ code, upstream }: ProxyError): string | null {
  return upstream?.code ?? (code === 'upstream_refused' ? null : code)
}

/** Whatever does not pass within a minute is final for a client that waits. */
function retryHeaders({ code, retryAfterSeconds: seconds }: ProxyError): Record<string, string> {
  const mayPass = TABLE[code].type === 'server_error' || code === 'rate_limit_exceeded'
  if (!mayPass || (seconds !== undefined && seconds > MAX_RETRY_AFTER_SECONDS)) {
    return { 'x-should-retry': 'false' }
  }
  if (seconds === undefined) return {}
  return {
    'retry-after': String(Math.ceil(seconds)),
    'retry-after-ms': String(Math.ceil(seconds * 1000)),
  }
}
