import t, { type Test } from 'tap'
import { createOllamaPort } from '../../../src/adapters/ollama/port.ts'
import { createOllama, type OllamaParts } from '../../../src/adapters/ollama/routes.ts'
import type { CatalogRecord, ModelEntry } from '../../../src/domain/ports.ts'
import { createFakeClock } from '../../fakes/clock.ts'
import {
  type Answer,
  ask,
  codeOf,
  connect,
  encodeError,
  head,
  type Service,
  startProtocols,
} from '../../fakes/http-service.ts'
import { modelEntry } from '../../fakes/model-entry.ts'

const demo = modelEntry({
  slug: 'demo',
  efforts: ['low', 'high'],
  images: false,
  contextWindow: 128_000,
})

/** Returns the parts of a protocol that asks nobody anything. */
function parts(over: Partial<OllamaParts> = {}): OllamaParts {
  return {
    chat: async () => {
      throw new Error('nothing should be asked here')
    },
    catalog: { list: () => [demo], record: () => undefined },
    clock: createFakeClock(0),
    bodyLimitBytes: 64 * 1024 * 1024,
    streamTimes: { heartbeatMs: 15_000, commitDelayMs: 10_000 },
    strict: false,
    webSearch: false,
    remoteHost: 'https://upstream.example',
    debugModel: undefined,
    exposesEfforts: false,
    ...over,
  }
}

function start(t: Test, over?: Partial<OllamaParts>): Promise<Service> {
  return startProtocols(t, [{ routes: [], encodeError }, createOllama(parts(over))])
}

function post(service: Service, path: string, body: unknown): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return ask(service, { method: 'POST', path, body: text })
}

/** Node sends the length of a body by itself only with methods that usually have one. */
function deleteModel(service: Service, body: string): Promise<Answer> {
  const headers = { 'content-length': Buffer.byteLength(body) }
  return ask(service, { method: 'DELETE', path: '/api/delete', headers, body })
}

/** Checks that an answer is an error as Ollama tells it, and nothing more. */
function isError(t: Test, answer: Answer, status: number, error: string, about = error): void {
  t.equal(answer.status, status, about)
  t.equal(answer.headers['content-type'], 'application/json; charset=utf-8', about)
  t.equal(answer.headers['x-should-retry'], 'false', about)
  t.strictSame(JSON.parse(answer.text), { error }, about)
}

t.test('what is the same for everybody', async t => {
  const service = await start(t)
  const cases = [
    ['/api/version', '{"version":"0.33.0"}'],
    ['/api/ps', '{"models":[]}'],
    ['/api/status', '{"cloud":{"disabled":true,"source":"config"}}'],
    ['/api/experimental/model-recommendations', '{"recommendations":[]}'],
    ['//api/ps', '{"models":[]}'],
    ['/api/ps/', '{"models":[]}'],
  ]
  for (const [path = '', text] of cases) {
    const headers = { 'content-type': 'application/json; charset=utf-8' }
    t.match(await ask(service, { path }), { status: 200, text, headers }, path)
    t.match(await ask(service, { path, method: 'HEAD' }), { status: 200, text: '' }, path)
  }
})

t.test('the models are listed as the catalogue has them at the moment', async t => {
  let entries: readonly ModelEntry[] = []
  let record: CatalogRecord | undefined
  const service = await start(t, {
    catalog: { list: () => entries, record: () => record },
    exposesEfforts: true,
  })
  const list = async () => JSON.parse((await ask(service, { path: '/api/tags' })).text)
  t.strictSame(await list(), { models: [] })
  entries = [demo]
  t.match(await list(), {
    models: [
      {
        name: 'demo:latest',
        remote_model: 'demo',
        remote_host: 'https://upstream.example',
        modified_at: '2026-01-01T00:00:00.000Z',
      },
      { name: 'demo:low' },
      { name: 'demo:high' },
    ],
  })
  record = { fetchedAt: 1_795_345_200_123, etag: undefined, clientVersion: '1.0.0', models: [] }
  t.equal((await list()).models[0].modified_at, '2026-11-22T11:00:00.123Z')
})

t.test('the efforts are listed only if the service says so', async t => {
  const service = await start(t)
  const { models } = JSON.parse((await ask(service, { path: '/api/tags' })).text)
  t.equal(models.length, 1)
  t.equal(models[0].name, 'demo:latest')
})

t.test('one model is shown under any of its names', async t => {
  const service = await start(t)
  const first = await post(service, '/api/show', { model: 'demo' })
  t.equal(first.status, 200)
  t.match(JSON.parse(first.text), {
    model_info: { 'general.architecture': 'demo', 'demo.context_length': 128_000 },
    capabilities: ['completion', 'tools', 'insert', 'thinking'],
    modified_at: '2026-01-01T00:00:00.000Z',
    remote_model: 'demo',
    remote_host: 'https://upstream.example',
  })
  const others = [
    { name: 'DEMO:latest' },
    { model: 'library/demo' },
    { model: '', name: 'demo' },
    { model: null, name: 'demo' },
    { model: 'demo', name: 'nope' },
    { model: ' demo ' },
    { model: 'demo', verbose: true, system: 'x', template: 'y', options: { num_ctx: 1 }, other: 1 },
    { model: 'demo', verbose: null, system: null, template: null, options: null },
  ]
  for (const body of others) {
    const { status, text } = await post(service, '/api/show', body)
    t.strictSame({ status, text }, { status: 200, text: first.text }, JSON.stringify(body))
  }
  const high = JSON.parse((await post(service, '/api/show', { model: 'demo:high' })).text)
  t.equal(high.model_info['general.basename'], 'demo:high')
})

t.test('a model that cannot be shown', async t => {
  const service = await start(t)
  const cases: readonly (readonly [unknown, number, string])[] = [
    [{ model: 'nope' }, 404, "model 'nope:latest' not found"],
    [{ name: 'library/nope:7b' }, 404, "model 'nope:7b' not found"],
    [{ model: 'demo:7b' }, 404, "model 'demo:7b' not found"],
    [{}, 400, 'model is required'],
    [{ model: '', name: '' }, 400, 'model is required'],
    [{ model: ' ', name: null }, 400, 'model is required'],
    [{ model: 'a b' }, 400, 'invalid model name'],
    ['', 400, 'missing request body'],
    ['{bad', 400, 'The body is not valid JSON. The fault is at character 1.'],
    ['[]', 400, 'The body must be a JSON object.'],
    [{ model: 1 }, 400, "Invalid type for 'model': expected a string, got number."],
    [{ name: ['x'] }, 400, "Invalid type for 'name': expected a string, got array."],
    [
      { model: 'demo', verbose: 'yes' },
      400,
      "Invalid type for 'verbose': expected a boolean, got string.",
    ],
    [
      { model: 'demo', system: {} },
      400,
      "Invalid type for 'system': expected a string, got object.",
    ],
    [
      { model: 'demo', template: 1 },
      400,
      "Invalid type for 'template': expected a string, got number.",
    ],
    [
      { model: 'demo', options: [] },
      400,
      "Invalid type for 'options': expected an object, got array.",
    ],
  ]
  for (const [body, status, error] of cases) {
    isError(t, await post(service, '/api/show', body), status, error, JSON.stringify(body))
  }
})

t.test('a body that only names a model is small', async t => {
  const service = await start(t)
  const body = { model: 'x'.repeat(1024 * 1024) }
  for (const path of ['/api/show', '/api/pull']) {
    t.equal((await post(service, path, body)).status, 413, path)
  }
  t.equal((await deleteModel(service, JSON.stringify(body))).status, 413)
  const text = 'x'.repeat(1024 * 1024)
  const embed = await post(service, '/api/embed', { model: 'demo', input: text })
  isError(t, embed, 400, '"demo" does not support embeddings')
})

t.test('a model that is served counts as pulled', async t => {
  const service = await start(t)
  const lines = '{"status":"pulling manifest"}\n{"status":"success"}\n'
  const bodies = [
    { model: 'demo' },
    { name: 'DEMO:latest' },
    { name: 'demo:high', stream: true, insecure: true, username: 'x', password: 'y' },
    { model: 'demo', stream: null },
  ]
  for (const body of bodies) {
    const answer = await post(service, '/api/pull', body)
    const headers = { 'content-type': 'application/x-ndjson' }
    t.match(answer, { status: 200, text: lines, headers }, JSON.stringify(body))
  }
  t.match(await post(service, '/api/pull', { model: 'demo', stream: false }), {
    status: 200,
    text: '{"status":"success"}',
    headers: { 'content-type': 'application/json; charset=utf-8' },
  })
})

t.test('a model that is not served cannot be pulled', async t => {
  const service = await start(t)
  t.match(await post(service, '/api/pull', { model: 'nope' }), {
    status: 200,
    text: '{"status":"pulling manifest"}\n{"error":"pull model manifest: file does not exist"}\n',
    headers: { 'content-type': 'application/x-ndjson' },
  })
  const cases: readonly (readonly [unknown, number, string])[] = [
    [{ model: 'nope', stream: false }, 500, 'pull model manifest: file does not exist'],
    [{}, 400, 'model is required'],
    [{ name: '' }, 400, 'model is required'],
    [{ name: 'a b' }, 400, 'invalid model name'],
    [{ name: 'a b', stream: false }, 400, 'invalid model name'],
    ['', 400, 'missing request body'],
    [
      { model: 'demo', stream: 'no' },
      400,
      "Invalid type for 'stream': expected a boolean, got string.",
    ],
    [{ model: {} }, 400, "Invalid type for 'model': expected a string, got object."],
  ]
  for (const [body, status, error] of cases) {
    isError(t, await post(service, '/api/pull', body), status, error, JSON.stringify(body))
  }
})

t.test('no model can be deleted', async t => {
  const service = await start(t)
  const cases: readonly (readonly [string, number, string])[] = [
    ['{"name":"demo"}', 501, 'delete is not supported: models are served remotely'],
    ['{"model":"DEMO:latest"}', 501, 'delete is not supported: models are served remotely'],
    ['{"model":"Nope"}', 404, "model 'Nope' not found"],
    ['{"model":"nope:7b"}', 404, "model 'nope:7b' not found"],
    ['{}', 400, 'model is required'],
    ['{"model":"a b"}', 400, 'name "a b" is invalid'],
    ['{"model":"a\\u0007\\nb"}', 400, 'name "a b" is invalid'],
    [`{"model":"${'?'.repeat(101)}"}`, 400, `name "${'?'.repeat(99)}…" is invalid`],
    ['', 400, 'missing request body'],
    ['{"model":1}', 400, "Invalid type for 'model': expected a string, got number."],
  ]
  for (const [body, status, error] of cases) {
    isError(t, await deleteModel(service, body), status, error, body)
  }
})

t.test('no model makes embeddings', async t => {
  const service = await start(t)
  const cases: readonly (readonly [unknown, number, string])[] = [
    [{ model: 'demo', input: 'x' }, 400, '"demo" does not support embeddings'],
    [{ model: 'DEMO:latest', prompt: 'x' }, 400, '"DEMO:latest" does not support embeddings'],
    [{ model: 'demo', input: [] }, 400, '"demo" does not support embeddings'],
    [{ model: 'nope', input: 'x' }, 404, 'model "nope" not found, try pulling it first'],
    [{}, 404, "model '' not found"],
    [{ model: ' ' }, 404, "model '' not found"],
    [{ model: null }, 404, "model '' not found"],
    [{ name: 'demo' }, 404, "model '' not found"],
    [{ model: 'a b' }, 400, 'invalid model name'],
    [{ model: 1 }, 400, "Invalid type for 'model': expected a string, got number."],
    ['', 400, 'missing request body'],
  ]
  for (const path of ['/api/embed', '/api/embeddings']) {
    for (const [body, status, error] of cases) {
      isError(t, await post(service, path, body), status, error, `${path} ${JSON.stringify(body)}`)
    }
  }
})

t.test('what there is no such thing as', async t => {
  const service = await start(t)
  const remote = 'is not supported: models are served remotely'
  const cloud = 'ollama cloud is disabled: web search is unavailable'
  const signedOut = 'you are not currently signed in'
  const cases: readonly (readonly [string, string, number, string])[] = [
    ['POST', '/api/push', 501, `push ${remote}`],
    ['POST', '/api/create', 501, `create ${remote}`],
    ['POST', '/api/copy', 501, `copy ${remote}`],
    ['POST', '/api/blobs/sha256:0', 501, `upload of blobs ${remote}`],
    ['GET', '/api/blobs/sha256:0', 404, 'blob not found'],
    ['POST', '/api/me', 401, 'unauthorized'],
    ['POST', '/api/signout', 401, signedOut],
    ['DELETE', '/api/user/keys/key-1', 401, signedOut],
    ['POST', '/api/experimental/web_search', 403, cloud],
    ['POST', '/api/experimental/web_fetch', 403, cloud],
  ]
  for (const [method, path, status, error] of cases) {
    isError(t, await ask(service, { method, path }), status, error, path)
    if (method === 'GET') continue
    isError(t, await ask(service, { method, path, body: '{bad' }), status, error, path)
  }
  const blob = await ask(service, { method: 'HEAD', path: '/api/blobs/sha256:0' })
  t.match(blob, { status: 404, text: '' })
})

t.test('a refused blob of any size gets its answer', async t => {
  const service = await start(t)
  const client = await connect(t, service)
  client.send(head('POST /api/blobs/sha256:0', 'Content-Length: 99999999999'))
  const text = await client.until(/\}$/)
  t.match(text, /^HTTP\/1\.1 501 .*\r\nconnection: close\r\n.*\{"error":"upload of blobs /is)
})

t.test('a connection lasts after a refusal', async t => {
  const service = await start(t)
  const client = await connect(t, service)
  client.send(`${head('DELETE /api/delete', 'Content-Length: 16')}{"model":"demo"}`)
  await client.until(/501 .*\}$/s)
  client.send(head('POST /api/push', 'Content-Length: 0'))
  await client.until(/501 .*501 .*\}$/s)
  client.send(head('GET /api/version', 'Connection: close'))
  t.match(await client.closed, /501 .*501 .*200 .*"0\.33\.0"\}$/s)
})

t.test('chat and generate have their handlers', async t => {
  const service = await start(t)
  isError(t, await post(service, '/api/chat', {}), 400, 'model is required')
  isError(t, await post(service, '/api/generate', {}), 404, "model '' not found")
})

t.test('other methods and other paths', async t => {
  const service = await start(t)
  for (const path of ['/api/show', '/api/chat', '/api/generate', '/api/pull', '/api/embed']) {
    const answer = await ask(service, { path })
    isError(t, answer, 405, 'This URL answers to POST, OPTIONS only.', path)
    t.equal(answer.headers.allow, 'POST, OPTIONS', path)
  }
  t.equal((await post(service, '/api/tags', {})).headers.allow, 'GET, HEAD, OPTIONS')
  for (const path of ['/api', '/api/nope', '/api/tags/x', '//api//']) {
    isError(t, await ask(service, { path }), 404, 'There is nothing at this URL.', path)
  }
  t.equal(codeOf(await ask(service, { path: '/nope' })), 'unknown_url')
  isError(t, await ask(service, { path: '/api/%zz' }), 400, 'The path of the URL is malformed.')
})

t.test('a page that may not call is told so in a string', async t => {
  const service = await start(t)
  const headers = { origin: 'https://evil.example' }
  const answer = await ask(service, { path: '/api/tags', headers })
  t.equal(answer.status, 403)
  t.match(JSON.parse(answer.text).error, '--cors-origins')
})

t.test('on a port of its own', async t => {
  const service = await startProtocols(t, [createOllamaPort(), createOllama(parts())])
  const plain = { 'content-type': 'text/plain; charset=utf-8' }

  t.test('it greets as Ollama does', async t => {
    const greeting = { status: 200, text: 'Ollama is running', headers: plain }
    t.match(await ask(service, { path: '/' }), greeting)
    t.match(await ask(service, { path: '/', method: 'HEAD' }), {
      status: 200,
      text: '',
      headers: { ...plain, 'content-length': '17' },
    })
  })

  t.test('it has few words for unknown paths', async t => {
    for (const path of ['/nope', '/api/nope', '/api', '/v1/nope']) {
      const nothing = { status: 404, text: '404 page not found', headers: plain }
      t.match(await ask(service, { path }), nothing, path)
    }
    const wrong = await post(service, '/', {})
    isError(t, wrong, 405, 'This URL answers to GET, HEAD, OPTIONS only.')
    t.equal(wrong.headers['allow'], 'GET, HEAD, OPTIONS')
  })

  t.test('the rest is as on any port', async t => {
    t.equal((await ask(service, { path: '/api/version' })).text, '{"version":"0.33.0"}')
    isError(t, await post(service, '/api/show', {}), 400, 'model is required')
    const headers = { origin: 'https://evil.example' }
    const answer = await ask(service, { path: '/', headers })
    t.equal(answer.status, 403)
    t.match(JSON.parse(answer.text).error, '--cors-origins')
  })
})
