/** What the domain needs from outside. Each comment is the contract its adapters hold to. */

import type { ChatRequest, Effort } from './conversation.ts'
import type { ModelEvent } from './events.ts'

/** What an upstream call is signed with. */
export interface Credentials {
  readonly accessToken: string
  /** The ChatGPT account (workspace) that pays; `undefined` where the login does not name it. */
  readonly accountId: string | undefined
}

/** A model of the account. */
export interface ModelEntry {
  /** The name to send upstream. */
  readonly slug: string
  /** The name for people. */
  readonly displayName: string
  readonly description: string | undefined
  /** The efforts it takes, in no order; `ultra` among them where it is offered. */
  readonly efforts: readonly Effort[]
  readonly defaultEffort: Effort | undefined
  /** What `ultra` is sent as, for no upstream takes the word itself. */
  readonly ultraEffort: Exclude<Effort, 'ultra'>
  /** Tokens; `undefined` if not known. */
  readonly contextWindow: number | undefined
  /** Whether it takes images. */
  readonly images: boolean
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
  /** Returns what the upstream told of them; `undefined` if they are known by heart. */
  record(): CatalogRecord | undefined
}

/** A catalogue as the upstream told it; `models` is its JSON, untouched. */
export interface CatalogRecord {
  /** Unix time in milliseconds. */
  readonly fetchedAt: number
  readonly etag: string | undefined
  /** The version of a client that was asked for: older ones are shown fewer models. */
  readonly clientVersion: string
  readonly models: readonly unknown[]
}

/** Tells an account's models. */
export interface CatalogSource<Entry extends ModelEntry> {
  /**
   * Asks the upstream.
   *
   * @throws ProxyError `chatgpt_login_required` if the credentials were refused; else any of the
   *   upstream's codes.
   */
  fetch(credentials: Credentials, signal: AbortSignal): Promise<CatalogRecord>
  /** Reads the models to offer, best first, out of a record; none if it cannot be understood. */
  decode(record: CatalogRecord): readonly Entry[]
}

/** Keeps catalogues by account. What cannot be read or written counts as not kept: never throws. */
export interface CatalogCache {
  load(accountId: string | undefined): Promise<CatalogRecord | undefined>
  save(accountId: string | undefined, record: CatalogRecord): Promise<void>
}

/** Signs upstream calls. */
export interface Authenticator {
  /**
   * Returns credentials that are good for a request, renewing them first where they are not.
   *
   * @throws ProxyError `chatgpt_login_required`, `account_changed`, and the codes of the store
   *   and of the refresh.
   */
  credentials(signal: AbortSignal): Promise<Credentials>
  /** Returns credentials other than the ones the upstream has just refused. Throws as above. */
  renew(refused: Credentials, signal: AbortSignal): Promise<Credentials>
}

/** Tells the time. */
export interface Clock {
  /** Unix time in milliseconds; jumps when somebody sets the clock. */
  now(): number
  /** Milliseconds since some moment; never jumps. For durations. */
  monotonic(): number
  /** Resolves after so many milliseconds; the signal ends the wait by rejecting. */
  pause(ms: number, signal?: AbortSignal): Promise<void>
}

/** Learns by how far this machine's clock is off. */
export interface TimeObserver {
  /** Takes note of the `Date` header (RFC 9110, section 6.6.1) of an answer that has just come. */
  observe(date: string | null): void
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
