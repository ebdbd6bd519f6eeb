/** Files that a reader finds old or new, never in between, and that no crash and no full disk damages. */

import { randomBytes } from 'node:crypto'
import {
  type FileHandle,
  open,
  readdir,
  readlink,
  realpath,
  rename,
  rm,
  stat,
} from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { giveToOwner, makeFolder, syncFolder } from './folder.ts'
import { ensureRoomInPlace, limitToOwner, overwrite, writeInPlace } from './in-place.ts'
import { codeOf, systemError } from './system-error.ts'

const RESERVE_BYTES = 64 * 1024
/** Nothing that we rewrite is larger: it would not have been read. */
const MAX_OLD_BYTES = 1024 * 1024
const STALE_AFTER_MS = 60 * 60 * 1000
/** Windows refuses to rename over a file that somebody reads, an antivirus say. */
const OPEN_ELSEWHERE = ['EPERM', 'EACCES', 'EBUSY']
const RENAME_RETRIES = 10

/** Room on the disk for the new content of a file. One of the two is to be called, once. */
export interface FileReservation {
  /**
   * Replaces the file. If that fails the old content is untouched and the room is given back.
   *
   * @throws the system's error.
   */
  commit(content: string | Buffer): Promise<void>
  /** Gives the room back. Does nothing after `commit`; never throws. */
  cancel(): Promise<void>
}

interface Draft {
  readonly target: string
  readonly temporary: string
  readonly handle: FileHandle
}

/**
 * Takes the room that a new content needs, 64 KiB more than the old one, so that `commit` does
 * not fail on a full or read-only disk. Follows symbolic links; makes a missing folder 0700. The
 * new file is 0600 and lies beside the target until it is renamed.
 *
 * A file that is mounted on its own is written in place, after a copy to `<target>.bak`. If even
 * its folder takes no file, it is refused: there is room neither for the copy nor for a lock, so
 * a crash would cost the content.
 *
 * @throws the system's error: `ENOSPC`, `EDQUOT`, `EROFS`, `EACCES`, …; nothing is left behind.
 */
export async function reserveFile(path: string): Promise<FileReservation> {
  const draft = await openDraft(path)
  try {
    const old = await stat(draft.target).catch(() => undefined)
    const size = Math.min(old?.size ?? 0, MAX_OLD_BYTES) + RESERVE_BYTES
    await ensureRoomInPlace(draft.target, size)
    // Random: zeros or spaces take no room where the file system compresses.
    await overwrite(draft.handle, randomBytes(size))
  } catch (error) {
    await discard(draft)
    throw error
  }
  let isUsed = false
  return {
    async commit(content) {
      if (isUsed) throw new Error(`The reservation for ${draft.target} is used up.`)
      isUsed = true
      await publish(draft, Buffer.from(content))
    },
    async cancel() {
      if (isUsed) return
      isUsed = true
      await discard(draft)
    },
  }
}

/** Replaces a file as `commit` does, without taking the room first. Throws the system's error. */
export async function replaceFile(path: string, content: string | Buffer): Promise<void> {
  await publish(await openDraft(path), Buffer.from(content))
}

/**
 * Removes the temporary files of `path` that a crash has left: ours by their name, and not
 * younger than `ageMs`, an hour if not said. Never throws.
 */
export async function removeTemporaries(path: string, ageMs = STALE_AFTER_MS): Promise<void> {
  try {
    const target = await targetOf(path)
    const folder = dirname(target)
    const names = await readdir(folder)
    const start = `${basename(target)}.`
    for (const name of names) {
      if (!name.startsWith(start) || !/^\d+\.[0-9a-f]{12}\.tmp$/.test(name.slice(start.length))) {
        continue
      }
      const temporary = join(folder, name)
      const found = await stat(temporary).catch(() => undefined)
      if (found === undefined || Date.now() - found.mtimeMs < ageMs) continue
      await rm(temporary, { force: true }).catch(() => {})
    }
  } catch {
    // A folder that cannot be read is reported by whoever needs it.
  }
}

/**
 * Returns the absolute path behind symbolic links, for a rename would replace the link; the last
 * may point at nothing yet. Throws the system's error.
 */
export async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  const link = await readlink(path).catch(() => undefined)
  if (link === undefined) return resolve(path)
  return await targetOf(resolve(await realpath(dirname(path)), link))
}

/**
 * Does a rename on Windows: again, up to 10 times, while another program has the file open.
 * Throws the system's error.
 */
export async function renameWhileOpen(attempt: () => Promise<void>, pauseMs = 200): Promise<void> {
  for (let retries = 0; ; retries++) {
    try {
      return await attempt()
    } catch (error) {
      const isOpen = OPEN_ELSEWHERE.includes(codeOf(error) ?? '')
      if (!isOpen || retries === RENAME_RETRIES) throw error
    }
    await pause(pauseMs)
  }
}

async function openDraft(path: string): Promise<Draft> {
  const target = await targetOf(path)
  await refuseOtherThanFile(target)
  await makeFolder(dirname(target))
  const temporary = `${target}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`
  const handle = await open(temporary, 'wx', 0o600)
  const draft = { target, temporary, handle }
  try {
    await limitToOwner(handle)
    await giveToOwner(handle, dirname(target), target)
  } catch (error) {
    await discard(draft)
    throw error
  }
  return draft
}

/** A rename would put a file in the place of a pipe or a device. */
async function refuseOtherThanFile(target: string): Promise<void> {
  const found = await stat(target).catch(() => undefined)
  if (found === undefined || found.isFile()) return
  if (found.isDirectory()) throw systemError('EISDIR', `${target} is a folder`)
  throw systemError('EINVAL', `${target} is no regular file`)
}

async function publish(draft: Draft, bytes: Buffer): Promise<void> {
  const { target, temporary, handle } = draft
  try {
    await overwrite(handle, bytes)
    await handle.close()
    await putInPlace(temporary, target, bytes)
  } catch (error) {
    await discard(draft)
    throw error
  }
  // The new content is in place: a system that cannot sync a folder has not failed to save.
  await syncFolder(dirname(target)).catch(() => {})
}

async function putInPlace(temporary: string, target: string, bytes: Buffer): Promise<void> {
  if (process.platform === 'win32') {
    return await renameWhileOpen(() => rename(temporary, target))
  }
  try {
    await rename(temporary, target)
  } catch (error) {
    if (codeOf(error) !== 'EBUSY') throw error
    await writeInPlace(target, bytes)
    await rm(temporary, { force: true }).catch(() => {})
  }
}

async function discard({ handle, temporary }: Draft): Promise<void> {
  await handle.close().catch(() => {})
  await rm(temporary, { force: true }).catch(() => {})
}
