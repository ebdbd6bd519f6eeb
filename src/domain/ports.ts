/** What the domain needs from outside. Each comment is the contract its adapters hold to. */

import type { ChatRequest, Effort } from './conversation.ts'
import type { ModelEvent } from './events.ts'

/** What an upstream call is signed with. */
export interface Credentials {
  readonly accessToken: string
  /** The ChatGPT account (workspace) that pays; `undefined` where the login does not name it. */
  readonly accountId: string | undefined
}

/** A login as it is stored. Every string is secret but `accountId` and `lastRefresh`. */
export interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly idToken: string | undefined
  readonly accountId: string | undefined
  /** ISO 8601; when the tokens were last renewed. */
  readonly lastRefresh: string | undefined
}

/** What an access token says of itself. */
export interface TokenClaims {
  /** Unix time in milliseconds; `undefined` if the token does not say. */
  readonly expiresAt: number | undefined
  readonly accountId: string | undefined
}

/** A model of the account. */
export interface ModelEntry {
  /** The name to send upstream. */
  readonly slug: string
  /** The efforts it takes, in no order. */
  readonly efforts: readonly Effort[]
  readonly defaultEffort: Effort | undefined
  /** Tokens; `undefined` if not known. */
  readonly contextWindow: number | undefined
  /** Whether the priority ("fast") service tier may be asked for. */
  readonly priority: boolean
}

/** Answers chat requests. */
export interface ChatModel {
  /**
   * Sends a request. The promise answers "did the upstream accept it": while it is
   * pending no byte is out and a real status is still possible. Iterating is the
   * answer; it ends after `finished`, and throws if the answer is not whole.
   *
   * The signal ends both the call and the iteration, with its reason.
   *
   * @throws ProxyError `chatgpt_login_required` if the upstream refused the credentials;
   *   else any of the upstream's codes.
   */
  respond(
    request: ChatRequest,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<AsyncIterable<ModelEvent>>
}

/** Knows the models that the account may use. */
export interface ModelCatalog {
  /** Returns the models to offer, best first. Answers from memory: never waits for a network. */
  list(): readonly ModelEntry[]
}

/** Keeps one login. */
export interface TokenStore {
  /**
   * Returns the login, or `undefined` if there is none.
   *
   * @throws ProxyError `auth_file_corrupt`, `auth_store_unreadable`.
   */
  load(): Promise<Tokens | undefined>
  /**
   * Replaces the tokens of the stored login and keeps whatever else is stored with them.
   * A reader sees the old login or the new one, never a mixture.
   *
   * @throws ProxyError `auth_store_unwritable`; the old login is then untouched.
   */
  save(tokens: Tokens): Promise<void>
}

/** Issues tokens. */
export interface IdentityProvider {
  /** Reads a token's claims without checking its signature. */
  claims(token: string): TokenClaims
  /**
   * Spends the refresh token, which works once, for new tokens. What the answer
   * leaves out is kept from `tokens`.
   *
   * @throws ProxyError `chatgpt_login_required` if the login is over for good;
   *   `auth_refresh_unavailable` if another try may work.
   */
  refresh(tokens: Tokens): Promise<Tokens>
}

/** Signs upstream calls. */
export interface Authenticator {
  /**
   * Returns credentials that are good for a request, renewing them first where they are not.
   *
   * @throws ProxyError `chatgpt_login_required`, and the codes of the store and of the refresh.
   */
  credentials(signal: AbortSignal): Promise<Credentials>
  /** Returns credentials other than the ones the upstream has just refused. Throws as above. */
  renew(refused: Credentials, signal: AbortSignal): Promise<Credentials>
}

/** Tells the time. */
export interface Clock {
  /** Unix time in milliseconds. */
  now(): number
}

/** The facts of one log line; keys are snake_case, values never secrets or prompts. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>

/** Tells the person who runs the service what happens; one call a line. */
export interface Log {
  debug(message: string, fields?: LogFields): void
  info(message: string, fields?: LogFields): void
  warn(message: string, fields?: LogFields): void
  error(message: string, fields?: LogFields): void
}
