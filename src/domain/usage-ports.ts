/** What knowing the account's usage needs from outside. Each comment is the contract. */

import type { Credentials } from './ports.ts'

/** How much of one allowance is used. */
export interface UsageWindow {
  /** The length of the window, which tells the 5-hour from the weekly one; `undefined` if not told. */
  readonly windowMinutes: number | undefined
  /** 0 to 100, with a fraction. */
  readonly usedPercent: number
  /** Unix time in seconds; `undefined` if not told. */
  readonly resetsAt: number | undefined
}

/** One meter of the account, with its windows, shortest first. */
export interface UsageLimitReading {
  /** `codex` is the general one; others count a model of their own. */
  readonly id: string
  /** The name for people; `undefined` if not told. */
  readonly name: string | undefined
  readonly windows: readonly UsageWindow[]
}

/** What one answer of the upstream told of the account's usage; it may tell of some meters only. */
export interface UsageReading {
  readonly accountId: string | undefined
  readonly planType: string | undefined
  readonly limits: readonly UsageLimitReading[]
  /** Unix time in seconds until which the account is refused; `undefined` if it is not. */
  readonly limitReachedUntil: number | undefined
}

/** All that is known of the account's usage. */
export interface UsageSnapshot extends UsageReading {
  /** Unix time in milliseconds of the last reading. */
  readonly capturedAt: number
}

/** Takes down what the upstream tells of usage in passing. */
export interface UsageRecorder {
  record(reading: UsageReading): void
}

/** Tells the account's usage on demand. */
export interface UsageSource {
  /** Throws as `CatalogSource.fetch`. */
  fetch(credentials: Credentials, signal: AbortSignal): Promise<UsageReading>
}

/** Keeps the last snapshot. What cannot be read or written counts as not kept: never throws. */
export interface UsageStore {
  load(): Promise<UsageSnapshot | undefined>
  save(snapshot: UsageSnapshot): Promise<void>
}
