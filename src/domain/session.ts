/** A login made ready for use, and how soon it must be renewed. */

import type { IdentityProvider, Tokens } from './login-ports.ts'
import type { Credentials } from './ports.ts'

/** From this long before its end an access token is renewed. */
const RENEW_BEFORE_MS = 5 * 60_000

/** From this long before its end a request waits for the renewal. */
const WAIT_BEFORE_MS = 60_000

/** A token that does not tell its end is renewed this long after the last time. */
const RENEW_AFTER_MS = 8 * 24 * 3_600_000

/** A login, ready to sign with. */
export interface Session {
  readonly tokens: Tokens
  readonly credentials: Credentials
  /** Unix time in milliseconds; `undefined` if the access token does not say. */
  readonly expiresAt: number | undefined
}

/** `expiring` is good for one more request, `urgent` may not be. */
export type Freshness = 'fresh' | 'expiring' | 'urgent'

/** Reads what the tokens say. The stored account id wins over the ones in the tokens. */
export function createSession(tokens: Tokens, identity: IdentityProvider): Session {
  const claims = identity.claims(tokens.accessToken)
  const accountId =
    tokens.accountId ??
    claims.accountId ??
    (tokens.idToken === undefined ? undefined : identity.claims(tokens.idToken).accountId)
  return {
    tokens,
    credentials: { accessToken: tokens.accessToken, accountId },
    expiresAt: claims.expiresAt,
  }
}

/** Tells how soon a session must be renewed, by its own word and the servers' time in ms. */
export function freshnessOf({ expiresAt, tokens }: Session, now: number): Freshness {
  if (expiresAt === undefined) {
    const age = now - Date.parse(tokens.lastRefresh ?? '')
    return age > RENEW_AFTER_MS ? 'expiring' : 'fresh'
  }
  const left = expiresAt - now
  if (left > RENEW_BEFORE_MS) return 'fresh'
  return left > WAIT_BEFORE_MS ? 'expiring' : 'urgent'
}

/** Tells whether two logins hold the same tokens. */
export function isSameLogin({ tokens: one }: Session, { tokens: other }: Session): boolean {
  return one.accessToken === other.accessToken && one.refreshToken === other.refreshToken
}
