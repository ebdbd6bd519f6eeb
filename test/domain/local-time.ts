import t from 'tap'
import { localTime } from '../../src/domain/local-time.ts'

t.test('a time is written as the clock on the wall shows it', async t => {
  t.equal(localTime(new Date(2026, 10, 22, 14, 5).getTime() / 1000), '2026-11-22 14:05')
  t.equal(localTime(new Date(2026, 0, 2, 3, 4).getTime() / 1000), '2026-01-02 03:04')
})
