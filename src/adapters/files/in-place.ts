/**
 * Files that are mounted one by one, as containers do (`-v ./auth.json:/home/…/auth.json`).
 * Nothing can be renamed over them, so they are the only ones written in place.
 */

import { type FileHandle, open, readFile, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { giveToOwner, syncFolder } from './folder.ts'
import { systemError } from './system-error.ts'

/**
 * Makes sure that `target` could be written in place, if it is mounted on its own: that it is
 * not read-only, and that its file system has so many bytes free. They cannot be taken in advance.
 *
 * @throws the system's error.
 */
export async function ensureRoomInPlace(target: string, bytes: number): Promise<void> {
  if (!(await isMountPoint(target))) return
  const handle = await open(target, 'r+')
  await handle.close()
  const { blocks, bavail, bsize } = await statfs(target)
  // Some shares of virtual machines do not tell their size.
  if (blocks > 0 && bavail * bsize < bytes) {
    throw systemError('ENOSPC', `no space left on the device of ${target}`)
  }
}

/**
 * Writes `target` in place, after a copy of its old bytes to `<target>.bak` (0600), which stays:
 * whenever this is interrupted, one of the two is whole. If writing fails, the old bytes are
 * put back.
 *
 * @throws the system's error.
 */
export async function writeInPlace(target: string, bytes: Buffer): Promise<void> {
  const old = await readFile(target)
  const copy = await open(`${target}.bak`, 'w', 0o600)
  try {
    await limitToOwner(copy)
    await giveToOwner(copy, dirname(target), target)
    await overwrite(copy, old)
  } finally {
    await copy.close()
  }
  await syncFolder(dirname(target)).catch(() => {})
  const handle = await open(target, 'r+')
  try {
    await limitToOwner(handle)
    await overwrite(handle, bytes)
  } catch (error) {
    await overwrite(handle, old).catch(() => {})
    throw error
  } finally {
    await handle.close()
  }
}

/** Makes `bytes` all that is in a file, for good. Throws the system's error. */
export async function overwrite(handle: FileHandle, bytes: Buffer): Promise<void> {
  let written = 0
  while (written < bytes.length) {
    const { bytesWritten } = await handle.write(bytes, written, bytes.length - written, written)
    written += bytesWritten
  }
  await handle.truncate(bytes.length)
  await handle.sync()
}

/** Sets the mode 0600 whatever the umask is; a file system without modes is no obstacle. */
export async function limitToOwner(handle: FileHandle): Promise<void> {
  await handle.chmod(0o600).catch(() => {})
}

/** Tells whether something is mounted on exactly this path; only Linux mounts on files. */
async function isMountPoint(path: string): Promise<boolean> {
  const mounts = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  return mounts.split('\n').some(line => {
    // The fifth field, with white space and backslashes as octal numbers (proc(5)).
    const place = line.split(' ')[4] ?? ''
    return place.replace(/\\([0-7]{3})/g, (_, code) => byte(code)) === path
  })
}

function byte(octal: string): string {
  return String.fromCharCode(Number.parseInt(octal, 8))
}
