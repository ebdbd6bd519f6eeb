/** The sign-in service, on loopback: codes and refresh tokens work once, as the real ones do. */

import { createHash, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import type { Tokens } from '../../src/domain/login-ports.ts'

/** The program that signs in; any other is refused. */
export const CLIENT_ID = 'app_test'

/** Who signs in, and for how long. */
export interface Account {
  readonly accountId: string | undefined
  readonly email: string
  readonly plan: string
  /** How long access tokens live; negative for ones that are over when they come. */
  readonly lifetimeSeconds: number
}

/** A request that the issuer has got. */
export interface IssuerRequest {
  readonly method: string
  /** Without the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  /** The body as it came. */
  readonly text: string
  /** The fields of the body, or of the query where there is none. */
  readonly fields: Readonly<Record<string, string>>
}

/**
 * How the POST endpoints fail, with nothing spent: nobody listens, a 500, a page with status 200,
 * no answer at all. `lost` spends what it is asked to and cuts the connection.
 */
export type IssuerFault = 'refused' | 'error' | 'html' | 'silent' | 'lost'

/** How many requests ended which way. */
export interface IssuerCounts {
  /** Codes that became tokens. */
  redeemed: number
  /** Refresh tokens that became new ones. */
  refreshed: number
  /** Refresh tokens that were sent again after that. */
  reused: number
  revoked: number
}

export interface Issuer {
  readonly url: string
  readonly requests: readonly IssuerRequest[]
  readonly counts: Readonly<IssuerCounts>
  /** Requests to the token endpoint, failed ones too. */
  tokenCalls(): number
  /** Begins a login without any request, as the store keeps it. */
  issue(over?: Partial<Account>): Tokens
  /** Changes who signs in from now on. */
  setAccount(over: Partial<Account>): void
  /** Answers an authorization URL for the person; returns where the browser is sent to. */
  decide(authorizationUrl: string, decision: 'allow' | 'decline'): string
  /** Lets the person allow the device code that was asked for last. */
  allowDevice(): void
  /** Makes every POST fail until it is called with `undefined`. */
  fail(fault: IssuerFault | undefined): Promise<void>
  /**
   * Holds the answers of the token endpoint back, what they spend being spent already, until the
   * function it returns is called.
   */
  hold(): () => void
  /** Resolves with the next request to this path. */
  next(path: string): Promise<IssuerRequest>
}

export interface IssuerOptions extends Partial<Account> {
  /** The issuer's clock, which its `Date` headers and the lifetimes follow. */
  readonly now?: () => number
  /** Whether device codes are given; without, asking for one is a 404. */
  readonly device?: boolean
  /** Seconds between polls that a device code asks for. */
  readonly deviceInterval?: string
}

interface Pending {
  readonly redirectUri: string
  readonly challenge: string
}

/** Starts an issuer on a free port; it is closed with the test. */
export async function startIssuer(t: Test, options: IssuerOptions = {}): Promise<Issuer> {
  const { now = Date.now, device = true, deviceInterval = '5', ...over } = options
  let account: Account = {
    accountId: 'account-1',
    email: 'ada@example.com',
    plan: 'plus',
    lifetimeSeconds: 864_000,
    ...over,
  }
  const requests: IssuerRequest[] = []
  const counts: IssuerCounts = { redeemed: 0, refreshed: 0, reused: 0, revoked: 0 }
  const codes = new Map<string, Pending>()
  const refreshTokens = new Map<string, 'live' | 'spent' | 'revoked'>()
  const watchers = new Set<(request: IssuerRequest) => void>()
  const verifier = 'device-verifier-0123456789-0123456789-0123456789'
  let deviceId: string | undefined
  let isDeviceAllowed = false
  let fault: IssuerFault | undefined
  let gate = Promise.resolve()

  function issue(of: Account): Tokens {
    const auth = { chatgpt_account_id: of.accountId, chatgpt_plan_type: of.plan }
    const seconds = Math.floor(now() / 1000)
    const claims = {
      // Two tokens of one second differ.
      jti: randomUUID(),
      iat: seconds,
      exp: seconds + of.lifetimeSeconds,
      'https://api.openai.com/auth': auth,
    }
    const profile = { 'https://api.openai.com/profile': { email: of.email } }
    const refreshToken = `rt_${randomUUID()}`
    refreshTokens.set(refreshToken, 'live')
    return {
      accessToken: jwt({ ...claims, ...profile }),
      refreshToken,
      idToken: jwt({ ...claims, email: of.email }),
      accountId: of.accountId,
      lastRefresh: new Date(now()).toISOString(),
      loginId: undefined,
    }
  }

  function decide(query: URLSearchParams, decision: string): string {
    const target = new URL(query.get('redirect_uri') ?? '')
    const state = query.get('state') ?? ''
    if (decision === 'allow') {
      const code = `ac_${randomUUID()}`
      codes.set(code, {
        redirectUri: target.href,
        challenge: query.get('code_challenge') ?? '',
      })
      target.search = `${new URLSearchParams({ code, scope: query.get('scope') ?? '', state })}`
    } else {
      target.search = `${new URLSearchParams({ error: 'access_denied', error_description: 'The resource owner denied the request', state })}`
    }
    return target.href
  }

  function redeem(fields: IssuerRequest['fields']): Result {
    const pending = codes.get(fields['code'] ?? '')
    codes.delete(fields['code'] ?? '')
    const isGood =
      fields['client_id'] === CLIENT_ID &&
      fields['redirect_uri'] === pending?.redirectUri &&
      challengeOf(fields['code_verifier'] ?? '') === pending?.challenge
    if (!isGood) return [400, { error: 'invalid_grant', error_description: 'canary-description' }]
    counts.redeemed += 1
    return [200, answerOf(issue(account))]
  }

  function refresh(fields: IssuerRequest['fields']): Result {
    const token = fields['refresh_token'] ?? ''
    const standing = fields['client_id'] === CLIENT_ID ? refreshTokens.get(token) : undefined
    if (standing === 'spent') counts.reused += 1
    if (standing !== 'live') {
      const code = standing === 'spent' ? 'refresh_token_reused' : 'refresh_token_invalidated'
      const message = `canary-message ${token}`
      return [400, { error: { message, type: 'invalid_request_error', param: null, code } }]
    }
    refreshTokens.set(token, 'spent')
    counts.refreshed += 1
    return [200, answerOf(issue(account))]
  }

  function revoke(fields: IssuerRequest['fields']): Result {
    if (refreshTokens.get(fields['token'] ?? '') === 'live') {
      refreshTokens.set(fields['token'] ?? '', 'revoked')
    }
    counts.revoked += 1
    return [200, {}]
  }

  function beginDevice(fields: IssuerRequest['fields']): Result {
    if (!device) return [404, { detail: 'Not Found' }]
    if (fields['client_id'] !== CLIENT_ID) return [400, { error: 'invalid_client' }]
    deviceId = randomUUID()
    isDeviceAllowed = false
    const expires_at = new Date(now() + 15 * 60_000).toISOString()
    const user_code = 'ABCD-EFGHI'
    return [200, { device_auth_id: deviceId, user_code, interval: deviceInterval, expires_at }]
  }

  function pollDevice(fields: IssuerRequest['fields']): Result {
    const isOurs = fields['device_auth_id'] === deviceId && fields['user_code'] === 'ABCD-EFGHI'
    if (!isOurs || !isDeviceAllowed) {
      return [403, { error: { code: 'deviceauth_authorization_unknown', message: 'canary' } }]
    }
    const authorization_code = `ac_${randomUUID()}`
    const challenge = challengeOf(verifier)
    codes.set(authorization_code, { redirectUri: `${url}/deviceauth/callback`, challenge })
    return [200, { authorization_code, code_challenge: challenge, code_verifier: verifier }]
  }

  const posts: Readonly<Record<string, (fields: IssuerRequest['fields']) => Result>> = {
    '/oauth/token': fields =>
      fields['grant_type'] === 'refresh_token' ? refresh(fields) : redeem(fields),
    '/oauth/revoke': revoke,
    '/api/accounts/deviceauth/usercode': beginDevice,
    '/api/accounts/deviceauth/token': pollDevice,
  }

  const server = createServer(async (incoming, response) => {
    const request = await read(incoming)
    requests.push(request)
    for (const watcher of watchers) watcher(request)
    response.setHeader('date', new Date(now()).toUTCString())
    const { method, path, fields } = request
    const query = new URLSearchParams(fields)
    if (method === 'GET' && path === '/oauth/authorize') return showConsent(response, query)
    if (method === 'GET' && path === '/oauth/decide') {
      const location = decide(query, fields['decision'] ?? '')
      return void response.writeHead(302, { location }).end()
    }
    const answer = method === 'POST' ? posts[path] : undefined
    if (answer === undefined) return void response.writeHead(404).end()
    if (fault === 'silent') return
    if (fault === 'error') return sendJson(response, [500, { error: 'server_error' }])
    if (fault === 'html') {
      return void response.setHeader('content-type', 'text/html').end('<html>canary-page</html>')
    }
    const result = answer(fields)
    if (fault === 'lost') return void response.destroy()
    if (path === '/oauth/token') await gate
    sendJson(response, result)
  })

  async function listen(port: number): Promise<number> {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return (server.address() as AddressInfo).port
  }

  async function close(): Promise<void> {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }

  const port = await listen(0)
  const url = `http://127.0.0.1:${port}`
  t.teardown(close)
  return {
    url,
    requests,
    counts,
    tokenCalls: () => requests.filter(({ path }) => path === '/oauth/token').length,
    issue: (over = {}) => issue({ ...account, ...over }),
    setAccount: over => {
      account = { ...account, ...over }
    },
    decide: (authorizationUrl, decision) =>
      decide(new URL(authorizationUrl).searchParams, decision),
    allowDevice: () => {
      isDeviceAllowed = true
    },
    async fail(next) {
      fault = next
      if (next === 'refused') await close()
      else if (!server.listening) await listen(port)
    },
    hold() {
      let release = () => {}
      gate = new Promise(resolve => {
        release = resolve
      })
      return release
    },
    next: path =>
      new Promise(resolve => {
        const watcher = (request: IssuerRequest) => {
          if (request.path !== path) return
          watchers.delete(watcher)
          resolve(request)
        }
        watchers.add(watcher)
      }),
  }
}

type Result = readonly [status: number, body: unknown]

/** An unsigned token with these claims. */
export function jwt(claims: object): string {
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode({ alg: 'none', typ: 'JWT' })}.${encode(claims)}.c2lnbmF0dXJl`
}

function challengeOf(verifier: string): string {
  return createHash('sha256').update(verifier).digest('base64url')
}

function answerOf({ accessToken, refreshToken, idToken }: Tokens): object {
  return {
    id_token: idToken,
    access_token: accessToken,
    refresh_token: refreshToken,
    token_type: 'Bearer',
    expires_in: 864_000,
    scope: 'openid profile email offline_access',
  }
}

async function read(incoming: IncomingMessage): Promise<IssuerRequest> {
  const { pathname, searchParams } = new URL(incoming.url ?? '', 'http://issuer.test')
  const text = Buffer.concat(await incoming.toArray()).toString()
  const isJson = incoming.headers['content-type']?.startsWith('application/json') === true
  const form = incoming.method === 'POST' ? new URLSearchParams(text) : searchParams
  return {
    method: incoming.method ?? '',
    path: pathname,
    headers: incoming.headers,
    text,
    fields: isJson ? JSON.parse(text) : Object.fromEntries(form),
  }
}

function sendJson(response: ServerResponse, [status, body]: Result): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
}

/** The page on which a person allows or declines. */
function showConsent(response: ServerResponse, query: URLSearchParams): void {
  const isWhole =
    query.get('response_type') === 'code' &&
    query.get('client_id') === CLIENT_ID &&
    /^[\w-]{43}$/.test(query.get('code_challenge') ?? '') &&
    query.get('code_challenge_method') === 'S256' &&
    (query.get('state') ?? '').length >= 32
  if (!isWhole) return void response.writeHead(400).end('bad authorization request')
  const link = (decision: string, text: string) =>
    `<a id="${decision}" href="/oauth/decide?${`${query}`.replaceAll('&', '&amp;')}&amp;decision=${decision}">${text}</a>`
  response.setHeader('content-type', 'text/html; charset=utf-8')
  response.end(
    `<!doctype html><title>Sign in</title>${link('allow', 'Allow')} ${link('decline', 'Decline')}`,
  )
}
