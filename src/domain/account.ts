/** Whose login it is, as the tokens tell. */

import type { IdentityProvider } from './login-ports.ts'
import type { Session } from './session.ts'

/** What there is to tell of a login without telling a secret; `undefined` where it does not say. */
export interface Account {
  readonly accountId: string | undefined
  readonly email: string | undefined
  /** As in `TokenClaims.plan`. */
  readonly plan: string | undefined
  /** Unix time in milliseconds when the access token ends. */
  readonly tokenExpiresAt: number | undefined
  /** ISO 8601; when the tokens were last renewed. */
  readonly lastRefresh: string | undefined
}

/** Describes a login; what both tokens tell is taken from the newer one, the access token. */
export function describeAccount(session: Session, identity: IdentityProvider): Account {
  const { tokens, credentials, expiresAt } = session
  const access = identity.claims(tokens.accessToken)
  const id = tokens.idToken === undefined ? undefined : identity.claims(tokens.idToken)
  return {
    accountId: credentials.accountId,
    email: access.email ?? id?.email,
    plan: access.plan ?? id?.plan,
    tokenExpiresAt: expiresAt,
    lastRefresh: tokens.lastRefresh,
  }
}
