import { once } from 'node:events'
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import {
  type CallbackListener,
  type CallbackOptions,
  listenForCallback,
} from '../../../src/adapters/oauth/callback.ts'
import { PortsInUseError } from '../../../src/adapters/oauth/loopback.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import { createGate } from '../../fakes/http-service.ts'

const STATE = 'Zq3-right_state'
const ALLOWED = `/auth/callback?code=ac_1&scope=openid&state=${STATE}`
const DECLINED = `/auth/callback?error=access_denied&state=${STATE}`

interface Login extends CallbackListener<string> {
  /** The codes that were to be redeemed. */
  readonly codes: readonly string[]
}

/** Waits for a browser on a free port, until the test ends at the latest. */
async function begin(
  t: Test,
  over: Partial<CallbackOptions<string>> = {},
  signal = new AbortController().signal,
): Promise<Login> {
  const { onGrant = async () => 'stored', ...rest } = over
  const codes: string[] = []
  const options: CallbackOptions<string> = {
    ports: [0],
    state: STATE,
    // Whatever ends, ends because of something that happens, not because of the time.
    pageTimeoutMs: 60_000,
    ...rest,
    onGrant(code, redirectUri) {
      codes.push(code)
      return onGrant(code, redirectUri)
    },
  }
  const listener = await listenForCallback(options, signal)
  t.teardown(() => listener.close())
  return { ...listener, codes }
}

/** An exchange that begins and ends when the test says. */
function exchange() {
  const begun = createGate()
  const stored = createGate<string>()
  return {
    begun: begun.passed,
    store: stored.open,
    onGrant() {
      begun.open()
      return stored.passed
    },
  }
}

interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

async function ask({ port }: Login, path: string, options: RequestOptions = {}): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, path, agent: false, ...options })
  sent.end()
  const [received] = await once(sent, 'response')
  const text = Buffer.concat(await received.toArray()).toString()
  return { status: received.statusCode, headers: received.headers, text }
}

/** Sends bytes; returns what comes back until the connection closes. */
async function speak({ port }: Login, bytes: string): Promise<string> {
  const socket = await connectTo(port)
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.write(bytes)
  // A reset is one way to be closed; `once` would take it for a failure.
  await new Promise(resolve => socket.once('close', resolve))
  return Buffer.concat(chunks).toString()
}

async function connectTo(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  socket.on('error', () => {})
  return socket
}

async function isListening({ port }: Login): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  const works = await once(socket, 'connect').then(
    () => true,
    () => false,
  )
  socket.destroy()
  return works
}

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => t.fail('expected it to fail'),
    (reason: unknown) => reason,
  )
}

const HEADERS = {
  'cache-control': 'no-store',
  connection: 'close',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

t.test('lets the browser wait for the exchange, then shows it that all is well', async t => {
  const { onGrant, store } = exchange()
  const login = await begin(t, { onGrant })
  t.equal(login.redirectUri, `http://localhost:${login.port}/auth/callback`)

  const callback = ask(login, ALLOWED)
  t.equal((await ask(login, '/success')).status, 404, 'not before the login is stored')
  store('the login')
  const sentOn = await callback
  t.equal(sentOn.status, 303)
  t.equal(sentOn.headers.location, '/success')
  t.equal(sentOn.text, '')
  t.match(sentOn.headers, HEADERS)

  const page = await ask(login, '/success')
  t.equal(page.status, 200)
  t.match(page.headers, { ...HEADERS, 'content-type': 'text/html; charset=utf-8' })
  t.match(page.text, '<h1>You are signed in</h1>')
  t.notMatch(page.text, /<script|src=|href=|@import|url\(/i)

  t.strictSame(await login.outcome, { type: 'accepted', result: 'the login' })
  t.strictSame(login.codes, ['ac_1'])
  t.equal(await isListening(login), false)
})

t.test('tells the exchange which address the code was asked for with', async t => {
  const login = await begin(t, { onGrant: async (_code, redirectUri) => redirectUri })
  login.deliver({ type: 'allowed', code: 'ac_1' })
  t.strictSame(await login.outcome, { type: 'accepted', result: login.redirectUri })
})

t.test('answers on ::1 as well', async t => {
  const login = await begin(t)
  const answer = await ask(login, ALLOWED, { host: '::1' }).catch(error => error)
  const skip = 'code' in answer && answer.code === 'EADDRNOTAVAIL' && 'there is no ::1'
  t.match(answer, { status: 303, headers: { location: '/success' } }, { skip })
})

t.test('answers to every name of the loopback with its own port, and to no other', async t => {
  const login = await begin(t)
  const { port } = login
  for (const host of [
    `localhost:${port}`,
    `127.0.0.1:${port}`,
    `[::1]:${port}`,
    `LOCALHOST:${port}`,
  ]) {
    t.equal((await ask(login, '/', { headers: { host } })).status, 404, host)
  }
  for (const host of [
    'localhost',
    `localhost:${port + 1}`,
    `evil.example:${port}`,
    `localhost.evil.example:${port}`,
    `127.0.0.1.nip.io:${port}`,
    `0.0.0.0:${port}`,
    `127.0.0.2:${port}`,
    `localhost:${port}.evil.example`,
  ]) {
    const answer = await ask(login, ALLOWED, { headers: { host } })
    t.equal(answer.status, 403, host)
    t.equal(answer.text, 'This port answers to localhost only.\n')
    t.match(answer.headers, HEADERS)
  }
  const hosts = `Host: localhost:${port}\r\nHost: localhost:${port}\r\n`
  t.match(await speak(login, `GET ${ALLOWED} HTTP/1.1\r\n${hosts}\r\n`), /^HTTP\/1.1 403 /)
  t.match(await speak(login, `GET ${ALLOWED} HTTP/1.0\r\n\r\n`), /^HTTP\/1.1 403 /)
  t.match(await speak(login, `GET ${ALLOWED} HTTP/1.1\r\n\r\n`), /^HTTP\/1.1 400 /)
  t.strictSame(login.codes, [])
})

t.test('waits on after whatever does not know the state', async t => {
  const login = await begin(t)
  const mismatch = 'State mismatch: chatmock waits for the answer to another sign-in.\n'
  const codeless = 'This answer brings no code: go back and try again.\n'
  for (const query of [
    '',
    '?',
    '?code=ac_1',
    '?code=ac_1&state=',
    '?code=ac_1&state=other',
    `?code=ac_1&state=${STATE}x`,
    `?code=ac_1&state=${STATE}&state=${STATE}`,
    '?error=access_denied',
    '?error=access_denied&state=other',
    `?state=${STATE}`,
    `?code=&state=${STATE}`,
    '?code=%FF%FE&state=%00',
  ]) {
    const answer = await ask(login, `/auth/callback${query}`)
    t.equal(answer.status, 400, query)
    t.match(answer.headers, { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' })
    t.equal(answer.text, /^\?(?:code=&)?state=[^&]+$/.test(query) ? codeless : mismatch)
  }
  t.strictSame(login.codes, [])
  t.equal((await ask(login, ALLOWED)).headers.location, '/success')
})

t.test('waits on after whatever else comes', async t => {
  const login = await begin(t)
  const strays: [path: string, method: string][] = [
    ['/', 'GET'],
    ['/favicon.ico', 'GET'],
    ['/success', 'GET'],
    ['/failure', 'GET'],
    ['/auth/callback/', 'GET'],
    [`/Auth/Callback?code=ac_1&state=${STATE}`, 'GET'],
    [`//auth/callback?code=ac_1&state=${STATE}`, 'GET'],
    [`http://localhost:${login.port}${ALLOWED}`, 'GET'],
    ['/.well-known/appspecific/com.chrome.devtools.json', 'GET'],
    [ALLOWED, 'HEAD'],
    [ALLOWED, 'POST'],
    [ALLOWED, 'PUT'],
    [ALLOWED, 'OPTIONS'],
    ['/cancel', 'HEAD'],
    ['/cancel', 'POST'],
    ['/cancel/', 'GET'],
  ]
  for (const [path, method] of strays) {
    const answer = await ask(login, path, { method })
    t.equal(answer.status, 404, `${method} ${path}`)
    t.equal(answer.text, method === 'HEAD' ? '' : 'Nothing is here.\n')
    t.match(answer.headers, HEADERS)
  }
  t.match(await speak(login, '\x16\x03\x01 a TLS hello\r\n\r\n'), /^HTTP\/1.1 400 /)
  // Who is still sending when the connection closes may lose the answer to the reset.
  t.match(
    await speak(login, `GET ${'/x'.repeat(40_000)} HTTP/1.1\r\n\r\n`),
    /^(?:HTTP\/1.1 431 |$)/,
  )
  const half = await connectTo(login.port)
  half.write('GET /auth/callback?code=')
  half.destroy()
  const upgrade = { connection: 'upgrade', upgrade: 'websocket' }
  t.equal((await ask(login, ALLOWED.replace('state', 'x'), { headers: upgrade })).status, 400)

  t.strictSame(login.codes, [])
  t.equal((await ask(login, ALLOWED)).headers.location, '/success')
})

t.test('ends each connection with its answer, though the browser would keep it', async t => {
  const login = await begin(t)
  const answer = await speak(login, `GET / HTTP/1.1\r\nHost: localhost:${login.port}\r\n\r\n`)
  t.match(answer, /^HTTP\/1\.1 404 .*\r\nconnection: close\r\n/is)
})

t.test('takes the many cookies that a browser may have for localhost', async t => {
  const login = await begin(t)
  const headers = { cookie: `theirs=${'x'.repeat(24_000)}` }
  t.equal((await ask(login, ALLOWED, { headers })).status, 303)
})

t.test('takes the first answer only', async t => {
  const { onGrant, begun, store } = exchange()
  const login = await begin(t, { onGrant })
  const first = ask(login, ALLOWED)
  await begun
  const late = async () => {
    for (const path of [ALLOWED, DECLINED, `/auth/callback?code=ac_2&state=${STATE}`]) {
      const answer = await ask(login, path)
      t.equal(answer.status, 200)
      t.match(answer.text, '<h1>Nothing left to do</h1>')
      t.match(answer.headers, HEADERS)
    }
    t.equal((await ask(login, '/auth/callback?code=ac_2&state=other')).status, 400)
  }
  await late()
  store('first')
  await first
  await late()
  await ask(login, '/success')
  t.strictSame(await login.outcome, { type: 'accepted', result: 'first' })
  t.strictSame(login.codes, ['ac_1'])
})

t.test('shows and tells that the person declined', async t => {
  const login = await begin(t)
  const sentOn = await ask(login, DECLINED)
  t.equal(sentOn.status, 303)
  t.equal(sentOn.headers.location, '/failure')
  const page = await ask(login, '/failure')
  t.equal(page.status, 200)
  t.match(page.headers, { ...HEADERS, 'content-type': 'text/html; charset=utf-8' })
  t.match(page.text, '<h1>The sign-in was not finished</h1>\n<p>You declined the sign-in.</p>')
  t.strictSame(await login.outcome, { type: 'declined', message: 'You declined the sign-in.' })
  t.strictSame(login.codes, [])
  t.equal(await isListening(login), false)
})

t.test('shows the words of the issuer as text', async t => {
  const login = await begin(t)
  const words = encodeURIComponent(`\x1b[31m<script>alert("1")</script> & 'more'\u202e`)
  await ask(login, `/auth/callback?error=server_error&error_description=${words}&state=${STATE}`)
  t.match(
    (await ask(login, '/failure')).text,
    '<p>The sign-in service refused: &lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt; &amp; &#39;more&#39;</p>',
  )
  t.strictSame(await login.outcome, {
    type: 'refused',
    message: `The sign-in service refused: <script>alert("1")</script> & 'more'`,
  })
})

t.test('shows why a login could not be finished', async t => {
  const error = new ProxyError('auth_store_unwritable', 'The disk is full. Make <room>.')
  const login = await begin(t, { onGrant: () => Promise.reject(error) })
  const sentOn = await ask(login, ALLOWED)
  t.equal(sentOn.headers.location, '/failure')
  t.equal((await ask(login, '/success')).status, 404)
  t.match((await ask(login, '/failure')).text, '<p>The disk is full. Make &lt;room&gt;.</p>')
  t.strictSame(await login.outcome, { type: 'failed', error })
})

t.test('shows nothing of an error that nobody has thought of', async t => {
  const error = new Error('canary')
  const login = await begin(t, { onGrant: () => Promise.reject(error) })
  await ask(login, ALLOWED)
  const page = await ask(login, '/failure')
  t.match(page.text, '<p>The sign-in could not be finished. The terminal says why.</p>')
  t.notMatch(page.text, 'canary')
  t.strictSame(await login.outcome, { type: 'failed', error })
})

t.test('does not wait for a browser that never fetches the last page', async t => {
  const login = await begin(t, { pageTimeoutMs: 1 })
  await ask(login, ALLOWED)
  t.strictSame(await login.outcome, { type: 'accepted', result: 'stored' })
  t.equal(await isListening(login), false)
})

t.test('finishes the exchange for a browser that has left, and ends at once', async t => {
  const { onGrant, begun, store } = exchange()
  const login = await begin(t, { onGrant })
  const socket = await connectTo(login.port)
  socket.write(`GET ${ALLOWED} HTTP/1.1\r\nHost: localhost:${login.port}\r\n\r\n`)
  await begun
  socket.resetAndDestroy()
  await once(socket, 'close')
  // Any answer shows that the server has seen the reset before.
  await ask(login, '/')
  store('stored')
  t.strictSame(await login.outcome, { type: 'accepted', result: 'stored' })
})

t.test('leaves no connection open at the end', async t => {
  const login = await begin(t)
  const idle = await connectTo(login.port)
  const half = await connectTo(login.port)
  half.write('GET / HTTP/1.1\r\n')
  const closed = [once(idle, 'close'), once(half, 'close')]
  await ask(login, ALLOWED)
  await ask(login, '/success')
  await login.outcome
  await Promise.all(closed)
  t.pass('both are closed')
})

t.test('is cancelled by another program', async t => {
  const login = await begin(t)
  const answer = await ask(login, '/cancel')
  t.equal(answer.status, 200)
  t.equal(answer.text, 'Login cancelled.\n')
  t.match(answer.headers, HEADERS)
  t.strictSame(await login.outcome, { type: 'cancelled' })
  t.equal(await isListening(login), false)
})

t.test('is cancelled by no page', async t => {
  const login = await begin(t)
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { referer: 'https://evil.example/' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'none' },
    { 'sec-fetch-mode': 'no-cors' },
    { 'Sec-Fetch-Dest': 'image' },
  ]) {
    t.equal((await ask(login, '/cancel', { headers })).status, 404, JSON.stringify(headers))
  }
  t.equal((await ask(login, ALLOWED)).headers.location, '/success')
})

t.test('cannot be cancelled once it is being finished', async t => {
  const { onGrant, begun, store } = exchange()
  const login = await begin(t, { onGrant })
  const callback = ask(login, ALLOWED)
  await begun
  t.equal((await ask(login, '/cancel')).status, 409)
  store('stored')
  await callback
  t.equal((await ask(login, '/cancel')).status, 409)
  await ask(login, '/success')
  t.strictSame(await login.outcome, { type: 'accepted', result: 'stored' })
})

t.test('takes a decision that came by another way', async t => {
  t.test('and redeems it', async t => {
    const login = await begin(t)
    login.deliver({ type: 'allowed', code: 'ac_pasted' })
    t.strictSame(await login.outcome, { type: 'accepted', result: 'stored' })
    t.strictSame(login.codes, ['ac_pasted'])
    t.equal(await isListening(login), false)
  })

  t.test('and tells it', async t => {
    const login = await begin(t)
    login.deliver({ type: 'declined', message: 'You declined the sign-in.' })
    t.strictSame(await login.outcome, { type: 'declined', message: 'You declined the sign-in.' })
  })

  t.test('but only the first, whichever way it came', async t => {
    const { onGrant, store } = exchange()
    const login = await begin(t, { onGrant })
    login.deliver({ type: 'allowed', code: 'ac_pasted' })
    login.deliver({ type: 'allowed', code: 'ac_again' })
    t.match((await ask(login, ALLOWED)).text, '<h1>Nothing left to do</h1>')
    store('stored')
    t.strictSame(await login.outcome, { type: 'accepted', result: 'stored' })
    login.deliver({ type: 'allowed', code: 'ac_late' })
    t.strictSame(login.codes, ['ac_pasted'])
  })
})

t.test('closing', async t => {
  t.test('counts as cancelled', async t => {
    const login = await begin(t)
    await login.close()
    await login.close()
    t.equal(await isListening(login), false)
    t.strictSame(await login.outcome, { type: 'cancelled' })
    login.deliver({ type: 'allowed', code: 'ac_late' })
    t.strictSame(login.codes, [])
  })

  t.test('awaits an exchange that runs', async t => {
    const { onGrant, store } = exchange()
    const login = await begin(t, { onGrant })
    login.deliver({ type: 'allowed', code: 'ac_1' })
    const closed = login.close()
    store('stored')
    await closed
    t.strictSame(await login.outcome, { type: 'accepted', result: 'stored' })
  })
})

t.test('the signal', async t => {
  t.test('ends the wait with its reason, and every connection', async t => {
    const controller = new AbortController()
    const login = await begin(t, {}, controller.signal)
    const idle = await connectTo(login.port)
    const closed = once(idle, 'close')
    const reason = new Error('ten minutes are over')
    controller.abort(reason)
    t.equal(await failureOf(login.outcome), reason)
    await closed
    t.equal(await isListening(login), false)
    login.deliver({ type: 'allowed', code: 'ac_late' })
    t.strictSame(login.codes, [])
  })

  t.test('closes the port during an exchange, whose end is awaited', async t => {
    const controller = new AbortController()
    const { onGrant, begun, store } = exchange()
    const login = await begin(t, { onGrant }, controller.signal)
    const callback = failureOf(ask(login, ALLOWED))
    await begun
    controller.abort(new Error('ten minutes are over'))
    t.match(await callback, { code: 'ECONNRESET' })
    t.equal(await isListening(login), false)
    store('stored')
    t.strictSame(await login.outcome, { type: 'accepted', result: 'stored' })
  })

  t.test('means nothing once the login is over', async t => {
    const controller = new AbortController()
    const login = await begin(t, {}, controller.signal)
    login.deliver({ type: 'allowed', code: 'ac_1' })
    await login.outcome
    controller.abort(new Error('late'))
    t.strictSame(await login.outcome, { type: 'accepted', result: 'stored' })
  })

  t.test('keeps it from listening at all', async t => {
    const controller = new AbortController()
    const reason = new Error('given up')
    const early = begin(t, {}, controller.signal)
    controller.abort(reason)
    t.equal(await failureOf(early), reason)
    t.equal(await failureOf(begin(t, {}, controller.signal)), reason)
  })
})

t.test('takes the second port when the first is in use, and tells when there is none', async t => {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  t.teardown(() => other.close())
  const { port } = other.address() as AddressInfo

  const login = await begin(t, { ports: [port, 0] })
  t.not(login.port, port)
  t.equal(login.redirectUri, `http://localhost:${login.port}/auth/callback`)

  const error = await failureOf(begin(t, { ports: [port] }))
  if (!(error instanceof PortsInUseError)) throw error
  t.strictSame(error.ports, [port])
})
