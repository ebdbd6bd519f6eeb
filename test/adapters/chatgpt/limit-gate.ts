import t from 'tap'
import { createLimitGate } from '../../../src/adapters/chatgpt/limit-gate.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import { createFakeClock } from '../../fakes/clock.ts'

const START = 1_795_348_800_000
const HOUR = 3600

const limit = (resetsAt: number | undefined = START / 1000 + HOUR) =>
  new ProxyError('usage_limit_reached', 'The limit is reached.', {
    upstream: { status: 429, code: 'usage_limit_reached' },
    usageLimit: { planType: 'plus', resetsAt, resetsInSeconds: HOUR },
  })

function start() {
  const clock = createFakeClock(START)
  const gate = createLimitGate(clock)
  return { clock, gate }
}

t.test('a limit that was hit is told from memory, with the time that is left', async t => {
  const { clock, gate } = start()
  gate.pass('a')
  gate.note('a', limit())
  clock.set(START + 29_999)
  t.throws(() => gate.pass('a'), {
    code: 'usage_limit_reached',
    message: 'The limit is reached.',
    upstream: { status: 429, code: 'usage_limit_reached' },
    usageLimit: {
      planType: 'plus',
      resetsAt: START / 1000 + HOUR,
      resetsInSeconds: HOUR - 29,
    },
  })
  gate.pass('b')
})

t.test('one request in 30 s finds out whether it is gone', async t => {
  const { clock, gate } = start()
  gate.note('a', limit())
  clock.set(START + 30_000)
  gate.pass('a')
  t.throws(() => gate.pass('a'), { code: 'usage_limit_reached' })
  clock.set(START + 59_999)
  t.throws(() => gate.pass('a'), { code: 'usage_limit_reached' })
  clock.set(START + 60_000)
  gate.pass('a')
  gate.open('a')
  gate.pass('a')
  gate.pass('a')
})

t.test('after the reset everything passes', async t => {
  const { clock, gate } = start()
  gate.note('a', limit(START / 1000 + 10))
  clock.set(START + 9_999)
  t.throws(() => gate.pass('a'), { code: 'usage_limit_reached' })
  clock.set(START + 10_000)
  gate.pass('a')
  gate.pass('a')
})

t.test('other failures, and limits without a reset, are not remembered', async t => {
  const { gate } = start()
  gate.note('a', new ProxyError('rate_limit_exceeded', 'Slow down.'))
  gate.note('a', new ProxyError('usage_limit_reached', 'No more.'))
  gate.note('a', new Error('other'))
  t.doesNotThrow(() => gate.pass('a'))
})
