/** Signing in and out: the login that is there stays until there is a better one. */

import { type Account, describeAccount } from './account.ts'
import { ProxyError } from './errors.ts'
import type { Grant, LoginStore, SignInProvider, Tokens } from './login-ports.ts'
import { createSession } from './session.ts'

/** What signing in and out depends on. */
export interface SignInPorts {
  readonly identity: SignInProvider
  readonly store: LoginStore
}

/** What a sign-in has led to. */
export interface SignedIn {
  readonly account: Account
  /** The account of the login before, where it was another one. */
  readonly previousAccountId: string | undefined
  /** Where a stored login that could not be made sense of is kept now. */
  readonly keptAside: string | undefined
}

/** Spends a grant and stores the login that it gives; at most once in a sign-in. */
export type CompleteSignIn = (grant: Grant) => Promise<SignedIn>

/**
 * Spends a grant and stores the login that it gives under the name `loginId`. Only then is the login
 * before replaced.
 *
 * @throws ProxyError `chatgpt_login_required` if the grant was refused or names no account;
 *   `auth_refresh_unavailable`, `auth_store_unwritable`.
 */
export async function signIn(
  { identity, store }: SignInPorts,
  grant: Grant,
  loginId: string,
): Promise<SignedIn> {
  const tokens = { ...(await identity.redeem(grant)), loginId }
  const account = describeAccount(createSession(tokens, identity), identity)
  if (account.accountId === undefined) {
    throw new ProxyError(
      'chatgpt_login_required',
      'The sign-in named no ChatGPT account, so the login could not be used. Run: chatmock login',
    )
  }
  const before = await store.load().catch(() => undefined)
  const beforeId = before && createSession(before, identity).credentials.accountId
  const { keptAside } = await store.replace(tokens)
  const isOther = beforeId !== undefined && beforeId !== account.accountId
  return { account, keptAside, previousAccountId: isOther ? beforeId : undefined }
}

/** What a sign-out has led to: `shared` tokens were left valid for the program that has them too. */
export type SignedOut = 'not-signed-in' | 'revoked' | 'not-revoked' | 'shared'

/**
 * Removes the stored login, then ends it at the issuer unless another program holds it too. The
 * signal ends the wait for the store, and nothing after it.
 *
 * @throws ProxyError `auth_store_unwritable`; nothing is revoked then.
 */
export async function signOut(
  { identity, store }: SignInPorts,
  isShared: (tokens: Tokens) => Promise<boolean>,
  signal?: AbortSignal,
): Promise<SignedOut> {
  const tokens = await store.clear(signal)
  if (tokens === undefined) return 'not-signed-in'
  if (await isShared(tokens)) return 'shared'
  return (await identity.revoke(tokens)) ? 'revoked' : 'not-revoked'
}
