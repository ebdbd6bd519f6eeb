/** A usage limit that was hit: until it opens again the upstream is asked now and then only. */

import { LRUCache } from 'lru-cache'
import { ProxyError } from '../../domain/errors.ts'
import type { Clock } from '../../domain/ports.ts'

/** How often it is tried whether the limit is gone before its time. */
const PROBE_PAUSE_MS = 30_000

/** Most limits that are remembered: clients make up names of models. */
const MAX_LIMITS = 256

/** Keeps requests from an upstream that has said when it will answer again. */
export interface LimitGate {
  /**
   * Lets a request pass, unless one was let pass less than 30 s ago and the limit still stands.
   *
   * @throws ProxyError `usage_limit_reached`, as the upstream put it.
   */
  pass(key: string): void
  /** Takes note of a failure; only a usage limit with a reset matters. */
  note(key: string, failure: unknown): void
  /** Takes note that the upstream answers. */
  open(key: string): void
}

interface Limit {
  readonly failure: ProxyError
  /** Unix time in seconds. */
  readonly resetsAt: number
  /** By the clock that never jumps. */
  askedAt: number
}

/** Creates a gate that is open. A key stands for whatever has limits of its own. */
export function createLimitGate(clock: Clock): LimitGate {
  const limits = new LRUCache<string, Limit>({ max: MAX_LIMITS })
  return {
    pass(key) {
      const limit = limits.get(key)
      if (limit === undefined) return
      const secondsLeft = limit.resetsAt - clock.now() / 1000
      if (secondsLeft <= 0) {
        limits.delete(key)
        return
      }
      const now = clock.monotonic()
      if (now - limit.askedAt < PROBE_PAUSE_MS) throw still(limit, secondsLeft)
      limit.askedAt = now
    },
    note(key, failure) {
      if (!(failure instanceof ProxyError) || failure.code !== 'usage_limit_reached') return
      const resetsAt = failure.usageLimit?.resetsAt
      if (resetsAt !== undefined) limits.set(key, { failure, resetsAt, askedAt: clock.monotonic() })
    },
    open(key) {
      limits.delete(key)
    },
  }
}

function still({ failure, resetsAt }: Limit, secondsLeft: number): ProxyError {
  const planType = failure.usageLimit?.planType
  return failure.with({
    usageLimit: { planType, resetsAt, resetsInSeconds: Math.ceil(secondsLeft) },
    retryAfterSeconds: undefined,
  })
}
