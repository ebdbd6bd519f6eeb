/** Reading `auth.json`, whose writers may be in the middle of it. */

import { setTimeout as pause } from 'node:timers/promises'
import { parseJson } from '../../domain/json.ts'
import { type AuthFile, isAuthFile, isMadeByCodex } from './auth-file.ts'
import { openToRead } from './read-text.ts'
import { systemError } from './system-error.ts'

const MAX_BYTES = 1024 * 1024

/** A file that cannot be understood is read again after these. */
const READ_AGAIN_MS = [50, 200, 500]

/** A login file that makes no sense. Nothing of its content is kept here. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError'
  readonly bytes: number

  constructor(bytes: number) {
    super('The file is damaged.')
    this.bytes = bytes
  }
}

/**
 * Reads the file; `undefined` if there is none.
 *
 * @throws DamagedFileError if it makes no sense even a while later; the system's error.
 */
export type ReadAuthFile = () => Promise<AuthFile | undefined>

/** Creates the reader of one file. It waits for each version of a damaged file once only. */
export function createAuthReader(path: string): ReadAuthFile {
  let damaged: string | undefined
  return async () => {
    for (const ms of [...READ_AGAIN_MS, undefined]) {
      const content = await readContent(path)
      if (content === undefined) return undefined
      const value = content.text === undefined ? undefined : parseJson(content.text)
      // The value itself, not the schema's copy of it: what is written back must be what was read.
      if (isAuthFile(value)) return value
      if (ms === undefined || content.version === damaged) {
        damaged = content.version
        throw new DamagedFileError(content.bytes)
      }
      await pause(ms)
    }
    return undefined
  }
}

/** Tells whether a file is a login of the Codex CLI's making; what cannot be read is none. */
export async function isCodexFile(path: string): Promise<boolean> {
  const file = await createAuthReader(path)().catch(() => undefined)
  return file !== undefined && isMadeByCodex(file)
}

interface Content {
  /** `undefined` for a file that is too large to be one of ours. */
  readonly text: string | undefined
  readonly bytes: number
  readonly version: string
}

async function readContent(path: string): Promise<Content | undefined> {
  const handle = await openToRead(path)
  if (handle === undefined) return undefined
  try {
    const stat = await handle.stat()
    if (stat.isDirectory()) throw systemError('EISDIR', `${path} is a folder`)
    if (!stat.isFile()) throw systemError('it is no regular file', path)
    const { size, ino, mtimeMs } = stat
    const version = `${ino} ${mtimeMs} ${size}`
    if (size > MAX_BYTES) return { text: undefined, bytes: size, version }
    const bytes = await handle.readFile()
    return { text: bytes.toString(), bytes: bytes.length, version }
  } finally {
    await handle.close()
  }
}
