import t, { type Test } from 'tap'
import { type Json, post, readJson } from '../fakes/api-client.ts'
import { answer, message } from '../fakes/backend-events.ts'
import { plays } from '../fakes/chat-service.ts'
import {
  BODIES,
  CHAT,
  GENERATE,
  type OllamaRefusal,
  readRefusal,
  refusalOf,
  startOllama,
} from '../fakes/ollama-service.ts'
import { startDemo, startService, startSignedIn } from '../fakes/service.ts'
import { json } from '../fakes/upstream-server.ts'

const SLUGS = [
  'gpt-6.1-sol',
  'gpt-6-astra',
  'gpt-6-sol',
  'gpt-6-luna',
  'gpt-5.6-sol',
  'gpt-6.1-terra',
  'gpt-5.6-terra',
  'gpt-5.6-luna',
  'gpt-5.5',
]
/** Other ways to write the name of one model. */
const SPELLINGS = [
  'gpt-5.5',
  'gpt-5.5:latest',
  'GPT-5.5:Latest',
  'library/gpt-5.5',
  'Library/GPT-5.5:latest',
  'registry.ollama.ai/library/gpt-5.5',
  'registry.ollama.ai/library/gpt-5.5:latest',
  '  gpt-5.5\n',
]
const MALFORMED = [
  'a b',
  'CANARY name',
  '-gpt',
  '.gpt',
  'gpt-5.5:',
  ':latest',
  'gpt-5.5:a b',
  'gpt-5.5:-x',
  'gpt\n5.5',
  'gpt-5.5\u0000',
  'gpt-é',
  '/gpt-5.5',
  'a/b/c/d',
  'x'.repeat(81),
  `gpt-5.5:${'x'.repeat(81)}`,
  '__proto__ x',
]

async function getJson(url: string): Promise<Json> {
  const response = await fetch(url)
  if (response.status !== 200) throw new Error(`${response.status} of ${url}`)
  return await readJson(response)
}

const namesOf = ({ models }: Json): readonly string[] => models.map(({ name }: Json) => name)

t.test('the version is plain and the same every time', async t => {
  const { url } = await startDemo(t)
  const response = await fetch(`${url}/api/version`)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.match(response.headers.get('x-request-id'), /^req_/)
  t.equal(await response.text(), '{"version":"0.33.0"}')
  const head = await fetch(`${url}/api/version`, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(await head.text(), '')
})

t.test('what never changes is told as Ollama tells it', async t => {
  const { url } = await startDemo(t)
  for (const [path, expected] of [
    ['/api/ps', { models: [] }],
    ['/api/status', { cloud: { disabled: true, source: 'config' } }],
    ['/api/experimental/model-recommendations', { recommendations: [] }],
  ] as const) {
    const response = await fetch(url + path)
    t.equal(response.status, 200, path)
    t.match(response.headers.get('content-type'), /^application\/json/, path)
    t.strictSame(await readJson(response), expected, path)
    const head = await fetch(url + path, { method: 'HEAD' })
    t.equal(head.status, 200, path)
    t.equal(await head.text(), '', path)
  }
})

t.test('a model is listed as one that runs elsewhere', async t => {
  const { url } = await startDemo(t)
  const { models, ...rest } = await getJson(`${url}/api/tags`)
  t.strictSame(rest, {})
  t.equal(models.length, 1)
  const [{ digest, size, modified_at, capabilities, ...entry }] = models
  t.strictSame(entry, {
    name: 'demo:latest',
    model: 'demo:latest',
    remote_model: 'demo',
    remote_host: 'https://demo.invalid',
    details: {
      parent_model: '',
      format: '',
      family: 'demo',
      families: ['demo'],
      parameter_size: '',
      quantization_level: '',
      context_length: 128_000,
    },
  })
  t.match(digest, /^[0-9a-f]{64}$/)
  t.ok(Number.isInteger(size) && size > 0)
  t.match(modified_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}(?:Z|[+-]\d\d:\d\d)$/)
  t.strictSame([...capabilities].sort(), ['completion', 'insert', 'thinking', 'tools', 'vision'])
  const head = await fetch(`${url}/api/tags`, { method: 'HEAD' })
  t.equal(head.status, 200)
  t.equal(await head.text(), '')
})

t.test('the whole catalogue is listed, the same after a restart', async t => {
  const first = await startSignedIn(t)
  const list = await getJson(`${first.url}/api/tags`)
  t.strictSame(
    namesOf(list),
    SLUGS.map(slug => `${slug}:latest`),
  )
  for (const { name, model, remote_model, remote_host, digest, details } of list.models) {
    t.equal(model, name)
    t.equal(`${remote_model}:latest`, name)
    t.equal(remote_host, first.upstream.url)
    t.match(digest, /^[0-9a-f]{64}$/)
    t.match(details, { family: 'gpt', families: ['gpt'], context_length: Number })
    t.notMatch(name, /[-:](?:cloud|local)$/)
  }
  const digests = list.models.map(({ digest }: Json) => digest)
  t.equal(new Set(digests).size, SLUGS.length)
  t.equal(first.upstream.requests.length, 0)

  // The host is part of what an entry says, so the second service has to have the same.
  const again = await startService(t, ['--base-url', first.upstream.url])
  t.strictSame(await getJson(`${again.url}/api/tags`), list)
})

t.test('each effort is a tag of its model where that is set', async t => {
  const { url } = await startSignedIn(t, { CHATGPT_LOCAL_EXPOSE_REASONING_MODELS: 'on' })
  const list = await getJson(`${url}/api/tags`)
  t.strictSame(
    namesOf(list).filter(name => name.startsWith('gpt-5.5')),
    [
      'gpt-5.5:latest',
      'gpt-5.5:none',
      'gpt-5.5:low',
      'gpt-5.5:medium',
      'gpt-5.5:high',
      'gpt-5.5:xhigh',
    ],
  )
  t.ok(namesOf(list).includes('gpt-6.1-sol:ultra'))
  t.equal(new Set(list.models.map(({ digest }: Json) => digest)).size, list.models.length)
  const found = list.models.find(({ name }: Json) => name === 'gpt-5.5:high')
  t.match(found, { model: 'gpt-5.5:high', remote_model: 'gpt-5.5' })
  const shown = await post(`${url}/api/show`, { model: 'gpt-5.5:high' })
  t.equal(shown.status, 200)
  t.match(await readJson(shown), { remote_model: 'gpt-5.5' })
})

/** Starts a service once it has been told of its only model, which can do very little. */
async function startTold(t: Test, environment: Readonly<Record<string, string>> = {}) {
  const service = await startSignedIn(t, { CHATGPT_LOCAL_MODEL_SYNC: 'on', ...environment })
  const told = {
    slug: 'gpt-new',
    display_name: 'New',
    visibility: 'list',
    supported_in_api: true,
    priority: 1,
    context_window: 4096,
    input_modalities: ['text'],
    supported_reasoning_levels: [],
  }
  service.upstream.play(json(200, { models: [told] }))
  let list = await getJson(`${service.url}/api/tags`)
  while (!namesOf(list).includes('gpt-new:latest')) {
    await new Promise(resolve => setImmediate(resolve))
    list = await getJson(`${service.url}/api/tags`)
  }
  return { ...service, list }
}

t.test('what the backend has told of its models is listed, with the time of it', async t => {
  const { url, list } = await startTold(t)
  t.strictSame(namesOf(list), ['gpt-new:latest'])
  const [{ modified_at, capabilities, details }] = list.models
  const status = await getJson(`${url}/v1/status`)
  t.equal(Date.parse(modified_at), Date.parse(status.models.fetched_at))
  t.match(modified_at, /\.\d{3,9}(?:Z|[+-]\d\d:\d\d)$/)
  t.strictSame([...capabilities].sort(), ['completion', 'insert', 'tools'])
  t.equal(details.context_length, 4096)

  const refused = await refusalOf(`${url}${CHAT}`, {
    ...BODIES[CHAT],
    model: 'gpt-new',
    think: true,
  })
  t.strictSame(refused, { status: 400, error: '"gpt-new" does not support thinking' })
})

t.test('a tier that a model does not have is named, or refused where that is wished', async t => {
  const { url, upstream } = await startTold(t)
  upstream.play(plays(answer(message(0, ['ok']))))
  for (const path of [CHAT, GENERATE]) {
    for (const stream of [true, false]) {
      const body = { ...BODIES[path], model: 'gpt-new', stream, service_tier: 'fast' }
      const response = await post(url + path, { ...body, options: { num_ctx: 1 } })
      await response.arrayBuffer()
      t.equal(response.headers.get('x-chatmock-ignored'), 'options.num_ctx, service_tier', path)
    }
  }
  const strict = await startTold(t, { CHATGPT_LOCAL_STRICT: 'on' })
  const asked = strict.upstream.requests.length
  const body = { ...BODIES[CHAT], model: 'gpt-new', service_tier: 'fast' }
  t.match(await refusalOf(strict.url + CHAT, body), { status: 400, error: "'service_tier'" })
  t.equal(strict.upstream.requests.length, asked)
})

t.test('a model is shown in one way, however it is asked for', async t => {
  const { url } = await startDemo(t)
  const show = async (body: object) => {
    const response = await post(`${url}/api/show`, body)
    t.equal(response.status, 200, JSON.stringify(body))
    return await readJson(response)
  }
  const shown = await show({ model: 'demo' })
  for (const body of [
    { name: 'DEMO:latest' },
    { model: 'library/demo' },
    { model: ' Demo ' },
    { model: 'registry.ollama.ai/library/demo:latest' },
    { model: '', name: 'demo' },
    { model: null, name: 'demo' },
    { model: 'demo', name: 'nope' },
    { model: 'demo', verbose: null, system: null, template: null, options: null },
    { model: 'demo', verbose: true, system: 's', template: 't', options: { num_ctx: 1 } },
    { model: 'demo', some_new_field: [1] },
  ]) {
    t.strictSame(await show(body), shown, JSON.stringify(body))
  }
  const [entry] = (await getJson(`${url}/api/tags`)).models
  t.strictSame(
    {
      details: shown.details,
      remote_model: shown.remote_model,
      remote_host: shown.remote_host,
      modified_at: shown.modified_at,
      capabilities: shown.capabilities,
    },
    {
      details: entry.details,
      remote_model: 'demo',
      remote_host: 'https://demo.invalid',
      modified_at: entry.modified_at,
      capabilities: entry.capabilities,
    },
  )
  t.strictSame(shown.model_info, {
    'general.architecture': 'demo',
    'general.basename': 'demo',
    'demo.context_length': 128_000,
  })
  t.equal(shown.parameters.trimEnd(), 'num_ctx                        128000')
  for (const line of shown.parameters.trimEnd().split('\n')) t.match(line, /^\S+\s+("…"|\S+)$/)
  t.type(shown.template, 'string')
  t.notMatch(shown.template, '.Suffix')
  t.match(shown.template, 'tools')
  t.type(shown.modelfile, 'string')
  t.notOk('license' in shown)
  t.notMatch(JSON.stringify(shown), 'null')
  for (const [body, error] of [
    [{ verbose: 'CANARY' }, "Invalid type for 'verbose': expected a boolean, got string."],
    [{ system: {} }, "Invalid type for 'system': expected a string, got object."],
    [{ template: 1 }, "Invalid type for 'template': expected a string, got number."],
    [{ options: [] }, "Invalid type for 'options': expected an object, got array."],
  ] as const) {
    const refusal = await refusalOf(`${url}/api/show`, { model: 'demo', ...body })
    t.strictSame(refusal, { status: 400, error })
  }
})

t.test(
  'a name that is missing, malformed or of no model is refused by each in its words',
  async t => {
    const { url, upstream, log } = await startOllama(t, CHAT)
    const ask = async (path: string, model: unknown) => {
      const method = path === '/api/delete' ? 'DELETE' : 'POST'
      const stream = path === '/api/pull' && { stream: false }
      return await refusalOf(url + path, { ...BODIES[path], ...stream, input: 'hi', model }, method)
    }
    const required: OllamaRefusal = { status: 400, error: 'model is required' }
    const notFound: OllamaRefusal = { status: 404, error: "model '' not found" }
    for (const [path, empty] of [
      [CHAT, required],
      [GENERATE, notFound],
      ['/api/show', required],
      ['/api/embed', notFound],
      ['/api/delete', required],
      ['/api/pull', required],
    ] as const) {
      for (const model of ['', undefined, null, '  ']) {
        t.strictSame(await ask(path, model), empty, `${path} ${JSON.stringify(model)}`)
      }
    }
    for (const path of [CHAT, GENERATE, '/api/show', '/api/embed', '/api/pull']) {
      for (const model of MALFORMED) {
        const malformed = { status: 400, error: 'invalid model name' }
        t.strictSame(await ask(path, model), malformed, `${path} ${JSON.stringify(model)}`)
      }
    }
    for (const [name, told] of [
      ['a b', 'a b'],
      ['a\u0007\nb', 'a b'],
      ['?'.repeat(101), `${'?'.repeat(99)}…`],
    ] as const) {
      const error = `name "${told}" is invalid`
      t.strictSame(await ask('/api/delete', name), { status: 400, error })
    }
    t.strictSame(await refusalOf(`${url}/api/embed`, { name: 'gpt-5.5', input: 'hi' }), notFound)

    for (const [path, error] of [
      [CHAT, "model 'Nope' not found"],
      [GENERATE, "model 'Nope' not found"],
      ['/api/show', "model 'Nope:latest' not found"],
      ['/api/embed', 'model "Nope" not found, try pulling it first'],
      ['/api/delete', "model 'Nope' not found"],
    ] as const) {
      t.strictSame(await ask(path, 'Nope'), { status: 404, error }, path)
    }
    t.strictSame(await ask('/api/show', 'library/Nope:7b'), {
      status: 404,
      error: "model 'Nope:7b' not found",
    })
    for (const model of [
      'gpt-5.5:120b',
      'gpt-5.5:cloud',
      'gpt-5.5-cloud',
      '__proto__',
      'constructor',
      'hasOwnProperty:latest',
      'x'.repeat(80),
    ]) {
      const error = `model '${model}' not found`
      t.strictSame(await ask(CHAT, model), { status: 404, error }, model)
      t.strictSame(await ask(GENERATE, model), { status: 404, error }, model)
    }
    for (const path of [CHAT, GENERATE, '/api/show', '/api/embed', '/api/delete', '/api/pull']) {
      for (const model of [3, true, ['CANARY'], { a: 'CANARY' }]) {
        const { status, error } = await ask(path, model)
        t.equal(status, 400, path)
        t.notMatch(error, 'CANARY', path)
      }
    }
    t.equal(upstream.requests.length, 0)
    t.notMatch(JSON.stringify(log.entries), 'CANARY')
  },
)

t.test('every spelling of a name asks the same model and is told back as it came', async t => {
  const { sent, whole, streamed } = await startOllama(t, CHAT)
  const events = answer(message(0, ['ok']))
  for (const model of SPELLINGS) {
    t.equal((await sent({ model })).model, 'gpt-5.5', model)
    for (const told of [await whole(events, { model }), (await streamed(events, { model })).last]) {
      t.equal(told.model, model)
      t.equal(told.remote_model, 'gpt-5.5')
    }
  }
  for (const [model, effort] of [
    ['gpt-5.5:high', 'high'],
    ['gpt-5.5:HIGH', 'high'],
    ['gpt-5.5-low', 'low'],
    ['library/gpt-5.5:none', 'none'],
    ['gpt-5.5', 'medium'],
  ] as const) {
    const body = await sent({ model })
    t.equal(body.model, 'gpt-5.5', model)
    t.equal(body.reasoning.effort, effort, model)
  }
})

t.test('one model may take the place of every other', async t => {
  const { sent, whole, ask, url } = await startOllama(t, CHAT, {
    CHATGPT_LOCAL_DEBUG_MODEL: 'gpt-6-luna',
  })
  for (const model of ['gpt-5.5', 'llama3.2:3b', 'whatever']) {
    t.equal((await sent({ model })).model, 'gpt-6-luna', model)
    const told = await whole(answer(message(0, ['ok'])), { model })
    t.equal(told.model, model)
    t.equal(told.remote_model, 'gpt-6-luna')
    // Some programs ask for a model in these two ways before they chat with it.
    const shown = await readJson(await post(`${url}/api/show`, { model }))
    t.equal(shown.remote_model, 'gpt-6-luna', model)
    const pulled = await readJson(await post(`${url}/api/pull`, { model, stream: false }))
    t.strictSame(pulled, { status: 'success' }, model)
  }
  t.strictSame(await readRefusal(await ask({ model: 'a b' })), {
    status: 400,
    error: 'invalid model name',
  })
  t.strictSame(await readRefusal(await ask({ model: '' })), {
    status: 400,
    error: 'model is required',
  })
})

t.test('a model that is served has been pulled already', async t => {
  const { url } = await startDemo(t)
  const pull = (body: object) => post(`${url}/api/pull`, body)
  const extras = { insecure: true, username: 'u', password: 'p' }
  for (const body of [
    { model: 'demo' },
    { name: 'demo:latest' },
    { name: 'library/Demo', stream: true, ...extras },
    { model: 'demo', stream: null },
  ]) {
    const response = await pull(body)
    t.equal(response.status, 200)
    t.match(response.headers.get('content-type'), /^application\/x-ndjson/)
    t.equal(await response.text(), '{"status":"pulling manifest"}\n{"status":"success"}\n')
  }
  const whole = await pull({ name: 'demo', stream: false })
  t.equal(whole.status, 200)
  t.match(whole.headers.get('content-type'), /^application\/json/)
  t.equal(await whole.text(), '{"status":"success"}')
})

t.test('a model that is not served cannot be pulled', async t => {
  const { url } = await startDemo(t)
  const error = 'pull model manifest: file does not exist'
  const streamed = await post(`${url}/api/pull`, { model: 'llama3.2' })
  t.equal(streamed.status, 200)
  t.match(streamed.headers.get('content-type'), /^application\/x-ndjson/)
  t.equal(await streamed.text(), `{"status":"pulling manifest"}\n{"error":"${error}"}\n`)
  t.strictSame(await refusalOf(`${url}/api/pull`, { name: 'llama3.2', stream: false }), {
    status: 500,
    error,
  })
  t.equal((await refusalOf(`${url}/api/pull`, { model: 'demo', stream: 'CANARY' })).status, 400)
})

t.test('who is not signed in is told what to do', async t => {
  const { url } = await startService(t, [])
  for (const path of [CHAT, GENERATE]) {
    for (const stream of [true, false]) {
      const { status, error } = await refusalOf(url + path, { ...BODIES[path], stream })
      t.equal(status, 401, path)
      t.match(error, /chatmock login/, path)
    }
  }
  // What needs no account works.
  t.ok(namesOf(await getJson(`${url}/api/tags`)).includes('gpt-5.5:latest'))
  const loaded = await post(url + CHAT, { model: 'gpt-5.5' })
  t.match(await readJson(loaded), { done_reason: 'load' })
})
