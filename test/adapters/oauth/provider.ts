import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { inspect } from 'node:util'
import t from 'tap'
import {
  createIdentityProvider,
  readRefreshResponse,
  type TokenFetch,
} from '../../../src/adapters/oauth/provider.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import type { Tokens } from '../../../src/domain/ports.ts'
import { createFakeClock } from '../../fakes/clock.ts'

const clock = createFakeClock(Date.UTC(2026, 10, 22, 12))

const tokens: Tokens = {
  accessToken: 'canary-access',
  refreshToken: 'canary-refresh',
  idToken: 'canary-id',
  accountId: 'account-1',
  lastRefresh: '2026-11-01T00:00:00.000Z',
}

function provider(fetch: TokenFetch, issuer = 'https://issuer.test', timeoutMs = 30_000) {
  const userAgent = 'chatmock/1.2.3 (test)'
  return createIdentityProvider({ issuer, clientId: 'app_1', userAgent, fetch, clock, timeoutMs })
}

async function failureOf(work: Promise<unknown>): Promise<ProxyError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ProxyError)) throw new Error('expected a ProxyError', { cause: error })
  return error
}

t.test('exchanges the refresh token over HTTP', async t => {
  const seen: { method: string; url: string; headers: IncomingHttpHeaders; body: string }[] = []
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await request.toArray()).toString()
    seen.push({
      method: request.method ?? '',
      url: request.url ?? '',
      headers: request.headers,
      body,
    })
    response.setHeader('content-type', 'application/json')
    response.end('{"access_token":"access-2","refresh_token":"refresh-2","id_token":"id-2"}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo

  const renewed = await provider(fetch, `http://127.0.0.1:${port}`).refresh(tokens)

  t.strictSame(renewed, {
    accessToken: 'access-2',
    refreshToken: 'refresh-2',
    idToken: 'id-2',
    accountId: 'account-1',
    lastRefresh: '2026-11-22T12:00:00.000Z',
  })
  t.equal(seen.length, 1)
  t.match(seen[0], {
    method: 'POST',
    url: '/oauth/token',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': 'chatmock/1.2.3 (test)',
      originator: 'chatmock',
    },
    body: '{"client_id":"app_1","grant_type":"refresh_token","refresh_token":"canary-refresh"}',
  })
})

t.test('follows no redirect with the refresh token', async t => {
  const urls: (string | undefined)[] = []
  const server = createServer((request, response) => {
    urls.push(request.url)
    response.writeHead(307, { location: '/elsewhere' }).end('{"error":"invalid_grant"}')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo

  const error = await failureOf(provider(fetch, `http://127.0.0.1:${port}`).refresh(tokens))

  t.equal(error.code, 'auth_refresh_unavailable')
  t.strictSame(urls, ['/oauth/token'])
})

t.test('names the address and the system code of an issuer that cannot be reached', async t => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise(resolve => server.close(resolve))

  const error = await failureOf(provider(fetch, `http://127.0.0.1:${port}`).refresh(tokens))

  t.equal(error.code, 'auth_refresh_unavailable')
  t.equal(
    error.message,
    `The ChatGPT login could not be renewed for now. http://127.0.0.1:${port} could not be reached (ECONNREFUSED).`,
  )
})

t.test('gives up on an issuer that does not answer in time', async t => {
  const silent: TokenFetch = (_url, { signal }) =>
    new Promise((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason))
    })
  // The timer of AbortSignal.timeout does not keep the process alive by itself.
  const alive = setInterval(() => {}, 1000)
  t.teardown(() => clearInterval(alive))

  const error = await failureOf(provider(silent, 'https://issuer.test', 5).refresh(tokens))

  t.equal(error.code, 'auth_refresh_unavailable')
  t.match(error.message, 'did not answer within 5 ms.')
})

t.test('sends nothing when there is no refresh token', async t => {
  let calls = 0
  const counting: TokenFetch = async () => {
    calls += 1
    return new Response('{}')
  }
  const error = await failureOf(provider(counting).refresh({ ...tokens, refreshToken: undefined }))
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
      await readRefreshResponse(new Response(body), tokens, clock),
      {
        accessToken: 'access-2',
        refreshToken: 'canary-refresh',
        idToken: 'canary-id',
        accountId: 'account-1',
        lastRefresh: '2026-11-22T12:00:00.000Z',
      },
      body,
    )
  }
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
  [401, '', 'The ChatGPT login is over (HTTP 401). Run: chatmock login'],
]

for (const [status, body, message] of final) {
  t.test(`asks for a new login after ${status} ${body}`, async t => {
    const error = await failureOf(
      readRefreshResponse(new Response(body, { status }), tokens, clock),
    )
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
    const error = await failureOf(
      readRefreshResponse(new Response(body, { status }), tokens, clock),
    )
    t.equal(error.code, 'auth_refresh_unavailable')
    t.match(error.message, status === 200 ? 'held no access token' : `HTTP ${status}`)
    t.notMatch(inspect(error, { depth: Infinity }), 'canary')
  })
}

t.test('keeps what the network client throws out of its own errors', async t => {
  const leaky: TokenFetch = async (_url, { body }) => {
    throw new TypeError(`failed to send ${body}`, { cause: new Error(body) })
  }
  const error = await failureOf(provider(leaky).refresh(tokens))
  t.equal(error.code, 'auth_refresh_unavailable')
  t.equal(
    error.message,
    'The ChatGPT login could not be renewed for now. https://issuer.test could not be reached.',
  )
  t.notMatch(inspect(error, { depth: Infinity }), 'canary')
})

t.test('fails with another try open when the answer breaks off', async t => {
  const cut: TokenFetch = async () => ({
    status: 200,
    text: async () => {
      throw Object.assign(new Error('terminated'), { code: 'UND_ERR_SOCKET' })
    },
  })
  const error = await failureOf(provider(cut).refresh(tokens))
  t.equal(error.code, 'auth_refresh_unavailable')
  t.match(error.message, 'could not be reached (UND_ERR_SOCKET)')
})

t.test('reads the claims of a token', async t => {
  const none = { expiresAt: undefined, accountId: undefined }
  t.strictSame(provider(fetch).claims('opaque'), none)
})
