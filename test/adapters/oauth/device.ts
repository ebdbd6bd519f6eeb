import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import type { IssuerFetch } from '../../../src/adapters/oauth/client.ts'
import { beginDeviceLogin } from '../../../src/adapters/oauth/device.ts'
import { createIdentityProvider } from '../../../src/adapters/oauth/provider.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import { createFakeClock } from '../../fakes/clock.ts'
import { CLIENT_ID, startIssuer } from '../../fakes/issuer.ts'
import { startFetch } from '../../fakes/outbound.ts'

const NOW = Date.UTC(2026, 10, 22, 12)

/** Never aborts. */
const { signal } = new AbortController()

type Played = readonly [status: number, body: unknown, headers?: Record<string, string>] | Error

const ALLOWED: Played = [
  200,
  { authorization_code: 'ac_1', code_challenge: 'c', code_verifier: 'verifier-1' },
]
const PENDING: Played = [403, { error: { code: 'deviceauth_authorization_unknown' } }]

/** Plays answers in turn, the last one for ever. `pauses` are the waits in seconds. */
function play(...answers: [Played, ...Played[]]) {
  const clock = createFakeClock(NOW)
  const pauses: number[] = []
  const bodies: string[] = []
  const dates: (string | null)[] = []
  const fetch: IssuerFetch = async (_url, request) => {
    request.signal.throwIfAborted()
    bodies.push(request.body)
    const [answer] = answers
    if (answers.length > 1) answers.shift()
    if (answer instanceof Error) throw answer
    const [status, body, headers = {}] = answer
    return new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers })
  }
  return {
    clock,
    pauses,
    bodies,
    begin: (over = signal) =>
      beginDeviceLogin(
        {
          issuer: 'https://issuer.test',
          clientId: CLIENT_ID,
          userAgent: 'chatmock/1.2.3 (test)',
          fetch,
          time: { observe: date => void dates.push(date) },
          clock: {
            ...clock,
            pause(ms) {
              pauses.push(ms / 1000)
              return clock.pause(ms)
            },
          },
        },
        over,
      ),
    dates,
  }
}

/** A code that is given, then these answers to the question whether it was used. */
function polling(...answers: [Played, ...Played[]]) {
  return play(
    [200, { device_auth_id: 'device-1', user_code: 'ABCD-EFGHI', interval: '5' }],
    ...answers,
  )
}

async function failureOf(work: Promise<unknown>): Promise<ProxyError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ProxyError)) throw new Error('expected a ProxyError', { cause: error })
  t.notMatch(inspect(error, { depth: Infinity }), 'canary')
  return error
}

/** A sign-in at a real issuer, which the person allows at the second look. */
async function signInAtIssuer(t: Test) {
  const issuer = await startIssuer(t, { deviceInterval: '7' })
  const clock = createFakeClock(NOW)
  const options = {
    issuer: issuer.url,
    clientId: CLIENT_ID,
    userAgent: 'chatmock/1.2.3 (test)',
    fetch: startFetch(t),
    time: { observe() {} },
    clock: {
      ...clock,
      async pause(ms: number) {
        if (clock.now() > NOW) issuer.allowDevice()
        await clock.pause(ms)
      },
    },
  }
  return { issuer, clock, options, login: await beginDeviceLogin(options, signal) }
}

t.test('signs in with a code at the issuer', async t => {
  const { issuer, clock, options, login } = await signInAtIssuer(t)
  t.match(login, { userCode: 'ABCD-EFGHI', verificationUrl: `${issuer.url}/codex/device` })

  const grant = await login.grant(signal)

  t.match(grant, {
    code: /^ac_/,
    verifier: 'device-verifier-0123456789-0123456789-0123456789',
    redirectUri: `${issuer.url}/deviceauth/callback`,
  })
  t.equal(clock.now() - NOW, 14_000)
  t.strictSame(
    issuer.requests.map(({ method, path, fields }) => [method, path, Object.keys(fields)]),
    [
      ['POST', '/api/accounts/deviceauth/usercode', ['client_id']],
      ['POST', '/api/accounts/deviceauth/token', ['device_auth_id', 'user_code']],
      ['POST', '/api/accounts/deviceauth/token', ['device_auth_id', 'user_code']],
    ],
  )
  t.match(issuer.requests[1]?.headers, {
    'content-type': 'application/json',
    'user-agent': 'chatmock/1.2.3 (test)',
  })
  const tokens = await createIdentityProvider(options).redeem(grant)
  t.match(tokens, { refreshToken: /^rt_/, accountId: 'account-1' })
})

const codes: [title: string, body: object, pauseSeconds: number, lifetimeSeconds: number][] = [
  ['takes the interval as text', { user_code: 'ABCD-EFGHI', interval: '3' }, 3, 900],
  ['takes the interval as a number', { user_code: 'ABCD-EFGHI', interval: 3 }, 3, 900],
  ['takes the older name of the code', { usercode: 'ABCD-EFGHI' }, 5, 900],
  ['asks every 5 s unless told', { user_code: 'ABCD-EFGHI' }, 5, 900],
  ['does not take 0 for an interval', { user_code: 'ABCD-EFGHI', interval: '0' }, 5, 900],
  ['does not take words for one', { user_code: 'ABCD-EFGHI', interval: 'soon' }, 5, 900],
  ['does not take nothing for one', { user_code: 'ABCD-EFGHI', interval: null }, 5, 900],
  [
    'ends with the code, by the clock of the issuer',
    // This machine is an hour behind.
    { user_code: 'ABCD-EFGHI', expires_at: '2026-11-22T13:05:00.000Z' },
    5,
    300,
  ],
  ['ends with the code, told in seconds', { user_code: 'ABCD-EFGHI', expires_in: '120' }, 5, 120],
  [
    'takes no end that is over',
    { user_code: 'ABCD-EFGHI', expires_at: '2026-11-22T12:59:00.000Z' },
    5,
    900,
  ],
  [
    'takes no end beyond 15 minutes',
    { user_code: 'ABCD-EFGHI', expires_at: '2026-11-23T13:00:00.000Z' },
    5,
    900,
  ],
  ['takes no end that is no time', { user_code: 'ABCD-EFGHI', expires_at: 'later' }, 5, 900],
]

for (const [title, body, pauseSeconds, lifetimeSeconds] of codes) {
  t.test(title, async t => {
    const date = 'Sun, 22 Nov 2026 13:00:00 GMT'
    const begun = { device_auth_id: 'device-1', ...body }
    const { begin, clock, pauses, bodies, dates } = play([200, begun, { date }], ALLOWED)
    const login = await begin()
    t.equal(login.userCode, 'ABCD-EFGHI')
    t.equal(login.verificationUrl, 'https://issuer.test/codex/device')
    t.equal((login.deadline - clock.monotonic()) / 1000, lifetimeSeconds)
    t.strictSame(await login.grant(signal), {
      code: 'ac_1',
      verifier: 'verifier-1',
      redirectUri: 'https://issuer.test/deviceauth/callback',
    })
    t.strictSame(pauses, [pauseSeconds])
    t.strictSame(bodies, [
      '{"client_id":"app_test"}',
      '{"device_auth_id":"device-1","user_code":"ABCD-EFGHI"}',
    ])
    t.strictSame(dates, [date, null])
  })
}

t.test('ends a code by the clock of this machine where the issuer tells no time', async t => {
  const { begin, clock } = play([
    200,
    { device_auth_id: 'd', user_code: 'ABCD-EFGHI', expires_at: '2026-11-22T12:01:00.000Z' },
  ])
  t.equal((await begin()).deadline - clock.monotonic(), 60_000)
})

t.test('says what to switch on where codes are not given', async t => {
  const error = await failureOf(play([404, { detail: 'canary' }]).begin())
  t.equal(error.code, 'chatgpt_login_required')
  t.equal(
    error.message,
    'Signing in with a code is switched off for this account. It has to be switched on first: for a personal account in the security settings of ChatGPT, for a workspace by its administrator. Signing in through the browser works without. Run: chatmock login',
  )
})

const notBegun: [answer: Played, problem: string][] = [
  [new Error('canary'), 'https://issuer.test could not be reached.'],
  [[500, 'canary'], 'The sign-in service answered with HTTP 500.'],
  [[302, ''], 'The sign-in service answered with HTTP 302.'],
  [[400, { error: 'invalid_client' }], 'The sign-in service answered with invalid_client.'],
  [[403, '<html>canary</html>'], 'The sign-in service answered with HTTP 403.'],
  [[200, '<html>canary</html>'], 'The answer of the sign-in service held no code.'],
  [[200, { user_code: 'ABCD-EFGHI' }], 'The answer of the sign-in service held no code.'],
  [[200, { device_auth_id: 'canary' }], 'The answer of the sign-in service held no code.'],
  [
    [200, { device_auth_id: 'canary', user_code: '\x1b[2Jcanary' }],
    'The answer of the sign-in service held no code.',
  ],
]

for (const [answer, problem] of notBegun) {
  t.test(`cannot begin with ${inspect(answer)}`, async t => {
    const error = await failureOf(play(answer).begin())
    t.equal(error.code, 'auth_refresh_unavailable')
    t.equal(
      error.message,
      `The sign-in could not be begun. ${problem} Try again later. Run: chatmock login --headless`,
    )
  })
}

t.test('goes on asking', async t => {
  const patient: [title: string, answers: [Played, ...Played[]], pauses: number[]][] = [
    [
      'while the person has not decided',
      [PENDING, [404, ''], [403, 'canary'], ALLOWED],
      [5, 5, 5, 5],
    ],
    ['as RFC 8628 puts it', [[400, { error: 'authorization_pending' }], ALLOWED], [5, 5]],
    [
      'less often when told to',
      [[400, { error: 'slow_down' }], PENDING, [429, { error: { code: 'slow_down' } }], ALLOWED],
      [5, 10, 10, 15],
    ],
    [
      'ever less often through faults, then as before',
      [
        new Error('canary'),
        [500, ''],
        [503, 'canary'],
        [429, ''],
        [200, '<html>a portal</html>'],
        [302, ''],
        PENDING,
        ALLOWED,
      ],
      [5, 10, 20, 40, 60, 60, 60, 5],
    ],
  ]
  for (const [title, answers, expected] of patient) {
    t.test(title, async t => {
      const { begin, pauses } = polling(...answers)
      t.match(await (await begin()).grant(signal), { code: 'ac_1' })
      t.strictSame(pauses, expected)
    })
  }
})

t.test('stops asking', async t => {
  const final: [title: string, answer: Played, message: string][] = [
    [
      'when the person declines',
      [400, { error: 'access_denied' }],
      'The sign-in was declined. Run: chatmock login --headless',
    ],
    [
      'when the person declines, with the status of “not yet”',
      [403, { error: { code: 'access_denied', message: 'canary' } }],
      'The sign-in was declined. Run: chatmock login --headless',
    ],
    [
      'when the issuer calls the code old',
      [400, { error: 'expired_token' }],
      'The code has ended before it was used. Run: chatmock login --headless',
    ],
    [
      'when the issuer refuses otherwise',
      [400, { error: 'canary' }],
      'The sign-in was refused (HTTP 400). Run: chatmock login --headless',
    ],
    [
      'when the issuer refuses by a known word',
      [401, { error: 'invalid_client' }],
      'The sign-in was refused (invalid_client). Run: chatmock login --headless',
    ],
  ]
  for (const [title, answer, message] of final) {
    t.test(title, async t => {
      const { begin, pauses } = polling(PENDING, answer)
      const error = await failureOf((await begin()).grant(signal))
      t.equal(error.code, 'chatgpt_login_required')
      t.equal(error.message, message)
      t.strictSame(pauses, [5, 5])
    })
  }

  t.test('after 15 minutes', async t => {
    const { begin, clock, pauses } = polling(PENDING)
    const error = await failureOf((await begin()).grant(signal))
    t.equal(error.code, 'chatgpt_login_required')
    t.equal(error.message, 'The code has ended before it was used. Run: chatmock login --headless')
    t.equal(clock.now() - NOW, 900_000)
    t.equal(pauses.length, 180)
  })

  t.test('after 15 minutes, the last of them without the network', async t => {
    const { begin, clock } = polling(PENDING, new Error('canary'))
    const error = await failureOf((await begin()).grant(signal))
    t.equal(error.code, 'auth_refresh_unavailable')
    t.equal(
      error.message,
      'The sign-in could not be finished in time. https://issuer.test could not be reached. Run: chatmock login --headless',
    )
    t.equal(clock.now() - NOW, 900_000)
  })
})

t.test('the signal', async t => {
  const reason = new Error('given up')

  t.test('ends a pause', async t => {
    const controller = new AbortController()
    const { clock, bodies, begin } = polling(PENDING)
    clock.pause = () => new Promise(() => controller.abort(reason))
    const login = await begin()
    await t.rejects(login.grant(controller.signal), reason)
    t.equal(bodies.length, 1)
  })

  t.test('ends a question', async t => {
    const issuer = await startIssuer(t)
    const options = {
      issuer: issuer.url,
      clientId: CLIENT_ID,
      userAgent: 'chatmock/1.2.3 (test)',
      fetch: startFetch(t),
      time: { observe() {} },
      clock: createFakeClock(NOW),
    }
    const login = await beginDeviceLogin(options, signal)
    await issuer.fail('silent')
    const questions: [path: string, ask: (until: AbortSignal) => Promise<unknown>][] = [
      ['usercode', until => beginDeviceLogin(options, until)],
      ['token', until => login.grant(until)],
    ]
    for (const [path, ask] of questions) {
      const controller = new AbortController()
      const asked = issuer.next(`/api/accounts/deviceauth/${path}`)
      const answer = ask(controller.signal)
      await asked
      controller.abort(reason)
      await t.rejects(answer, reason, path)
    }
  })

  t.test('keeps it from beginning', async t => {
    const { begin, bodies } = polling(PENDING)
    await t.rejects(begin(AbortSignal.abort(reason)), reason)
    t.strictSame(bodies, [])
  })
})
