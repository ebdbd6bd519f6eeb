import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import t, { type Test } from 'tap'
import { authorizationUrl } from '../../../src/adapters/oauth/authorize.ts'
import type { IssuerFetch } from '../../../src/adapters/oauth/client.ts'
import { createAttempt } from '../../../src/adapters/oauth/pkce.ts'
import { createIdentityProvider } from '../../../src/adapters/oauth/provider.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import type { Tokens } from '../../../src/domain/login-ports.ts'
import { createFakeClock } from '../../fakes/clock.ts'
import { CLIENT_ID, type Issuer, jwt, startIssuer } from '../../fakes/issuer.ts'
import { startFetch } from '../../fakes/outbound.ts'

const clock = createFakeClock(Date.UTC(2026, 10, 22, 12))

const tokens: Tokens = {
  accessToken: 'canary-access',
  refreshToken: 'canary-refresh',
  idToken: 'canary-id',
  accountId: 'account-1',
  lastRefresh: '2026-11-01T00:00:00.000Z',
  loginId: 'login-1',
}

const grant = {
  code: 'canary-code',
  verifier: 'canary-verifier',
  redirectUri: 'http://localhost:1455/auth/callback',
}

const REDIRECT_URI = 'http://localhost:1455/auth/callback'

/** A provider, and the `Date` headers that it has shown to the observer of time. */
function createProvider(
  fetch: IssuerFetch,
  issuer = 'https://issuer.test',
  over: { timeoutMs?: number; revokeTimeoutMs?: number } = {},
) {
  const dates: (string | null)[] = []
  const provider = createIdentityProvider({
    issuer,
    clientId: CLIENT_ID,
    userAgent: 'chatmock/1.2.3 (test)',
    fetch,
    clock,
    time: { observe: date => void dates.push(date) },
    ...over,
  })
  return { ...provider, dates }
}

/** A provider that gets the same answer to whatever it sends. */
function answering(status: number, body: string | null) {
  return createProvider(async () => new Response(body, { status }))
}

/** Allows a sign-in at the issuer. */
function allow(issuer: Issuer, challenge: string): string {
  const url = authorizationUrl({
    issuer: issuer.url,
    clientId: CLIENT_ID,
    redirectUri: REDIRECT_URI,
    state: 'state',
    challenge,
  })
  return new URL(issuer.decide(url, 'allow')).searchParams.get('code') ?? ''
}

async function listen(t: Test, answer: RequestListener): Promise<string> {
  const server = createServer(answer)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

async function failureOf(work: Promise<unknown>): Promise<ProxyError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ProxyError)) throw new Error('expected a ProxyError', { cause: error })
  return error
}

t.test('refreshing', async t => {
  t.test('spends the refresh token for new tokens of the same login', async t => {
    const issuer = await startIssuer(t)
    const old = { ...issuer.issue(), loginId: 'login-1' }
    const renewed = await createProvider(startFetch(t), issuer.url).refresh(old)

    t.match(renewed, {
      accountId: 'account-1',
      lastRefresh: '2026-11-22T12:00:00.000Z',
      loginId: 'login-1',
    })
    for (const name of ['accessToken', 'refreshToken', 'idToken'] as const) {
      t.ok(renewed[name], name)
      t.not(renewed[name], old[name], name)
    }
    t.strictSame(
      issuer.requests.map(({ method, path, text }) => ({ method, path, text })),
      [
        {
          method: 'POST',
          path: '/oauth/token',
          text: `{"client_id":"app_test","grant_type":"refresh_token","refresh_token":"${old.refreshToken}"}`,
        },
      ],
    )
    t.match(issuer.requests[0]?.headers, {
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': 'chatmock/1.2.3 (test)',
      originator: 'chatmock',
    })
  })

  t.test('asks for a new login when the token was spent before', async t => {
    const issuer = await startIssuer(t)
    const old = issuer.issue()
    const provider = createProvider(startFetch(t), issuer.url)
    await provider.refresh(old)

    const error = await failureOf(provider.refresh(old))

    t.equal(error.code, 'chatgpt_login_required')
    t.equal(error.message, 'The ChatGPT login is over (refresh_token_reused). Run: chatmock login')
    t.strictSame(issuer.counts, { redeemed: 0, refreshed: 1, reused: 1, revoked: 0 })
  })

  t.test('sends nothing when there is no refresh token', async t => {
    let calls = 0
    const { refresh } = createProvider(async () => {
      calls += 1
      return new Response('{}')
    })
    const error = await failureOf(refresh({ ...tokens, refreshToken: undefined }))
    t.equal(error.code, 'chatgpt_login_required')
    t.match(error.message, 'Run: chatmock login')
    t.equal(calls, 0)
  })

  t.test('keeps what the answer leaves out', async t => {
    const bodies = [
      '{"access_token":"access-2"}',
      '{"access_token":"access-2","refresh_token":null,"id_token":null}',
      '{"access_token":"access-2","refresh_token":"","id_token":"","expires_in":864000}',
    ]
    for (const body of bodies) {
      t.strictSame(
        await answering(200, body).refresh(tokens),
        {
          accessToken: 'access-2',
          refreshToken: 'canary-refresh',
          idToken: 'canary-id',
          accountId: 'account-1',
          lastRefresh: '2026-11-22T12:00:00.000Z',
          loginId: 'login-1',
        },
        body,
      )
    }
  })
})

const FINAL_CODES = [
  'refresh_token_expired',
  'refresh_token_reused',
  'refresh_token_invalidated',
  'invalid_grant',
  'token_expired',
  'token_invalidated',
  'app_session_terminated',
  'account_session_expired',
  'account_deactivated',
  'account_suspended',
  'account_deleted',
]

const final: [number, string, string][] = [
  ...FINAL_CODES.map((code): [number, string, string] => [
    400,
    `{"error":{"code":"${code}","message":"canary-refresh"}}`,
    `The ChatGPT login is over (${code}). Run: chatmock login`,
  ]),
  [
    400,
    '{"error":"invalid_grant"}',
    'The ChatGPT login is over (invalid_grant). Run: chatmock login',
  ],
  [
    403,
    '{"code":"Account_Deactivated"}',
    'The ChatGPT login is over (account_deactivated). Run: chatmock login',
  ],
  [
    401,
    '{"error":{"message":"no code here"},"code":"token_expired"}',
    'The ChatGPT login is over (token_expired). Run: chatmock login',
  ],
  [
    401,
    '{"error":{"code":"canary-refresh"}}',
    'The ChatGPT login is over (HTTP 401). Run: chatmock login',
  ],
  [401, '<html>canary-refresh</html>', 'The ChatGPT login is over (HTTP 401). Run: chatmock login'],
  [401, 'token_expired\n', 'The ChatGPT login is over (token_expired). Run: chatmock login'],
  [401, '', 'The ChatGPT login is over (HTTP 401). Run: chatmock login'],
]

for (const [status, body, message] of final) {
  t.test(`asks for a new login after ${status} ${body}`, async t => {
    const error = await failureOf(answering(status, body).refresh(tokens))
    t.equal(error.code, 'chatgpt_login_required')
    t.equal(error.message, message)
    t.notMatch(inspect(error, { depth: Infinity }), 'canary')
  })
}

const passing: [number, string][] = [
  [200, '<html>canary-refresh</html>'],
  [200, ''],
  [200, 'null'],
  [200, '{"refresh_token":"canary-refresh"}'],
  [200, '{"access_token":""}'],
  [200, '{"access_token":{"canary-access":1}}'],
  [302, '{"error":"invalid_grant"}'],
  [400, '{"error":"canary-refresh"}'],
  [400, '{"error":"unsupported_grant_type"}'],
  [403, '<html>canary-refresh</html>'],
  [404, ''],
  [429, '{"error":{"code":"token_expired"}}'],
  [500, '{"error":"invalid_grant"}'],
  [503, 'canary-refresh'],
]

for (const [status, body] of passing) {
  t.test(`leaves another try open after ${status} ${body}`, async t => {
    const error = await failureOf(answering(status, body).refresh(tokens))
    t.equal(error.code, 'auth_refresh_unavailable')
    t.match(error.message, status === 200 ? 'held no access token' : `HTTP ${status}`)
    t.notMatch(inspect(error, { depth: Infinity }), 'canary')
  })
}

t.test('redeeming', async t => {
  t.test('spends a code, with its verifier, for a login', async t => {
    const issuer = await startIssuer(t)
    const { challenge, verifier } = createAttempt()
    const code = allow(issuer, challenge)
    const { redeem, claims } = createProvider(startFetch(t), issuer.url)
    const login = await redeem({ code, verifier, redirectUri: REDIRECT_URI })

    t.match(login, {
      refreshToken: /^rt_/,
      accountId: 'account-1',
      lastRefresh: '2026-11-22T12:00:00.000Z',
      loginId: undefined,
    })
    t.match(claims(login.accessToken), { email: 'ada@example.com', plan: 'plus' })
    t.match(claims(login.idToken ?? ''), { email: 'ada@example.com', plan: 'plus' })
    t.match(issuer.requests, [
      {
        method: 'POST',
        path: '/oauth/token',
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        text: `grant_type=authorization_code&client_id=app_test&code=${code}&redirect_uri=http%3A%2F%2Flocalhost%3A1455%2Fauth%2Fcallback&code_verifier=${verifier}`,
      },
    ])
    t.equal(issuer.counts.redeemed, 1)
  })

  t.test('says that the sign-in must be begun again when the code is refused', async t => {
    const issuer = await startIssuer(t)
    const { challenge, verifier } = createAttempt()
    const { redeem } = createProvider(startFetch(t), issuer.url)
    const once = { code: allow(issuer, challenge), verifier, redirectUri: REDIRECT_URI }
    await redeem(once)
    const wrong = [
      once,
      { ...once, code: allow(issuer, challenge), verifier: 'x'.repeat(86) },
      { ...once, code: allow(issuer, challenge), redirectUri: 'http://127.0.0.1:1455/' },
    ]
    for (const grant of wrong) {
      const error = await failureOf(redeem(grant))
      t.equal(error.code, 'chatgpt_login_required')
      t.equal(
        error.message,
        'The sign-in was refused (invalid_grant) and must be begun again. Run: chatmock login',
      )
    }
    t.equal(issuer.counts.redeemed, 1)
  })

  t.test('names the account by the ID token, else by the access token', async t => {
    const tokenOf = (id: string) => jwt({ chatgpt_account_id: id })
    const cases = [
      [tokenOf('of-id'), tokenOf('of-access'), 'of-id'],
      ['opaque', tokenOf('of-access'), 'of-access'],
      ['opaque', 'opaque', undefined],
    ] as const
    for (const [id_token, access_token, expected] of cases) {
      const body = JSON.stringify({ access_token, refresh_token: 'rt_1', id_token })
      t.equal((await answering(200, body).redeem(grant)).accountId, expected)
    }
  })
})

const refusals: [status: number, body: string, name: string][] = [
  [400, '{"error":"invalid_grant","error_description":"canary-code"}', 'invalid_grant'],
  [400, '{"error":{"message":"canary-code","code":"Invalid_Request"}}', 'invalid_request'],
  [401, '{"code":"invalid_client"}', 'invalid_client'],
  [400, 'invalid_grant', 'invalid_grant'],
  [400, '{"error":"canary-code"}', 'HTTP 400'],
  [403, '<html>canary-code</html>', 'HTTP 403'],
]

for (const [status, body, name] of refusals) {
  t.test(`takes ${status} ${body} for a refused sign-in`, async t => {
    const error = await failureOf(answering(status, body).redeem(grant))
    t.equal(error.code, 'chatgpt_login_required')
    t.equal(
      error.message,
      `The sign-in was refused (${name}) and must be begun again. Run: chatmock login`,
    )
    t.notMatch(inspect(error, { depth: Infinity }), 'canary')
  })
}

const unfinished: [status: number, body: string, problem: string][] = [
  [302, '', 'The sign-in service answered with HTTP 302.'],
  [429, '{"error":"slow_down"}', 'The sign-in service answered with slow_down.'],
  [500, 'canary-code', 'The sign-in service answered with HTTP 500.'],
  [
    200,
    '<html>canary-code</html>',
    'The answer of the sign-in service did not hold all three tokens.',
  ],
  [
    200,
    '{"access_token":"canary","refresh_token":"canary"}',
    'The answer of the sign-in service did not hold all three tokens.',
  ],
  [
    200,
    '{"access_token":"canary","id_token":"canary","refresh_token":""}',
    'The answer of the sign-in service did not hold all three tokens.',
  ],
]

for (const [status, body, problem] of unfinished) {
  t.test(`takes ${status} ${body} for a sign-in that failed by the service’s fault`, async t => {
    const error = await failureOf(answering(status, body).redeem(grant))
    t.equal(error.code, 'auth_refresh_unavailable')
    t.equal(
      error.message,
      `The sign-in could not be finished. ${problem} Begin it again. Run: chatmock login`,
    )
    t.notMatch(inspect(error, { depth: Infinity }), 'canary')
  })
}

t.test('revoking', async t => {
  t.test('ends the login by its refresh token', async t => {
    const issuer = await startIssuer(t)
    const login = issuer.issue()
    const { revoke, refresh } = createProvider(startFetch(t), issuer.url)

    t.equal(await revoke(login), true)

    t.match(issuer.requests, [
      {
        method: 'POST',
        path: '/oauth/revoke',
        headers: { 'content-type': 'application/json' },
        text: `{"token":"${login.refreshToken}","token_type_hint":"refresh_token","client_id":"app_test"}`,
      },
    ])
    t.equal((await failureOf(refresh(login))).code, 'chatgpt_login_required')
  })

  t.test('takes the access token where there is no other', async t => {
    const issuer = await startIssuer(t)
    const { revoke } = createProvider(startFetch(t), issuer.url)
    t.equal(await revoke({ ...tokens, refreshToken: undefined }), true)
    t.equal(issuer.requests[0]?.text, '{"token":"canary-access","token_type_hint":"access_token"}')
  })

  t.test('tells a failure of any kind, and throws none', async t => {
    const issuer = await startIssuer(t)
    const { revoke } = createProvider(startFetch(t), issuer.url)
    const login = issuer.issue()
    for (const fault of ['error', 'refused', 'lost'] as const) {
      await issuer.fail(fault)
      t.equal(await revoke(login), false, fault)
    }
    await issuer.fail('silent')
    const impatient = createProvider(startFetch(t), issuer.url, { revokeTimeoutMs: 5 })
    t.equal(await impatient.revoke(login), false, 'silent')
    t.equal(await answering(302, null).revoke(login), false, 'redirect')
  })
})

t.test('shows the time of every answer, and of no other, to the observer', async t => {
  const now = Date.UTC(2026, 10, 22, 13)
  const issuer = await startIssuer(t, { now: () => now })
  const provider = createProvider(startFetch(t), issuer.url)
  const login = issuer.issue()
  await provider.refresh(login)
  await failureOf(provider.refresh(login))
  await provider.revoke(login)
  await issuer.fail('refused')
  await failureOf(provider.refresh(login))
  t.strictSame(provider.dates, Array(3).fill('Sun, 22 Nov 2026 13:00:00 GMT'))
  const undated = answering(500, '')
  await failureOf(undated.redeem(grant))
  t.strictSame(undated.dates, [null])
})

t.test('follows no redirect with a secret', async t => {
  const urls: (string | undefined)[] = []
  const url = await listen(t, (request, response) => {
    urls.push(request.url)
    response.writeHead(307, { location: '/elsewhere' }).end('{"error":"invalid_grant"}')
  })
  const provider = createProvider(startFetch(t), url)
  t.equal((await failureOf(provider.refresh(tokens))).code, 'auth_refresh_unavailable')
  t.equal((await failureOf(provider.redeem(grant))).code, 'auth_refresh_unavailable')
  t.equal(await provider.revoke(tokens), false)
  t.strictSame(urls, ['/oauth/token', '/oauth/token', '/oauth/revoke'])
})

t.test('names the address and the system code of an issuer that cannot be reached', async t => {
  const issuer = await startIssuer(t)
  await issuer.fail('refused')
  const { refresh, redeem } = createProvider(startFetch(t), issuer.url)
  const renewal = await failureOf(refresh(tokens))
  t.equal(renewal.code, 'auth_refresh_unavailable')
  t.equal(
    renewal.message,
    `The ChatGPT login could not be renewed for now. ${issuer.url} could not be reached (ECONNREFUSED).`,
  )
  const redemption = await failureOf(redeem(grant))
  t.equal(redemption.code, 'auth_refresh_unavailable')
  t.equal(
    redemption.message,
    `The sign-in could not be finished. ${issuer.url} could not be reached (ECONNREFUSED). Begin it again. Run: chatmock login`,
  )
})

t.test('gives up on an issuer that does not answer in time', async t => {
  const issuer = await startIssuer(t)
  await issuer.fail('silent')
  const { refresh } = createProvider(startFetch(t), issuer.url, { timeoutMs: 5 })
  const error = await failureOf(refresh(tokens))
  t.equal(error.code, 'auth_refresh_unavailable')
  t.equal(
    error.message,
    `The ChatGPT login could not be renewed for now. ${issuer.url} did not answer within 0.005 s.`,
  )
})

t.test('gives up on an answer that does not end in time', async t => {
  const url = await listen(t, (_request, response) => {
    response.writeHead(200)
    response.write('{"access_token":"canary')
  })
  const { refresh } = createProvider(startFetch(t), url, { timeoutMs: 50 })
  const error = await failureOf(refresh(tokens))
  t.match(error.message, 'did not answer within 0.05 s')
  t.notMatch(inspect(error, { depth: Infinity }), 'canary')
})

t.test('reads an answer of 1 MiB, and hangs up on one that goes on', async t => {
  const start = '{"access_token":"access-2"}'
  const whole = `${start}${' '.repeat(1024 * 1024 - start.length)}`
  t.equal((await answering(200, whole).refresh(tokens)).accessToken, 'access-2')
  t.match(
    (await failureOf(answering(200, `${whole} `).refresh(tokens))).message,
    'https://issuer.test answered with more than 1 MiB.',
  )
  let hungUp: Promise<unknown> = Promise.resolve()
  const url = await listen(t, (_request, response) => {
    hungUp = new Promise(resolve => response.once('close', resolve))
    const write = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536, ' ')));
    }
    response.on('drain', write)
    write()
  })
  const error = await failureOf(createProvider(startFetch(t), url).refresh(tokens))
  t.equal(error.code, 'auth_refresh_unavailable')
  t.match(error.message, `${url} answered with more than 1 MiB.`)
  await hungUp
})

t.test('reads characters that are cut between chunks', async t => {
  const bytes = Buffer.from('{"access_token":"naïve"}')
  const { refresh } = createProvider(async () => ({
    status: 200,
    headers: new Headers(),
    body: (async function* () {
      for (const byte of bytes) yield Uint8Array.of(byte)
    })(),
  }))
  t.equal((await refresh(tokens)).accessToken, 'naïve')
})

t.test('keeps what the network client throws out of its own errors', async t => {
  const leaky: IssuerFetch = async (_url, { body }) => {
    throw new TypeError(`failed to send ${body}`, { cause: new Error(body) })
  }
  const provider = createProvider(leaky)
  for (const work of [provider.refresh(tokens), provider.redeem(grant)]) {
    const error = await failureOf(work)
    t.equal(error.code, 'auth_refresh_unavailable')
    t.match(error.message, 'https://issuer.test could not be reached.')
    t.notMatch(inspect(error, { depth: Infinity }), 'canary')
  }
})

t.test('fails with another try open when the answer breaks off', async t => {
  const issuer = await startIssuer(t)
  await issuer.fail('lost')
  const error = await failureOf(createProvider(startFetch(t), issuer.url).refresh(issuer.issue()))
  t.equal(error.code, 'auth_refresh_unavailable')
  t.match(error.message, 'could not be reached (UND_ERR_SOCKET)')
})
