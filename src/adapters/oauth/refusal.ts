/** What the issuer says when it says no. */

import * as v from 'valibot'
import { parseJson } from '../../domain/json.ts'

/** Refusals after which only a new login helps. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'refresh_token_expired',
  'refresh_token_reused',
  'refresh_token_invalidated',
  'invalid_grant',
  'token_expired',
  'token_invalidated',
  'app_session_terminated',
  'account_session_expired',
  'account_deactivated',
  'account_suspended',
  'account_deleted',
])

/** The rest of what may be repeated to people: RFC 6749 section 5.2, RFC 8628 section 3.5. */
const OTHER_CODES: ReadonlySet<string> = new Set([
  'invalid_request',
  'invalid_client',
  'unauthorized_client',
  'unsupported_grant_type',
  'invalid_scope',
  'access_denied',
  'authorization_pending',
  'slow_down',
  'expired_token',
  'server_error',
  'temporarily_unavailable',
])

const word = v.pipe(v.string(), v.nonEmpty())

const Refusal = v.union([
  v.pipe(
    v.looseObject({ error: v.looseObject({ code: word }) }),
    v.transform(body => body.error.code),
  ),
  v.pipe(
    v.looseObject({ error: word }),
    v.transform(body => body.error),
  ),
  v.pipe(
    v.looseObject({ code: word }),
    v.transform(body => body.code),
  ),
])

/**
 * Reads the code of a refusal, in lower case: `error.code`, `error` where that is text, `code`, or
 * the whole of a plain text. `undefined` unless it is one of the known codes, for any other text
 * might quote the request.
 */
export function refusalCode(text: string): string | undefined {
  const parsed = v.safeParse(Refusal, parseJson(text))
  const code = (parsed.success ? parsed.output : text.trim()).toLowerCase()
  return FINAL_CODES.has(code) || OTHER_CODES.has(code) ? code : undefined
}

/** Tells whether a code of {@link refusalCode} means that the login is over for good. */
export function isFinalRefusal(code: string | undefined): code is string {
  return code !== undefined && FINAL_CODES.has(code)
}

/** Names a refusal for people: its code, else its status. */
export function refusalName(status: number, text: string): string {
  return refusalCode(text) ?? `HTTP ${status}`
}
