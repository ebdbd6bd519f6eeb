import t from 'tap'
import type { Handler, Route } from '../../../src/adapters/http/exchange.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import type { Answer } from '../../fakes/http-service.ts'
import { ask, codeOf, post, startService, startWith } from '../../fakes/http-service.ts'

const greet: Handler = ({ response }) => void response.end('hello')
const EVIL = 'https://evil.example'
const EXTENSION = 'chrome-extension://abcdefghijklmnopabcdefghijklmnop'

function corsHeaders({ headers }: Answer): readonly string[] {
  return Object.keys(headers).filter(name => name.startsWith('access-control-'))
}

t.test('lets in pages of this machine and installed programs, and names them', async t => {
  const service = await startWith(t, greet)
  const origins = [
    'http://localhost',
    'http://localhost:5173',
    'https://app.localhost:1',
    'https://tauri.localhost',
    'http://127.0.0.1:8000',
    'https://[::1]:8000',
    EXTENSION,
    'moz-extension://2c127fa4-62c7-7e4f-90e5-472b45eecfdc',
    'safari-web-extension://abc',
    'app://obsidian.md',
    'tauri://localhost',
    'vscode-webview://abc',
    'vscode-file://vscode-app',
    'capacitor://localhost',
    'ionic://localhost',
  ]
  for (const origin of origins) {
    const answer = await post(service, '', { origin })
    t.equal(answer.status, 200, origin)
    t.equal(answer.headers['access-control-allow-origin'], origin)
    t.equal(answer.headers.vary, 'Origin')
    t.equal(
      answer.headers['access-control-expose-headers'],
      'x-request-id, x-chatmock-ignored, retry-after, retry-after-ms, x-should-retry',
    )
    t.equal(answer.headers['access-control-allow-credentials'], undefined)
  }
})

t.test('refuses all other pages, before the handler and without naming them', async t => {
  let calls = 0
  const service = await startWith(t, ({ response }) => {
    calls++
    response.end()
  })
  const origins = [
    EVIL,
    'null',
    '',
    'file://',
    'http://localhost.evil.example',
    'http://127.0.0.1.nip.io',
    'http://127.0.0.2',
    'http://evil.example:80/http://localhost',
    'http://localhost@evil.example',
    'http://localhost, https://evil.example',
    'ftp://localhost',
    'localhost',
    'javascript:alert(1)',
  ]
  for (const origin of origins) {
    const answer = await post(service, '{}', { origin, 'content-type': 'text/plain' })
    t.equal(answer.status, 403, origin)
    t.equal(codeOf(answer), 'origin_not_allowed', origin)
    t.strictSame(corsHeaders(answer), [], origin)
  }
  t.equal(calls, 0)
})

t.test('says which page it was and how to allow it', async t => {
  const service = await startWith(t, greet)
  const answer = await post(service, '', { origin: EVIL })
  t.equal(
    JSON.parse(answer.text).message,
    'Web pages from "https://evil.example" may not call chatmock. To allow them, start it with --cors-origins or CHATGPT_LOCAL_CORS_ORIGINS naming that origin.',
  )
})

t.test('tells a caller without an origin nothing', async t => {
  const service = await startWith(t, greet)
  const answer = await post(service, '')
  t.equal(answer.status, 200)
  t.strictSame(corsHeaders(answer), [])
})

t.test('refuses a write by another site whose origin the browser hides', async t => {
  const route = { path: '/it', handle: greet }
  const routes: readonly Route[] = [
    { method: 'GET', ...route },
    { method: 'POST', ...route },
    { method: 'DELETE', ...route },
  ]
  const service = await startService(t, routes)
  const cases: readonly (readonly [string, string, number])[] = [
    ['POST', 'cross-site', 403],
    ['DELETE', 'same-site', 403],
    ['POST', 'same-origin', 200],
    ['POST', 'none', 200],
    ['GET', 'cross-site', 200],
    ['HEAD', 'cross-site', 200],
  ]
  for (const [method, site, status] of cases) {
    const answer = await ask(service, { method, path: '/it', headers: { 'sec-fetch-site': site } })
    t.equal(answer.status, status, `${method} ${site}`)
  }
})

t.test('lets in the origins that are added', async t => {
  const service = await startWith(t, greet, { origins: [EVIL] })
  const answer = await post(service, '', { origin: EVIL })
  t.match(answer, { status: 200, headers: { 'access-control-allow-origin': EVIL } })
  t.equal((await post(service, '', { origin: `${EVIL}:8443` })).status, 403)
  t.equal((await post(service, '', { origin: 'http://localhost:1' })).status, 200)
})

t.test('lets in all origins for "*", but no other host name', async t => {
  const service = await startWith(t, greet, { origins: ['*'] })
  const answer = await post(service, '', { origin: EVIL })
  t.match(answer, { status: 200, headers: { 'access-control-allow-origin': EVIL } })
  t.equal((await post(service, '', { origin: EVIL, host: 'evil.example' })).status, 403)
})

t.test('lets in no origin for "none"', async t => {
  const service = await startWith(t, greet, { origins: ['none'] })
  t.equal((await post(service, '', { origin: 'http://localhost:1' })).status, 403)
  t.equal((await post(service, '')).status, 200)
})

t.test('lets a page read the errors too', async t => {
  const service = await startWith(t, () => {
    throw new ProxyError('upstream_error', 'No.')
  })
  const headers = { origin: EXTENSION }
  const failed = await post(service, '', headers)
  t.match(failed, { status: 502, headers: { 'access-control-allow-origin': EXTENSION } })
  for (const path of ['/nope', '/%zz']) {
    const answer = await ask(service, { path, headers })
    t.equal(answer.headers['access-control-allow-origin'], EXTENSION, path)
  }
})

t.test('answers a preflight with what the page asked for', async t => {
  const service = await startWith(t, greet)
  const answer = await ask(service, {
    method: 'OPTIONS',
    path: '/it',
    headers: {
      origin: EXTENSION,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,x-stainless-new-thing',
      'access-control-request-private-network': 'true',
    },
  })
  t.match(answer, {
    status: 204,
    text: '',
    headers: {
      'access-control-allow-origin': EXTENSION,
      'access-control-allow-methods': 'POST, OPTIONS',
      'access-control-allow-headers': 'authorization,x-stainless-new-thing',
      'access-control-allow-private-network': 'true',
      'access-control-max-age': '600',
      vary: 'Origin',
    },
  })
  t.equal(answer.headers['access-control-allow-credentials'], undefined)
})

t.test('answers a preflight with no more than the page asked for', async t => {
  const service = await startWith(t, greet)
  for (const wanted of [undefined, 'a b', 'x: y', '']) {
    const answer = await ask(service, {
      method: 'OPTIONS',
      path: '/it',
      headers: {
        origin: EXTENSION,
        'access-control-request-method': 'POST',
        ...(wanted !== undefined && { 'access-control-request-headers': wanted }),
      },
    })
    t.equal(answer.status, 204)
    t.equal(answer.headers['access-control-allow-headers'], undefined)
    t.equal(answer.headers['access-control-allow-private-network'], undefined)
  }
})

t.test('refuses the preflight of any other page', async t => {
  const service = await startWith(t, greet)
  const answer = await ask(service, {
    method: 'OPTIONS',
    path: '/it',
    headers: { origin: EVIL, 'access-control-request-method': 'POST' },
  })
  t.equal(answer.status, 403)
  t.strictSame(corsHeaders(answer), [])
})
