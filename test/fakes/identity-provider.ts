import { ProxyError } from '../../src/domain/errors.ts'
import type { Clock, IdentityProvider, TokenClaims, Tokens } from '../../src/domain/ports.ts'

/** An issuer whose refresh tokens work once, as the real ones do. */
export interface FakeIdentityProvider extends IdentityProvider {
  /** The refresh tokens that were sent, refused ones too, oldest first. */
  readonly spent: readonly string[]
  /** Begins a login: access token `access-N`, refresh token `refresh-N`, N counting from 1. */
  issue(claims: TokenClaims): Tokens
  /** What the tokens of the next refreshes say of themselves. */
  nextClaims(claims: TokenClaims): void
  /** Makes every refresh fail, its token unspent, until it is called with `undefined`. */
  fail(error: ProxyError | undefined): void
  /** Holds the answers of the refreshes back until the function it returns is called. */
  hold(): () => void
}

/** Creates the issuer. Refreshed access tokens live 10 days unless `nextClaims` says otherwise. */
export function createFakeIdentityProvider(clock: Clock): FakeIdentityProvider {
  const claimsOf = new Map<string, TokenClaims>()
  const live = new Set<string>()
  const spent: string[] = []
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
    }
  }

  return {
    spent,
    issue,
    claims: token => claimsOf.get(token) ?? { expiresAt: undefined, accountId: undefined },
    async refresh(tokens) {
      const refreshToken = tokens.refreshToken ?? ''
      spent.push(refreshToken)
      if (failure) throw failure
      const isLive = live.delete(refreshToken)
      await gate
      if (!isLive) throw new ProxyError('chatgpt_login_required', 'refresh_token_reused')
      const lifetime = { expiresAt: clock.now() + 10 * 24 * 3_600_000, accountId: undefined }
      return { ...tokens, ...issue(next ?? lifetime), accountId: tokens.accountId }
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
