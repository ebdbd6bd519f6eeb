/** The login on disk, as several processes and programs share it. */

import { constants } from 'node:fs'
import { chmod, copyFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { ProxyError } from '../../domain/errors.ts'
import type { HeldLogin, LoginStore, Tokens } from '../../domain/login-ports.ts'
import { type FileReservation, reserveFile, targetOf } from './atomic-file.ts'
import { tokensOf, withTokens } from './auth-file.ts'
import { createAuthReader, DamagedFileError } from './auth-reader.ts'
import { withFlock } from './flock.ts'
import { withLock } from './lock.ts'
import { codeOf } from './system-error.ts'

/** How to share the file. */
export interface FileTokenStoreOptions {
  /**
   * Whether the file is the Codex CLI's own. That program locks `auth.json.lock` and `auth.lock`
   * beside it, so ours has another name and theirs are held as well. Default: no.
   */
  readonly isCodexs?: boolean
  /** How long to wait for other processes to let go of the file. Default: 35 s. */
  readonly lockWaitMs?: number
}

/**
 * Keeps one account's tokens in a file that only its owner can read (0600, a new directory 0700).
 *
 * `load` never changes the file; one that holds no tokens, only an API key say, is no login. Writing
 * follows symbolic links, makes a new file beside the target and renames it, so a reader never
 * sees half a file; keys that it does not know stay. Only `replace` and `clear` touch a file that
 * makes no sense.
 */
export function createFileTokenStore(
  path: string,
  { isCodexs = false, lockWaitMs: waitMs = 35_000 }: FileTokenStoreOptions = {},
): LoginStore {
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

  async function hold<T>(work: () => Promise<T>): Promise<T> {
    let hasBegun = false
    const begin = () => {
      hasBegun = true
      return work()
    }
    try {
      const target = await targetOf(path)
      const name = basename(target)
      const beside = (other: string) => join(dirname(target), other)
      if (!isCodexs) return await withLock(beside(`${name}.lock`), begin, { waitMs })
      const theirs = [beside(`${name}.lock`), beside('auth.lock')]
      return await withLock(
        beside(`${name}.chatmock.lock`),
        () => withFlock(theirs, begin, { waitMs }),
        { waitMs },
      )
    } catch (error) {
      if (hasBegun) throw error
      throw codeOf(error) === 'ELOCKED' ? locked(error) : unwritable(error)
    }
  }

  async function reserve(): Promise<FileReservation> {
    return await reserveFile(path).catch(error => {
      throw unwritable(error)
    })
  }

  /** Puts what `text` makes into the room; where that fails the room is given back. */
  async function fill(room: FileReservation, text: () => Promise<string>): Promise<void> {
    try {
      await room.commit(await text())
    } catch (error) {
      await room.cancel()
      throw unwritable(error)
    }
  }

  const held: HeldLogin = {
    load,
    async reserve() {
      const room = await reserve()
      return {
        save: tokens => fill(room, async () => withTokens(await read(), tokens)),
        cancel: () => room.cancel(),
      }
    },
  }

  async function replace(tokens: Tokens): Promise<{ readonly keptAside: string | undefined }> {
    const room = await reserve()
    let keptAside: string | undefined
    await fill(room, async () => {
      const file = await read().catch(async error => {
        if (!(error instanceof DamagedFileError)) throw error
        keptAside = await copyAside(await targetOf(path))
        return undefined
      })
      return withTokens(file, tokens)
    })
    return { keptAside }
  }

  async function clear(): Promise<Tokens | undefined> {
    const file = await read().catch(error => {
      if (error instanceof DamagedFileError) return undefined
      throw failure('auth_store_unreadable', 'read', error)
    })
    try {
      await remove(await targetOf(path))
    } catch (error) {
      throw unwritable(error)
    }
    return file && tokensOf(file)
  }

  function corrupt(bytes: number): ProxyError {
    // No cause: nothing of the content may come to light.
    return new ProxyError(
      'auth_file_corrupt',
      `The login file ${path} (${bytes} bytes) is damaged. Run: ${isCodexs ? 'codex' : 'chatmock'} login`,
    )
  }

  function failure(
    code: 'auth_store_unreadable' | 'auth_store_unwritable',
    verb: 'read' | 'written',
    cause: unknown,
  ): ProxyError {
    const reason =
      cause instanceof DamagedFileError ? 'it is damaged' : (codeOf(cause) ?? 'unknown error')
    const text = `The login file ${path} cannot be ${verb} (${reason}).`
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
    hold: work => hold(() => work(held)),
    ensureWritable: () => hold(async () => (await reserve()).cancel()),
    replace: tokens => hold(() => replace(tokens)),
    clear: () => hold(clear),
  }
}

/** Copies a file that makes no sense to a name of its own, for it may still hold something. */
async function copyAside(target: string): Promise<string> {
  const time = new Date().toISOString().replace(/[:.]/g, '-')
  const copy = `${target}.corrupt-${time}`
  await copyFile(target, copy, constants.COPYFILE_EXCL)
  await chmod(copy, 0o600)
  return copy
}

async function remove(target: string): Promise<void> {
  // What writing in place keeps for a crash is the login before.
  await rm(`${target}.bak`, { force: true })
  await rm(target, { force: true }).catch(async error => {
    // A file that is mounted by itself can be emptied but not removed; empty braces are no login.
    if (codeOf(error) !== 'EBUSY') throw error
    await writeFile(target, '{}\n')
  })
}
