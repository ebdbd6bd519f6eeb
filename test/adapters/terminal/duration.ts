import t from 'tap'
import { clockDuration, roughDuration } from '../../../src/adapters/terminal/duration.ts'

const rough: [seconds: number, text: string][] = [
  [-5, '1m'],
  [0, '1m'],
  [60, '1m'],
  [61, '2m'],
  [3600, '1h'],
  [3960, '1h 6m'],
  [86_340, '23h 59m'],
  [86_341, '1d'],
  [183_600, '2d 3h'],
  [86_400 + 60, '1d'],
  [30 * 86_400, '30d'],
]
for (const [seconds, text] of rough) {
  t.test(`${seconds} seconds are about ${text}`, async t => {
    t.equal(roughDuration(seconds), text)
  })
}

const exact: [seconds: number, text: string][] = [
  [900, '15:00'],
  [871.4, '14:32'],
  [9, '0:09'],
  [0.1, '0:01'],
  [0, '0:00'],
  [-3, '0:00'],
]
for (const [seconds, text] of exact) {
  t.test(`${seconds} seconds are ${text} on a clock`, async t => {
    t.equal(clockDuration(seconds), text)
  })
}
