import type { UsageMeter, UsageReading } from '../../src/domain/usage-ports.ts'

/** A meter that keeps the readings, oldest first. */
export interface FakeUsageMeter extends UsageMeter {
  readonly readings: readonly UsageReading[]
}

export function createFakeUsageMeter(): FakeUsageMeter {
  const readings: UsageReading[] = []
  return { readings, record: reading => readings.push(reading) }
}
