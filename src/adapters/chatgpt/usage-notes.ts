/** What the answers of one account tell of its usage in passing. */

import { ProxyError } from '../../domain/errors.ts'
import type { Clock } from '../../domain/ports.ts'
import type { UsageMeter } from '../../domain/usage-ports.ts'
import type { JsonObject } from './json.ts'
import { readLimitEvent, readLimitHeaders } from './limits.ts'
import { reachedUntil } from './meters.ts'

/** Takes down what one call tells of usage. */
export interface UsageNotes {
  /** Reads the headers of an answer; `refusal` is what the answer was judged to be, if no success. */
  answer(headers: Headers, refusal?: ProxyError): void
  /** Reads an event `codex.rate_limits`. */
  event(event: JsonObject): void
  /** Reads a failure that came without headers of its own. */
  failure(error: unknown): void
}

/** Creates the notes of one call. */
export function createUsageNotes(
  meter: UsageMeter,
  accountId: string | undefined,
  clock: Clock,
): UsageNotes {
  function refused({ usageLimit }: ProxyError, headers?: Headers): void {
    const told = headers && readLimitHeaders(headers, accountId, clock.now())
    const limits = told?.limits ?? []
    const planType = usageLimit?.planType ?? told?.planType
    const limitReachedUntil = usageLimit
      ? (usageLimit.resetsAt ?? reachedUntil(limits, true))
      : told?.limitReachedUntil
    const isEmpty = planType === undefined && limitReachedUntil === undefined
    if (isEmpty && limits.length === 0) return
    meter.record({ accountId, planType, limits, limitReachedUntil })
  }

  return {
    answer(headers, refusal) {
      if (refusal) return refused(refusal, headers)
      const reading = readLimitHeaders(headers, accountId, clock.now())
      if (reading) meter.record(reading)
    },
    event: event => meter.record(readLimitEvent(event, accountId, clock.now())),
    failure(error) {
      if (error instanceof ProxyError) refused(error)
    },
  }
}
