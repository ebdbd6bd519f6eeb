import type { Clock } from '../../src/domain/ports.ts'

/** A clock that stands still until it is set. */
export interface FakeClock extends Clock {
  set(now: number): void
}

export function createFakeClock(now: number): FakeClock {
  let current = now
  return {
    now: () => current,
    set: next => {
      current = next
    },
  }
}
