/** The login on disk, as several processes and programs share it. */

import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { ProxyError } from '../../domain/errors.ts'
import type { HeldLogin, LoginStore, Tokens } from '../../domain/login-ports.ts'
import {
  type FileReservation,
  removeTemporaries,
  replaceFile,
  reserveFile,
  targetOf,
} from './atomic-file.ts'
import { tokensOf, withNewLogin, withTokens } from './auth-file.ts'
import { createAuthReader, DamagedFileError } from './auth-reader.ts'
import { withFlock } from './flock.ts'
import { withLock } from './lock.ts'
import { codeOf } from './system-error.ts'

/** How to share the file. */
export interface FileTokenStoreOptions {
  /** What to run when the file is damaged. Default: `chatmock login`. */
  readonly signInCommand?: string
  /** How long to wait for other processes to let go of the file. Default: 35 s. */
  readonly lockWaitMs?: number
}

/**
 * Keeps one account's tokens in a file that only its owner can read (0600, a new directory 0700).
 *
 * `load` never changes the file; one that holds no tokens, only an API key say, is no login. Writing
 * follows symbolic links, makes a new file beside the target and renames it, so a reader never
 * sees half a file; keys that it does not know stay. Only `replace` touches a file that makes no
 * sense, and keeps a copy of it.
 */
export function createFileTokenStore(
  path: string,
  options: FileTokenStoreOptions = {},
): LoginStore {
  const { signInCommand = 'chatmock login', lockWaitMs: waitMs = 35_000 } = options
  const read = createAuthReader(path)

  async function load(): Promise<Tokens | undefined> {
    try {
      const file = await read()
      return file && tokensOf(file)
    } catch (error) {
      if (error instanceof DamagedFileError) throw corrupt(error.bytes)
      throw failure('auth_store_unreadable', 'read', error)
    }
  }

  /**
   * Our lock has a name of its own: the Codex CLI keeps two other files beside its login, always,
   * and locks them with flock(2). Where they are, they are held as well.
   */
  async function hold<T>(
    work: () => Promise<T>,
    signal?: AbortSignal,
    patience = waitMs,
  ): Promise<T> {
    let hasBegun = false
    const begin = () => {
      hasBegun = true
      return work()
    }
    try {
      const target = await targetOf(path)
      const theirs = [`${target}.lock`, join(dirname(target), 'auth.lock')]
      const turn = { waitMs: patience, signal }
      return await withLock(`${target}.chatmock.lock`, () => withFlock(theirs, begin, turn), turn)
    } catch (error) {
      if (hasBegun || signal?.aborted) throw error
      throw codeOf(error) === 'ELOCKED' ? locked(error) : unwritable(error)
    }
  }

  async function reserve(): Promise<FileReservation> {
    return await reserveFile(path).catch(error => {
      throw unwritable(error)
    })
  }

  /** Does what fills the room; where that fails the room is given back. */
  async function fill<T>(room: FileReservation, work: () => Promise<T>): Promise<T> {
    try {
      return await work()
    } catch (error) {
      throw unwritable(error)
    } finally {
      await room.cancel()
    }
  }

  const held: HeldLogin = {
    load,
    async reserve() {
      const room = await reserve()
      return {
        save: (tokens, old) =>
          fill(room, async () => {
            const file = await read()
            const stored = file && tokensOf(file)
            if (stored?.accessToken !== old.accessToken) return false
            await room.commit(withTokens(file, tokens))
            return true
          }),
        cancel: () => room.cancel(),
      }
    },
  }

  async function replace(tokens: Tokens): Promise<{ readonly keptAside: string | undefined }> {
    const room = await reserve()
    return await fill(room, async () => {
      let keptAside: string | undefined
      const file = await read().catch(async error => {
        if (!(error instanceof DamagedFileError)) throw error
        keptAside = await copyAside(await targetOf(path))
        return undefined
      })
      await room.commit(withNewLogin(file, tokens))
      return { keptAside }
    })
  }

  async function clear(): Promise<Tokens | undefined> {
    const tokens = await load()
    if (tokens === undefined) return undefined
    try {
      await remove(await targetOf(path))
    } catch (error) {
      throw unwritable(error)
    }
    return tokens
  }

  function corrupt(bytes: number): ProxyError {
    // No cause: nothing of the content may come to light.
    return new ProxyError(
      'auth_file_corrupt',
      `The login file ${path} (${bytes} bytes) is damaged. Run: ${signInCommand}`,
    )
  }

  function failure(
    code: 'auth_store_unreadable' | 'auth_store_unwritable',
    verb: 'read' | 'written',
    cause: unknown,
  ): ProxyError {
    const reason =
      cause instanceof DamagedFileError ? 'it is damaged' : (codeOf(cause) ?? 'unknown error')
    const text = `The login file ${path} cannot be ${verb} (${reason}).${remedyFor(reason)}`
    return new ProxyError(code, text, { cause })
  }

  const unwritable = (cause: unknown) => failure('auth_store_unwritable', 'written', cause)

  function locked(cause: unknown): ProxyError {
    return new ProxyError(
      'auth_refresh_unavailable',
      `Another program keeps the login file ${path} locked: ${(cause as Error).message}.`,
      { cause },
    )
  }

  return {
    load,
    async version() {
      const found = await stat(path).catch(() => undefined)
      return found && `${found.ino} ${found.mtimeMs} ${found.size}`
    },
    hold: (work, signal) => hold(() => work(held), signal),
    ensureWritable: signal => hold(async () => (await reserve()).cancel(), signal),
    // What a person has signed in for cannot be had again: it waits through renewals of others.
    replace: tokens => hold(() => replace(tokens), undefined, 4 * waitMs),
    // Where there is nothing to remove, not even a lock is made.
    clear: async signal => ((await load()) === undefined ? undefined : await hold(clear, signal)),
  }
}

/** Says what mends a system's refusal, where one thing does. */
function remedyFor(code: string): string {
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return ' Free some space on its disk.'
    case 'EROFS':
      return ' Make its file system writable, or start with --allow-ephemeral-refresh.'
    case 'EACCES':
    case 'EPERM':
      return ' Give it and its folder to the user that runs chatmock (chown), with mode 0600 and 0700 (chmod).'
    default:
      return ''
  }
}

/** Copies a file that makes no sense to a name of its own, for it may still hold something. */
async function copyAside(target: string): Promise<string> {
  const time = new Date().toISOString().replace(/[:.]/g, '-')
  const copy = `${target}.corrupt-${time}`
  await replaceFile(copy, await readFile(target))
  return copy
}

async function remove(target: string): Promise<void> {
  // What is kept for a crash, or left by one, holds tokens as well.
  await rm(`${target}.bak`, { force: true })
  await removeTemporaries(target, 0)
  await rm(target, { force: true }).catch(async error => {
    // A file that is mounted by itself can be emptied but not removed; empty braces are no login.
    if (codeOf(error) !== 'EBUSY') throw error
    await writeFile(target, '{}\n')
  })
}
