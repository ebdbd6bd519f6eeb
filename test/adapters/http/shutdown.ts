import { once } from 'node:events'
import { Agent, get } from 'node:http'
import { connect as connectSocket } from 'node:net'
import t, { type Test } from 'tap'
import type { Exchange } from '../../../src/adapters/http/exchange.ts'
import { sendJson } from '../../../src/adapters/http/reply.ts'
import { type Encoder, writeStream } from '../../../src/adapters/http/stream.ts'
import {
  ask,
  connect,
  createGate,
  head,
  post,
  startService,
  startWith,
  turn,
} from '../../fakes/http-service.ts'

const LONG = 60_000

const encoder: Encoder<string> = {
  encode: event => `${event}\n`,
  heartbeat: () => ':\n',
  end: () => 'END\n',
  fail: ({ code }) => `FAIL ${code}\n`,
}

/** Starts a server whose one stream says "one", waits for the gate, and says "two". */
async function startGated(t: Test) {
  const gate = createGate()
  const service = await startService(t, [
    {
      method: 'GET',
      path: '/',
      handle: exchange => {
        async function* events({ signal }: Exchange) {
          yield 'one'
          await Promise.race([gate.passed, once(signal, 'abort')])
          signal.throwIfAborted()
          yield 'two'
        }
        const times = { heartbeatMs: LONG, commitDelayMs: LONG }
        return writeStream(exchange, events(exchange), encoder, {}, times)
      },
    },
  ])
  return { service, gate }
}

t.test('closes at once if nothing runs, although connections are kept alive', async t => {
  const { service, gate } = await startGated(t)
  gate.open()
  const agent = new Agent({ keepAlive: true })
  await ask(service, { agent })
  const silent = await connect(t, service)
  await service.server.close(LONG)
  t.equal(await silent.closed, '')
})

t.test('lets a stream finish, then closes its kept-alive connection', async t => {
  const { service, gate } = await startGated(t)
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/one/)
  const closed = service.server.close(LONG)
  await turn()
  t.equal(service.server.inFlight(), 1)
  gate.open()
  await closed
  const text = await client.closed
  t.match(text, /\r\nconnection: keep-alive\r\n/i)
  t.match(text, /two\n.*END\n\r\n0\r\n\r\n$/s)
})

t.test('takes no new connections meanwhile', async t => {
  const { service, gate } = await startGated(t)
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/one/)
  const closed = service.server.close(LONG)
  const late = connectSocket(service.port, '127.0.0.1')
  t.match(await once(late, 'error'), [{ code: 'ECONNREFUSED' }])
  gate.open()
  await closed
})

t.test('refuses a request on a kept-alive connection meanwhile', async t => {
  const { service, gate } = await startGated(t)
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/one/)
  const closed = service.server.close(LONG)
  client.send(head('GET /'))
  t.match((await service.requestLine()).fields, { status: 503, error_code: 'server_shutting_down' })
  gate.open()
  await closed
  t.match(
    await client.closed,
    /END\n\r\n0\r\n\r\nHTTP\/1\.1 503 .*\r\nconnection: close\r\n.*"server_shutting_down".*\}$/is,
  )
})

t.test('tells the clients of answers to come that the connection will close', async t => {
  const gate = createGate()
  const started = createGate()
  const service = await startWith(t, async ({ response }) => {
    started.open()
    await gate.passed
    sendJson(response, 200, 'late')
  })
  const agent = new Agent({ keepAlive: true })
  const answered = ask(service, { method: 'POST', path: '/it', agent })
  await started.passed
  const closed = service.server.close(LONG)
  gate.open()
  t.match(await answered, { status: 200, text: '"late"', headers: { connection: 'close' } })
  await closed
})

t.test('sends what is written but not yet read', async t => {
  const service = await startService(t, [
    {
      method: 'GET',
      path: '/',
      handle: ({ response }) => sendJson(response, 200, 'x'.repeat(29_999_998)),
    },
  ])
  const [response] = await once(get({ port: service.port, host: '127.0.0.1' }), 'response')
  const closed = service.server.close(LONG)
  await turn()
  let length = 0
  for await (const chunk of response) length += chunk.length
  t.equal(length, 30_000_000)
  await closed
})

t.test('sends what another client has not yet read when one is done', async t => {
  const { service, gate } = await startGated(t)
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/one/)
  const slow = await connect(t, service)
  slow.send(head('GET /'))
  await slow.until(/one/)
  slow.socket.pause()
  const closed = service.server.close(LONG)
  gate.open()
  await client.closed
  slow.socket.resume()
  t.match(await slow.closed, /END\n\r\n0\r\n\r\n$/)
  await closed
})

t.test('after the grace ends a stream in its own words', async t => {
  const { service } = await startGated(t)
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/one/)
  await service.server.close(5)
  t.match(await client.closed, /one\n.*FAIL server_shutting_down\n\r\n0\r\n\r\n$/s)
  t.match((await service.requestLine()).fields, { error_code: 'server_shutting_down' })
})

t.test('after the grace refuses what has no status yet', async t => {
  const started = createGate()
  const service = await startWith(t, async ({ signal }) => {
    started.open()
    await once(signal, 'abort')
    throw signal.reason
  })
  const answered = post(service, '')
  await started.passed
  await service.server.close(5)
  t.match(await answered, { status: 503, text: /"server_shutting_down"/ })
})

t.test('cuts what does not heed the signal soon after the grace', async t => {
  const started = createGate()
  const service = await startWith(t, async ({ response }) => {
    response.write('part')
    started.open()
    await new Promise(() => {})
  })
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 0'))
  await started.passed
  await service.server.close(5)
  t.match(await client.closed, /part\r\n$/)
})

t.test('is not done before the last request is told that its client has left', async t => {
  const { service } = await startGated(t)
  const client = await connect(t, service)
  client.send(head('GET /'))
  await client.until(/one/)
  const closed = service.server.close(LONG)
  client.socket.destroy()
  await closed
  t.equal(service.server.inFlight(), 0)
  t.match((await service.requestLine()).fields, { status: 499, error_code: 'client_closed' })
})

t.test('cuts a request whose head is still coming', async t => {
  const { service } = await startGated(t)
  const client = await connect(t, service)
  client.send('GET / HTTP/1.1\r\nHo')
  await ask(service, { path: '/nope' })
  await service.server.close(LONG)
  t.equal(await client.closed, '')
})
