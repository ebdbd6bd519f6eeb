/** The issuer's token endpoint (RFC 6749 section 6, with a JSON body). */

import * as v from 'valibot'
import { ProxyError } from '../../domain/errors.ts'
import { parseJson } from '../../domain/json.ts'
import type { Clock, IdentityProvider, Tokens } from '../../domain/ports.ts'
import { readClaims } from './claims.ts'

/** The part of a `fetch` answer that is read. */
export interface TokenResponse {
  readonly status: number
  text(): Promise<string>
}

/** What is sent to the token endpoint. */
export interface TokenRequest {
  readonly method: 'POST'
  readonly headers: Record<string, string>
  readonly body: string
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** The part of `fetch` that is used. */
export type TokenFetch = (url: string, request: TokenRequest) => Promise<TokenResponse>

/** What the provider depends on. */
export interface IdentityProviderOptions {
  /** URL without a slash at its end. */
  readonly issuer: string
  readonly clientId: string
  readonly userAgent: string
  readonly fetch: TokenFetch
  readonly clock: Clock
  /** How long an exchange may take, the body included. Default 30 s. */
  readonly timeoutMs?: number
}

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

const token = v.pipe(v.string(), v.nonEmpty())

const Renewal = v.looseObject({
  access_token: token,
  refresh_token: v.nullish(v.string()),
  id_token: v.nullish(v.string()),
})

const Refusal = v.union([
  v.pipe(
    v.looseObject({ error: v.looseObject({ code: token }) }),
    v.transform(body => body.error.code),
  ),
  v.pipe(
    v.looseObject({ error: token }),
    v.transform(body => body.error),
  ),
  v.pipe(
    v.looseObject({ code: token }),
    v.transform(body => body.code),
  ),
])

/** Creates the client of one issuer. It sends each exchange once and follows no redirect. */
export function createIdentityProvider(options: IdentityProviderOptions): IdentityProvider {
  const { issuer, clientId, userAgent, fetch, clock, timeoutMs = 30_000 } = options
  return {
    claims: readClaims,
    async refresh(tokens) {
      if (!tokens.refreshToken) {
        throw loginRequired('The stored login has no refresh token, so it cannot be renewed.')
      }
      const request: TokenRequest = {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          accept: 'application/json',
          'user-agent': userAgent,
          originator: 'chatmock',
        },
        body: JSON.stringify({
          client_id: clientId,
          grant_type: 'refresh_token',
          refresh_token: tokens.refreshToken,
        }),
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      }
      try {
        return await readRefreshResponse(
          await fetch(`${issuer}/oauth/token`, request),
          tokens,
          clock,
        )
      } catch (error) {
        if (error instanceof ProxyError) throw error
        // The cause is left out: what a client throws may quote the request or the answer.
        throw unavailable(`${issuer} ${describe(error, timeoutMs)}`)
      }
    },
  }
}

/**
 * Reads the answer to a refresh. What it leaves out is kept from `tokens`.
 *
 * @throws ProxyError `chatgpt_login_required` for a final code in a 4xx, and for any 401;
 *   `auth_refresh_unavailable` for whatever else is not new tokens.
 */
export async function readRefreshResponse(
  response: TokenResponse,
  tokens: Tokens,
  clock: Clock,
): Promise<Tokens> {
  const { status } = response
  const body = parseJson(await response.text())
  if (status < 200 || status > 299) throw refusal(status, body)
  const renewal = v.safeParse(Renewal, body)
  if (!renewal.success) throw unavailable('The answer of the sign-in service held no access token.')
  return {
    accessToken: renewal.output.access_token,
    refreshToken: renewal.output.refresh_token || tokens.refreshToken,
    idToken: renewal.output.id_token || tokens.idToken,
    accountId: tokens.accountId,
    lastRefresh: new Date(clock.now()).toISOString(),
  }
}

function refusal(status: number, body: unknown): ProxyError {
  const isClientError = status >= 400 && status <= 499 && status !== 429
  if (isClientError) {
    const parsed = v.safeParse(Refusal, body)
    const code = parsed.success ? parsed.output.toLowerCase() : ''
    // Only codes of the table are repeated: any other text might quote the request.
    if (FINAL_CODES.has(code)) return loginRequired(`The ChatGPT login is over (${code}).`)
    if (status === 401) return loginRequired('The ChatGPT login is over (HTTP 401).')
  }
  return unavailable(`The sign-in service answered with HTTP ${status}.`)
}

function loginRequired(what: string): ProxyError {
  return new ProxyError('chatgpt_login_required', `${what} Run: chatmock login`)
}

function unavailable(what: string): ProxyError {
  return new ProxyError(
    'auth_refresh_unavailable',
    `The ChatGPT login could not be renewed for now. ${what}`,
  )
}

function describe(error: unknown, timeoutMs: number): string {
  if (error instanceof Error) {
    if (error.name === 'TimeoutError') return `did not answer within ${timeoutMs} ms.`
    const code = systemCode(error) ?? systemCode(error.cause)
    if (code !== undefined) return `could not be reached (${code}).`
  }
  return 'could not be reached.'
}

function systemCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code) ? code : undefined
}
