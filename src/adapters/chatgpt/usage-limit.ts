/** When an exhausted usage window opens again. */

import type { UsageLimit } from '../../domain/errors.ts'
import { asNumber, asString, type JsonObject } from '../../domain/json.ts'
import { localTime } from '../../domain/local-time.ts'

/** The longest window is a month; a reset further away is a mistake of the upstream. */
export const MAX_WAIT_SECONDS = 366 * 24 * 3600

/** Reads the `error` of a usage limit; whichever form the reset comes in, both are filled in. */
export function readUsageLimit(error: JsonObject, now: number): UsageLimit {
  const nowSeconds = Math.floor(now / 1000)
  const told = asNumber(error['resets_at'])
  const at = told !== undefined && isPlausible(told - nowSeconds) ? told : undefined
  const wait = asNumber(error['resets_in_seconds']) ?? (at === undefined ? at : at - nowSeconds)
  const resetsInSeconds =
    wait !== undefined && isPlausible(wait) ? Math.max(0, Math.ceil(wait)) : undefined
  return {
    planType: asString(error['plan_type']),
    resetsAt:
      resetsInSeconds === undefined ? undefined : Math.floor(at ?? nowSeconds + resetsInSeconds),
    resetsInSeconds,
  }
}

function isPlausible(waitSeconds: number): boolean {
  return Math.abs(waitSeconds) <= MAX_WAIT_SECONDS
}

/** Adds the local time of the reset to the upstream's message. */
export function limitMessage(message: string | undefined, { resetsAt }: UsageLimit): string {
  const said = (message ?? 'The usage limit has been reached').replace(/\.$/, '')
  return resetsAt === undefined ? `${said}.` : `${said}. It resets at ${localTime(resetsAt)}.`
}
