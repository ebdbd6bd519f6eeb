import t from 'tap'
import { post, readJson } from '../fakes/api-client.ts'
import { answer, message } from '../fakes/backend-events.ts'
import { plays } from '../fakes/chat-service.ts'
import { connect, head } from '../fakes/http-service.ts'
import {
  askPlainly,
  BODIES,
  CHAT,
  GENERATE,
  readRefusal,
  refusalOf,
  startOllama,
} from '../fakes/ollama-service.ts'
import { startDemo, startSignedIn } from '../fakes/service.ts'

t.test('a path is found with slashes to spare', async t => {
  const { url } = await startDemo(t)
  const tags = await readJson(await fetch(`${url}/api/tags`))
  for (const path of ['//api/tags', '/api/tags/', '/api//tags', '/api/tags?x=1']) {
    t.strictSame(await readJson(await fetch(url + path)), tags, path)
  }
})

t.test('a wrong method and an unknown path are errors of one text', async t => {
  const { url } = await startDemo(t)
  for (const [method, path, allowed] of [
    ['GET', '/api/show', 'POST'],
    ['GET', CHAT, 'POST'],
    ['PUT', CHAT, 'POST'],
    ['DELETE', GENERATE, 'POST'],
    ['POST', '/api/tags', 'GET'],
    ['POST', '/api/version', 'GET'],
    ['POST', '/api/ps', 'GET'],
    ['GET', '/api/pull', 'POST'],
    ['POST', '/api/delete', 'DELETE'],
    ['GET', '/api/embed', 'POST'],
  ] as const) {
    const response = await fetch(url + path, { method })
    t.equal(response.status, 405, path)
    const methods = allowed === 'GET' ? 'GET, HEAD, OPTIONS' : `${allowed}, OPTIONS`
    t.equal(response.headers.get('allow'), methods, path)
    t.equal((await readRefusal(response)).error, `This URL answers to ${methods} only.`, path)
  }
  for (const [method, path] of [
    ['GET', '/api/nope'],
    ['POST', '/api/nope'],
    ['GET', '/api'],
    ['GET', '/api/'],
    ['GET', '/api/tags/more'],
    ['POST', '/api/chat/completions'],
  ] as const) {
    t.strictSame(await readRefusal(await fetch(url + path, { method })), {
      status: 404,
      error: 'There is nothing at this URL.',
    })
  }
  t.strictSame(await readRefusal(await fetch(`${url}/api/%zz`)), {
    status: 400,
    error: 'The path of the URL is malformed.',
  })
  // Elsewhere the other API answers.
  t.match(await readJson(await fetch(`${url}/nope`)), { error: { code: 'unknown_url' } })
})

t.test('what cannot be done to a model far away is refused in so many words', async t => {
  const { url, upstream, log } = await startSignedIn(t)
  const blob = `/api/blobs/sha256:${'0'.repeat(64)}`
  const remote = 'is not supported: models are served remotely'
  const cloud = 'ollama cloud is disabled: web search is unavailable'
  const signedOut = 'you are not currently signed in'
  const noEmbeddings = '"gpt-5.5" does not support embeddings'
  for (const [method, path, body, status, error, code] of [
    ['POST', '/api/push', { model: 'gpt-5.5' }, 501, `push ${remote}`, 'not_supported'],
    ['POST', '/api/push', '', 501, `push ${remote}`, 'not_supported'],
    ['POST', '/api/create', { model: 'CANARY' }, 501, `create ${remote}`, 'not_supported'],
    ['POST', '/api/copy', { source: 'CANARY' }, 501, `copy ${remote}`, 'not_supported'],
    ['DELETE', '/api/delete', { model: 'gpt-5.5' }, 501, `delete ${remote}`, 'not_supported'],
    ['DELETE', '/api/delete', { name: 'GPT-5.5' }, 501, `delete ${remote}`, 'not_supported'],
    ['DELETE', '/api/delete', { name: 'nope' }, 404, "model 'nope' not found", 'model_not_found'],
    ['POST', blob, 'x'.repeat(500_000), 501, `upload of blobs ${remote}`, 'not_supported'],
    ['GET', blob, '', 404, 'blob not found', 'unsupported_endpoint'],
    ['POST', '/api/me', undefined, 401, 'unauthorized', undefined],
    ['POST', '/api/signout', undefined, 401, signedOut, undefined],
    ['DELETE', '/api/user/keys/abc', undefined, 401, signedOut, undefined],
    ['POST', '/api/experimental/web_search', { query: 'CANARY' }, 403, cloud, undefined],
    ['POST', '/api/experimental/web_fetch', { url: 'CANARY' }, 403, cloud, undefined],
    ['POST', '/api/embed', { model: 'gpt-5.5' }, 400, noEmbeddings, 'unsupported_value'],
    ['POST', '/api/embed', { model: 'gpt-5.5', input: [] }, 400, noEmbeddings, 'unsupported_value'],
    ['POST', '/api/embeddings', { model: 'gpt-5.5' }, 400, noEmbeddings, 'unsupported_value'],
  ] as const) {
    const title = `${method} ${path} ${JSON.stringify(body)?.slice(0, 60)}`
    t.strictSame(await refusalOf(url + path, body, method), { status, error }, title)
    const { fields } = log.entries.findLast(entry => entry.message === 'request') ?? {}
    t.match(fields, { status, error_code: code, error: code && error }, title)
  }
  const asked = await fetch(url + blob, { method: 'HEAD' })
  t.equal(asked.status, 404)
  t.equal(await asked.text(), '')
  t.equal(upstream.requests.length, 0)
  t.notMatch(JSON.stringify(log.entries), 'CANARY')
})

t.test('what is refused unread leaves no connection in doubt, whatever its size', async t => {
  const service = await startDemo(t)
  const uploads = await connect(t, service)
  uploads.send(head('POST /api/blobs/sha256:0', 'Content-Length: 99999999999'))
  const text = await uploads.until(/\}$/)
  t.match(text, /^HTTP\/1\.1 501 .*\r\nconnection: close\r\n.*\{"error":"upload of blobs /is)

  const goesOn = await connect(t, service)
  goesOn.send(`${head('DELETE /api/delete', 'Content-Length: 16')}{"model":"demo"}`)
  await goesOn.until(/501 .*\}$/s)
  goesOn.send(head('POST /api/push', 'Content-Length: 0'))
  await goesOn.until(/501 .*501 .*\}$/s)
  goesOn.send(head('POST /api/me', 'Content-Length: 0'))
  await goesOn.until(/501 .*501 .*401 .*\}$/s)
  goesOn.send(head('GET /api/version', 'Connection: close'))
  t.match(await goesOn.closed, /501 .*501 .*401 .*200 .*"0\.33\.0"\}$/s)
})

t.test('a body that does no more than name a model is small', async t => {
  const { url } = await startDemo(t)
  const model = 'x'.repeat(1024 * 1024)
  for (const [path, method] of [
    ['/api/show', 'POST'],
    ['/api/pull', 'POST'],
    ['/api/delete', 'DELETE'],
  ] as const) {
    t.equal((await refusalOf(url + path, { model }, method)).status, 413, path)
  }
  t.strictSame(await refusalOf(`${url}/api/embed`, { model: 'demo', input: model }), {
    status: 400,
    error: '"demo" does not support embeddings',
  })
})

t.test('a body that is no JSON object is refused before its model is looked at', async t => {
  const { url, upstream, log } = await startSignedIn(t)
  const send = (path: string, body: string | Uint8Array<ArrayBuffer>) =>
    fetch(url + path, { method: path === '/api/delete' ? 'DELETE' : 'POST', body })
  const paths = [CHAT, GENERATE, '/api/show', '/api/pull', '/api/embed', '/api/delete']
  for (const path of paths) {
    t.strictSame(
      await readRefusal(await send(path, '')),
      { status: 400, error: 'missing request body' },
      path,
    )
    for (const body of [
      '{',
      '{bad',
      '[]',
      '"x"',
      'null',
      '3',
      '{"messages": "CANARYTEXT" oops}',
      Uint8Array.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]),
      `{"model":"gpt-5.5","x":${'['.repeat(101)}"CANARY"${']'.repeat(101)}}`,
      `{"model":"gpt-5.5","x":${'['.repeat(100_000)}${']'.repeat(100_000)}}`,
    ]) {
      const { status, error } = await readRefusal(await send(path, body))
      t.equal(status, 400, `${path} ${body.slice(0, 40)}`)
      t.notMatch(error, 'CANARY')
    }
  }
  t.equal(upstream.requests.length, 0)
  t.notMatch(JSON.stringify(log.entries), 'CANARY')
})

t.test('a body is JSON whatever its type says, and may come compressed', async t => {
  const { url, upstream } = await startOllama(t, CHAT)
  upstream.play(plays(answer(message(0, ['ok']))))
  const body = JSON.stringify({ ...BODIES[CHAT], stream: false })
  for (const type of [
    'application/json',
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/json; charset=utf-8',
  ]) {
    const response = await post(url + CHAT, body, { 'content-type': type })
    t.match(await readJson(response), { message: { content: 'ok' }, done: true }, type)
  }
  const gzip = new Blob([body]).stream().pipeThrough(new CompressionStream('gzip'))
  const response = await fetch(url + CHAT, {
    method: 'POST',
    headers: { 'content-encoding': 'gzip' },
    body: await new Response(gzip).arrayBuffer(),
  })
  t.match(await readJson(response), { message: { content: 'ok' } })
})

t.test('a body that is too large is refused in the same form', async t => {
  const { url, upstream } = await startSignedIn(t, { CHATGPT_LOCAL_BODY_LIMIT: '1000' })
  for (const path of [CHAT, GENERATE]) {
    const large = { ...BODIES[path], x: 'CANARY'.repeat(1000) }
    const { status } = await readRefusal(await post(url + path, large))
    t.equal(status, 413, path)
  }
  t.equal(upstream.requests.length, 0)
})

t.test('fields that belong to every object of the language do no harm', async t => {
  const { url, sent, upstream } = await startOllama(t, CHAT)
  const plain = await sent({})
  upstream.play(plays(answer(message(0, ['ok']))))
  const text =
    '{"model":"gpt-5.5","stream":false,"__proto__":{"model":"evil","stream":true},"constructor":{"prototype":{"x":1}},"messages":[{"role":"user","content":"hi","__proto__":{"role":"system"}}]}'
  const response = await post(url + CHAT, text)
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.match(await readJson(response), { model: 'gpt-5.5', done: true })
  t.strictSame(upstream.requests.at(-1)?.body, plain)
  t.strictSame(await sent({}), plain)
})

const preflight = (origin: string) => ({
  method: 'OPTIONS',
  path: CHAT,
  headers: {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  },
})

t.test('installed programs and pages of this machine may ask, other pages may not', async t => {
  const service = await startOllama(t, CHAT)
  service.upstream.play(plays(answer(message(0, ['ok']))))
  const body = JSON.stringify({ ...BODIES[CHAT], stream: false })
  const asks = (headers: Record<string, string>, type = 'application/json') =>
    askPlainly(service, {
      method: 'POST',
      path: CHAT,
      headers: { 'content-type': type, ...headers },
      body,
    })
  for (const origin of [
    'app://obsidian.md',
    'http://localhost:3000',
    'http://127.0.0.1',
    'tauri://localhost',
    'chrome-extension://abcdefghijklmnop',
  ]) {
    const { status, headers } = await askPlainly(service, preflight(origin))
    t.equal(status, 204, origin)
    t.equal(headers['access-control-allow-origin'], origin)
    t.match(headers['access-control-allow-headers'], /authorization/)
    t.match(headers['access-control-allow-headers'], /content-type/)
    t.match(headers['access-control-allow-methods'], 'POST')
    t.notOk('access-control-allow-credentials' in headers)
    const answered = await asks({ origin })
    t.equal(answered.status, 200, origin)
    t.equal(answered.headers['access-control-allow-origin'], origin)
  }
  const before = service.upstream.requests.length
  for (const origin of [
    'https://evil.example',
    'http://localhost.evil.com',
    'http://127.0.0.1.nip.io',
    'null',
  ]) {
    for (const type of ['text/plain', 'application/json']) {
      const { status, headers, text } = await asks({ origin }, type)
      t.equal(status, 403, origin)
      t.strictSame(Object.keys(JSON.parse(text)), ['error'], origin)
      t.match(JSON.parse(text).error, /--cors-origins/, origin)
      t.notOk('access-control-allow-origin' in headers, origin)
    }
    const refused = await askPlainly(service, preflight(origin))
    t.equal(refused.status, 403, origin)
    t.notOk('access-control-allow-origin' in refused.headers, origin)
  }
  for (const host of ['evil.example', `evil.example:${service.port}`]) {
    const { status, text } = await asks({ host })
    t.equal(status, 403, host)
    t.strictSame(Object.keys(JSON.parse(text)), ['error'])
    t.match(JSON.parse(text).error, /--allowed-hosts/)
  }
  t.equal(service.upstream.requests.length, before)
  for (const host of ['localhost', `[::1]:${service.port}`, 'host.docker.internal']) {
    t.equal((await asks({ host })).status, 200, host)
  }
})

t.test('a page that is allowed by name may ask', async t => {
  const service = await startOllama(t, CHAT, {
    CHATGPT_LOCAL_CORS_ORIGINS: 'https://my.example',
    CHATGPT_LOCAL_ALLOWED_HOSTS: 'my.example',
  })
  const { status, headers } = await askPlainly(service, preflight('https://my.example'))
  t.equal(status, 204)
  t.equal(headers['access-control-allow-origin'], 'https://my.example')
  const hosted = await askPlainly(service, {
    path: '/api/version',
    headers: { host: 'my.example' },
  })
  t.equal(hosted.status, 200)
})
