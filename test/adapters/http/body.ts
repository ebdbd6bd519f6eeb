import { once } from 'node:events'
import * as zlib from 'node:zlib'
import t, { type Test } from 'tap'
import { readJsonObject } from '../../../src/adapters/http/body.ts'
import type { Exchange } from '../../../src/adapters/http/exchange.ts'
import { sendJson } from '../../../src/adapters/http/reply.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import {
  ask,
  codeOf,
  connect,
  createGate,
  head,
  post,
  type Service,
  startWith,
} from '../../fakes/http-service.ts'

const LIMIT = 1024

/** Starts a server that sends back what it has read. */
function startEcho(t: Test, limitBytes = LIMIT): Promise<Service> {
  return startWith(t, async exchange => {
    sendJson(exchange.response, 200, await readJsonObject(exchange, limitBytes))
  })
}

/** Starts a server whose reading is observed from outside. */
async function startWatched(t: Test) {
  const started = createGate<Exchange>()
  const failed = createGate<unknown>()
  const service = await startWith(t, async exchange => {
    started.open(exchange)
    await readJsonObject(exchange, LIMIT).catch(error => {
      failed.open(error)
      throw error
    })
  })
  return { service, started: started.passed, failed: failed.passed }
}

/** A JSON object of exactly that many bytes. */
function objectOf(bytes: number): string {
  return `{"a":"${'x'.repeat(bytes - 8)}"}`
}

t.test('reads an object', async t => {
  const service = await startEcho(t)
  t.match(await post(service, ' {"a": [1, null, "é€😀"]}\r\n'), {
    status: 200,
    text: '{"a":[1,null,"é€😀"]}',
  })
})

t.test('reads a body that comes byte by byte, in chunks', async t => {
  const service = await startEcho(t)
  const client = await connect(t, service)
  client.socket.setNoDelay()
  client.send(head('POST /it', 'Transfer-Encoding: chunked', 'Connection: close'))
  for (const byte of Buffer.from('{"a":"é€😀"}')) {
    client.send(Buffer.from([0x31, 0x0d, 0x0a, byte, 0x0d, 0x0a]))
  }
  client.send('0\r\n\r\n')
  t.match(Buffer.from(await client.closed, 'latin1').toString(), /^HTTP\/1\.1 200 .*"é€😀"\}$/s)
})

t.test('reads a body of exactly the limit, with a length and in chunks', async t => {
  const service = await startEcho(t)
  const body = objectOf(LIMIT)
  t.equal((await post(service, body)).status, 200)
  t.equal((await post(service, body, { 'transfer-encoding': 'chunked' })).status, 200)
})

t.test('refuses a byte more than the limit, with a length and in chunks', async t => {
  const service = await startEcho(t)
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }]) {
    const answer = await post(service, objectOf(LIMIT + 1), headers)
    t.equal(answer.status, 413)
    t.equal(codeOf(answer), 'request_too_large')
    t.match(answer.text, /larger than 1024 bytes\. CHATGPT_LOCAL_BODY_LIMIT/)
  }
})

t.test('refuses by the announced length before a byte of the body has come', async t => {
  const service = await startEcho(t)
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 1025'))
  const text = await client.until(/\}$/)
  t.match(text, /^HTTP\/1\.1 413 /)
  t.match(text, /\r\nconnection: close\r\n/i)
})

t.test('does not ask for a body that it will refuse', async t => {
  const service = await startEcho(t)
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 1025', 'Expect: 100-continue'))
  t.match(await client.until(/\}$/), /^HTTP\/1\.1 413 /)
})

t.test('asks for a body that the client holds back', async t => {
  const service = await startEcho(t)
  const client = await connect(t, service)
  client.send(head('POST /it', 'Content-Length: 7', 'Expect: 100-continue', 'Connection: close'))
  t.equal(await client.until(/\r\n\r\n/), 'HTTP/1.1 100 Continue\r\n\r\n')
  client.send('{"a":1}')
  t.match(await client.closed, /Continue\r\n\r\nHTTP\/1\.1 200 .*\{"a":1\}$/s)
})

t.test('gives a client that sends everything before it reads the 413 and not a reset', async t => {
  const service = await startEcho(t)
  const chunk = Buffer.alloc(100_000, ' ')
  const cases: readonly (readonly [string, readonly (string | Buffer)[]])[] = [
    ['Content-Length: 900000', [chunk]],
    ['Transfer-Encoding: chunked', ['186a0\r\n', chunk, '\r\n']],
  ]
  let asked = 0
  for (const [field, pieces] of cases) {
    const client = await connect(t, service)
    client.socket.pause()
    client.send(head('POST /it', field))
    for (let i = 0; i < 9; i++) {
      for (const piece of pieces) {
        await new Promise<void>((sent, failed) =>
          client.socket.write(piece, error => (error ? failed(error) : sent())),
        )
      }
      if (i === 0) await service.requestLine(++asked)
    }
    client.socket.resume()
    const text = await client.until(/\}$/)
    t.match(text, /^HTTP\/1\.1 413 .*\r\nconnection: close\r\n.*"request_too_large"/is, field)
  }
})

t.test('stops reading a refused body after another mebibyte', async t => {
  const { service, started } = await startWatched(t)
  const client = await connect(t, service)
  client.send(head('POST /it', 'Transfer-Encoding: chunked'))
  const chunk = Buffer.concat([
    Buffer.from('10000\r\n'),
    Buffer.alloc(0x10000, ' '),
    Buffer.from('\r\n'),
  ])
  const send = () => {
    while (!client.socket.destroyed && client.socket.write(chunk));
  }
  client.socket.on('drain', send)
  send()
  t.match(await client.closed, /^(HTTP\/1\.1 413 .*)?$/s)
  const { request } = await started
  t.ok(request.socket.bytesRead < 2 * 1024 * 1024, `${request.socket.bytesRead} bytes were read`)
  t.equal((await service.requestLine()).fields['error_code'], 'request_too_large')
})

t.test('refuses an empty body', async t => {
  const service = await startEcho(t)
  for (const body of ['', ' \r\n\t', '\ufeff']) {
    const answer = await post(service, body)
    t.equal(answer.status, 400)
    t.strictSame(JSON.parse(answer.text), {
      code: 'invalid_json',
      message: 'The body is empty; send a JSON object.',
    })
  }
})

t.test('refuses an empty body in the words of the protocol, where it has its own', async t => {
  const service = await startWith(t, async exchange => {
    sendJson(exchange.response, 200, await readJsonObject(exchange, LIMIT, 'nothing here'))
  })
  for (const body of ['', '\n']) {
    const answer = await post(service, body)
    t.equal(answer.status, 400)
    t.strictSame(JSON.parse(answer.text), { code: 'invalid_json', message: 'nothing here' })
  }
  t.notMatch((await post(service, '{')).text, 'nothing here')
})

t.test('refuses what is not JSON, without quoting it', async t => {
  const service = await startEcho(t)
  const cases = [
    ['{', 'The body is not valid JSON. The fault is at character 1.'],
    ['{"messages": "CANARY" oops}', 'The body is not valid JSON. The fault is at character 22.'],
    ['CANARY', 'The body is not valid JSON.'],
    ['[at position 42]', 'The body is not valid JSON.'],
    ['{"a": 01}', 'The body is not valid JSON. The fault is at character 7.'],
    ["{'CANARY': 1}", 'The body is not valid JSON. The fault is at character 1.'],
  ]
  for (const [body = '', message] of cases) {
    const answer = await post(service, body)
    t.equal(answer.status, 400, body)
    t.strictSame(JSON.parse(answer.text), { code: 'invalid_json', message }, body)
  }
  t.notMatch(JSON.stringify(service.log.entries), /CANARY/)
})

t.test('refuses bytes that are not UTF-8', async t => {
  const service = await startEcho(t)
  const answer = await post(service, Buffer.from('7b2261223a22ff227d', 'hex'))
  t.equal(answer.status, 400)
  t.strictSame(JSON.parse(answer.text), {
    code: 'invalid_json',
    message: 'The body is not valid UTF-8.',
  })
})

t.test('passes over a byte order mark', async t => {
  const service = await startEcho(t)
  t.match(await post(service, '\ufeff{"a":1}'), { status: 200, text: '{"a":1}' })
})

t.test('refuses JSON that is not an object', async t => {
  const service = await startEcho(t)
  for (const body of ['[]', '[{"a":1}]', '"x"', 'null', '7', 'true']) {
    const answer = await post(service, body)
    t.equal(answer.status, 400, body)
    t.equal(codeOf(answer), 'invalid_type', body)
  }
})

t.test('keeps the connection after a body that was read and refused', async t => {
  const service = await startEcho(t)
  const client = await connect(t, service)
  client.send(`${head('POST /it', 'Content-Length: 2')}[]`)
  await client.until(/"invalid_type".*\}$/s)
  client.send(`${head('POST /it', 'Content-Length: 7', 'Connection: close')}{"a":1}`)
  t.match(await client.closed, /HTTP\/1\.1 400 .*HTTP\/1\.1 200 .*\{"a":1\}$/s)
})

t.test('takes 100 levels and refuses 101', async t => {
  const service = await startEcho(t, 1024 * 1024)
  const nested = (levels: number) =>
    `{"a":${'['.repeat(levels - 1)}${']'.repeat(levels - 1)},"b":{"c":null}}`
  t.equal((await post(service, nested(100))).status, 200)
  for (const levels of [101, 100_000]) {
    const answer = await post(service, nested(levels))
    t.equal(answer.status, 400)
    t.equal(codeOf(answer), 'json_too_deep')
  }
  const objects = `${'{"a":'.repeat(101)}1${'}'.repeat(101)}`
  t.equal(codeOf(await post(service, objects)), 'json_too_deep')
})

t.test('reads prototype names as plain data', async t => {
  const service = await startWith(t, async exchange => {
    const body = await readJsonObject(exchange, LIMIT)
    sendJson(exchange.response, 200, [Object.keys(body), body['model'] ?? null])
  })
  const answer = await post(service, '{"__proto__":{"model":"evil"},"constructor":{}}')
  t.equal(answer.text, '[["__proto__","constructor"],null]')
})

t.test('judges the content type', async t => {
  const service = await startEcho(t)
  const local = 'http://localhost:3000'
  const cases: readonly (readonly [number, Record<string, string>])[] = [
    [200, {}],
    [200, { 'content-type': 'application/json' }],
    [200, { 'content-type': 'Application/JSON; Charset=UTF-8' }],
    [200, { 'content-type': 'application/json;charset="utf-8"' }],
    [200, { 'content-type': 'application/json; charset=utf8' }],
    [200, { 'content-type': 'application/vnd.api+json' }],
    [200, { 'content-type': 'application/json', origin: local }],
    [200, { 'content-type': 'text/plain' }],
    [200, { 'content-type': 'application/x-www-form-urlencoded' }],
    [200, { 'content-type': 'text/plain;charset=UTF-8', origin: 'app://obsidian.md' }],
    [200, { 'content-type': 'text/plain', origin: 'tauri://x', 'sec-fetch-site': 'cross-site' }],
    [200, { 'content-encoding': 'identity' }],
    [415, { 'content-type': 'text/plain', origin: local }],
    [415, { 'content-type': 'multipart/form-data; boundary=x', origin: 'app://obsidian.md' }],
    [415, { 'content-type': 'text/plain;charset=UTF-8', 'sec-fetch-site': 'same-origin' }],
    [415, { 'content-type': 'application/x-www-form-urlencoded', origin: local }],
    [415, { 'content-type': 'multipart/form-data; boundary=x' }],
    [415, { 'content-type': 'application/xml' }],
    [415, { 'content-type': 'application/jsonp' }],
    [415, { 'content-type': 'application/json; charset=utf-16' }],
    [415, { 'content-type': 'application/json; charset=iso-8859-1' }],
    [415, { 'content-encoding': 'compress' }],
    [415, { 'content-encoding': 'gzip, br' }],
  ]
  for (const [status, headers] of cases) {
    const answer = await post(service, '{}', headers)
    t.equal(answer.status, status, JSON.stringify(headers))
    if (status === 415) t.equal(codeOf(answer), 'unsupported_media_type')
  }
})

t.test('reads compressed bodies', async t => {
  const service = await startEcho(t)
  const text = '{"a":"é€😀"}'
  const bodies: readonly (readonly [string, Uint8Array])[] = [
    ['gzip', zlib.gzipSync(text)],
    ['X-GZIP', zlib.gzipSync(text)],
    ['deflate', zlib.deflateSync(text)],
    ['deflate', zlib.deflateRawSync(text)],
    ['br', zlib.brotliCompressSync(text)],
  ]
  for (const [encoding, body] of bodies) {
    const answer = await post(service, body, { 'content-encoding': encoding })
    t.match(answer, { status: 200, text }, encoding)
  }
})

t.test('reads Zstandard where Node does, and says what it reads where it does not', async t => {
  const service = await startEcho(t)
  // The same JSON, `{"a":1}`, as one raw block of a Zstandard frame (RFC 8878).
  const body = Buffer.from('28b52ffd20073900007b2261223a317d', 'hex')
  const answer = await post(service, body, { 'content-encoding': 'zstd' })
  const accepted = 'gzip, deflate, br'
  if ('zstdDecompress' in zlib) t.match(answer, { status: 200, text: '{"a":1}' })
  else t.match(answer, { status: 415, headers: { 'accept-encoding': accepted } })
  const other = await post(service, '{}', { 'content-encoding': 'compress' })
  t.match(other.headers['accept-encoding'], accepted)
})

t.test('counts a compressed body by what is in it, and stops at the limit', async t => {
  const service = await startEcho(t)
  const gzip = { 'content-encoding': 'gzip' }
  t.equal((await post(service, zlib.gzipSync(objectOf(LIMIT)), gzip)).status, 200)
  const over = await post(service, zlib.gzipSync(objectOf(LIMIT + 1)), gzip)
  t.match(over, { status: 413 })
  t.equal(codeOf(over), 'request_too_large')
  t.equal((await post(service, zlib.gzipSync('x'.repeat(1e6)), gzip)).status, 413)
})

t.test('a body that is not compressed as it says is refused', async t => {
  const service = await startEcho(t)
  for (const encoding of ['gzip', 'deflate', 'br']) {
    const answer = await post(service, '{"a":"secret"}', { 'content-encoding': encoding })
    t.equal(answer.status, 400, encoding)
    t.equal(codeOf(answer), 'invalid_value')
    t.notMatch(answer.text, 'secret')
  }
  const cut = zlib.gzipSync('{"a":1}').subarray(0, -4)
  t.equal((await post(service, cut, { 'content-encoding': 'gzip' })).status, 400)
})

t.test('a page whose type is left out may still send JSON', async t => {
  const service = await startEcho(t)
  const headers = { origin: 'http://localhost:3000' }
  t.equal((await post(service, '{}', headers)).status, 200)
})

t.test('gives up when the client leaves in the middle', async t => {
  const { service, started, failed } = await startWatched(t)
  const client = await connect(t, service)
  client.send(`${head('POST /it', 'Content-Length: 100')}{"a":`)
  const { request, signal } = await started
  client.socket.destroy()
  t.match(await failed, { name: 'ProxyError', code: 'client_closed' })
  const { fields } = await service.requestLine()
  t.match(fields, { status: 499, error_code: 'client_closed', route: '/it' })
  t.equal(signal.aborted, true)
  t.equal(request.listenerCount('data'), 0)
  t.equal(service.server.inFlight(), 0)
})

t.test('gives up when the server stops in the middle, and says so', async t => {
  const { service, started, failed } = await startWatched(t)
  const client = await connect(t, service)
  client.send(`${head('POST /it', 'Content-Length: 100')}{"a":`)
  await started
  const closed = service.server.close(0)
  t.match(await failed, { code: 'server_shutting_down' })
  t.match(await client.until(/\}$/), /^HTTP\/1\.1 503 .*\r\nconnection: close\r\n/is)
  client.socket.end()
  await closed
})

t.test('gives up at once if the client has left before', async t => {
  const result = createGate<unknown>()
  const service = await startWith(t, async exchange => {
    const { signal } = exchange
    if (!signal.aborted) await once(signal, 'abort')
    await readJsonObject(exchange, LIMIT).catch(result.open)
  })
  const client = await connect(t, service)
  client.send(`${head('POST /it', 'Content-Length: 100')}{"a":`)
  client.socket.end()
  const error = await result.passed
  t.ok(error instanceof ProxyError)
  t.match(error, { code: 'client_closed' })
})

t.test('leaves other expectations to the protocol', async t => {
  const service = await startEcho(t)
  const answer = await ask(service, { method: 'POST', path: '/it', headers: { expect: 'tea' } })
  t.equal(answer.status, 417)
})
