/** The account's usage as the backend tells it: in headers, in an event, and when it is asked. */

import { asNumber, asObject, asString, type JsonObject, objectsOf } from '../../domain/json.ts'
import type { UsageReading, UsageWindow } from '../../domain/usage-ports.ts'
import { GENERAL_METER } from '../../domain/usage-snapshot.ts'
import { collectLimits, plainName, reachedUntil, readWindow } from './usage-windows.ts'

/** The slots of a meter. What a slot means is told by the length of its window, not by its name. */
const WINDOW_HEADER =
  /^x-(.+)-(primary|secondary|monthly)-(used-percent|window-minutes|reset-at|reset-after-seconds)$/
const NAME_HEADER = /^x-(.+)-limit-name$/

/** A meter while its headers are being gathered. */
interface HeaderFamily {
  name: string | undefined
  /** By slot; then by the last part of the header's name. */
  readonly slots: Map<string, Map<string, number>>
}

/**
 * Reads the headers `x-<meter>-<slot>-…`; `undefined` if they tell nothing. `now` is Unix time in
 * milliseconds.
 */
export function readLimitHeaders(
  headers: Headers,
  accountId: string | undefined,
  now: number,
): UsageReading | undefined {
  const families = gatherFamilies(headers)
  const limits = collectLimits(
    [...families].map(([id, { name, slots }]) => ({
      id,
      name,
      windows: [...slots.values()].map(slot =>
        readWindow(
          {
            usedPercent: slot.get('used-percent'),
            minutes: slot.get('window-minutes'),
            resetsAt: slot.get('reset-at'),
            resetsInSeconds: slot.get('reset-after-seconds'),
          },
          now,
        ),
      ),
    })),
  )
  const planType = plainName(headers.get('x-codex-plan-type') ?? undefined)
  if (limits.length === 0 && planType === undefined) return undefined
  // Sent with a refusal only, to tell which limit it was.
  const isReached = Boolean(headers.get('x-codex-rate-limit-reached-type')?.trim())
  return { accountId, planType, limits, limitReachedUntil: reachedUntil(limits, isReached) }
}

/** Reads an event `codex.rate_limits`. `now` is Unix time in milliseconds. */
export function readLimitEvent(
  event: JsonObject,
  accountId: string | undefined,
  now: number,
): UsageReading {
  const id = asString(event['metered_limit_name']) ?? asString(event['limit_name'])
  const main = { ...event, metered_feature: id ?? GENERAL_METER, rate_limit: event['rate_limits'] }
  return readMeters(event, main, accountId, now)
}

/** Reads the body of `GET /wham/usage`. `now` is Unix time in milliseconds. */
export function readUsageAnswer(
  body: JsonObject,
  accountId: string | undefined,
  now: number,
): UsageReading {
  const main = { metered_feature: GENERAL_METER, rate_limit: body['rate_limit'] }
  return readMeters(body, main, accountId, now)
}

function readMeters(
  whole: JsonObject,
  main: JsonObject,
  accountId: string | undefined,
  now: number,
): UsageReading {
  const meters = [main, ...objectsOf(whole['additional_rate_limits'])]
  const limits = collectLimits(
    meters.flatMap(meter => {
      const name = asString(meter['limit_name'])
      const id = asString(meter['metered_feature']) ?? name
      const slots = Object.values(asObject(meter['rate_limit']) ?? {})
      const windows = slots.map(slot => readSlot(asObject(slot) ?? {}, now))
      return id === undefined ? [] : [{ id, name, windows }]
    }),
  )
  const rateLimit = asObject(main['rate_limit'])
  const isReached = rateLimit?.['allowed'] === false || rateLimit?.['limit_reached'] === true
  return {
    accountId,
    planType: plainName(asString(whole['plan_type'])),
    limits,
    limitReachedUntil: reachedUntil(limits, isReached),
  }
}

function readSlot(slot: JsonObject, now: number): UsageWindow | undefined {
  const minutes = asNumber(slot['window_minutes']) ?? asNumber(slot['limit_window_minutes'])
  const seconds = asNumber(slot['window_seconds']) ?? asNumber(slot['limit_window_seconds'])
  return readWindow(
    {
      usedPercent: asNumber(slot['used_percent']),
      minutes: minutes ?? (seconds === undefined ? undefined : seconds / 60),
      resetsAt: asNumber(slot['reset_at']) ?? asNumber(slot['resets_at']),
      resetsInSeconds: asNumber(slot['reset_after_seconds']) ?? asNumber(slot['resets_in_seconds']),
    },
    now,
  )
}

function gatherFamilies(headers: Headers): ReadonlyMap<string, HeaderFamily> {
  const families = new Map<string, HeaderFamily>()
  const familyOf = (id: string) => {
    const family = families.get(id) ?? { name: undefined, slots: new Map() }
    families.set(id, family)
    return family
  }
  for (const [header, value] of headers) {
    const [, id = '', slot = '', part = ''] = WINDOW_HEADER.exec(header) ?? []
    const number = value.trim() === '' ? Number.NaN : Number(value)
    if (part !== '' && Number.isFinite(number)) {
      const { slots } = familyOf(id)
      slots.set(slot, (slots.get(slot) ?? new Map()).set(part, number))
    }
    const named = NAME_HEADER.exec(header)?.[1]
    if (named !== undefined) familyOf(named).name = value
  }
  return families
}
