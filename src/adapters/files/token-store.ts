/** The login on disk: `auth.json`, in the layout that the Codex CLI shares. */

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { mkdir, open, readlink, realpath, rename, rm } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import * as v from 'valibot'
import { ProxyError } from '../../domain/errors.ts'
import { parseJson } from '../../domain/json.ts'
import type { TokenStore, Tokens } from '../../domain/ports.ts'

const MAX_BYTES = 1024 * 1024

const text = v.nullish(v.string())
/** These two become headers, which take visible ASCII only. */
const headerText = v.pipe(v.string(), v.regex(/^[\x21-\x7e]*$/))

const AuthFile = v.looseObject({
  tokens: v.nullish(
    v.looseObject({
      access_token: v.pipe(headerText, v.nonEmpty()),
      refresh_token: text,
      id_token: text,
      account_id: v.nullish(headerText),
    }),
  ),
  last_refresh: text,
})

type AuthFile = v.InferOutput<typeof AuthFile>

/**
 * Keeps one account's tokens in a file that only its owner can read (0600, a new directory 0700).
 *
 * `load` never changes the file; one that holds no tokens, only an API key say, is no login.
 * `save` follows symbolic links, writes a new file beside the target and renames it, so a reader
 * never sees half a file; keys that it does not know stay. A file that it cannot make sense of
 * is not overwritten.
 */
export function createFileTokenStore(path: string): TokenStore {
  return {
    async load() {
      const file = await read(path).catch(error => {
        throw error instanceof ProxyError ? error : unreadable(path, error)
      })
      return file && toTokens(file)
    },
    async save(tokens) {
      try {
        const target = await targetOf(path)
        const file = await read(target)
        await replace(target, `${JSON.stringify(merge(file, tokens), undefined, 2)}\n`)
      } catch (error) {
        throw unwritable(path, error)
      }
    },
  }
}

async function read(path: string): Promise<AuthFile | undefined> {
  // Without blocking: nobody may ever write to a named pipe that stands there.
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(error => {
    if (codeOf(error) === 'ENOENT') return undefined
    throw error
  })
  if (handle === undefined) return undefined
  try {
    const stat = await handle.stat()
    if (!stat.isFile()) {
      const code = stat.isDirectory() ? 'EISDIR' : 'it is no regular file'
      throw Object.assign(new Error(code), { code })
    }
    const { size } = stat
    if (size > MAX_BYTES) throw corrupt(path, size)
    const bytes = await handle.readFile()
    const value = parseJson(bytes.toString())
    // The value itself, not the schema's copy of it: what is written back must be what was read.
    if (v.is(AuthFile, value) && !Array.isArray(value)) return value
    throw corrupt(path, bytes.length)
  } finally {
    await handle.close()
  }
}

function toTokens({ tokens, last_refresh }: AuthFile): Tokens | undefined {
  if (!tokens) return undefined
  return {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token || undefined,
    idToken: tokens.id_token || undefined,
    accountId: tokens.account_id || undefined,
    lastRefresh: last_refresh || undefined,
  }
}

function merge(file: AuthFile | undefined, tokens: Tokens): object {
  return {
    ...file,
    tokens: {
      ...file?.tokens,
      id_token: tokens.idToken,
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
      account_id: tokens.accountId,
    },
    last_refresh: tokens.lastRefresh,
  }
}

/** Follows symbolic links, for a rename would replace the link; the last may point at nothing yet. */
async function targetOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
  const link = await readlink(path).catch(() => undefined)
  return link === undefined ? path : await targetOf(resolve(dirname(path), link))
}

async function replace(target: string, content: string): Promise<void> {
  const directory = dirname(target)
  await mkdir(directory, { recursive: true, mode: 0o700 })
  const temporary = `${target}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const handle = await open(temporary, 'wx', 0o600)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, target)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
  // The new file is in place: a system that cannot sync a directory has not failed to save.
  await syncDirectory(directory).catch(() => {})
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

function codeOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : 'unknown error'
}

function corrupt(path: string, bytes: number): ProxyError {
  // No cause: the messages of JSON.parse and of the schema quote what they read.
  return new ProxyError(
    'auth_file_corrupt',
    `The login file ${path} (${bytes} bytes) is damaged. Run: chatmock login`,
  )
}

function unreadable(path: string, cause: unknown): ProxyError {
  return new ProxyError(
    'auth_store_unreadable',
    `The login file ${path} cannot be read (${codeOf(cause)}).`,
    { cause },
  )
}

function unwritable(path: string, cause: unknown): ProxyError {
  return new ProxyError(
    'auth_store_unwritable',
    `The login file ${path} cannot be written (${codeOf(cause)}).`,
    { cause },
  )
}
