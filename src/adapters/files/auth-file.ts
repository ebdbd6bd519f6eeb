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

/** Returns the text of a file that holds these tokens, and whatever else `file` holds. */
export function withTokens(file: AuthFile | undefined, tokens: Tokens): string {
  const merged = {
    ...file,
    tokens: {
      ...file?.tokens,
      id_token: tokens.idToken,
      access_token: tokens.accessToken,
      refresh_token: tokens.refreshToken,
      account_id: tokens.accountId,
    },
    last_refresh: tokens.lastRefresh,
    chatmock_login_id: tokens.loginId,
  }
  return `${JSON.stringify(merged, undefined, 2)}\n`
}
