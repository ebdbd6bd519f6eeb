import { once } from 'node:events'
import { Agent } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import t from 'tap'
import type { Exchange, Handler } from '../../../src/adapters/http/exchange.ts'
import { sendJson } from '../../../src/adapters/http/reply.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import {
  ask,
  codeOf,
  connect,
  createGate,
  head,
  post,
  startService,
  startWith,
  turn,
} from '../../fakes/http-service.ts'

const greet: Handler = ({ response }) => void response.end('hello')

/** A handler that waits until the client leaves or the server stops, and says for whom. */
function waiting(number: number) {
  const started: Exchange[] = []
  const reached = createGate()
  const handle: Handler = async exchange => {
    started.push(exchange)
    if (started.length === number) reached.open()
    await once(exchange.signal, 'abort')
    throw exchange.signal.reason
  }
  return { handle, started, reached: reached.passed }
}

t.test('request ids', async t => {
  const ids: string[] = []
  const service = await startWith(t, ({ id, response }) => {
    ids.push(id)
    response.end()
  })

  t.test('are the client’s own where they are plain tokens', async t => {
    for (const own of ['abc-1', 'A.b_C', 'x'.repeat(64)]) {
      const { headers } = await post(service, '', { 'x-request-id': own })
      t.equal(headers['x-request-id'], own)
      t.equal(ids.at(-1), own)
    }
  })

  t.test('are new ones otherwise', async t => {
    for (const own of [undefined, '', 'a b', 'é', 'x'.repeat(65), 'a,b', '{}']) {
      const { headers } = await post(service, '', own === undefined ? {} : { 'x-request-id': own })
      t.match(headers['x-request-id'], /^req_[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, own ?? '')
      t.equal(ids.at(-1), headers['x-request-id'])
    }
    const twice = await post(service, '', { 'x-request-id': ['one', 'two'] })
    t.match(twice.headers['x-request-id'], /^req_/)
  })

  t.test('are on failures and in the log', async t => {
    const answer = await ask(service, { path: '/nope', headers: { 'x-request-id': 'mine' } })
    t.match(answer, { status: 404, headers: { 'x-request-id': 'mine' } })
    t.ok(service.log.entries.some(({ fields }) => fields['request_id'] === 'mine'))
  })
})

t.test('forbids other sites to embed or reinterpret any answer', async t => {
  const service = await startWith(t, greet)
  for (const path of ['/it', '/nope']) {
    t.match(await ask(service, { method: 'POST', path }), {
      headers: {
        'x-content-type-options': 'nosniff',
        'cross-origin-resource-policy': 'same-origin',
      },
    })
  }
})

t.test('logs one line for a request, with the template and never the path', async t => {
  const service = await startService(t, [{ method: 'GET', path: '/models/:id', handle: greet }])
  await ask(service, { path: '/models/CANARY?key=CANARY', headers: { 'x-request-id': 'one' } })
  await ask(service, { path: '/CANARY', headers: { 'x-request-id': 'two' } })
  await service.requestLine(2)
  t.match(service.log.entries, [
    {
      level: 'info',
      message: 'request',
      fields: {
        request_id: 'one',
        method: 'GET',
        route: '/models/:id',
        status: 200,
        ms: Number,
        error_code: undefined,
      },
    },
    {
      level: 'info',
      message: 'request',
      fields: { request_id: 'two', route: '*', status: 404, error_code: 'unknown_url' },
    },
  ])
  t.equal(service.log.entries.length, 2)
  t.notMatch(JSON.stringify(service.log.entries), /CANARY/)
})

t.test('answers what a handler throws in the dialect of its protocol', async t => {
  const service = await startWith(t, async () => {
    throw new ProxyError('upstream_error', 'Upstream said no.')
  })
  const answer = await post(service, '')
  t.equal(answer.status, 502)
  t.equal(answer.text, '{"code":"upstream_error","message":"Upstream said no."}')
  t.strictSame(
    service.log.entries.map(({ level }) => level),
    ['info'],
  )
})

t.test('answers a crash without any detail, and logs its stack once', async t => {
  for (const thrown of [
    new TypeError('secret detail'),
    new ProxyError('internal', 'Internal.', { cause: new TypeError('secret detail') }),
  ]) {
    const service = await startWith(t, () => {
      throw thrown
    })
    const answer = await post(service, '', { 'x-request-id': 'mine' })
    t.equal(answer.status, 500)
    t.equal(codeOf(answer), 'internal')
    t.notMatch(answer.text, /secret/)
    await service.requestLine()
    const errors = service.log.entries.filter(({ level }) => level === 'error')
    t.equal(errors.length, 1)
    t.match(errors[0], {
      message: 'request crashed',
      fields: { request_id: 'mine', stack: /^TypeError: secret detail\n.*server\.ts/s },
    })
  }
})

t.test('logs what is thrown although it is no error', async t => {
  const service = await startWith(t, () => {
    throw 'secret'
  })
  t.equal((await post(service, '')).status, 500)
  t.equal(service.log.entries[0]?.fields['stack'], 'secret')
})

t.test('goes on after a crash', async t => {
  let calls = 0
  const service = await startWith(t, ({ response }) => {
    if (++calls === 1) throw new Error('once')
    response.end('hello')
  })
  t.equal((await post(service, '')).status, 500)
  t.equal((await post(service, '')).text, 'hello')
})

t.test('keeps the connection for the next request, also after a refusal', async t => {
  const service = await startService(t, [{ method: 'GET', path: '/', handle: greet }])
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.teardown(() => agent.destroy())
  let connections = 0
  agent.on('free', () => connections++)
  for (const path of ['/', '/nope', '/']) {
    const { headers } = await ask(service, { path, agent })
    t.equal(headers.connection, 'keep-alive', path)
  }
})

t.test('answers pipelined requests in order', async t => {
  let calls = 0
  const first = createGate()
  const service = await startWith(t, async ({ response }) => {
    const number = ++calls
    if (number === 1) await first.passed
    else first.open()
    response.end(`answer ${number}`)
  })
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 0'))
  client.send(head('POST /it', 'Content-Length: 0', 'Connection: close'))
  t.match(await client.closed, /answer 1.*answer 2$/s)
})

t.test('speaks HTTP/1.0', async t => {
  const service = await startWith(t, ({ response }) => {
    response.write('hel')
    response.end('lo')
  })
  const client = await connect(t, service)
  client.send('POST /it HTTP/1.0\r\nHost: localhost\r\n\r\n')
  t.match(await client.closed, /^HTTP\/1\.1 200 .*\r\n\r\nhello$/s)
})

t.test('ignores a wish to upgrade', async t => {
  const service = await startWith(t, greet)
  const client = await connect(t, service)
  client.send(head('POST /it', 'Upgrade: websocket', 'Connection: upgrade, close'))
  t.match(await client.closed, /^HTTP\/1\.1 200 .*hello/s)
})

t.test('counts the requests that are being answered', async t => {
  const gate = createGate()
  const started = createGate()
  const service = await startWith(t, async ({ response }) => {
    started.open()
    await gate.passed
    response.end()
  })
  t.equal(service.server.inFlight(), 0)
  const answered = post(service, '')
  await started.passed
  t.equal(service.server.inFlight(), 1)
  gate.open()
  await answered
  await turn()
  t.equal(service.server.inFlight(), 0)
})

t.test('tells a handler that the client has left, and logs no error', async t => {
  const { handle, started, reached } = waiting(1)
  const service = await startWith(t, handle)
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 0'))
  await reached
  t.equal(started[0]?.signal.aborted, false)
  client.socket.destroy()
  const { fields } = await service.requestLine()
  t.match(fields, { route: '/it', status: 499, error_code: 'client_closed' })
  t.match(started[0]?.signal.reason, { name: 'ProxyError', code: 'client_closed' })
  t.equal(service.server.inFlight(), 0)
  t.equal(service.log.entries.length, 1)
})

t.test('tells all handlers of a connection, also those whose turn has not come', async t => {
  const { handle, started, reached } = waiting(3)
  const service = await startWith(t, handle)
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 0').repeat(3))
  await reached
  t.equal(service.server.inFlight(), 3)
  client.socket.destroy()
  await service.requestLine(3)
  t.strictSame(
    started.map(({ signal }) => signal.reason.code),
    ['client_closed', 'client_closed', 'client_closed'],
  )
  t.equal(service.server.inFlight(), 0)
})

t.test('does not abort a request that was answered in full', async t => {
  const seen = createGate<AbortSignal>()
  const service = await startWith(t, async ({ response, signal }) => {
    response.end('hello')
    await once(response, 'close')
    seen.open(signal)
  })
  await post(service, '')
  t.equal((await seen.passed).aborted, false)
})

t.test('rejects if the address is taken', async t => {
  const service = await startWith(t, greet)
  const other = await startWith(t, greet)
  await t.rejects(other.server.listen(service.port, '127.0.0.1'), {
    code: 'ERR_SERVER_ALREADY_LISTEN',
  })
  await other.server.close(0)
  await t.rejects(other.server.listen(service.port, '127.0.0.1'), { code: 'EADDRINUSE' })
})

t.test('listens at a second address on the same port, and stops there too', async t => {
  const gate = createGate()
  const handle: Handler = async ({ response }) => {
    response.write('one')
    await gate.passed
    response.end('two')
  }
  const { server, port } = await startWith(t, handle, { also: ['127.0.0.2'] })
  const answer = await fetch(`http://127.0.0.2:${port}/it`, { method: 'POST' })
  t.match(answer.headers.get('x-request-id'), /^req_/)
  t.equal(server.inFlight(), 1)
  const closed = server.close(30_000)
  for (const host of ['127.0.0.1', '127.0.0.2']) {
    const refused = { cause: { code: 'ECONNREFUSED' } }
    await t.rejects(fetch(`http://${host}:${port}/it`, { method: 'POST' }), refused, host)
  }
  gate.open()
  t.equal(await answer.text(), 'onetwo')
  await closed
})

t.test('does without a second address that cannot be had', async t => {
  const service = await startWith(t, greet, { also: ['192.0.2.1'] })
  t.equal((await post(service, '')).text, 'hello')
  t.notOk(
    service.log.entries.some(({ level }) => level === 'warn'),
    'no machine has that one',
  )
  await service.server.close(0)

  const other = createServer().listen(0, '127.0.0.2')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  await service.server.listen(port, '127.0.0.1')
  await service.server.listenToo(port, '127.0.0.2')
  t.match(service.log.entries.at(-1), {
    level: 'warn',
    message: 'another program listens here',
    fields: { host: '127.0.0.2', port },
  })
  await service.server.close(0)
})

t.test('sends large answers whole', async t => {
  const service = await startWith(t, ({ response }) =>
    sendJson(response, 200, 'x'.repeat(9_999_998)),
  )
  t.equal((await post(service, '')).text.length, 10_000_000)
})
