import { once } from 'node:events'
import { Duplex } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import t from 'tap'
import { createBadRequestAnswerer } from '../../../src/adapters/http/bad-request.ts'
import { connect, createGate, head, startWith } from '../../fakes/http-service.ts'
import { createFakeLog } from '../../fakes/log.ts'

t.test('answers bytes that are no HTTP request', async t => {
  const service = await startWith(t, ({ response }) => void response.end())
  const cases = [
    'hello\r\n\r\n',
    'FOO /it HTTP/1.1\r\nHost: localhost\r\n\r\n',
    head('POST /it', 'Content-Length: -1'),
    head('POST /it', 'Content-Length: 1', 'Content-Length: 2'),
    head('POST /it', 'Content-Length: 1', 'Transfer-Encoding: chunked'),
    'POST /it\0 HTTP/1.1\r\nHost: localhost\r\n\r\n',
  ]
  for (const bytes of cases) {
    const client = await connect(t, service)
    client.send(bytes)
    const text = await client.closed
    t.match(text, /^HTTP\/1\.1 400 Bad Request\r\n/, bytes)
    t.match(text, /\r\nx-request-id: req_[\w-]+\r\n/)
    t.match(text, /\r\nconnection: close\r\n/)
    t.equal(
      text.slice(text.indexOf('\r\n\r\n') + 4),
      '{"error":{"message":"The request is not valid HTTP.","type":"invalid_request_error","param":null,"code":"invalid_request"}}',
    )
    t.match(text, /\r\ncontent-length: 123\r\n/)
  }
  t.equal(service.log.entries.filter(({ message }) => message === 'bad request').length, 6)
  t.equal(service.log.entries.filter(({ message }) => message === 'request').length, 0)
})

t.test('tells a client that speaks TLS what to do', async t => {
  const service = await startWith(t, ({ response }) => void response.end())
  const failed = connectTls({ port: service.port, host: '127.0.0.1' })
  t.match(await once(failed, 'error'), [{ code: /SSL|ECONNRESET/ }])

  const client = await connect(t, service)
  client.send(Buffer.from('16030100050100000100', 'hex'))
  t.match(await client.closed, /^HTTP\/1\.1 400 .*Use http:\/\/, not https:\/\/\./s)
})

t.test('answers headers that are too large', async t => {
  const service = await startWith(t, ({ response }) => void response.end())
  const small = await connect(t, service)
  small.send(head('POST /it', `X-Filler: ${'x'.repeat(31_000)}`, 'Connection: close'))
  t.match(await small.closed, /^HTTP\/1\.1 200 /)
  const large = await connect(t, service)
  large.send(head('POST /it', `X-Filler: ${'x'.repeat(33_000)}`))
  t.match(
    await large.closed,
    /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n.*"code":"headers_too_large"\}\}$/s,
  )
})

t.test('answers a client that is too slow with its head', async t => {
  const service = await startWith(t, ({ response }) => void response.end(), {
    timeouts: { headersMs: 20, requestMs: 40, checkIntervalMs: 10 },
  })
  const client = await connect(t, service)
  client.send('POST /it HTTP/1.1\r\nHost: l')
  t.match(
    await client.closed,
    /^HTTP\/1\.1 408 Request Timeout\r\n.*"code":"request_timeout"\}\}$/s,
  )
})

t.test('answers a client that is too slow with its body, and aborts the request', async t => {
  const aborted = createGate<unknown>()
  const service = await startWith(
    t,
    async ({ request, signal }) => {
      request.resume()
      await once(signal, 'abort')
      aborted.open(signal.reason)
      throw signal.reason
    },
    { timeouts: { headersMs: 20, requestMs: 20, checkIntervalMs: 10 } },
  )
  const client = await connect(t, service)
  client.send(`${head('POST /it', 'Content-Length: 9')}{"a`)
  t.match(await client.closed, /^HTTP\/1\.1 408 .*"code":"request_timeout"\}\}$/s)
  t.match(await aborted.passed, { code: 'client_closed' })
})

t.test('cuts a client that goes on sending after the answer', async t => {
  const service = await startWith(t, ({ response }) => void response.end())
  const client = await connect(t, service)
  client.socket.allowHalfOpen = true
  const sending = setInterval(() => client.send('nonsense\r\n\r\n'), 5)
  t.teardown(() => clearInterval(sending))
  t.match(await client.closed, /^HTTP\/1\.1 400 /)
  t.equal(service.log.entries.length, 1)
})

t.test('does not reset a client that was still sending when it was refused', async t => {
  const service = await startWith(t, ({ response }) => void response.end())
  const client = await connect(t, service)
  client.socket.allowHalfOpen = true
  client.send('nonsense\r\n\r\n')
  await client.until(/\}\}$/)
  // That it is left open has no event to wait for; a closed one shows at the next packet.
  for (let packet = 0; packet < 5; packet++) {
    client.send('more\r\n\r\n')
    await delay(10)
  }
  t.equal(client.socket.closed, false)
})

t.test('never puts its answer into the midst of another', async t => {
  const left = createGate<unknown>()
  const service = await startWith(t, async ({ response, signal }) => {
    response.write('part')
    await once(signal, 'abort')
    left.open(signal.reason)
  })
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 0'))
  await client.until(/part/)
  client.send('nonsense\r\n\r\n')
  t.notMatch(await client.closed, /400 Bad Request/)
  t.match(await left.passed, { code: 'client_closed' })
})

t.test('leaves a connection alone that cannot be answered', async t => {
  const log = createFakeLog()
  const answer = createBadRequestAnswerer(() => false, log)
  const written: string[] = []
  const open = () =>
    new Duplex({
      read() {},
      write(chunk, _encoding, done) {
        written.push(String(chunk))
        done()
      },
    })
  const reset = open()
  answer(Object.assign(new Error('reset'), { code: 'ECONNRESET' }), reset)
  t.equal(reset.destroyed, true)

  const ended = open().end()
  answer(new Error('parse'), ended)
  t.equal(ended.destroyed, true)
  t.strictSame(written, [])
  t.strictSame(log.entries, [])
})
