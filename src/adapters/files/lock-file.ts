/** The file that a lock is: how it appears and how it goes, each at one stroke. */

import { randomBytes } from 'node:crypto'
import { type FileHandle, link, open, readdir, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { giveToOwner } from './folder.ts'
import { type LockOwner, type LockProcess, parseOwner } from './lock-owner.ts'
import { openToRead } from './read-text.ts'
import { codeOf } from './system-error.ts'

const MAX_OWNER_BYTES = 4096

/** What stands at a lock's name. */
export interface FoundLock {
  /** `undefined` if the content is none of ours. */
  readonly owner: LockOwner | undefined
  /** Names this one lock, in letters that are fit for a file name. */
  readonly mark: string
  /** The last sign of life; Unix time in milliseconds. */
  readonly mtimeMs: number
}

/** A lock that this process has. */
export interface TakenLock {
  readonly name: string
  readonly mark: string
  /** Leads to our file, whatever stands at the name by now. */
  readonly handle: FileHandle
}

/** Who takes and breaks the lock `path`, and how it judges what it finds. */
export interface LockContender {
  /** All files of the lock begin with it. */
  readonly path: string
  readonly self: LockProcess
  readonly isAbandoned: (found: FoundLock) => Promise<boolean>
}

/** Returns what stands at a lock's name, or `undefined` if nothing does. Throws the system's error. */
export async function findLock(name: string): Promise<FoundLock | undefined> {
  let handle: FileHandle | undefined
  try {
    handle = await openToRead(name)
  } catch (error) {
    if (codeOf(error) !== 'EACCES') throw error
    return await findForeignLock(name)
  }
  if (handle === undefined) return undefined
  try {
    const { ino, mtimeNs, mtimeMs } = await handle.stat({ bigint: true })
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_OWNER_BYTES), 0)
    const owner = parseOwner(buffer.toString('utf8', 0, bytesRead))
    return { owner, mark: owner?.nonce ?? `${ino}-${mtimeNs}`, mtimeMs: Number(mtimeMs) }
  } finally {
    await handle.close()
  }
}

/** Judges a lock of another user, root say, by its time alone. */
async function findForeignLock(name: string): Promise<FoundLock | undefined> {
  const found = await stat(name, { bigint: true }).catch(() => undefined)
  return (
    found && {
      owner: undefined,
      mark: `${found.ino}-${found.mtimeNs}`,
      mtimeMs: Number(found.mtimeMs),
    }
  )
}

/**
 * Takes the lock `name`; `undefined` if it is not to be had now. It appears with all its content,
 * for it is written under a name of its own first; a link is made only where nothing is.
 *
 * @throws the system's error.
 */
export async function takeLock(
  { path, self }: LockContender,
  name: string,
): Promise<TakenLock | undefined> {
  const mark = randomBytes(16).toString('hex')
  const content = JSON.stringify({ ...self, nonce: mark })
  const temporary = `${path}.${process.pid}.${mark.slice(0, 12)}.tmp`
  const handle = await create(temporary, content)
  const failure = await link(temporary, name).then(
    () => undefined,
    error => codeOf(error) ?? 'unknown',
  )
  await rm(temporary, { force: true }).catch(() => {})
  if (failure === undefined) return { name, mark, handle }
  await handle.close()
  // Somebody was first, or has swept the temporary file away.
  if (failure === 'EEXIST' || failure === 'ENOENT') return undefined
  return await takeWithoutLink(name, mark, content)
}

/** For file systems without links. A crash before the content is written leaves nobody's lock. */
async function takeWithoutLink(
  name: string,
  mark: string,
  content: string,
): Promise<TakenLock | undefined> {
  try {
    return { name, mark, handle: await create(name, content) }
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined
    throw error
  }
}

/** Makes a file that was not there. Throws the system's error, and then leaves none behind. */
async function create(path: string, content: string): Promise<FileHandle> {
  const handle = await open(path, 'wx', 0o600)
  try {
    await giveToOwner(handle, dirname(path))
    await handle.writeFile(content)
    return handle
  } catch (error) {
    await handle.close()
    await rm(path, { force: true }).catch(() => {})
    throw error
  }
}

/** Gives a lock back, if it is still ours. Never throws: what cannot be removed grows stale. */
export async function releaseLock({ name, mark, handle }: TakenLock): Promise<void> {
  try {
    await handle.close()
    const found = await findLock(name)
    if (found?.mark === mark) await rm(name, { force: true })
  } catch {
    // See above.
  }
}

/**
 * Removes the abandoned lock that was found at `name`, and no other; tells whether it is gone.
 *
 * Two who find it abandoned must not both remove what is there, for the second would remove
 * the lock of whoever came between. So only the holder of a guard may, and the guard is named
 * after the one lock that it is for: once that is gone, its guard lets nobody remove anything.
 * A guard is a lock, and if its holder has crashed it is removed in the same way.
 *
 * @throws the system's error.
 */
export async function breakLock(
  contender: LockContender,
  name: string,
  found: FoundLock,
): Promise<boolean> {
  const guardName = `${contender.path}.${found.mark}.break`
  const guard = await takeLock(contender, guardName)
  if (guard === undefined) {
    const other = await findLock(guardName)
    if (other !== undefined && (await contender.isAbandoned(other))) {
      await breakLock(contender, guardName, other)
    }
    return false
  }
  try {
    const now = await findLock(name)
    const isSame = now?.mark === found.mark && now.mtimeMs === found.mtimeMs
    if (isSame) await rm(name, { force: true })
    return isSame
  } finally {
    await releaseLock(guard)
  }
}

/**
 * Removes what crashed processes have left of temporary files and guards. For the holder of the
 * lock only: while it is held, no guard but its own can be of use. A process that loses a
 * temporary file to this tries again. Never throws.
 */
export async function sweepLock(path: string, { mark }: TakenLock): Promise<void> {
  const start = `${basename(path)}.`
  const names = await readdir(dirname(path)).catch(() => [])
  for (const name of names) {
    if (!name.startsWith(start)) continue
    const rest = name.slice(start.length)
    const isGuard = /^[0-9a-f-]+\.break$/.test(rest) && rest !== `${mark}.break`
    if (isGuard || /^\d+\.[0-9a-f]{12}\.tmp$/.test(rest)) {
      await rm(join(dirname(path), name), { force: true }).catch(() => {})
    }
  }
}
