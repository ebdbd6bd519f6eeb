import t from 'tap'
import { isoTime, isoTimeOfSeconds } from '../../src/domain/iso-time.ts'

t.test('writes a time as ISO 8601, and null where there is none', async t => {
  t.equal(isoTime(Date.UTC(2026, 10, 22, 12, 5)), '2026-11-22T12:05:00.000Z')
  t.equal(isoTime(0), '1970-01-01T00:00:00.000Z')
  t.equal(isoTime(undefined), null)
  t.equal(isoTime(8.64e15 + 1), null)
  t.equal(isoTimeOfSeconds(1_795_349_100), '2026-11-22T12:05:00.000Z')
  t.equal(isoTimeOfSeconds(undefined), null)
})
