import type { UsageReading, UsageRecorder } from '../../src/domain/usage-ports.ts'

/** A recorder that keeps the readings, oldest first. */
export interface FakeUsageRecorder extends UsageRecorder {
  readonly readings: readonly UsageReading[]
}

export function createFakeUsageRecorder(): FakeUsageRecorder {
  const readings: UsageReading[] = []
  return { readings, record: reading => readings.push(reading) }
}
