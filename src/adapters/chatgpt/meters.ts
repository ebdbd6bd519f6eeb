/** What the three tellings of usage have in common: windows, meters, and when a refusal ends. */

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

/** Returns when the last of the general meter's full windows resets, if the account is refused. */
export function reachedUntil(
  limits: readonly UsageLimitReading[],
  isReached: boolean,
): number | undefined {
  const general = isReached ? limits.find(({ id }) => id === GENERAL_METER) : undefined
  const resets = (general?.windows ?? []).flatMap(({ usedPercent, resetsAt }) =>
    usedPercent >= 100 && resetsAt !== undefined ? [resetsAt] : [],
  )
  return resets.length > 0 ? Math.max(...resets) : undefined
}

/** The same meter is `codex-bengalfox` in a header and `codex_bengalfox` elsewhere. */
function meterId(told: string): string {
  return (plainName(told) ?? '').toLowerCase().replaceAll('-', '_')
}

/** Cuts a name, and takes out what could steer a terminal; `undefined` if nothing is left. */
export function plainName(told: string | undefined): string | undefined {
  const name = told?.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim()
  return name ? name.slice(0, MAX_NAME_LENGTH) : undefined
}
