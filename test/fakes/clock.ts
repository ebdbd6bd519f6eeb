import type { Clock } from '../../src/domain/ports.ts'

/** A clock that stands still until it is set; a pause moves it on at once. */
export interface FakeClock extends Clock {
  /** Lets the time go on to `now`. */
  set(now: number): void
  /** Sets the clock as a person does: time does not pass. */
  jump(ms: number): void
}

export function createFakeClock(now: number): FakeClock {
  let current = now
  let jumped = 0
  return {
    now: () => current + jumped,
    monotonic: () => current,
    async pause(ms) {
      current += ms
    },
    set: next => {
      current = next - jumped
    },
    jump: ms => {
      jumped += ms
    },
  }
}
