import { type ChatRequest, type Message, Ollama } from 'ollama'
import t, { type Test } from 'tap'
import type { Json } from '../fakes/api-client.ts'
import { createGate } from '../fakes/http-service.ts'
import { closedInTime, collect, endless, HELLO } from '../fakes/ollama-client.ts'
import { startDemo, startService, startSignedIn } from '../fakes/service.ts'
import { frames, openStream } from '../fakes/upstream-server.ts'

const hi: Message = { role: 'user', content: 'hi' }
const demoClient = async (t: Test) => new Ollama({ host: (await startDemo(t)).url })

const refused = (status: number, text: string | RegExp) => ({
  name: 'ResponseError',
  status_code: status,
  message: text,
})

t.test('demo: the version, the running models and the served ones', async t => {
  const client = await demoClient(t)
  t.strictSame(await client.version(), { version: '0.33.0' })
  t.strictSame(await client.ps(), { models: [] })
  const { models } = await client.list()
  t.equal(models.length, 1)
  const [model] = models as Json[]
  t.match(model, {
    name: 'demo:latest',
    model: 'demo:latest',
    remote_model: 'demo',
    remote_host: 'https://demo.invalid',
    modified_at: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,9}(Z|[+-]\d\d:\d\d)$/,
    digest: /^[0-9a-f]{64}$/,
    capabilities: ['completion'],
  })
  t.ok(Number.isInteger(model.size) && model.size > 0)
  t.strictSame(model.details, {
    parent_model: '',
    format: '',
    family: 'demo',
    families: ['demo'],
    parameter_size: '',
    quantization_level: '',
    context_length: 128_000,
  })
})

t.test('demo: a model is shown, whatever it is called', async t => {
  const client = await demoClient(t)
  const shown: Json = await client.show({ model: 'demo' })
  t.match(shown, {
    model_info: {
      'general.architecture': 'demo',
      'general.basename': 'demo',
      'demo.context_length': 128_000,
    },
    details: { family: 'demo', format: '', parameter_size: '', quantization_level: '' },
    parameters: /^num_ctx {24}128000$/m,
    modelfile: String,
    template: String,
    modified_at: /\.\d{3,9}(Z|[+-]\d\d:\d\d)$/,
    remote_model: 'demo',
    remote_host: 'https://demo.invalid',
  })
  t.strictSame([...shown.capabilities].sort(), [
    'completion',
    'insert',
    'thinking',
    'tools',
    'vision',
  ])
  t.strictSame(await client.show({ model: 'DEMO:latest' }), shown)
  t.strictSame(await client.show({ model: 'registry.ollama.ai/library/demo' }), shown)
  await t.rejects(client.show({ model: 'nope' }), refused(404, /^model 'nope:latest' not found$/))
})

t.test('demo: efforts are tags where they are listed, on a port of their own too', async t => {
  const argv = ['--demo', '--demo-pace', '0', '--expose-reasoning-models', '--ollama-port', '0']
  const { url, ollamaUrl = '' } = await startService(t, argv)
  t.not(ollamaUrl, url)
  const client = new Ollama({ host: ollamaUrl })
  const names = (await client.list()).models.map(({ name }) => name)
  t.strictSame(names.sort(), ['demo:high', 'demo:latest', 'demo:low', 'demo:max', 'demo:medium'])
  for (const model of names) {
    const { message } = await client.chat({ model, messages: [hi] })
    const effort = model === 'demo:latest' ? 'medium' : model.slice('demo:'.length)
    t.match(message.content, `You asked the model demo at effort ${effort} `)
  }
})

t.test('demo: a pull is done at once where there is something to serve', async t => {
  const client = await demoClient(t)
  t.strictSame(await collect(await client.pull({ model: 'demo:latest', stream: true })), [
    { status: 'pulling manifest' },
    { status: 'success' },
  ])
  t.strictSame(await client.pull({ model: 'demo' }), { status: 'success' })
  const missing = 'pull model manifest: file does not exist'
  await t.rejects(client.pull({ model: 'nope' }), refused(500, missing))
  const lines: unknown[] = []
  await t.rejects(
    async () => {
      for await (const line of await client.pull({ model: 'nope', stream: true })) lines.push(line)
    },
    { message: missing },
  )
  t.strictSame(lines, [{ status: 'pulling manifest' }])
  await t.rejects(client.pull({ model: 'a b' }), refused(400, 'invalid model name'))
})

t.test('demo: what there is none of is refused in words', async t => {
  const client = await demoClient(t)
  const noEmbeddings = refused(400, '"demo" does not support embeddings')
  await t.rejects(client.embed({ model: 'demo', input: 'hi' }), noEmbeddings)
  await t.rejects(client.embeddings({ model: 'demo', prompt: 'hi' }), noEmbeddings)
  await t.rejects(
    client.embed({ model: 'nope', input: ['hi'] }),
    refused(404, 'model "nope" not found, try pulling it first'),
  )
  for (const stream of [false, true] as const) {
    await t.rejects(
      client.push({ model: 'demo', stream: stream as true }),
      refused(501, 'push is not supported: models are served remotely'),
    )
    await t.rejects(
      client.create({ model: 'mine', from: 'demo', stream: stream as true }),
      refused(501, /create is not supported/),
    )
  }
  await t.rejects(
    client.copy({ source: 'demo', destination: 'mine' }),
    refused(501, /copy is not supported/),
  )
  await t.rejects(client.delete({ model: 'demo' }), refused(501, /delete is not supported/))
  await t.rejects(client.delete({ model: 'nope' }), refused(404, "model 'nope' not found"))
})

t.test('demo: an empty chat or prompt loads and unloads', async t => {
  const client = await demoClient(t)
  const common = {
    model: 'demo',
    remote_model: 'demo',
    remote_host: 'https://demo.invalid',
    created_at: /\.\d{3,9}Z$/,
    done: true,
  }
  const chat: Json = await client.chat({ model: 'demo' })
  t.match(chat, { ...common, message: { role: 'assistant', content: '' }, done_reason: 'load' })
  t.notOk('total_duration' in chat)
  t.match(await client.chat({ model: 'demo', messages: [], keep_alive: 0 }), {
    ...common,
    done_reason: 'unload',
  })
  const empty = { model: 'demo', prompt: '' }
  t.match(await client.generate(empty), { ...common, response: '', done_reason: 'load' })
  t.match(await client.generate({ ...empty, keep_alive: '0s' }), {
    ...common,
    done_reason: 'unload',
  })
})

t.test('demo: an error before the answer has its status and its words', async t => {
  const client = await demoClient(t)
  const text = 'is not what counts'
  for (const stream of [false, true]) {
    const ask = (content: string, more: Partial<ChatRequest> = {}) =>
      client.chat({
        model: 'demo',
        messages: [{ role: 'user', content }],
        stream: stream as true,
        ...more,
      } as ChatRequest & { stream: true })
    await t.rejects(
      ask('fail:429'),
      refused(429, "The demo's answer to fail:429: it asks to try again in a second."),
    )
    await t.rejects(
      ask('fail:503'),
      refused(503, "The demo's answer to fail:503: it is overloaded."),
    )
    await t.rejects(
      ask('fail:limit'),
      refused(429, /^The demo's answer to fail:limit: .*resets at/),
    )
    await t.rejects(ask(text, { model: 'nope' }), refused(404, "model 'nope' not found"))
    await t.rejects(ask(text, { model: 'a b' }), refused(400, 'invalid model name'))
    await t.rejects(ask(text, { model: '' }), refused(400, 'model is required'))
    await t.rejects(
      ask(text, { think: 'ultra' as 'high' }),
      refused(
        400,
        'invalid think value: "ultra" (must be "high", "medium", "low", "max", true, or false)',
      ),
    )
    await t.rejects(ask(text, { logprobs: true }), refused(400, /logprobs/))
    await t.rejects(ask(text, { format: 'xml' }), refused(400, /json/i))
    await t.rejects(ask(text, { keep_alive: '10' }), refused(400, /missing unit in duration "10"/))
  }
})

t.test('demo: an error in the stream is thrown once the text has come', async t => {
  const client = await demoClient(t)
  for (const [content, text] of [
    ['fail:late', "The demo's answer to fail:late: it is overloaded after some words."],
    ['fail:cut', "The demo's answer to fail:cut: it breaks off after some words."],
  ] as const) {
    for (const ask of [
      () => client.chat({ model: 'demo', messages: [{ role: 'user', content }], stream: true }),
      () => client.generate({ model: 'demo', prompt: content, stream: true }),
    ]) {
      const lines: Json[] = []
      await t.rejects(
        async () => {
          for await (const line of await ask()) lines.push(line)
        },
        { constructor: Error, message: text },
      )
      const said = lines.map(line => line.response ?? line.message.content).join('')
      t.match(said, /^You said: /)
      t.notOk(lines.some(({ done }) => done))
    }
  }
})

t.test('scripted: a stop text ends the answer and the upstream', async t => {
  const { url, upstream } = await startSignedIn(t)
  const client = new Ollama({ host: url })
  upstream.play(endless('Hello', ' ST', 'OP here'))
  const request = { model: 'gpt-5.5', messages: [hi], options: { stop: ['never', 'STOP'] } }
  const lines = await collect(await client.chat({ ...request, stream: true }))
  t.equal(lines.map(({ message }) => message.content).join(''), 'Hello ')
  t.match(lines.at(-1), { done: true, done_reason: 'stop' })
  await closedInTime(upstream, 0)
  t.equal((await client.chat(request)).message.content, 'Hello ')
  await closedInTime(upstream, 1)
})

t.test('scripted: a client that goes away stops its own answer and no other', async t => {
  const { url, upstream, log } = await startSignedIn(t)
  const [leaves, stays] = [new Ollama({ host: url }), new Ollama({ host: url })]
  const gate = createGate()
  const [begins = '', ends] = frames(...HELLO).split(/(?=event: response\.output_text\.done)/)
  upstream.play(endless('going'), async response => {
    openStream(response)
    response.write(begins)
    await gate.passed
    response.end(ends)
  })
  const leaving = await leaves.chat({ model: 'gpt-5.5', messages: [hi], stream: true })
  const staying = await stays.generate({ model: 'gpt-5.5', prompt: 'hi', stream: true })
  await t.rejects(
    async () => {
      for await (const { message } of leaving) {
        t.equal(message.content, 'going')
        leaves.abort()
      }
    },
    { name: 'AbortError' },
  )
  await closedInTime(upstream, 0)
  gate.open()
  const lines = await collect(staying)
  t.equal(lines.map(({ response }) => response).join(''), 'Hello')
  t.match(lines.at(-1), { done: true, done_reason: 'stop' })
  t.strictSame(
    log.entries.filter(({ level }) => level === 'error'),
    [],
  )
})
