/** How much of the account's allowances is used: told in passing, asked for, and kept. */

import { ProxyError } from './errors.ts'
import { localTime } from './local-time.ts'
import type { Authenticator, Clock, Credentials, Log } from './ports.ts'
import { unlessAborted } from './unless-aborted.ts'
import type {
  UsageReading,
  UsageRecorder,
  UsageSnapshot,
  UsageSource,
  UsageStore,
  UsageWindow,
} from './usage-ports.ts'
import {
  isSameUsage,
  mergeUsage,
  type UsageChange,
  usageAt,
  usageChanges,
  usageOfAccount,
} from './usage-snapshot.ts'
import { withLogin } from './with-login.ts'

/** The upstream is asked at most this often, whatever comes of it. */
const ASK_PAUSE_MS = 60_000

/** What brings no news is saved at most this often. */
const SAVE_PAUSE_MS = 60_000

/** What knowing the usage depends on. */
export interface UsagePorts {
  readonly source: UsageSource
  readonly store: UsageStore
  readonly authenticator: Authenticator
  readonly clock: Clock
  readonly log: Log
  /** Ends a question that is under way, with the service. */
  readonly stopped: AbortSignal
}

/** The account's usage. */
export interface AccountUsage extends UsageRecorder {
  /** Loads what was kept; what has been recorded meanwhile stands. */
  start(): Promise<void>
  /** Returns what is known, as it holds now; `undefined` if nothing is. */
  latest(): UsageSnapshot | undefined
  /**
   * Asks the upstream, unless it was asked within the last minute, and returns what is known then,
   * whether or not it has answered. All callers share one question; the signal ends the wait only.
   * If `accountId` is given and is not the account that was asked for last, it is asked at once, and
   * what is known of another account is not returned.
   */
  current(signal: AbortSignal, accountId?: string): Promise<UsageSnapshot | undefined>
  /** Why the upstream did not answer when it was last asked; `undefined` if it did. */
  problem(): ProxyError | undefined
  /** Waits for a question that is under way and saves what is not saved yet; never throws. */
  settle(): Promise<void>
}

/** Creates it; nothing is loaded or asked yet. */
export function createUsage(ports: UsagePorts): AccountUsage {
  const { source, store, authenticator, clock, log, stopped } = ports
  let snapshot: UsageSnapshot | undefined
  let asking: Promise<void> | undefined
  let askedAt = Number.NEGATIVE_INFINITY
  let askedFor: string | undefined
  let problem: ProxyError | undefined
  let saving: Promise<void> | undefined
  let saved: UsageSnapshot | undefined
  let savedAt = Number.NEGATIVE_INFINITY

  function take(reading: UsageReading, isWhole: boolean): void {
    const before = snapshot
    const now = clock.now()
    snapshot = mergeUsage(before, reading, now, isWhole)
    for (const change of usageChanges(before, snapshot, now)) tell(log, change)
    if (isDueToSave()) saving ??= save()
  }

  function isDueToSave(): boolean {
    if (snapshot === undefined || snapshot === saved) return false
    if (saved === undefined || !isSameUsage(snapshot, saved)) return true
    return clock.monotonic() - savedAt >= SAVE_PAUSE_MS
  }

  /** One after the other: what comes while one is being saved is saved next, the latest only. */
  async function save(): Promise<void> {
    do {
      if (snapshot === undefined) break
      saved = snapshot
      savedAt = clock.monotonic()
      await store.save(snapshot)
    } while (isDueToSave())
    saving = undefined
  }

  async function ask(): Promise<void> {
    try {
      const fetch = (credentials: Credentials) => {
        forgetOthers(credentials.accountId)
        return source.fetch(credentials, stopped)
      }
      take(await withLogin(authenticator, fetch, stopped), true)
      problem = undefined
    } catch (error) {
      problem = ProxyError.from(error)
      const { code } = problem
      const level = code === 'internal' ? 'error' : 'debug'
      if (!stopped.aborted) log[level]('could not ask for the usage', { error_code: code })
    } finally {
      askedAt = clock.monotonic()
    }
  }

  /** What was kept without the name of an account may be of any. */
  function forgetOthers(accountId: string | undefined): void {
    const owner = snapshot?.accountId
    if (owner !== undefined && owner !== accountId) snapshot = undefined
  }

  const latest = () => snapshot && usageAt(snapshot, clock.now())

  return {
    record: reading => take(reading, false),
    latest,
    async start() {
      const loaded = await store.load()
      if (snapshot !== undefined) return
      snapshot = loaded
      saved = loaded
    },
    problem: () => problem,
    async current(signal, accountId) {
      signal.throwIfAborted()
      const isOther = () => accountId !== undefined && accountId !== askedFor
      // The question that is under way may be about the account before.
      for (let questions = 0; questions < 2; questions++) {
        if (asking === undefined) {
          if (!isOther() && clock.monotonic() - askedAt < ASK_PAUSE_MS) break
          askedFor = accountId ?? askedFor
          asking = ask().finally(() => {
            asking = undefined
          })
        }
        await unlessAborted(asking, signal)
      }
      return accountId === undefined ? latest() : usageOfAccount(latest(), accountId)
    },
    async settle() {
      await asking
      await saving
      if (snapshot !== undefined && snapshot !== saved) saving ??= save()
      await saving
    },
  }
}

function tell(log: Log, { meterId, window, event }: UsageChange): void {
  const message =
    event === 'reset' ? 'a usage window has reset' : `a usage window is ${event} % used`
  log.info(message, {
    meter: meterId,
    window: windowName(window),
    used_percent: window.usedPercent,
    resets_at: window.resetsAt === undefined ? undefined : localTime(window.resetsAt),
  })
}

const MINUTES = { hour: 60, day: 1440 }

/** Lengths that have a name, in days; the upstream rounds them, and months differ. */
const NAMED: readonly { readonly name: string; readonly from: number; readonly to: number }[] = [
  { name: 'daily', from: 0.95, to: 1.05 },
  { name: 'weekly', from: 6.65, to: 7.35 },
  { name: 'monthly', from: 27.5, to: 31.5 },
]

/**
 * Names a window by its length: "5 hour", "daily", "weekly", "monthly", else its whole minutes,
 * hours or days; "usage" if the length is not known. Which slot a window came in tells nothing.
 */
export function windowName({ windowMinutes: minutes }: Pick<UsageWindow, 'windowMinutes'>): string {
  if (minutes === undefined) return 'usage'
  const days = minutes / MINUTES.day
  const named = NAMED.find(({ from, to }) => days >= from && days <= to)
  if (named) return named.name
  const hours = Math.round(minutes / MINUTES.hour)
  if (hours < 1) return `${Math.round(minutes)} minute`
  return hours < 48 ? `${hours} hour` : `${Math.round(days)} day`
}
