/** The newest login that is known, wherever it is: in the store, or still waiting to be saved. */

import { ProxyError } from './errors.ts'
import type { Clock, Log, TokenStore, Tokens } from './ports.ts'

/** How long a failed save rests before it is tried again. */
const SAVE_AGAIN_MS = 5_000

/** The newest login known: the stored one, or one that could not be stored yet. */
export interface StoredLogin {
  /**
   * Returns the newest login.
   *
   * @throws ProxyError `chatgpt_login_required` if there is none; the codes of `TokenStore.load`.
   */
  load(): Promise<Tokens>
  /**
   * As `load`, but while the store cannot be read the login last seen stands in; and a save that
   * failed 5 s ago or more is tried again first.
   */
  current(): Promise<Tokens>
  /** Saves a new login. Where that fails it is kept in memory, and the log says so; never throws. */
  replace(tokens: Tokens): Promise<void>
}

/** Creates the keeper of one login. */
export function createStoredLogin(store: TokenStore, clock: Clock, log: Log): StoredLogin {
  let seen: Tokens | undefined
  let isReadable = true
  /** The access token that the store held when last looked at. */
  let held: string | undefined
  let unsaved: Tokens | undefined
  let savedAt = Number.NEGATIVE_INFINITY
  let writing = Promise.resolve()

  async function load(): Promise<Tokens> {
    const stored = await store.load()
    // A store that somebody else has changed since then wins over what could not be saved.
    if (unsaved === undefined || stored?.accessToken !== held) {
      unsaved = undefined
      held = stored?.accessToken
    }
    seen = unsaved ?? stored
    if (seen === undefined) {
      throw new ProxyError(
        'chatgpt_login_required',
        'Not signed in to ChatGPT. Run: chatmock login',
      )
    }
    return seen
  }

  /** Writes one after the other, and picks when its turn comes: an older login must not come last. */
  function write(pick: () => Tokens | undefined): Promise<void> {
    savedAt = clock.now()
    writing = writing.then(async () => {
      const tokens = pick()
      if (tokens === undefined) return
      try {
        await store.save(tokens)
        held = tokens.accessToken
        unsaved = undefined
      } catch (error) {
        unsaved = tokens
        log.error('The renewed login could not be saved; it is in memory only.', reason(error))
      }
      seen = tokens
    })
    return writing
  }

  async function current(): Promise<Tokens> {
    try {
      const tokens = await load()
      isReadable = true
      const isDue = unsaved !== undefined && Math.abs(clock.now() - savedAt) >= SAVE_AGAIN_MS
      if (isDue) await write(() => unsaved)
      return tokens
    } catch (error) {
      const isAway = error instanceof ProxyError && error.code === 'auth_store_unreadable'
      if (!isAway || seen === undefined) throw error
      if (isReadable) {
        log.warn('The login cannot be read; going on with the one in memory.', reason(error))
      }
      isReadable = false
      return seen
    }
  }

  return { load, current, replace: tokens => write(() => tokens) }
}

function reason(error: unknown): { error_code: string; reason: string } {
  const { code, message } = ProxyError.from(error)
  return { error_code: code, reason: message }
}
