/** Who may look into our folders and files. */

import { chmod, type FileHandle, mkdir, open, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { codeOf, systemError } from './system-error.ts'

const SHARED_BY_DESIGN = 0o1000

/**
 * Makes a folder, and what is missing above it, for their owner only (0700). A folder that
 * exists stays as it is.
 *
 * @throws the system's error.
 */
export async function makeFolder(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: 0o700 }).catch(error => {
    // Its answer if something else has that name.
    throw codeOf(error) === 'EEXIST' ? systemError('ENOTDIR', `${path} is no folder`) : error
  })
  if (first === undefined) return
  // A folder is only as sure to stay as its name in the one above.
  const top = dirname(first)
  for (let folder = dirname(path); folder.length >= top.length; folder = dirname(folder)) {
    await syncFolder(folder).catch(() => {})
    if (folder === dirname(folder)) return
  }
}

/**
 * Makes the names in a folder outlive a power cut.
 *
 * @throws the system's error; some systems cannot do it.
 */
export async function syncFolder(path: string): Promise<void> {
  const handle = await open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/**
 * Gives a new file to whom the one at `path` belongs, or else the folder: what root writes for
 * somebody must not be taken away from them by that.
 *
 * @throws the system's error: `EPERM` for somebody else's file, unless we are root.
 */
export async function giveToOwner(
  handle: FileHandle,
  folder: string,
  path?: string,
): Promise<void> {
  const user = process.geteuid?.()
  const old = path === undefined ? undefined : await stat(path).catch(() => undefined)
  if (user === undefined || (old === undefined && user !== 0)) return
  const { uid, gid } = old ?? (await stat(folder))
  if (uid !== user) await handle.chown(uid, gid)
}

/**
 * Takes the rights of group and others from a folder and from files, and returns a sentence for
 * the log for each that had them. What is not there is fine, and so is a folder that is shared
 * by design, as `/tmp` is. On Windows, where modes mean nothing, it does nothing.
 *
 * @throws an `Error` if one belongs to another user; the message says what to do.
 */
export async function tightenAccess(
  folder: string | undefined,
  ...files: readonly string[]
): Promise<readonly string[]> {
  const sentences: string[] = []
  for (const path of folder === undefined ? files : [folder, ...files]) {
    const sentence = await tighten(path)
    if (sentence !== undefined) sentences.push(sentence)
  }
  return sentences
}

async function tighten(path: string): Promise<string | undefined> {
  const user = process.geteuid?.()
  const old = await modeOf(path)
  if (user === undefined || old === undefined) return undefined
  if (old.isFolder && (old.mode & SHARED_BY_DESIGN) !== 0) return undefined
  if (old.owner !== user) {
    throw new Error(
      `${path} belongs to user ${old.owner}, but chatmock runs as user ${user}. Run it as user ${old.owner}, or change the owner: chown ${user} ${path}`,
    )
  }
  if (!isOpen(old.mode)) return undefined
  const others = `Other users had access to ${path} (mode ${octal(old.mode)})`
  const failure = await chmod(path, old.mode & ~0o077).then(
    () => undefined,
    error => codeOf(error) ?? 'unknown error',
  )
  const now = await modeOf(path)
  // Some file systems take a new mode and keep the old one.
  if (failure === undefined && now !== undefined && !isOpen(now.mode)) {
    return `${others}; it is now ${octal(now.mode)}.`
  }
  return `${others}, and that cannot be changed (${failure ?? 'the file system keeps no modes'}).`
}

async function modeOf(path: string) {
  // What cannot be looked at is reported by whoever needs to read it.
  const found = await stat(path).catch(() => undefined)
  return found && { mode: found.mode & 0o7777, owner: found.uid, isFolder: found.isDirectory() }
}

function isOpen(mode: number): boolean {
  return (mode & 0o077) !== 0
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0')
}
