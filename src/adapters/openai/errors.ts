/** The OpenAI API's error dialect: one envelope. */

import type { ProxyError } from '../../domain/errors.ts'
import { errorStatus, isPassing, retryHeaders } from '../http/error-status.ts'
import type { Reply } from '../http/exchange.ts'

/** Encodes an error as `{"error":{"message","type","param","code"}}` with all four keys. */
export function encodeError(error: ProxyError) {
  const status = errorStatus(error)
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
  } satisfies Reply
}

/** `server_error` means that it may pass by itself: agents then try again. */
function typeOf(error: ProxyError, status: number): string {
  // One that we have no name for is about the request: clients would ask for a key, or wait.
  if (error.code === 'upstream_refused' && status !== 403) return 'invalid_request_error'
  switch (status) {
    case 401:
      return 'authentication_error'
    case 403:
      return 'permission_error'
    case 429:
      return error.code === 'usage_limit_reached' ? error.code : 'rate_limit_error'
    case 500:
      return 'internal_error'
    default:
      if (status < 500) return 'invalid_request_error'
      return isPassing(error) ? 'server_error' : 'upstream_error'
  }
}

/** The upstream's own codes are never renamed. */
function codeOf({ code, upstream }: ProxyError): string | null {
  return upstream?.code ?? (code === 'upstream_refused' ? null : code)
}
