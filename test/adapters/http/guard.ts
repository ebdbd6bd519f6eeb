import { hostname } from 'node:os'
import t from 'tap'
import type { Handler } from '../../../src/adapters/http/exchange.ts'
import { ask, codeOf, connect, post, startService, startWith } from '../../fakes/http-service.ts'

const greet: Handler = ({ response }) => void response.end('hello')

t.test('answers to the names of this machine, on any port', async t => {
  const service = await startWith(t, greet)
  const hosts = [
    'localhost',
    'LOCALHOST',
    'localhost:8000',
    'localhost:',
    'app.localhost:1',
    '127.0.0.1',
    '127.1.2.3:8000',
    '[::1]',
    '[::1]:8000',
    '192.168.1.20:8000',
    'host.docker.internal:8000',
    'gateway.docker.internal',
    'host.containers.internal',
    `${hostname()}:8000`,
  ]
  for (const host of hosts) t.equal((await post(service, '', { host })).status, 200, host)
})

t.test('refuses names that a page may have pointed here', async t => {
  const service = await startWith(t, greet)
  const hosts = [
    'evil.example:8000',
    'localhost.evil.example',
    '127.0.0.1.nip.io',
    'evil.example#localhost',
    'evil-localhost',
    'localhost.',
    'localhost@evil.example',
    '::1',
    '[evil.example]',
    '[::1].evil.example',
  ]
  for (const host of hosts) {
    const answer = await post(service, '', { host })
    t.equal(answer.status, 403, host)
    t.equal(codeOf(answer), 'host_not_allowed', host)
  }
})

t.test('says which name it was and how to allow it', async t => {
  const service = await startWith(t, greet)
  const answer = await post(service, '', { host: 'box.example:8000' })
  t.equal(
    JSON.parse(answer.text).message,
    'chatmock does not answer to the host name "box.example". To allow it, start it with --allowed-hosts or CHATGPT_LOCAL_ALLOWED_HOSTS naming it.',
  )
  const long = await post(service, '', { host: `${'a'.repeat(5000)}.example` })
  t.ok(long.text.length < 400)
})

t.test('answers to the names that are added', async t => {
  const service = await startWith(t, greet, { allowedHosts: ['Box.Example'] })
  t.equal((await post(service, '', { host: 'box.example:8000' })).status, 200)
  t.equal((await post(service, '', { host: 'other.example' })).status, 403)
  t.equal((await post(service, '', { host: 'localhost' })).status, 200)
})

t.test('refuses before the handler, whatever is asked for', async t => {
  let calls = 0
  const handle: Handler = ({ response }) => {
    calls++
    response.end()
  }
  const service = await startService(t, [{ method: 'GET', path: '/', handle }])
  const headers = { host: 'evil.example', origin: 'http://localhost:1' }
  for (const [method, path] of [
    ['GET', '/'],
    ['OPTIONS', '/'],
    ['DELETE', '/'],
    ['GET', '/nope'],
    ['GET', '/%zz'],
  ]) {
    const answer = await ask(service, { method, path, headers })
    t.equal(codeOf(answer), 'host_not_allowed', `${method} ${path}`)
    t.equal(answer.headers['access-control-allow-origin'], undefined)
  }
  t.equal(calls, 0)
})

t.test('judges an absolute target by its own name', async t => {
  const service = await startService(t, [{ method: 'GET', path: '/', handle: greet }])
  const headers = { host: 'localhost' }
  const cases: readonly (readonly [string, number])[] = [
    ['http://localhost:8000/', 200],
    ['http://127.0.0.1?x', 200],
    ['http://evil.example/', 403],
    ['HTTPS://evil.example:1?@localhost/', 403],
    ['http://localhost@evil.example/', 403],
  ]
  for (const [path, status] of cases) {
    t.equal((await ask(service, { path, headers })).status, status, path)
  }
  const foreign = { host: 'evil.example' }
  t.equal((await ask(service, { path: 'http://localhost/', headers: foreign })).status, 200)
})

t.test('refuses two Host headers', async t => {
  const service = await startWith(t, greet)
  const client = await connect(t, service)
  client.send('POST /it HTTP/1.1\r\nHost: localhost\r\nhOST: evil.example\r\n\r\n')
  const text = await client.until(/\}$/)
  t.match(text, /^HTTP\/1\.1 400 .*"message":"The request has two Host headers\."/s)
})

t.test('refuses a missing Host from all but HTTP/1.0', async t => {
  const service = await startWith(t, greet)
  const modern = await connect(t, service)
  modern.send('POST /it HTTP/1.1\r\n\r\n')
  const text = await modern.until(/\}$/)
  t.match(text, /^HTTP\/1\.1 400 .*x-request-id: req_.*"message":"The request has no Host/s)
  const empty = await connect(t, service)
  empty.send('POST /it HTTP/1.1\r\nHost:\r\n\r\n')
  t.match(await empty.until(/\}$/), /^HTTP\/1\.1 403 /)
  const old = await connect(t, service)
  old.send('POST /it HTTP/1.0\r\n\r\n')
  t.match(await old.closed, /^HTTP\/1\.1 200 .*hello$/s)
})
