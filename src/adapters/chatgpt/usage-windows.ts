/** What the three tellings of usage have in common: windows, meters, and when a refusal ends. */

import { plainText } from '../../domain/plain-text.ts'
import type { UsageLimitReading, UsageWindow } from '../../domain/usage-ports.ts'
import { byLength, GENERAL_METER } from '../../domain/usage-snapshot.ts'
import { MAX_WAIT_SECONDS } from './usage-limit.ts'

/** A reset may be past by so much: clocks differ, and an answer may be from a cache. */
const MAX_PAST_SECONDS = 24 * 3600

/** Names are shown to people; longer ones are cut. */
const MAX_NAME_LENGTH = 100

/** What is told of one window, each as a number if at all. */
export interface ToldWindow {
  readonly usedPercent: number | undefined
  readonly minutes: number | undefined
  readonly resetsAt: number | undefined
  readonly resetsInSeconds: number | undefined
}

/**
 * Reads a window; `undefined` if it is none: one that is told as 0 minutes long, or as nothing but
 * zeros. `now` is Unix time in milliseconds.
 */
export function readWindow(told: ToldWindow, now: number): UsageWindow | undefined {
  const { usedPercent, minutes } = told
  if (usedPercent === undefined) return undefined
  if (minutes !== undefined && minutes <= 0) return undefined
  const resetsAt = readReset(told, now / 1000)
  if (minutes === undefined && usedPercent === 0 && resetsAt === undefined) return undefined
  return {
    windowMinutes: minutes === undefined ? undefined : Math.ceil(minutes),
    usedPercent: Math.min(100, Math.max(0, usedPercent)),
    resetsAt,
  }
}

/** The moment is preferred to the wait, which was counted when the answer was made. */
function readReset({ resetsAt, resetsInSeconds }: ToldWindow, now: number): number | undefined {
  // Zero stands for "not told" in either spelling.
  const moments = [resetsAt, resetsInSeconds ? now + resetsInSeconds : undefined]
  const plausible = moments.find(
    moment =>
      moment !== undefined && moment >= now - MAX_PAST_SECONDS && moment <= now + MAX_WAIT_SECONDS,
  )
  return plausible === undefined ? undefined : Math.round(plausible)
}

/** What is told of one meter. */
export interface ToldLimit {
  readonly id: string
  readonly name: string | undefined
  readonly windows: readonly (UsageWindow | undefined)[]
}

/** Leaves out what tells of no window, and puts the general meter first. */
export function collectLimits(told: readonly ToldLimit[]): readonly UsageLimitReading[] {
  const limits = new Map<string, UsageLimitReading>()
  for (const { id: toldId, name, windows } of told) {
    const id = meterId(toldId)
    const known = windows.filter(window => window !== undefined).sort(byLength)
    if (known.length === 0 || id === '' || limits.has(id)) continue
    limits.set(id, { id, name: plainName(name), windows: known })
  }
  const isOther = ({ id }: UsageLimitReading) => Number(id !== GENERAL_METER)
  return [...limits.values()].sort((a, b) => isOther(a) - isOther(b))
}

/**
 * Returns when the general meter has room again, if the account is refused: when the last of its
 * full windows resets, or the fullest one if none is told to be full.
 */
export function reachedUntil(
  limits: readonly UsageLimitReading[],
  isReached: boolean,
): number | undefined {
  const general = isReached ? limits.find(({ id }) => id === GENERAL_METER) : undefined
  const windows = general?.windows ?? []
  const most = Math.min(100, Math.max(...windows.map(({ usedPercent }) => usedPercent)))
  const resets = windows.flatMap(({ usedPercent, resetsAt }) =>
    usedPercent >= most && resetsAt !== undefined ? [resetsAt] : [],
  )
  return resets.length > 0 ? Math.max(...resets) : undefined
}

/** Returns the id of a meter: the same one is `codex-bengalfox` in a header and `codex_bengalfox` elsewhere. */
export function meterId(told: string): string {
  return (plainName(told) ?? '').toLowerCase().replaceAll('-', '_')
}

/** Makes a name fit to show; `undefined` if nothing is left of it. */
export function plainName(told: string | undefined): string | undefined {
  return plainText(told ?? '', MAX_NAME_LENGTH) || undefined
}
