/** The account's usage on disk: `usage_limits.json`, which the Python ChatMock can read as well. */

import * as v from 'valibot'
import { parseJson } from '../../domain/json.ts'
import type {
  UsageLimitReading,
  UsageSnapshot,
  UsageStore,
  UsageWindow,
} from '../../domain/usage-ports.ts'
import { byLength, GENERAL_METER } from '../../domain/usage-snapshot.ts'
import { replaceFile } from './atomic-file.ts'
import { readText } from './read-text.ts'

const MAX_BYTES = 1024 * 1024

/** The longest wait for a reset that makes sense, in seconds. */
const MAX_WAIT = 366 * 24 * 3600

const time = v.pipe(
  v.string(),
  v.transform(text => Date.parse(text)),
  v.finite(),
)
const text = v.nullish(v.string())
const number = v.pipe(v.number(), v.finite())
const percent = v.pipe(
  number,
  v.transform(value => Math.min(100, Math.max(0, value))),
)

const OwnWindow = v.object({
  used_percent: percent,
  window_minutes: v.nullish(number),
  resets_at: v.nullish(time),
})

/** The layout with all that is known. */
const OwnFile = v.object({
  captured_at: time,
  account_id: text,
  plan_type: text,
  limit_reached_until: v.nullish(time),
  limits: v.array(v.object({ id: v.string(), name: text, windows: v.array(OwnWindow) })),
})

/** The Python program's window, whose reset counts from the time of the capture. */
const PlainWindow = v.object({
  used_percent: percent,
  window_minutes: v.nullish(number),
  resets_in_seconds: v.nullish(v.pipe(number, v.minValue(-MAX_WAIT), v.maxValue(MAX_WAIT))),
})

/** The Python program's layout; a file with `limits` that make no sense is not taken for one. */
const PlainFile = v.object({
  captured_at: time,
  limits: v.optional(v.undefined()),
  primary: v.nullish(PlainWindow),
  secondary: v.nullish(PlainWindow),
})

/**
 * Creates a store in one file that only its owner can read. It also reads what the Python program
 * has written. When several processes save at once, the last one wins.
 */
export function createUsageFile(path: string): UsageStore {
  return {
    async load() {
      const value = parseJson((await readText(path, MAX_BYTES).catch(() => undefined)) ?? '')
      const own = v.safeParse(OwnFile, value)
      if (own.success) return fromOwn(own.output)
      const plain = v.safeParse(PlainFile, value)
      return plain.success ? fromPlain(plain.output) : undefined
    },
    async save(snapshot) {
      try {
        await replaceFile(path, `${JSON.stringify(toFile(snapshot), undefined, 2)}\n`)
      } catch {
        // The usage is told again with the next answer: it is not worth failing for.
      }
    },
  }
}

function fromOwn(file: v.InferOutput<typeof OwnFile>): UsageSnapshot {
  return {
    capturedAt: file.captured_at,
    accountId: file.account_id ?? undefined,
    planType: file.plan_type ?? undefined,
    limitReachedUntil: secondsOf(file.limit_reached_until),
    limits: file.limits.map(({ id, name, windows }) => ({
      id,
      name: name ?? undefined,
      windows: windows.map(window => ({
        windowMinutes: window.window_minutes ?? undefined,
        usedPercent: window.used_percent,
        resetsAt: secondsOf(window.resets_at),
      })),
    })),
  }
}

function fromPlain(file: v.InferOutput<typeof PlainFile>): UsageSnapshot | undefined {
  const { captured_at, primary, secondary } = file
  const windows = [primary, secondary]
    .filter(slot => slot !== undefined && slot !== null)
    .map(({ used_percent, window_minutes, resets_in_seconds: wait }): UsageWindow => {
      const resetsAt = typeof wait === 'number' ? Math.round(captured_at / 1000 + wait) : undefined
      return { windowMinutes: window_minutes ?? undefined, usedPercent: used_percent, resetsAt }
    })
  if (windows.length === 0) return undefined
  return {
    capturedAt: captured_at,
    accountId: undefined,
    planType: undefined,
    limitReachedUntil: undefined,
    limits: [{ id: GENERAL_METER, name: undefined, windows: windows.sort(byLength) }],
  }
}

function toFile(snapshot: UsageSnapshot): object {
  const { capturedAt, accountId, planType, limits, limitReachedUntil } = snapshot
  const [primary, secondary] = limits.find(({ id }) => id === GENERAL_METER)?.windows ?? []
  return {
    captured_at: isoTime(capturedAt),
    ...(primary && { primary: toPlain(primary, capturedAt) }),
    ...(secondary && { secondary: toPlain(secondary, capturedAt) }),
    account_id: accountId ?? null,
    plan_type: planType ?? null,
    limit_reached_until: momentOf(limitReachedUntil),
    limits: limits.map(toOwn),
  }
}

function toOwn({ id, name, windows }: UsageLimitReading): object {
  return {
    id,
    name: name ?? null,
    windows: windows.map(({ windowMinutes, usedPercent, resetsAt }) => ({
      used_percent: usedPercent,
      window_minutes: windowMinutes ?? null,
      resets_at: momentOf(resetsAt),
    })),
  }
}

function toPlain({ windowMinutes, usedPercent, resetsAt }: UsageWindow, capturedAt: number) {
  return {
    used_percent: usedPercent,
    window_minutes: windowMinutes === undefined ? null : Math.round(windowMinutes),
    resets_in_seconds:
      resetsAt === undefined ? null : Math.max(0, Math.round(resetsAt - capturedAt / 1000)),
  }
}

/** Older Pythons do not know the `Z` of ISO 8601. */
function isoTime(unixMs: number): string {
  return new Date(unixMs).toISOString().replace('Z', '+00:00')
}

function momentOf(unixSeconds: number | undefined): string | null {
  return unixSeconds === undefined ? null : isoTime(unixSeconds * 1000)
}

function secondsOf(unixMs: number | null | undefined): number | undefined {
  return typeof unixMs === 'number' ? unixMs / 1000 : undefined
}
