/** When the login is renewed, and what a request may use meanwhile. */

import { ProxyError } from './errors.ts'
import type { IdentityProvider, TokenStore } from './login-ports.ts'
import type { Authenticator, Clock, Log } from './ports.ts'
import { createRenewal } from './renewal.ts'
import type { ServerTime } from './server-time.ts'
import { freshnessOf, type Session } from './session.ts'
import { createStoredLogin } from './stored-login.ts'
import { unlessAborted } from './unless-aborted.ts'

/** Renewals that only the clock asks for are at least this far apart. */
const RENEWAL_PAUSE_MS = 60_000

/** How long a fresh login is used before the store is looked at again. */
const READ_AGAIN_MS = 1_000

/** What keeping credentials depends on. */
export interface AuthenticatorPorts {
  readonly store: TokenStore
  readonly identity: IdentityProvider
  readonly clock: Clock
  readonly serverTime: ServerTime
  readonly log: Log
  /** Whether to renew a login that cannot be saved. Default: no. */
  readonly allowsUnsaved?: boolean
  /** What to run when there is no login. Default: `chatmock login`. */
  readonly signInCommand?: string
  /** From then on no token is spent any more; the reason is what requests get. */
  readonly stopping: AbortSignal
  /** Spreads the tries of many processes. Default: `Math.random`. */
  readonly random?: () => number
}

/** The keeper of a login, and what its owner may ask of it besides credentials. */
export interface LoginKeeper extends Authenticator {
  /** Returns the login as it is, without renewing it. Throws as `credentials`. */
  session(): Promise<Session>
  /** Tries again to save a login that could not be saved; to be called every few seconds. */
  flush(): Promise<void>
  /** Takes whatever account the store has from now on. */
  rebind(): void
  /** Waits for an exchange that is under way, for it may have spent a token; then flushes. */
  close(): Promise<void>
}

/**
 * Creates the keeper of credentials.
 *
 * An access token is renewed from 5 minutes before its end: in the background while more than
 * 60 s are left, else the request waits. All callers share one exchange, which goes on when they
 * leave, for it may have spent the refresh token. The new login is saved before it is used. When a
 * renewal fails the old token serves to its last moment.
 */
export function createAuthenticator(ports: AuthenticatorPorts): LoginKeeper {
  const { store, identity, clock, serverTime, log, stopping } = ports
  const { allowsUnsaved = false, signInCommand = 'chatmock login', random = Math.random } = ports
  const login = createStoredLogin({ store, identity, log, allowsUnsaved, signInCommand })
  const renew = createRenewal({
    login,
    identity,
    clock,
    log,
    random,
    stopping,
    isFresh: session => freshness(session) === 'fresh',
  })
  let latest: { readonly session: Session; readonly readAt: number } | undefined
  let exchange: Promise<Session> | undefined
  let renewal: { readonly session: Session; readonly at: number } | undefined
  /** An access token that looked old when the issuer gave it. */
  let trusted: string | undefined

  const isWithin = (since: number, durationMs: number) => clock.monotonic() - since < durationMs

  function freshness(session: Session) {
    if (session.tokens.accessToken === trusted) return 'fresh'
    if (renewal && isWithin(renewal.at, RENEWAL_PAUSE_MS)) return 'fresh'
    return freshnessOf(session, serverTime.now())
  }

  async function usable(): Promise<Session> {
    if (latest && isWithin(latest.readAt, READ_AGAIN_MS) && freshness(latest.session) === 'fresh') {
      return latest.session
    }
    const before = renewal
    const session = await login.current()
    // What was read while a renewal ended may be the old login.
    if (renewal && renewal !== before) return renewal.session
    latest = { session, readAt: clock.monotonic() }
    switch (freshness(session)) {
      case 'fresh':
        return session
      case 'expiring':
        // Nobody waits for this one, and a failure is logged where it happens.
        renewed(session).catch(() => {})
        return session
      case 'urgent':
        return await renewed(session).catch(error => {
          const isValid = session.expiresAt !== undefined && serverTime.now() < session.expiresAt
          if (isValid && mayBeBridged(error)) return session
          throw error
        })
    }
  }

  async function replaced(refused: string): Promise<Session> {
    if (trusted === refused) trusted = undefined
    const session = await login.load()
    if (session.tokens.accessToken !== refused) return session
    if (renewal?.session.tokens.accessToken === refused && isWithin(renewal.at, RENEWAL_PAUSE_MS)) {
      // Another exchange would bring another token that is refused, for as long as somebody asks.
      throw new ProxyError(
        'chatgpt_login_required',
        `ChatGPT refuses this login although it has just been renewed. Run: ${signInCommand}`,
      )
    }
    return await renewed(session)
  }

  function renewed(old: Session): Promise<Session> {
    exchange ??= exchangeFor(old).finally(() => {
      exchange = undefined
    })
    return exchange
  }

  async function exchangeFor(old: Session): Promise<Session> {
    const { session, adopted } = await renew(old)
    const now = clock.monotonic()
    latest = { session, readAt: now }
    if (adopted) return session
    // Old on arrival: our clock is wrong, so only the upstream can tell when it ends.
    const isOld = freshnessOf(session, serverTime.now()) !== 'fresh'
    trusted = isOld ? session.tokens.accessToken : undefined
    renewal = { session, at: now }
    log.info('Renewed the ChatGPT login.')
    return session
  }

  return {
    async credentials(signal) {
      signal.throwIfAborted()
      return (await unlessAborted(usable(), signal)).credentials
    },
    async renew(refused, signal) {
      signal.throwIfAborted()
      return (await unlessAborted(replaced(refused.accessToken), signal)).credentials
    },
    session: () => login.current(),
    flush: () => login.flush(),
    rebind() {
      latest = undefined
      login.rebind()
    },
    async close() {
      await exchange?.catch(() => {})
      await login.flush()
    },
  }
}

/** Tells whether an old token may bridge a failure: not one of the program, nor another account. */
function mayBeBridged(error: unknown): boolean {
  if (!(error instanceof ProxyError)) return false
  return error.code !== 'internal' && error.code !== 'account_changed'
}
