/** The time of the servers that judge our tokens, which this machine's clock may be far from. */

import type { Clock, Log, TimeObserver } from './ports.ts'

/** `Date` headers tell whole seconds and arrive late; less than this is no difference. */
const TOLERANCE_MS = 60_000

/** A clock that follows the servers'. */
export interface ServerTime extends TimeObserver {
  /** Unix time in milliseconds, as the last server told it. */
  now(): number
}

/** Creates a clock that goes as this machine's does until a server tells another time. */
export function createServerTime(clock: Clock, log: Log): ServerTime {
  let offsetMs = 0
  return {
    now: () => clock.now() + offsetMs,
    observe(date) {
      const told = Date.parse(date ?? '')
      if (Number.isNaN(told)) return
      const difference = told - clock.now()
      const isOff = Math.abs(difference) >= TOLERANCE_MS
      if (isOff && offsetMs === 0) {
        log.warn('The clock of this machine is off; going by the time of the servers.', {
          seconds: Math.round(-difference / 1000),
        })
      }
      offsetMs = isOff ? difference : 0
    },
  }
}
