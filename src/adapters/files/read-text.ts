/** Small files that may be missing. */

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { codeOf } from './system-error.ts'

/**
 * Opens what may be missing: `undefined` if it is. Does not block: nobody may ever write to a named
 * pipe that stands there. Throws the system's error.
 */
export async function openToRead(path: string): Promise<FileHandle | undefined> {
  return await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(error => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
}

/**
 * Reads a file of at most `maxBytes`; `undefined` if there is none, if it is larger, or if it is
 * no regular file. Throws the system's error if it cannot be read.
 */
export async function readText(path: string, maxBytes: number): Promise<string | undefined> {
  const handle = await openToRead(path)
  if (handle === undefined) return undefined
  try {
    const stat = await handle.stat()
    return stat.isFile() && stat.size <= maxBytes ? await handle.readFile('utf8') : undefined
  } finally {
    await handle.close()
  }
}
