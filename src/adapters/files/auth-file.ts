/** The content of `auth.json`, in the layout that the Codex CLI and the Python ChatMock share. */

import * as v from 'valibot'
import type { Tokens } from '../../domain/login-ports.ts'

const text = v.nullish(v.string())
/** These two become headers, which take visible ASCII only. */
const headerText = v.pipe(v.string(), v.regex(/^[\x21-\x7e]*$/))

const Schema = v.looseObject({
  tokens: v.nullish(
    v.looseObject({
      access_token: v.pipe(headerText, v.nonEmpty()),
      refresh_token: text,
      id_token: text,
      account_id: v.nullish(headerText),
    }),
  ),
  last_refresh: text,
  chatmock_login_id: text,
})

/** The object as it was read, keys that are not ours included. */
export type AuthFile = v.InferOutput<typeof Schema>

/** Tells whether a JSON value is the content of a login file, with or without tokens. */
export function isAuthFile(value: unknown): value is AuthFile {
  return v.is(Schema, value) && !Array.isArray(value)
}

/** Returns the login of a file; `undefined` for one that holds no tokens, only an API key say. */
export function tokensOf(file: AuthFile): Tokens | undefined {
  const { tokens, last_refresh, chatmock_login_id } = file
  if (!tokens) return undefined
  return {
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token || undefined,
    idToken: tokens.id_token || undefined,
    accountId: tokens.account_id || undefined,
    lastRefresh: last_refresh || undefined,
    loginId: chatmock_login_id || undefined,
  }
}

/** Returns the text of a file with renewed tokens, and whatever else `file` and its login hold. */
export function withTokens(file: AuthFile | undefined, tokens: Tokens): string {
  return encode({ ...file, tokens: { ...file?.tokens, ...encodeTokens(tokens) } }, tokens)
}

/** Returns the text of a file with another login, and what `file` holds beside its login. */
export function withNewLogin(file: AuthFile | undefined, tokens: Tokens): string {
  // The Codex CLI's word for what kind of login it is, where the file has been that program's.
  const mode = file !== undefined && 'auth_mode' in file ? { auth_mode: 'chatgpt' } : {}
  return encode({ ...file, ...mode, tokens: encodeTokens(tokens) }, tokens)
}

/** Tells whether the Codex CLI has made a file and no sign-in through chatmock has taken it over. */
export function isMadeByCodex(file: AuthFile): boolean {
  const marks = { ...file, ...file.tokens }
  const isMarked = 'auth_mode' in marks || 'login_owner_id' in marks || 'oauth_provenance' in marks
  return isMarked && !file.chatmock_login_id
}

function encodeTokens(tokens: Tokens) {
  return {
    id_token: tokens.idToken,
    access_token: tokens.accessToken,
    refresh_token: tokens.refreshToken,
    account_id: tokens.accountId,
  }
}

function encode(file: object, { lastRefresh, loginId }: Tokens): string {
  const whole = { ...file, last_refresh: lastRefresh, chatmock_login_id: loginId }
  return `${JSON.stringify(whole, undefined, 2)}\n`
}
