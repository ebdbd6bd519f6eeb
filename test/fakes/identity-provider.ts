import { ProxyError } from '../../src/domain/errors.ts'
import type { SignInProvider, TokenClaims, Tokens } from '../../src/domain/login-ports.ts'
import type { Clock } from '../../src/domain/ports.ts'

/** Claims that say nothing but what is given. */
export function claims(over: Partial<TokenClaims> = {}): TokenClaims {
  return { expiresAt: undefined, accountId: undefined, email: undefined, plan: undefined, ...over }
}

/** An issuer whose refresh tokens work once, as the real ones do. */
export interface FakeIdentityProvider extends SignInProvider {
  /** The refresh tokens that were sent, refused ones too, oldest first. */
  readonly spent: readonly string[]
  /** The refresh tokens that were revoked, oldest first. */
  readonly revoked: readonly (string | undefined)[]
  /** Begins a login: access token `access-N`, refresh token `refresh-N`, N counting from 1. */
  issue(claims: TokenClaims): Tokens
  /** What the tokens of the next refreshes say of themselves. */
  nextClaims(claims: TokenClaims): void
  /** Makes every exchange fail, its token unspent, until it is called with `undefined`. */
  fail(error: ProxyError | undefined): void
  /** Holds the answers of the refreshes back until the function it returns is called. */
  hold(): () => void
}

/** Creates the issuer. Refreshed access tokens live 10 days unless `nextClaims` says otherwise. */
export function createFakeIdentityProvider(clock: Clock): FakeIdentityProvider {
  const claimsOf = new Map<string, TokenClaims>()
  const live = new Set<string>()
  const spent: string[] = []
  const revoked: (string | undefined)[] = []
  let issued = 0
  let next: TokenClaims | undefined
  let failure: ProxyError | undefined
  let gate = Promise.resolve()

  function issue(claims: TokenClaims): Tokens {
    issued += 1
    claimsOf.set(`access-${issued}`, claims)
    live.add(`refresh-${issued}`)
    return {
      accessToken: `access-${issued}`,
      refreshToken: `refresh-${issued}`,
      idToken: undefined,
      accountId: undefined,
      lastRefresh: new Date(clock.now()).toISOString(),
      loginId: undefined,
    }
  }

  const lifetime = () => claims({ expiresAt: clock.now() + 10 * 24 * 3_600_000 })

  return {
    spent,
    revoked,
    issue,
    claims: token => claimsOf.get(token) ?? claims(),
    async refresh(tokens) {
      const refreshToken = tokens.refreshToken ?? ''
      spent.push(refreshToken)
      if (failure) throw failure
      const isLive = live.delete(refreshToken)
      await gate
      if (!isLive) throw new ProxyError('chatgpt_login_required', 'refresh_token_reused')
      const { accountId, loginId } = tokens
      return { ...issue(next ?? lifetime()), accountId, loginId }
    },
    async redeem({ code }) {
      if (failure) throw failure
      if (code !== 'good') throw new ProxyError('chatgpt_login_required', 'invalid_grant')
      return issue(next ?? lifetime())
    },
    async revoke({ refreshToken }) {
      revoked.push(refreshToken)
      return failure === undefined
    },
    nextClaims: claims => {
      next = claims
    },
    fail: error => {
      failure = error
    },
    hold() {
      let release = () => {}
      gate = new Promise(resolve => {
        release = resolve
      })
      return release
    },
  }
}
