/** How long the stages of an answer took, and what it used. */

import type { ModelEvent, Usage } from '../../domain/events.ts'
import type { Clock } from '../../domain/ports.ts'

const NANOSECONDS_PER_MILLISECOND = 1_000_000

/**
 * Figures of a last line. Durations are whole nanoseconds, at least one; a count that is zero or not
 * known is left out, together with the duration that clients divide it by.
 */
export interface Figures {
  readonly total_duration: number
  readonly load_duration: number
  readonly prompt_eval_count?: number
  readonly prompt_eval_duration?: number
  readonly eval_count?: number
  readonly eval_duration?: number
}

/** A stop watch; each moment counts the first time that it is noted. */
export interface Timings {
  /** The upstream is being asked. */
  noteSent(): void
  /** The upstream has accepted. */
  noteAccepted(): void
  /** Takes note of the first event with output. */
  note(event: ModelEvent): void
  /** Returns the figures of an answer that ends now. */
  figures(usage: Usage | undefined): Figures
}

/** Creates a stop watch for a request that comes in now. */
export function createTimings({ monotonic }: Pick<Clock, 'monotonic'>): Timings {
  const receivedAt = monotonic()
  let sentAt: number | undefined
  let acceptedAt: number | undefined
  let outputAt: number | undefined
  return {
    noteSent() {
      sentAt ??= monotonic()
    },
    noteAccepted() {
      acceptedAt ??= monotonic()
    },
    note(event) {
      if ('text' in event || event.type === 'tool-call') outputAt ??= monotonic()
    },
    figures(usage) {
      const now = monotonic()
      const { inputTokens = 0, outputTokens = 0 } = usage ?? {}
      const firstAt = outputAt ?? now
      return {
        total_duration: nanoseconds(receivedAt, now),
        load_duration: nanoseconds(receivedAt, acceptedAt ?? now),
        ...(inputTokens > 0 && {
          prompt_eval_count: inputTokens,
          prompt_eval_duration: nanoseconds(sentAt ?? receivedAt, firstAt),
        }),
        ...(outputTokens > 0 && {
          eval_count: outputTokens,
          eval_duration: nanoseconds(firstAt, now),
        }),
      }
    },
  }
}

function nanoseconds(fromMs: number, toMs: number): number {
  return Math.max(1, Math.round((toMs - fromMs) * NANOSECONDS_PER_MILLISECOND))
}
