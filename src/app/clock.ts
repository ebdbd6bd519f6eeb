/** The real time. */

import { setTimeout as pause } from 'node:timers/promises'
import type { Clock } from '../domain/ports.ts'

/** The clock of this machine. */
export const clock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  pause: (ms, signal) => pause(ms, undefined, signal && { signal }),
}
