import OpenAI from 'openai'
import t from 'tap'
import { type Json, readJson } from '../fakes/api-client.ts'
import { startDemo, startSignedIn } from '../fakes/service.ts'
import { type Answer, json } from '../fakes/upstream-server.ts'

const idsOf = (list: Json): readonly string[] => list.data.map(({ id }: { id: string }) => id)

t.test('a model is an object that every reader can use', async t => {
  const { url, upstream } = await startSignedIn(t)
  for (const path of ['/v1/models', '/models', '/v1/models/', '//v1//models', '/v1/models?x=1']) {
    const response = await fetch(url + path)
    t.equal(response.status, 200, path)
    const list = await readJson(response)
    t.equal(list.object, 'list')
    t.ok(list.data.length > 0)
    for (const model of list.data) {
      t.match(model, { id: /./, object: 'model', owned_by: /./ })
      t.ok(Number.isInteger(model.created) && model.created > 0, model.id)
    }
    t.notOk('models' in list)
  }
  t.equal(upstream.requests.length, 0)
})

t.test('a model is found by its name and by all that it is called', async t => {
  const { url } = await startSignedIn(t)
  for (const name of ['gpt-5.5', 'GPT-5.5', 'gpt5.5', 'gpt-5.5-high', 'gpt-5.5:latest']) {
    const response = await fetch(`${url}/v1/models/${name}`)
    t.equal(response.status, 200, name)
    t.match(await readJson(response), { id: name, object: 'model' }, name)
  }
  for (const name of ['nope', 'openai%2Fgpt', 'a%20b']) {
    const response = await fetch(`${url}/v1/models/${name}`)
    t.equal(response.status, 404, name)
    t.match((await readJson(response)).error, {
      type: 'invalid_request_error',
      param: 'model',
      code: 'model_not_found',
    })
  }
  const removed = await fetch(`${url}/v1/models/gpt-5.5`, { method: 'DELETE' })
  t.ok(removed.status === 404 || removed.status === 405)
})

t.test('each effort is a model of its own where that is set', async t => {
  const { url } = await startSignedIn(t, { CHATGPT_LOCAL_EXPOSE_REASONING_MODELS: 'on' })
  const ids = idsOf(await readJson(await fetch(`${url}/v1/models`)))
  t.strictSame(ids.slice(-6), [
    'gpt-5.5',
    'gpt-5.5-none',
    'gpt-5.5-low',
    'gpt-5.5-medium',
    'gpt-5.5-high',
    'gpt-5.5-xhigh',
  ])
  t.ok(ids.includes('gpt-6.1-sol-ultra'))
  const { id } = await readJson(await fetch(`${url}/v1/models/gpt-5.5-xhigh`))
  t.equal(id, 'gpt-5.5-xhigh')
})

t.test('the Codex CLI keeps what it knows of models that nobody told of', async t => {
  const { url, upstream } = await startSignedIn(t)
  for (const path of ['/v1/models', '/models']) {
    const { models, ...list } = await readJson(await fetch(`${url}${path}?client_version=0.169.0`))
    t.strictSame(models, [], path)
    t.strictSame(list, await readJson(await fetch(`${url}${path}`)), path)
  }
  t.equal(upstream.requests.length, 0)
})

t.test('what the backend told of the models reaches the Codex CLI untouched', async t => {
  const raw = {
    slug: 'gpt-new',
    display_name: 'New',
    visibility: 'list',
    supported_in_api: true,
    priority: 1,
    brand_new_key: { a: [1] },
    supported_reasoning_levels: [{ effort: 'low', description: 'd' }],
  }
  const { url, upstream } = await startSignedIn(t, { CHATGPT_LOCAL_MODEL_SYNC: 'on' })
  const answer: Answer = json(200, { models: [raw] })
  upstream.play((response, request) =>
    request.path.startsWith('/codex/models')
      ? answer(response, request)
      : json(404, {})(response, request),
  )
  const read = async (query = '') => await readJson(await fetch(`${url}/v1/models${query}`))
  // The list is answered from memory: the one that it asks for comes some time after.
  while (!idsOf(await read()).includes('gpt-new')) await new Promise(setImmediate)
  t.strictSame(idsOf(await read()), ['gpt-new'])
  t.strictSame((await read('?client_version=0.169.0')).models, [raw])
})

t.test('a page may ask for the models, and probes are answered', async t => {
  const { url } = await startSignedIn(t)
  for (const path of ['/v1/models', '/v1/chat/completions', '/v1/responses', '/v1/completions']) {
    const response = await fetch(url + path, {
      method: 'OPTIONS',
      headers: {
        origin: 'tauri://localhost',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type,x-stainless-os',
      },
    })
    t.ok(response.ok, path)
    t.equal(response.headers.get('access-control-allow-origin'), 'tauri://localhost', path)
    t.match(response.headers.get('access-control-allow-headers'), /x-stainless-os/i, path)
  }
  const page = await fetch(`${url}/v1/models`, { headers: { origin: 'tauri://localhost' } })
  t.match(page.headers.get('access-control-expose-headers'), /x-request-id/i)
  for (const method of ['GET', 'HEAD']) {
    for (const path of ['/', '/health', '/v1']) {
      t.equal((await fetch(url + path, { method })).status, 200, `${method} ${path}`)
    }
  }
})

t.test('the official client lists and finds models, of the account and of the demo', async t => {
  for (const [{ url }, name] of [
    [await startSignedIn(t), 'gpt-5.5'],
    [await startDemo(t), 'demo'],
  ] as const) {
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
    const ids: string[] = []
    for await (const model of client.models.list()) ids.push(model.id)
    t.ok(ids.includes(name))
    t.equal((await client.models.retrieve(name)).id, name)
    await t.rejects(client.models.retrieve('a/b'), {
      status: 404,
      code: 'model_not_found',
      param: 'model',
    })
  }
})
