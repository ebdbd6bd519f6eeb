import { once } from 'node:events'
import { get } from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import type { Exchange, Route } from '../../../src/adapters/http/exchange.ts'
import { type Encoder, writeStream } from '../../../src/adapters/http/stream.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import {
  ask,
  codeOf,
  connect,
  createGate,
  head,
  type Service,
  stalled,
  startService,
} from '../../fakes/http-service.ts'

const PATIENT = { heartbeatMs: 60_000, commitDelayMs: 60_000 }
const HEADERS = { 'content-type': 'text/x-test' }

/** A line an event; a comment as heartbeat. */
const encoder: Encoder<string> = {
  encode: event => (event === '' ? '' : `${event}\n`),
  heartbeat: () => ':\n',
  end: () => 'END\n',
  fail: ({ code }) => `FAIL ${code}\n`,
}

type Source = (exchange: Exchange) => AsyncIterable<string>

/** Starts a server that streams a source at `GET /`. */
function startStream(t: Test, source: Source, times = PATIENT): Promise<Service> {
  const route: Route = {
    method: 'GET',
    path: '/',
    handle: exchange => writeStream(exchange, source(exchange), encoder, HEADERS, times),
  }
  return startService(t, [route])
}

/** Waits as an upstream's reader does: until the signal ends it. */
async function silence({ signal }: Exchange): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort')
  throw signal.reason
}

/** A source that says it was closed. */
function watched(source: Source) {
  const closed = createGate<Exchange>()
  const observed: Source = async function* (exchange) {
    try {
      yield* source(exchange)
    } finally {
      closed.open(exchange)
    }
  }
  return { source: observed, closed: closed.passed }
}

/** A source of numbered lines of 64 KiB that counts how many were pulled. */
function counted(total: number) {
  let pulled = 0
  const source: Source = async function* () {
    while (pulled < total) yield `${++pulled}`.padEnd(65_535, '.')
  }
  return { source, pulled: () => pulled }
}

t.test('writes nothing and beats no more once a client left between event and write', async t => {
  const writes: unknown[] = []
  const controller = new AbortController()
  const response = {
    headersSent: false,
    writableNeedDrain: false,
    writeHead: () => writes.push('head'),
    write: (text: string) => writes.push(text),
    end: () => writes.push('end'),
  }
  const events = (async function* () {
    yield 'one'
    controller.abort(new ProxyError('client_closed', 'gone'))
    yield 'two'
  })()
  const exchange = { response, signal: controller.signal } as unknown as Exchange
  const times = { heartbeatMs: 1, commitDelayMs: 1 }
  await t.rejects(writeStream(exchange, events, encoder, HEADERS, times), { code: 'client_closed' })
  await delay(10)
  t.strictSame(writes, [])
})

t.test('writes what the encoder makes of each event, then its end', async t => {
  const service = await startStream(t, async function* () {
    yield ''
    yield 'one'
    yield ''
    yield 'two €😀'
  })
  const answer = await ask(service)
  t.match(answer, { status: 200, text: 'one\ntwo €😀\nEND\n' })
  t.equal(answer.headers['content-type'], 'text/x-test')
  t.equal(answer.headers['transfer-encoding'], 'chunked')
  const { level, fields } = await service.requestLine()
  t.match({ level, ...fields }, { level: 'info', status: 200, error_code: undefined })
})

t.test('each event leaves at once, not when the next one comes', async t => {
  const gate = createGate()
  const service = await startStream(t, async function* () {
    yield 'one'
    await gate.passed
    yield 'two'
  })
  const client = await connect(t, service)
  client.send(head('GET /', 'Connection: close'))
  t.match(await client.until(/one\n/), /^HTTP\/1\.1 200 OK\r\n/)
  gate.open()
  t.match(await client.closed, /two\n.*END\n.*\r\n0\r\n\r\n$/s)
})

t.test('an answer that says nothing is still a whole one', async t => {
  const service = await startStream(t, async function* () {})
  t.match(await ask(service), { status: 200, text: 'END\n' })
})

t.test('an end that puts nothing on the wire ends the body all the same', async t => {
  const silent = { ...encoder, end: () => '' }
  const service = await startService(t, [
    {
      method: 'GET',
      path: '/',
      handle: exchange =>
        writeStream(
          exchange,
          (async function* () {
            yield 'one'
          })(),
          silent,
          HEADERS,
          PATIENT,
        ),
    },
  ])
  t.match(await ask(service), { status: 200, text: 'one\n' })
})

t.test('the status waits for the first output', async t => {
  const gate = createGate()
  const reached = createGate<Exchange>()
  const service = await startStream(t, async function* (exchange) {
    yield ''
    yield ''
    reached.open(exchange)
    await gate.passed
    yield 'one'
  })
  const answered = ask(service)
  const { response } = await reached.passed
  t.equal(response.headersSent, false)
  gate.open()
  t.equal((await answered).text, 'one\nEND\n')
})

t.test('a failure before output becomes a real status', async t => {
  const service = await startStream(t, async function* () {
    yield ''
    throw new ProxyError('upstream_error', 'Upstream said no.')
  })
  const answer = await ask(service)
  t.equal(answer.status, 502)
  t.strictSame(JSON.parse(answer.text), { code: 'upstream_error', message: 'Upstream said no.' })
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8')
})

t.test('a failure after output is told in the body, which ends cleanly', async t => {
  const service = await startStream(t, async function* () {
    yield 'one'
    throw new ProxyError('upstream_error', 'Upstream said no.')
  })
  const client = await connect(t, service)
  client.send(head('GET /', 'Connection: close'))
  const text = await client.closed
  t.match(text, /^HTTP\/1\.1 200 OK\r\n/)
  t.match(text, /one\n.*FAIL upstream_error\n\r\n0\r\n\r\n$/s)
  t.notMatch(text, /END/)
  const { fields } = await service.requestLine()
  t.match(fields, { status: 200, error_code: 'upstream_error', error: 'Upstream said no.' })
  t.strictSame(
    service.log.entries.filter(({ level }) => level !== 'info'),
    [],
  )
})

t.test('a failure in the body leaves the connection usable', async t => {
  const service = await startStream(t, async function* () {
    yield 'one'
    throw new ProxyError('upstream_error', 'No.')
  })
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/0\r\n\r\n$/)
  client.send(head('GET /', 'Connection: close'))
  t.equal((await client.closed).match(/FAIL upstream_error/g)?.length, 2)
})

t.test('a crash after output is told without detail and logged with its stack', async t => {
  const service = await startStream(t, async function* () {
    yield 'one'
    throw new TypeError('secret detail')
  })
  t.equal((await ask(service)).text, 'one\nFAIL internal\n')
  await service.requestLine()
  const errors = service.log.entries.filter(({ level }) => level === 'error')
  t.equal(errors.length, 1)
  t.match(errors[0]?.fields['stack'], /TypeError: secret detail\n.*stream\.ts/s)
})

t.test('the status goes out, with a heartbeat, if output is long in coming', async t => {
  const service = await startStream(
    t,
    async function* (exchange) {
      yield ''
      yield await silence(exchange)
    },
    { heartbeatMs: 60_000, commitDelayMs: 5 },
  )
  const client = await connect(t, service)
  client.send(head('GET /'))
  t.match(await client.until(/:\n/), /^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n2\r\n:\n\r\n$/s)
})

t.test('before the upstream shows a sign of life no status goes out', async t => {
  const service = await startStream(
    t,
    async function* () {
      yield await delay(50).then(() => {
        throw new ProxyError('upstream_error', 'No.')
      })
    },
    { heartbeatMs: 1, commitDelayMs: 1 },
  )
  t.equal((await ask(service)).status, 502)
})

t.test('a failure after the status was sent for lack of output is told in the body', async t => {
  const gate = createGate()
  const service = await startStream(
    t,
    async function* () {
      yield ''
      await gate.passed
      throw new ProxyError('upstream_error', 'No.')
    },
    { heartbeatMs: 60_000, commitDelayMs: 5 },
  )
  const client = await connect(t, service)
  client.send(head('GET /', 'Connection: close'))
  await client.until(/:\n/)
  gate.open()
  t.match(await client.closed, /FAIL upstream_error\n\r\n0\r\n\r\n$/)
})

t.test('output in time sends no heartbeat after the delay', async t => {
  const service = await startStream(
    t,
    async function* () {
      yield 'one'
      await delay(50)
    },
    { heartbeatMs: 60_000, commitDelayMs: 5 },
  )
  t.equal((await ask(service)).text, 'one\nEND\n')
})

t.test('heartbeats fill a silence after output, and end with it', async t => {
  const gate = createGate()
  const service = await startStream(
    t,
    async function* () {
      yield 'one'
      await gate.passed
      yield 'two'
    },
    { heartbeatMs: 5, commitDelayMs: 60_000 },
  )
  const client = await connect(t, service)
  client.send(head('GET /', 'Connection: close'))
  await client.until(/one\n(?:.*:\n){3}/s)
  gate.open()
  t.match(await client.closed, /two\n\r\n4\r\nEND\n\r\n0\r\n\r\n$/)
})

t.test('a client that does not read stops the pulling, and gets everything later', async t => {
  const { source, pulled } = counted(1024)
  const service = await startStream(t, source, { heartbeatMs: 5, commitDelayMs: 5 })
  const [response] = await once(get({ port: service.port, host: '127.0.0.1' }), 'response')
  const before = await stalled(pulled)
  t.ok(before < 512, `${before} of 1024 lines were pulled`)

  // An absence has no event to wait for: ten heartbeats long nothing may be pulled or written.
  await delay(50)
  t.equal(await stalled(pulled), before)

  const text = Buffer.concat(await response.toArray()).toString()
  const lines = text.split('\n')
  t.equal(lines.length, 1026)
  t.ok(
    lines.slice(0, 1024).every((line, i) => line === `${i + 1}`.padEnd(65_535, '.')),
    'every line is there, in order, and no heartbeat',
  )
  t.strictSame(lines.slice(1024), ['END', ''])
  t.equal(pulled(), 1024)
})

t.test('a client that leaves ends a source that waits for the upstream', async t => {
  const { source, closed } = watched(async function* (exchange) {
    yield 'one'
    yield await silence(exchange)
  })
  const service = await startStream(t, source)
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/one/)
  client.socket.destroy()
  const { signal } = await closed
  t.match(signal.reason, { name: 'ProxyError', code: 'client_closed' })
  const { fields } = await service.requestLine()
  t.match(fields, { status: 499, error_code: 'client_closed' })
  t.equal(service.server.inFlight(), 0)
})

t.test('a client that leaves before the first byte ends the source too', async t => {
  const reached = createGate()
  const { source, closed } = watched(async function* (exchange) {
    yield ''
    reached.open()
    yield await silence(exchange)
  })
  const service = await startStream(t, source)
  const client = await connect(t, service)
  client.send(head('GET /'))
  await reached.passed
  client.socket.resetAndDestroy()
  t.match((await closed).signal.reason, { code: 'client_closed' })
  t.match((await service.requestLine()).fields, { status: 499 })
  t.notOk(service.log.entries.some(({ level }) => level === 'error'))
})

t.test('a client that leaves while it does not read ends the source too', async t => {
  const { source: endless, pulled } = counted(Number.POSITIVE_INFINITY)
  const { source, closed } = watched(endless)
  const service = await startStream(t, source)
  const client = await connect(t, service)
  client.socket.pause()
  client.send(head('GET /'))
  while (pulled() === 0) await delay(1)
  await stalled(pulled)
  client.socket.destroy()
  const { response, signal } = await closed
  t.match(signal.reason, { code: 'client_closed' })
  await service.requestLine()
  t.equal(response.listenerCount('drain'), 0)
  t.equal(response.listenerCount('error'), 0)
  t.equal(service.server.inFlight(), 0)
})

t.test('waiting again and again for a slow client leaves no listeners behind', async t => {
  const { source, pulled } = counted(64)
  let most = 0
  const service = await startStream(t, async function* (exchange) {
    for await (const line of source(exchange)) {
      most = Math.max(most, exchange.response.listenerCount('drain'))
      yield line
    }
  })
  await ask(service)
  t.equal(pulled(), 64)
  t.equal(most, 0)
})

t.test('a source that does not heed the signal is left at its next event', async t => {
  const gate = createGate()
  const { source, closed } = watched(async function* () {
    yield 'one'
    await gate.passed
    for (;;) yield ''
  })
  const service = await startStream(t, source)
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/one/)
  client.socket.destroy()
  while (service.server.inFlight() > 0) await delay(1)
  gate.open()
  await closed
  t.match((await service.requestLine()).fields, { status: 499 })
})

t.test('a source that fails for its own reasons once the client has left is no error', async t => {
  const { source, closed } = watched(async function* ({ signal }) {
    yield 'one'
    await once(signal, 'abort')
    throw new Error('socket hang up')
  })
  const service = await startStream(t, source)
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/one/)
  client.socket.destroy()
  await closed
  t.match((await service.requestLine()).fields, { error_code: 'client_closed' })
  t.notOk(service.log.entries.some(({ level }) => level === 'error'))
})

t.test('a source that fails for its own reasons once the server stops blames the stop', async t => {
  const service = await startStream(t, async function* ({ signal }) {
    yield 'one'
    await once(signal, 'abort')
    throw new Error('socket hang up')
  })
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/one/)
  await service.server.close(5)
  t.match(await client.closed, /FAIL server_shutting_down\n\r\n0\r\n\r\n$/)
})

t.test('an encoder that fails becomes a real status while it can', async t => {
  const failing: Encoder<string> = {
    ...encoder,
    encode() {
      throw new ProxyError('upstream_invalid_response', 'What is that?')
    },
  }
  const { source, closed } = watched(async function* () {
    yield 'one'
  })
  const service = await startService(t, [
    {
      method: 'GET',
      path: '/',
      handle: exchange => writeStream(exchange, source(exchange), failing, HEADERS, PATIENT),
    },
  ])
  t.equal(codeOf(await ask(service)), 'upstream_invalid_response')
  await closed
})
