/** When the login is renewed, and what a request may use meanwhile. */

import { ProxyError } from './errors.ts'
import type { Authenticator, Clock, IdentityProvider, Log, TokenStore } from './ports.ts'
import { createSession, freshnessOf, type Session } from './session.ts'
import { createStoredLogin } from './stored-login.ts'

/** How long a failed exchange rests before the endpoint is asked again. */
const REFRESH_AGAIN_MS = 5_000

/** Renewals that only the clock asks for are at least this far apart. */
const RENEWAL_PAUSE_MS = 60_000

/** How long a fresh login is used before the store is looked at again. */
const READ_AGAIN_MS = 1_000

/** What keeping credentials depends on. */
export interface AuthenticatorPorts {
  readonly store: TokenStore
  readonly identity: IdentityProvider
  readonly clock: Clock
  readonly log: Log
}

interface Failure {
  /** The one that was to be spent: with another one there is a new chance. */
  readonly refreshToken: string | undefined
  readonly error: ProxyError
  readonly at: number
}

/**
 * Creates the keeper of credentials.
 *
 * An access token is renewed from 5 minutes before its end: in the background while more than
 * 60 s are left, else the request waits. All callers share one exchange, which goes on when they
 * leave, for it may have spent the refresh token. The new login is saved before it is used.
 */
export function createAuthenticator(ports: AuthenticatorPorts): Authenticator {
  const { identity, clock, log } = ports
  const login = createStoredLogin(ports.store, clock, log)
  let latest: { readonly session: Session; readonly readAt: number } | undefined
  let exchange: Promise<Session> | undefined
  let failure: Failure | undefined
  let renewal: { readonly session: Session; readonly at: number } | undefined
  /** An access token that looked old when the issuer gave it. */
  let trusted: string | undefined

  const isWithin = (since: number, durationMs: number) => Math.abs(clock.now() - since) < durationMs

  function freshness(session: Session) {
    if (session.tokens.accessToken === trusted) return 'fresh'
    if (renewal && isWithin(renewal.at, RENEWAL_PAUSE_MS)) return 'fresh'
    return freshnessOf(session, clock.now())
  }

  async function usable(): Promise<Session> {
    if (latest && isWithin(latest.readAt, READ_AGAIN_MS) && freshness(latest.session) === 'fresh') {
      return latest.session
    }
    const before = renewal
    const session = createSession(await login.current(), identity)
    // What was read while a renewal ended may be the old login.
    if (renewal && renewal !== before) return renewal.session
    latest = { session, readAt: clock.now() }
    switch (freshness(session)) {
      case 'fresh':
        return session
      case 'expiring':
        // Nobody waits for this one, and a failure of the endpoint is logged where it happens.
        renewed(session).catch(() => {})
        return session
      case 'urgent':
        return await renewed(session).catch(error => {
          const isValid = session.expiresAt === undefined || clock.now() < session.expiresAt
          if (isValid && isPassing(error)) return session
          throw error
        })
    }
  }

  async function replaced(refused: string): Promise<Session> {
    if (trusted === refused) trusted = undefined
    const session = createSession(await login.load(), identity)
    return session.tokens.accessToken === refused ? await renewed(session) : session
  }

  function renewed(old: Session): Promise<Session> {
    exchange ??= renew(old).finally(() => {
      exchange = undefined
    })
    return exchange
  }

  async function renew(old: Session): Promise<Session> {
    const stored = createSession(await login.load(), identity)
    const isNewer = stored.tokens.accessToken !== old.tokens.accessToken
    if (isNewer && freshness(stored) === 'fresh') return stored
    const session = createSession(await spend(stored), identity)
    await login.replace(session.tokens)
    const now = clock.now()
    // Old on arrival: our clock is wrong, so only the upstream can tell when it ends.
    trusted = freshnessOf(session, now) === 'fresh' ? undefined : session.tokens.accessToken
    renewal = { session, at: now }
    latest = { session, readAt: now }
    log.info('Renewed the ChatGPT login.')
    return session
  }

  async function spend({ tokens }: Session) {
    const { refreshToken } = tokens
    if (failure && failure.refreshToken === refreshToken) {
      const isFinal = failure.error.code === 'chatgpt_login_required'
      if (isFinal || isWithin(failure.at, REFRESH_AGAIN_MS)) throw failure.error
    }
    try {
      return await identity.refresh(tokens)
    } catch (cause) {
      const error = ProxyError.from(cause)
      failure = { refreshToken, error, at: clock.now() }
      log.warn('Could not renew the ChatGPT login.', {
        error_code: error.code,
        reason: error.message,
      })
      throw error
    }
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
  }
}

/** Tells whether trying again may help, so that an old token may bridge the time. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof ProxyError)) return false
  return error.code === 'auth_refresh_unavailable' || error.code.startsWith('auth_store_')
}

/** Waits for work that others share: the signal ends the wait, never the work. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
