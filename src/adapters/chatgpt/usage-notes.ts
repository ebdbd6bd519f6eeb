/** What the answers of one account tell of its usage in passing. */

import { ProxyError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { Clock } from '../../domain/ports.ts'
import type { UsageLimitReading, UsageRecorder } from '../../domain/usage-ports.ts'
import { GENERAL_METER } from '../../domain/usage-snapshot.ts'
import { readLimitEvent, readLimitHeaders } from './usage-readings.ts'
import { meterId, reachedUntil } from './usage-windows.ts'

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
  recorder: UsageRecorder,
  accountId: string | undefined,
  clock: Clock,
): UsageNotes {
  function refused({ usageLimit }: ProxyError, headers?: Headers): void {
    const told = headers && readLimitHeaders(headers, accountId, clock.now())
    const limits = told?.limits ?? []
    const planType = usageLimit?.planType ?? told?.planType
    const isGeneral = headers === undefined || !isOfOneModel(headers, limits)
    const until = usageLimit
      ? (usageLimit.resetsAt ?? reachedUntil(limits, true))
      : told?.limitReachedUntil
    const limitReachedUntil = isGeneral ? until : undefined
    const isEmpty = planType === undefined && limitReachedUntil === undefined
    if (isEmpty && limits.length === 0) return
    recorder.record({ accountId, planType, limits, limitReachedUntil })
  }

  return {
    answer(headers, refusal) {
      if (refusal) return refused(refusal, headers)
      const reading = readLimitHeaders(headers, accountId, clock.now())
      if (reading) recorder.record(reading)
    },
    event: event => recorder.record(readLimitEvent(event, accountId, clock.now())),
    failure(error) {
      if (error instanceof ProxyError) refused(error)
    },
  }
}

/** Tells whether the limit that was hit is another one than that of all models together. */
function isOfOneModel(headers: Headers, limits: readonly UsageLimitReading[]): boolean {
  const active = meterId(headers.get('x-codex-active-limit') ?? '')
  return active !== GENERAL_METER && limits.some(({ id }) => id === active)
}
