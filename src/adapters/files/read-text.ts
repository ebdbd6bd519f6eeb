/** Small files that may be missing. */

import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/**
 * Reads a file of at most `maxBytes`; `undefined` if there is none, if it is larger, or if it is
 * no regular file. Throws the system's error if it cannot be read.
 */
export async function readText(path: string, maxBytes: number): Promise<string | undefined> {
  // Without blocking: nobody may ever write to a named pipe that stands there.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(error => {
    if (error.code === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const stat = await handle.stat()
    return stat.isFile() && stat.size <= maxBytes ? await handle.readFile('utf8') : undefined
  } finally {
    await handle.close()
  }
}
