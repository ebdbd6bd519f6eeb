import t from 'tap'
import { createServerTime } from '../../src/domain/server-time.ts'
import { NOW, settle, signIn } from '../fakes/account.ts'
import { createFakeClock } from '../fakes/clock.ts'
import { createFakeLog } from '../fakes/log.ts'

const MINUTE = 60_000

const httpDate = (ms: number) => new Date(ms).toUTCString()

t.test('goes as the clock does until a server tells a time that is a minute off', async t => {
  const clock = createFakeClock(NOW)
  const log = createFakeLog()
  const time = createServerTime(clock, log)
  t.equal(time.now(), NOW)
  time.observe(httpDate(NOW + 59_000))
  t.equal(time.now(), NOW)
  time.observe(httpDate(NOW - 10 * MINUTE))
  t.equal(time.now(), NOW - 10 * MINUTE)
  clock.set(NOW + 5)
  t.equal(time.now(), NOW - 10 * MINUTE + 5)
  time.observe(httpDate(NOW - 10 * MINUTE))
  t.strictSame(log.entries, [
    {
      level: 'warn',
      message: 'The clock of this machine is off; going by the time of the servers.',
      fields: { seconds: 600 },
    },
  ])
})

t.test('goes as the clock does again once that is right', async t => {
  const clock = createFakeClock(NOW)
  const time = createServerTime(clock, createFakeLog())
  time.observe(httpDate(NOW + 60 * MINUTE))
  clock.jump(60 * MINUTE)
  time.observe(httpDate(NOW + 60 * MINUTE))
  t.equal(time.now(), NOW + 60 * MINUTE)
})

t.test('takes no notice of a header that is missing or no date', async t => {
  const time = createServerTime(createFakeClock(NOW), createFakeLog())
  time.observe(null)
  time.observe('')
  time.observe('yesterday')
  t.equal(time.now(), NOW)
})

t.test('judges the login by the time of the servers', async t => {
  const fast = signIn(60 * MINUTE)
  fast.clock.jump(2 * 60 * MINUTE)
  fast.serverTime.observe(httpDate(NOW))
  t.equal(await fast.use(), 'access-1')
  await settle()
  t.strictSame(fast.identity.spent, [])

  const slow = signIn(60 * MINUTE)
  slow.serverTime.observe(httpDate(NOW + 60 * MINUTE))
  t.equal(await slow.use(), 'access-2')
})
