import t, { type Test } from 'tap'
import { ProxyError } from '../../src/domain/errors.ts'
import type { Credentials } from '../../src/domain/ports.ts'
import { createUsage, windowName } from '../../src/domain/usage.ts'
import type { UsageReading, UsageSnapshot } from '../../src/domain/usage-ports.ts'
import { createFakeClock } from '../fakes/clock.ts'
import { createGate, turn } from '../fakes/http-service.ts'
import { createFakeLog } from '../fakes/log.ts'

/** Unix time in seconds. */
const NOW = 1_795_346_000
const HOUR = 3600
const MINUTE_MS = 60_000

const never = new AbortController().signal
const loginRequired = new ProxyError('chatgpt_login_required', 'refused')
const offline = new ProxyError('upstream_connection_error', 'offline')

function reading(usedPercent: number, over: Partial<UsageReading> = {}): UsageReading {
  return {
    accountId: 'account-1',
    planType: 'plus',
    limits: [
      {
        id: 'codex',
        name: undefined,
        windows: [{ windowMinutes: 300, usedPercent, resetsAt: NOW + HOUR }],
      },
    ],
    limitReachedUntil: undefined,
    ...over,
  }
}

const snapshot = (usedPercent: number, over: Partial<UsageSnapshot> = {}): UsageSnapshot => ({
  ...reading(usedPercent),
  capturedAt: NOW * 1000,
  ...over,
})

const usedOf = (usage: UsageSnapshot | undefined) => usage?.limits[0]?.windows[0]?.usedPercent

type Answer = UsageReading | Error | Promise<UsageReading>

/** Usage over fakes: answers are played one after the other, the last one for ever. */
function start(answers: readonly Answer[] = [], kept?: UsageSnapshot) {
  const clock = createFakeClock(NOW * 1000)
  const log = createFakeLog()
  const stopping = new AbortController()
  const asked: Credentials[] = []
  const saved: UsageSnapshot[] = []
  const renewed: Credentials[] = []
  let signIn: Credentials | ProxyError = { accessToken: 'access-1', accountId: 'account-1' }
  let gate = Promise.resolve()
  const usage = createUsage({
    source: {
      async fetch(credentials) {
        const answer = answers[Math.min(asked.length, answers.length - 1)]
        asked.push(credentials)
        if (answer === undefined || answer instanceof Error) throw answer
        return await answer
      },
    },
    store: {
      load: async () => kept,
      async save(last) {
        saved.push(last)
        await gate
      },
    },
    authenticator: {
      async credentials(signal) {
        signal.throwIfAborted()
        if (signIn instanceof ProxyError) throw signIn
        return signIn
      },
      async renew(refused) {
        renewed.push(refused)
        return { ...refused, accessToken: 'access-2' }
      },
    },
    clock,
    log,
    stopped: stopping.signal,
  })
  return {
    usage,
    clock,
    log,
    asked,
    saved,
    renewed,
    stopping,
    signIn: (next: Credentials | ProxyError) => {
      signIn = next
    },
    /** Holds what is being saved back until the function it returns is called. */
    holdSaving() {
      const { passed, open } = createGate()
      gate = passed
      return open
    },
    pass: (ms: number) => clock.set(clock.now() + ms),
  }
}

t.test('what was kept is known after the start, as it holds now', async t => {
  const { usage, saved, pass } = start([], snapshot(40))
  t.equal(usage.latest(), undefined)
  await usage.start()
  t.strictSame(usage.latest(), snapshot(40))
  pass(HOUR * 1000)
  t.equal(usedOf(usage.latest()), 0, 'the window has reset since')
  await usage.settle()
  t.strictSame(saved, [], 'there is nothing new to save')
})

t.test('what comes before the start is done stands', async t => {
  const { usage } = start([], snapshot(40))
  usage.record(reading(50))
  await usage.start()
  t.equal(usedOf(usage.latest()), 50)
})

t.test('the upstream is asked at most once a minute', async t => {
  const { usage, asked, clock, pass } = start([reading(1), reading(2)])
  t.equal(usedOf(await usage.current(never)), 1)
  pass(MINUTE_MS - 1)
  clock.jump(10 * MINUTE_MS)
  t.equal(usedOf(await usage.current(never)), 1, 'whatever the clock on the wall says')
  pass(1)
  t.equal(usedOf(await usage.current(never)), 2)
  t.equal(asked.length, 2)
  t.strictSame(asked[0], { accessToken: 'access-1', accountId: 'account-1' })
})

t.test('all callers share one question, which goes on when they leave', async t => {
  const { passed, open } = createGate<UsageReading>()
  const { usage, asked } = start([passed])
  const leaving = new AbortController()
  const reason = new Error('nobody waits')
  const first = usage.current(leaving.signal)
  const second = usage.current(never)
  leaving.abort(reason)
  await t.rejects(first, reason)
  await t.rejects(usage.current(leaving.signal), reason, 'nor does one begin to wait')
  open(reading(7))
  t.equal(usedOf(await second), 7)
  t.equal(asked.length, 1)
})

t.test('a failure leaves what is known, is told quietly, and rests a minute', async t => {
  const { usage, asked, log, pass } = start([offline, reading(2)], snapshot(40))
  await usage.start()
  t.strictSame(await usage.current(never), snapshot(40))
  pass(MINUTE_MS - 1)
  t.equal(usedOf(await usage.current(never)), 40)
  t.equal(asked.length, 1)
  t.strictSame(log.entries, [
    {
      level: 'debug',
      message: 'could not ask for the usage',
      fields: { error_code: 'upstream_connection_error' },
    },
  ])
  pass(1)
  t.equal(usedOf(await usage.current(never)), 2)
})

t.test('a fault of the program is told as such', async t => {
  const { usage, log } = start([new TypeError('canary')])
  t.equal(await usage.current(never), undefined)
  t.strictSame(log.entries, [
    { level: 'error', message: 'could not ask for the usage', fields: { error_code: 'internal' } },
  ])
})

t.test('refused credentials are renewed once', async t => {
  const { usage, asked, renewed } = start([loginRequired, reading(3)])
  t.equal(usedOf(await usage.current(never)), 3)
  t.strictSame(
    asked.map(({ accessToken }) => accessToken),
    ['access-1', 'access-2'],
  )
  t.strictSame(renewed, [{ accessToken: 'access-1', accountId: 'account-1' }])

  const refused = start([loginRequired])
  t.equal(await refused.usage.current(never), undefined)
  t.equal(refused.asked.length, 2)
  t.equal(refused.renewed.length, 1)
})

t.test('who is signed out is not asked for, and nothing fails', async t => {
  const { usage, asked, signIn } = start([reading(1)], snapshot(40))
  signIn(loginRequired)
  await usage.start()
  t.equal(usedOf(await usage.current(never)), 40)
  t.equal(asked.length, 0)
})

t.test('the usage of another account is never shown as this one’s', async t => {
  const { usage, signIn } = start([offline], snapshot(40))
  await usage.start()
  signIn({ accessToken: 'access-9', accountId: 'account-9' })
  t.equal(await usage.current(never), undefined)

  const untold = start([offline], snapshot(40, { accountId: undefined }))
  await untold.usage.start()
  t.equal(usedOf(await untold.usage.current(never)), 40, 'but it may be this one’s')
})

t.test('another account is asked for at once', async t => {
  const other = reading(7, { accountId: 'account-9' })
  const { usage, asked, signIn } = start([reading(1), other])
  t.equal(usedOf(await usage.current(never, 'account-1')), 1)
  t.equal(usedOf(await usage.current(never, 'account-1')), 1)
  t.equal(asked.length, 1)
  signIn({ accessToken: 'access-9', accountId: 'account-9' })
  t.equal(usedOf(await usage.current(never, 'account-9')), 7)
  t.equal(usedOf(await usage.current(never, 'account-9')), 7)
  t.equal(asked.length, 2)
})

t.test('another account is asked for once the question about the first is answered', async t => {
  const { passed, open } = createGate<UsageReading>()
  const { usage, asked, signIn } = start([passed, reading(7, { accountId: 'account-9' })])
  const first = usage.current(never, 'account-1')
  await turn()
  signIn({ accessToken: 'access-9', accountId: 'account-9' })
  const other = usage.current(never, 'account-9')
  open(reading(1))
  t.equal(usedOf(await other), 7)
  await first
  t.strictSame(
    asked.map(({ accountId }) => accountId),
    ['account-1', 'account-9'],
  )
})

t.test('what is known of another account than the one that is asked for is not told', async t => {
  const { usage } = start([offline], snapshot(40))
  await usage.start()
  t.equal(usedOf(await usage.current(never, 'account-1')), 40)
  t.equal(await usage.current(never, 'account-9'), undefined)
})

t.test('tells why it could not be asked, until it could', async t => {
  const { usage, pass } = start([offline, reading(1)])
  t.equal(usage.problem(), undefined)
  await usage.current(never)
  t.equal(usage.problem(), offline)
  pass(MINUTE_MS)
  await usage.current(never)
  t.equal(usage.problem(), undefined)
})

t.test('an answer tells all meters, a reading in passing its own', async t => {
  const spark = { id: 'spark', name: 'Spark', windows: [] }
  const { usage } = start([reading(2)])
  usage.record(reading(1))
  usage.record({ ...reading(1), limits: [spark] })
  t.strictSame(
    usage.latest()?.limits.map(({ id }) => id),
    ['codex', 'spark'],
  )
  await usage.current(never)
  t.strictSame(
    usage.latest()?.limits.map(({ id }) => id),
    ['codex'],
  )
})

t.test('one save is under way at a time, and the latest wins', async t => {
  const { usage, saved, holdSaving } = start()
  const release = holdSaving()
  for (const used of [1, 2, 3]) usage.record(reading(used))
  t.strictSame(saved.map(usedOf), [1])
  release()
  await turn()
  t.strictSame(saved.map(usedOf), [1, 3])
  usage.record(reading(4))
  t.strictSame(saved.map(usedOf), [1, 3, 4], 'and the next one begins at once')
})

t.test('what brings no news is saved once a minute, and at the end', async t => {
  const { usage, saved, pass } = start()
  usage.record(reading(1))
  await turn()
  pass(MINUTE_MS - 1)
  usage.record(reading(1))
  t.equal(saved.length, 1)
  pass(1)
  usage.record(reading(1))
  t.equal(saved.length, 2)
  await turn()
  pass(1)
  usage.record(reading(1))
  t.equal(saved.length, 2)
  await usage.settle()
  t.strictSame(
    saved.map(({ capturedAt }) => capturedAt - NOW * 1000),
    [0, MINUTE_MS, MINUTE_MS + 1],
  )
  await usage.settle()
  t.equal(saved.length, 3)
})

t.test('a question that is under way at the end is waited for and saved', async t => {
  const { passed, open } = createGate<UsageReading>()
  const { usage, saved } = start([passed])
  const asked = usage.current(never)
  let isSettled = false
  const settled = usage.settle().then(() => {
    isSettled = true
  })
  await turn()
  t.notOk(isSettled)
  open(reading(5))
  await Promise.all([asked, settled])
  t.strictSame(saved.map(usedOf), [5])
})

t.test('nothing is said of a question that the service ends', async t => {
  const { usage, log, stopping } = start([reading(1)])
  stopping.abort(new Error('stopped'))
  t.equal(await usage.current(never), undefined)
  t.strictSame(log.entries, [])
})

t.test('the log tells when a window passes a threshold and when it resets', async t => {
  const { usage, log, pass } = start([], snapshot(60))
  await usage.start()
  for (const used of [60, 61, 74, 92.5, 93]) usage.record(reading(used))
  pass(HOUR * 1000)
  usage.record(
    reading(3, {
      limits: [
        {
          id: 'codex',
          name: undefined,
          windows: [{ windowMinutes: 300, usedPercent: 3, resetsAt: undefined }],
        },
      ],
    }),
  )
  t.match(log.entries, [
    {
      level: 'info',
      message: 'a usage window is 90 % used',
      fields: {
        meter: 'codex',
        window: '5 hour',
        used_percent: 92.5,
        resets_at: /^\d{4}-\d\d-\d\d \d\d:\d\d$/,
      },
    },
    {
      level: 'info',
      message: 'a usage window has reset',
      fields: { meter: 'codex', window: '5 hour', used_percent: 3, resets_at: undefined },
    },
  ])
  t.equal(log.entries.length, 2)
})

t.test('windows are named by their length', async (t: Test) => {
  const names: [number | undefined, string][] = [
    [undefined, 'usage'],
    [15, '15 minute'],
    [60, '1 hour'],
    [299, '5 hour'],
    [300, '5 hour'],
    [301, '5 hour'],
    [1440, 'daily'],
    [1439, 'daily'],
    [2160, '36 hour'],
    [7200, '5 day'],
    [10_080, 'weekly'],
    [10_079, 'weekly'],
    [20_160, '14 day'],
    [40_320, 'monthly'],
    [43_200, 'monthly'],
    [44_640, 'monthly'],
    [129_600, '90 day'],
  ]
  for (const [windowMinutes, name] of names) {
    t.equal(windowName({ windowMinutes }), name, String(windowMinutes))
  }
})
