/** The newest login that is known, wherever it is: in the store, or still waiting to be saved. */

import { ProxyError } from './errors.ts'
import type { HeldLogin, IdentityProvider, Reservation, TokenStore, Tokens } from './login-ports.ts'
import type { Log } from './ports.ts'
import { createSession, type Session } from './session.ts'

/** What keeping the stored login depends on. */
export interface StoredLoginPorts {
  readonly store: TokenStore
  readonly identity: IdentityProvider
  readonly log: Log
  /**
   * Whether a login may be renewed that cannot be saved, as in a store that is read-only on purpose.
   * Its refresh token is then spent for tokens that end with the process.
   */
  readonly allowsUnsaved: boolean
  /** What to run when there is no login. */
  readonly signInCommand: string
}

/** The newest login known: the stored one, or one that could not be stored yet. */
export interface StoredLogin {
  /**
   * Returns the newest login.
   *
   * @throws ProxyError `chatgpt_login_required` if there is none, `account_changed` if it is not
   *   of the account that this process has been using; the codes of `TokenStore.load`.
   */
  load(): Promise<Session>
  /** As `load`, but while the store cannot be read the login last seen stands in. */
  current(): Promise<Session>
  /** As `TokenStore.version`. */
  version(): Promise<string | undefined>
  /** Does `work` while no other process renews the login. As `TokenStore.hold`. */
  hold<T>(work: (login: RenewableLogin) => Promise<T>, signal?: AbortSignal): Promise<T>
  /** Tries again to save a login that could not be saved; never throws. */
  flush(): Promise<void>
  /** Takes whatever account the store has from now on. */
  rebind(): void
}

/** The login while no other process renews it. */
export interface RenewableLogin {
  /** As `StoredLogin.load`. */
  load(): Promise<Session>
  /** As `HeldLogin.reserve`. */
  reserve(): Promise<Room>
}

/** Room for the tokens of a renewal. */
export interface Room {
  /**
   * Saves them in the place of the login that the store held. Where that fails they are kept in
   * memory, and the log says so. If somebody has stored another login meanwhile, that one is
   * returned; throws as `StoredLogin.load` if it is of no use.
   */
  save(tokens: Tokens): Promise<Session>
  /** Gives the room back; never throws. */
  cancel(): Promise<void>
}

/** Whose login is in use. */
interface Owner {
  readonly accountId: string | undefined
  readonly loginId: string | undefined
}

/** Creates the keeper of one login. */
export function createStoredLogin(ports: StoredLoginPorts): StoredLogin {
  const { store, identity, log, allowsUnsaved, signInCommand } = ports
  let owner: Owner | undefined
  let seen: Session | undefined
  let isReadable = true
  /** A login that waits to be saved, and the one in the store whose place it is to take. */
  let unsaved: { readonly tokens: Tokens; readonly old: Tokens } | undefined

  const notSignedIn = () =>
    new ProxyError('chatgpt_login_required', `Not signed in to ChatGPT. Run: ${signInCommand}`)

  function pick(stored: Tokens | undefined): Session {
    // A store that somebody else has changed since then wins over what could not be saved.
    if (stored?.accessToken !== unsaved?.old.accessToken) unsaved = undefined
    const tokens = unsaved?.tokens ?? stored
    if (tokens === undefined) throw notSignedIn()
    const session = createSession(tokens, identity)
    owner = ownerOf(session, owner, signInCommand)
    seen = session
    return session
  }

  function keepInMemory(tokens: Tokens, old: Tokens): Session {
    unsaved = { tokens, old }
    seen = createSession(tokens, identity)
    return seen
  }

  async function save(
    tokens: Tokens,
    old: Tokens,
    room: Reservation,
    login: HeldLogin,
  ): Promise<Session> {
    let isSaved: boolean
    try {
      isSaved = await room.save(tokens, old)
    } catch (error) {
      log.error('The renewed login could not be saved; it is in memory only.', reason(error))
      return keepInMemory(tokens, old)
    }
    if (!isSaved) {
      log.warn('Another login was stored while this one was renewed; going on with that.')
      return pick(await login.load())
    }
    unsaved = undefined
    seen = createSession(tokens, identity)
    return seen
  }

  /** Stands for the room that a store does not have. */
  function inMemory(old: Tokens): Room {
    return {
      async save(tokens) {
        log.warn('The renewed login is in memory only: its store cannot be written.')
        return keepInMemory(tokens, old)
      },
      cancel: () => Promise.resolve(),
    }
  }

  function renewable(login: HeldLogin): RenewableLogin {
    let stored: Tokens | undefined
    return {
      async load() {
        stored = await login.load()
        return pick(stored)
      },
      async reserve() {
        const old = stored
        if (old === undefined) throw notSignedIn()
        try {
          const room = await login.reserve()
          return {
            save: tokens => save(tokens, old, room, login),
            cancel: () => room.cancel().catch(() => {}),
          }
        } catch (error) {
          if (allowsUnsaved && isUnwritable(error)) return inMemory(old)
          throw error
        }
      },
    }
  }

  async function hold<T>(
    work: (login: RenewableLogin) => Promise<T>,
    signal?: AbortSignal,
  ): Promise<T> {
    try {
      return await store.hold(login => work(renewable(login)), signal)
    } catch (error) {
      if (!allowsUnsaved || !isUnwritable(error)) throw error
      // Where no lock can be made no other process can save either.
      return await work(renewable({ load: store.load, reserve: () => Promise.reject(error) }))
    }
  }

  const load = async () => pick(await store.load())

  return {
    load,
    version: store.version,
    hold,
    async current() {
      try {
        const session = await load()
        isReadable = true
        return session
      } catch (error) {
        const isAway = error instanceof ProxyError && error.code === 'auth_store_unreadable'
        if (!isAway || seen === undefined) throw error
        if (isReadable) {
          log.warn('The login cannot be read; going on with the one in memory.', reason(error))
        }
        isReadable = false
        return seen
      }
    },
    async flush() {
      if (unsaved === undefined) return
      try {
        await store.hold(async login => {
          pick(await login.load())
          const pending = unsaved
          if (pending === undefined) return
          const room = await login.reserve()
          if (!(await room.save(pending.tokens, pending.old))) return
          if (unsaved === pending) unsaved = undefined
          log.info('The renewed login is saved now.')
        })
      } catch (error) {
        log.debug('The renewed login still cannot be saved.', reason(error))
      }
    },
    rebind() {
      owner = undefined
    },
  }
}

/**
 * Lets the account change only where a person has signed in through chatmock: what another program
 * puts into a store that it shares must not send requests to an account that nobody chose.
 */
function ownerOf(
  { tokens, credentials }: Session,
  before: Owner | undefined,
  signInCommand: string,
): Owner {
  const after: Owner = {
    accountId: credentials.accountId ?? before?.accountId,
    loginId: tokens.loginId,
  }
  const isSame = before?.accountId === undefined || before.accountId === after.accountId
  const isChosen = after.loginId !== undefined && after.loginId !== before?.loginId
  if (isSame || isChosen) return after
  throw new ProxyError(
    'account_changed',
    `The stored login is now of another ChatGPT account than the one in use. To go on with it restart chatmock (or send it SIGHUP); to choose another run: ${signInCommand}`,
  )
}

function isUnwritable(error: unknown): boolean {
  return error instanceof ProxyError && error.code === 'auth_store_unwritable'
}

function reason(error: unknown): { error_code: string; reason: string } {
  const { code, message } = ProxyError.from(error)
  return { error_code: code, reason: message }
}
