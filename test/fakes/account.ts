import { type AuthenticatorPorts, createAuthenticator } from '../../src/domain/credentials.ts'
import { createServerTime } from '../../src/domain/server-time.ts'
import { createFakeClock } from './clock.ts'
import { claims, createFakeIdentityProvider } from './identity-provider.ts'
import { createFakeLog } from './log.ts'
import { createFakeTokenStore } from './token-store.ts'

/** Where the clock of {@link signIn} stands. */
export const NOW = Date.UTC(2026, 10, 22, 12)

/** Puts an authenticator over fakes, signed in with a token `access-1` that ends after `leftMs`. */
export function signIn(leftMs: number, over: Partial<AuthenticatorPorts> = {}) {
  const clock = createFakeClock(NOW)
  const log = createFakeLog()
  const identity = createFakeIdentityProvider(clock)
  const expiresIn = (ms: number) => claims({ expiresAt: clock.now() + ms })
  const store = createFakeTokenStore(identity.issue(expiresIn(leftMs)))
  const serverTime = createServerTime(clock, log)
  const ports = {
    store,
    identity,
    clock,
    serverTime,
    log,
    random: () => 0,
    stopping: new AbortController().signal,
    ...over,
  }
  const authenticator = createAuthenticator(ports)
  return {
    ports,
    clock,
    serverTime,
    log,
    identity,
    store,
    authenticator,
    /** The claims of a token that ends after so many milliseconds. */
    expiresIn,
    /** Asks for credentials, and returns the access token. */
    async use() {
      const { signal } = new AbortController()
      return (await authenticator.credentials(signal)).accessToken
    },
    /** Asks for credentials other than these, and returns the access token. */
    async renew(accessToken: string) {
      const { signal } = new AbortController()
      return (await authenticator.renew({ accessToken, accountId: undefined }, signal)).accessToken
    },
    /** Moves the clock on. */
    pass: (ms: number) => clock.set(clock.now() + ms),
  }
}

/** Lets work that nobody waits for come to its end: the fakes need no more than microtasks. */
export function settle(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}
