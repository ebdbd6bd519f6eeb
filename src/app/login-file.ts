/** Which file the login is in, and whose it is. */

import { access, realpath } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isCodexFile } from '../adapters/files/auth-reader.ts'
import { createFileTokenStore } from '../adapters/files/token-store.ts'
import type { Tokens } from '../domain/login-ports.ts'
import type { AccountSettings } from './settings.ts'

/** A login file. */
export interface LoginFile {
  readonly path: string
  /** The Codex CLI's login is used in place: renewed there, but never ended or replaced by us. */
  readonly owner: 'chatmock' | 'codex'
  /** What to run if the login is no good. */
  readonly signInCommand: string
  /** Where the Codex CLI keeps its login, whether there is one or not. */
  readonly codexPath: string
}

/**
 * Finds the login file that the settings mean. A file that is named is the Codex CLI's if it lies
 * where that program keeps it, or if that program has made it: it may lie in another user's
 * home, or CODEX_HOME be set for that program only.
 */
export async function locateLogin({
  home,
  authFile,
  codexHome,
}: AccountSettings): Promise<LoginFile> {
  const path = authFile ?? join(home, 'auth.json')
  const codexPath = join(codexHome, 'auth.json')
  const isCodexs =
    (await realPath(path)) === (await realPath(codexPath)) ||
    (authFile !== undefined && (await isCodexFile(authFile)))
  return isCodexs
    ? { path, owner: 'codex', signInCommand: 'codex login', codexPath }
    : { path, owner: 'chatmock', signInCommand: 'chatmock login', codexPath }
}

/** Tells whether the Codex CLI has a login that is not the one in use. */
export async function hasUnusedCodexLogin({ owner, codexPath }: LoginFile): Promise<boolean> {
  if (owner === 'codex') return false
  const tokens = await createFileTokenStore(codexPath)
    .load()
    .catch(() => undefined)
  return tokens !== undefined
}

/** Says where else the Codex CLI may keep its login, if its file is meant and not there. */
export async function keyringHint({ owner, path }: LoginFile): Promise<readonly string[]> {
  if (owner !== 'codex') return []
  const isThere = await access(path).then(
    () => true,
    () => false,
  )
  return isThere
    ? []
    : [
        `There is no ${path}. The Codex CLI may keep its login in the keyring of the system, where chatmock cannot use it: see cli_auth_credentials_store in its configuration, or run: chatmock login`,
      ]
}

/**
 * Tells whether the Codex CLI holds the same tokens, or may: a file of its own that cannot be read
 * is reason enough not to end them.
 */
export async function isSharedWithCodex({ codexPath }: LoginFile, own: Tokens): Promise<boolean> {
  try {
    const tokens = await createFileTokenStore(codexPath).load()
    if (tokens === undefined) return false
    const { accessToken, refreshToken } = tokens
    return own.accessToken === accessToken || (own.refreshToken ?? '') === refreshToken
  } catch {
    return true
  }
}

async function realPath(path: string): Promise<string> {
  return await realpath(path).catch(() => resolve(path))
}
