/** What is known of the account's usage, as one value: how readings add to it, and how it ages. */

import type { UsageLimitReading, UsageReading, UsageSnapshot, UsageWindow } from './usage-ports.ts'

/** The id of the meter that counts all models together. */
export const GENERAL_METER = 'codex'

/** Shares of a window, in percent, that are worth a word when they are passed. */
const THRESHOLDS = [50, 75, 90, 100]

/** A reset that is told as a wait comes out a little different each time. */
const RESET_JITTER_SECONDS = 5

/** A change of one window that is worth a word. */
export interface UsageChange {
  readonly meterId: string
  readonly window: UsageWindow
  /** The highest threshold, in percent, that has been passed; `reset` if the window began anew. */
  readonly event: number | 'reset'
}

/**
 * Adds a reading to what is known. One of another account takes the place of everything; else each
 * meter that it tells of is replaced, and the others stay, unless the reading `isWhole`.
 *
 * That the account is refused holds until the time is over, or until the general meter is told to
 * have room. `now` is Unix time in milliseconds.
 */
export function mergeUsage(
  before: UsageSnapshot | undefined,
  reading: UsageReading,
  now: number,
  isWhole: boolean,
): UsageSnapshot {
  const known = before?.accountId === reading.accountId ? before : undefined
  const told = reading.limits.map(limit => mergeLimit(limitOf(known, limit.id), limit))
  // An answer that tells of no meter at all was not able to; it does not mean that there is none.
  const isAll = isWhole && told.length > 0
  const kept = isAll ? [] : (known?.limits ?? []).filter(({ id }) => !limitOf(reading, id))
  const general = limitOf(reading, GENERAL_METER)
  const hasRoom = isAll || general?.windows.every(({ usedPercent }) => usedPercent < 100)
  const until = reading.limitReachedUntil ?? (hasRoom ? undefined : known?.limitReachedUntil)
  return {
    accountId: reading.accountId,
    planType: reading.planType ?? known?.planType,
    limits: [...told, ...kept].sort(generalFirst),
    limitReachedUntil: isPast(until, now) ? undefined : until,
    capturedAt: now,
  }
}

/**
 * Returns what holds at `now` (Unix time in milliseconds): a window whose reset is past is unused,
 * and keeps the moment of its reset until the upstream tells the next.
 */
export function usageAt(snapshot: UsageSnapshot, now: number): UsageSnapshot {
  const { limitReachedUntil: until } = snapshot
  return {
    ...snapshot,
    limits: snapshot.limits.map(limit => ({
      ...limit,
      windows: limit.windows.map(window => ({ ...window, usedPercent: usedAt(window, now) })),
    })),
    limitReachedUntil: isPast(until, now) ? undefined : until,
  }
}

/** Returns the usage, unless it is known to be another account's. */
export function usageOfAccount(
  usage: UsageSnapshot | undefined,
  accountId: string | undefined,
): UsageSnapshot | undefined {
  const measuredFor = usage?.accountId
  return measuredFor === undefined || measuredFor === accountId ? usage : undefined
}

/** Tells what has changed in a way that is worth a word. */
export function usageChanges(
  before: UsageSnapshot | undefined,
  after: UsageSnapshot,
  now: number,
): readonly UsageChange[] {
  const known = before?.accountId === after.accountId ? before : undefined
  return after.limits.flatMap(({ id, windows }) =>
    windows.flatMap((window): UsageChange[] => {
      const old = windowOf(limitOf(known, id), window)
      const isNew = old !== undefined && hasBegunAnew(old, window, now)
      const from = old === undefined || isNew ? 0 : usedAt(old, now)
      const used = usedAt(window, now)
      const passed = THRESHOLDS.findLast(threshold => from < threshold && used >= threshold)
      const wasTold = isNew && old.usedPercent >= Math.min(...THRESHOLDS)
      return [
        ...(wasTold ? [{ meterId: id, window, event: 'reset' as const }] : []),
        ...(passed === undefined ? [] : [{ meterId: id, window, event: passed }]),
      ]
    }),
  )
}

/** Orders windows as they are shown: the shortest first, those of unknown length last. */
export function byLength(a: UsageWindow, b: UsageWindow): number {
  return (a.windowMinutes ?? Number.MAX_VALUE) - (b.windowMinutes ?? Number.MAX_VALUE)
}

/** Tells whether two snapshots differ in nothing but the time of the last reading. */
export function isSameUsage(a: UsageSnapshot, b: UsageSnapshot): boolean {
  return JSON.stringify({ ...a, capturedAt: 0 }) === JSON.stringify({ ...b, capturedAt: 0 })
}

function mergeLimit(old: UsageLimitReading | undefined, told: UsageLimitReading) {
  return {
    id: told.id,
    name: told.name ?? old?.name,
    windows: told.windows.map(window => {
      const before = windowOf(old, window)?.resetsAt
      const { windowMinutes, usedPercent, resetsAt } = window
      const isSame =
        before !== undefined && Math.abs(before - (resetsAt ?? 0)) <= RESET_JITTER_SECONDS
      return { windowMinutes, usedPercent, resetsAt: isSame ? before : resetsAt }
    }),
  }
}

function hasBegunAnew(old: UsageWindow, window: UsageWindow, now: number): boolean {
  if (window.usedPercent >= old.usedPercent || old.resetsAt === undefined) return false
  return isPast(old.resetsAt, now) || (window.resetsAt ?? 0) > old.resetsAt
}

function usedAt({ usedPercent, resetsAt }: UsageWindow, now: number): number {
  return isPast(resetsAt, now) ? 0 : usedPercent
}

function isPast(unixSeconds: number | undefined, now: number): boolean {
  return unixSeconds !== undefined && unixSeconds * 1000 <= now
}

function limitOf(usage: UsageReading | undefined, id: string): UsageLimitReading | undefined {
  return usage?.limits.find(limit => limit.id === id)
}

function windowOf(
  limit: UsageLimitReading | undefined,
  { windowMinutes }: UsageWindow,
): UsageWindow | undefined {
  return limit?.windows.find(window => window.windowMinutes === windowMinutes)
}

function generalFirst(a: UsageLimitReading, b: UsageLimitReading): number {
  if (a.id === b.id) return 0
  if (a.id === GENERAL_METER) return -1
  if (b.id === GENERAL_METER) return 1
  return a.id < b.id ? -1 : 1
}
