/** One exchange of a refresh token, which works once, for new tokens. */

import { ProxyError } from './errors.ts'
import type { IdentityProvider, Tokens } from './login-ports.ts'
import type { Clock, Log } from './ports.ts'
import { isSameLogin, type Session } from './session.ts'
import type { RenewableLogin, Room, StoredLogin } from './stored-login.ts'

/** After a failure that may pass the issuer is left alone for so long; doubled by each further one. */
const REST_MS = 5_000
const MAX_REST_MS = 300_000
/** By how much a rest may be longer, so that many processes do not come back at once. */
const REST_SPREAD = 0.25

/**
 * After a refusal the store is looked at again, first at once and then after these waits: whoever
 * else spent the token is perhaps about to write what came for it.
 */
const LOOK_AGAIN_MS = [0, 250, 750]

/** How often it is looked whether the store of a refused login has changed. */
const CHECK_AGAIN_MS = 1_000

/** What renewing depends on. */
export interface RenewalPorts {
  readonly login: StoredLogin
  readonly identity: IdentityProvider
  readonly clock: Clock
  readonly log: Log
  /** Tells whether a login found in the store may be used as it is. */
  readonly isFresh: (session: Session) => boolean
  /** A number from 0 up to 1. */
  readonly random: () => number
  /** From then on no token is spent any more; what is spent by then is saved. */
  readonly stopping: AbortSignal
}

/** What came of a renewal: `adopted` if another process had made it. */
export interface Renewed {
  readonly session: Session
  readonly adopted: boolean
}

/** A failure and for how long it stands. */
interface Failure {
  readonly session: Session
  readonly error: ProxyError
  readonly at: number
  /** `Infinity` for a refusal: the same login is not tried again unless its store has changed. */
  readonly restMs: number
  /** The state of the store then; looked at for a refusal only. */
  readonly version: string | undefined
  readonly inARow: number
}

/** Puts a newer login in the place of `old`. */
export type Renew = (old: Session) => Promise<Renewed>

/**
 * Creates the exchange. While it runs no other process renews the same login. It takes over what
 * another one has written, makes sure of the room to save before it spends anything, sends a refresh
 * token once, and never touches the stored login if it fails.
 *
 * The function it returns throws ProxyError `chatgpt_login_required` for a refusal, which is
 * remembered for this very login until its store changes; `auth_refresh_unavailable`, with the seconds to wait, for what may
 * pass; and the codes of the store.
 */
export function createRenewal(ports: RenewalPorts): Renew {
  const { login, identity, clock, log, isFresh, random, stopping } = ports
  let failure: Failure | undefined
  let checkedAt = Number.NEGATIVE_INFINITY

  /** Throws the last failure for as long as it stands. */
  async function throwIfResting(session: Session): Promise<void> {
    if (failure === undefined || !isSameLogin(failure.session, session)) return
    const leftMs = failure.restMs - (clock.monotonic() - failure.at)
    if (leftMs <= 0) return
    const { error } = failure
    if (!isRefusal(error) || !(await hasChanged(failure))) throw withRetryAfter(error, leftMs)
    failure = undefined
  }

  /** Somebody may have put the login right under the same tokens; the store is asked once a second. */
  async function hasChanged({ version }: Failure): Promise<boolean> {
    if (clock.monotonic() - checkedAt < CHECK_AGAIN_MS) return false
    checkedAt = clock.monotonic()
    return (await login.version()) !== version
  }

  async function remember(session: Session, error: ProxyError): Promise<ProxyError> {
    const before =
      failure !== undefined && isSameLogin(failure.session, session) ? failure : undefined
    const inARow = (before?.inARow ?? 0) + 1
    const restMs = restAfter(error, inARow, random())
    const version = isRefusal(error) ? await login.version() : undefined
    failure = { session, error, at: clock.monotonic(), restMs, version, inARow }
    log.warn('Could not renew the ChatGPT login.', {
      error_code: error.code,
      reason: error.message,
    })
    return withRetryAfter(error, restMs)
  }

  async function exchange(held: RenewableLogin, session: Session): Promise<Renewed> {
    await throwIfResting(session)
    stopping.throwIfAborted()
    let room: Room | undefined
    let tokens: Tokens
    try {
      room = await held.reserve()
      tokens = await identity.refresh(session.tokens)
    } catch (error) {
      await room?.cancel()
      throw await remember(session, ProxyError.from(error))
    }
    const saved = await room.save(tokens)
    return { session: saved, adopted: saved.tokens.accessToken !== tokens.accessToken }
  }

  /** Looks for a login that somebody else has stored in place of one that was refused. */
  async function newerThan(refused: Session, held: RenewableLogin): Promise<Session | undefined> {
    for (const ms of LOOK_AGAIN_MS) {
      if (ms > 0) await clock.pause(ms)
      const stored = await held.load()
      if (!isSameLogin(stored, refused)) return stored
    }
    return undefined
  }

  async function exchangeOrAdopt(held: RenewableLogin, old: Session): Promise<Renewed> {
    const stored = await held.load()
    if (!isSameLogin(stored, old) && isFresh(stored)) return { session: stored, adopted: true }
    try {
      return await exchange(held, stored)
    } catch (error) {
      if (!isRefusal(error)) throw error
      const newer = await newerThan(stored, held)
      if (newer === undefined) throw error
      return isFresh(newer) ? { session: newer, adopted: true } : await exchange(held, newer)
    }
  }

  return async old => {
    await throwIfResting(old)
    let isHeld = false
    try {
      return await login.hold(held => {
        isHeld = true
        return exchangeOrAdopt(held, old)
      }, stopping)
    } catch (error) {
      // A lock that is not to be had is a failure like the others: to be told, and to rest after.
      throw isHeld || stopping.aborted ? error : await remember(old, ProxyError.from(error))
    }
  }
}

function isRefusal(error: unknown): boolean {
  return error instanceof ProxyError && error.code === 'chatgpt_login_required'
}

function restAfter(error: ProxyError, failures: number, random: number): number {
  if (isRefusal(error)) return Number.POSITIVE_INFINITY
  // A disk may have room again at any time, and asking it costs nobody anything.
  const doublings = error.code.startsWith('auth_store_') ? 0 : failures - 1
  return Math.min(MAX_REST_MS, REST_MS * 2 ** doublings) * (1 + REST_SPREAD * random)
}

function withRetryAfter(error: ProxyError, leftMs: number): ProxyError {
  if (!Number.isFinite(leftMs)) return error
  return new ProxyError(error.code, error.message, {
    cause: error.cause,
    retryAfterSeconds: Math.max(1, Math.ceil(leftMs / 1000)),
  })
}
