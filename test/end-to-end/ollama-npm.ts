import { type ChatRequest, type Message, Ollama } from 'ollama'
import t, { type Test } from 'tap'
import { z } from 'zod'
import type { Json } from '../fakes/api-client.ts'
import { answer, message, reasoning } from '../fakes/backend-events.ts'
import { plays, says } from '../fakes/chat-service.ts'
import { createGate } from '../fakes/http-service.ts'
import {
  calledTwo,
  closedInTime,
  collect,
  endless,
  HELLO,
  PIXEL,
  SENT_PIXEL,
  TWO_CALLS,
} from '../fakes/ollama-client.ts'
import { startDemo, startSignedIn } from '../fakes/service.ts'
import { frames, openStream } from '../fakes/upstream-server.ts'

const hi: Message = { role: 'user', content: 'hi' }
const question = { model: 'gpt-5.5', messages: [hi] }

/** Starts the demo and the client of a port that passes for Ollama. */
async function demoClient(t: Test) {
  const { ollamaUrl = '' } = await startDemo(t, ['--ollama-port', '0'])
  return new Ollama({ host: ollamaUrl })
}

async function scripted(t: Test) {
  const service = await startSignedIn(t)
  const sent = () => service.upstream.requests.at(-1)?.body
  return { ...service, client: new Ollama({ host: service.url }), sent }
}

const refused = (status: number, text: string | RegExp) => ({
  name: 'ResponseError',
  status_code: status,
  message: text,
})

t.test('demo: what there is can be read', async t => {
  const client = await demoClient(t)
  t.match(await client.version(), { version: /^\d/ })
  t.strictSame((await client.ps()).models, [])
  const { models } = await client.list()
  t.strictSame(
    models.map(({ name }) => name),
    ['demo:latest'],
  )
  const shown = await client.show({ model: 'demo:latest' })
  t.strictSame(shown.details, models[0]?.details)
  t.ok(shown.capabilities.includes('completion'))
  await t.rejects(client.show({ model: 'nope' }), refused(404, "model 'nope:latest' not found"))
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
})

t.test('demo: what there is none of is refused in words', async t => {
  const client = await demoClient(t)
  const model = 'demo'
  await t.rejects(client.embed({ model, input: 'hi' }), refused(400, /embeddings/))
  await t.rejects(client.embeddings({ model, prompt: 'hi' }), refused(400, /embeddings/))
  for (const stream of [false, true] as const) {
    const forms = { model, from: model, stream: stream as true }
    await t.rejects(client.push(forms), refused(501, /^push is not supported/))
    await t.rejects(client.create(forms), refused(501, /^create is not supported/))
  }
  await t.rejects(client.copy({ source: model, destination: 'x' }), refused(501, /^copy is not/))
  await t.rejects(client.delete({ model }), refused(501, /^delete is not/))
})

t.test('demo: an empty chat or prompt loads and unloads', async t => {
  const client = await demoClient(t)
  t.match(await client.chat({ model: 'demo' }), { done: true, done_reason: 'load' })
  t.match(await client.generate({ model: 'demo', prompt: '', keep_alive: 0 }), {
    done: true,
    done_reason: 'unload',
  })
})

t.test('demo: an error before the answer has its status and its words', async t => {
  const client = await demoClient(t)
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
    await t.rejects(ask('hi', { model: 'nope' }), refused(404, "model 'nope' not found"))
    await t.rejects(ask('hi', { logprobs: true }), refused(400, /logprobs/))
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

t.test('scripted: a chat, whole and streamed, with its thinking', async t => {
  const { client, upstream, sent } = await scripted(t)
  const request: ChatRequest & { stream?: false } = {
    ...question,
    think: 'low',
    options: { temperature: 0.2 },
    keep_alive: '5m',
  }
  const thought = reasoning(0, [['First ', 'thought.'], ['Second.']])
  upstream.play(plays(answer(thought, message(1, ['4', '2']))))
  const lines = await collect(await client.chat({ ...request, stream: true }))
  const said = lines.map(({ message }) => message)
  t.equal(said.map(({ thinking }) => thinking ?? '').join(''), 'First thought.\n\nSecond.')
  t.strictSame(said.map(({ content }) => content).filter(Boolean), ['4', '2'])
  t.match(lines.at(-1), { done: true, done_reason: 'stop', prompt_eval_count: 11, eval_count: 7 })
  const whole = await client.chat(request)
  t.match(whole.message, { content: '42', thinking: 'First thought.\n\nSecond.' })
  t.ok(whole.eval_duration > 0 && whole.total_duration > 0)
  t.strictSame(sent().reasoning, { effort: 'low', summary: 'auto' })
  t.notOk('thinking' in (await client.chat({ ...request, think: false })).message)
})

const tool = (name: string, field: string) => ({
  type: 'function',
  function: {
    name,
    description: `Tells the ${name.slice('get_'.length)}`,
    parameters: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] },
  },
})

t.test('scripted: calls that the client hands on come back with their results', async t => {
  const { client, upstream, sent } = await scripted(t)
  const request = {
    ...question,
    tools: [tool('get_weather', 'city'), tool('get_time', 'zone')],
  }
  const weather: Message = { role: 'tool', content: '22 degrees', tool_name: 'get_weather' }
  const time: Message = { role: 'tool', content: 'noon', tool_name: 'get_time' }
  const warm: Message = { role: 'tool', content: '22 degrees' }
  const noon: Message = { role: 'tool', content: 'noon' }
  // The client knows no such field, but passes it on.
  const atNoon: Message = Object.assign({ tool_call_id: 'call_2' }, noon)
  const thinks = reasoning(0, [['Two calls.']])
  const { summary, encrypted_content } = thinks.item
  for (const [stream, results] of [
    [true, [time, weather]],
    [false, [warm, noon]],
    [false, [atNoon, warm]],
  ] as readonly [boolean, readonly Message[]][]) {
    upstream.play(plays(answer(thinks, ...TWO_CALLS)), plays(HELLO))
    const lines = stream
      ? await collect(await client.chat({ ...request, stream: true }))
      : [await client.chat(request)]
    const calls = lines.flatMap(({ message }) => message.tool_calls ?? [])
    t.strictSame(
      calls.map(call => call.function.arguments),
      [{ city: 'Paris' }, { zone: 'UTC' }],
    )
    const said: Message = { role: 'assistant', content: '', tool_calls: calls }
    const { message } = await client.chat({ ...request, messages: [hi, said, ...results] })
    t.equal(message.content, 'Hello')
    const input: Json[] = sent().input
    const outputs = input.slice(4).sort((a, b) => a.call_id.localeCompare(b.call_id))
    t.strictSame(
      [...input.slice(0, 4), ...outputs],
      [says('user', 'hi'), { type: 'reasoning', summary, encrypted_content }, ...calledTwo()],
    )
  }
})

t.test('demo: an answer keeps to a schema that was made with zod', async t => {
  const client = await demoClient(t)
  const Party = z.object({ name: z.string(), day: z.enum(['monday']), seats: z.number().min(10) })
  const format = z.toJSONSchema(Party)
  const request = { model: 'demo', messages: [hi], format }
  const lines = await collect(await client.chat({ ...request, stream: true }))
  for (const text of [
    (await client.chat(request)).message.content,
    lines.map(({ message }) => message.content).join(''),
    (await client.generate({ model: 'demo', prompt: 'hi', format })).response,
  ]) {
    t.strictSame(Party.parse(JSON.parse(text ?? '')), { name: 'name', day: 'monday', seats: 10 })
  }
})

t.test('scripted: images go up from bytes, Base64 and data URLs', async t => {
  const { client, upstream, sent } = await scripted(t)
  upstream.play(plays(HELLO))
  const bytes = new Uint8Array(Buffer.from(PIXEL, 'base64'))
  const text = { type: 'input_text', text: 'What is it?' }
  for (const image of [bytes, PIXEL, `data:image/png;base64,${PIXEL}`]) {
    const images = [image] as string[]
    const seen: Message = { role: 'user', content: 'What is it?', images }
    await client.chat({ model: 'gpt-5.5', messages: [seen] })
    t.strictSame(sent().input, [{ type: 'message', role: 'user', content: [text, SENT_PIXEL] }])
    await client.generate({ model: 'gpt-5.5', prompt: 'What is it?', images })
    t.strictSame(sent().input, [{ type: 'message', role: 'user', content: [text, SENT_PIXEL] }])
  }
})

t.test('scripted: a prompt is answered, and its context goes on', async t => {
  const { client, upstream, sent } = await scripted(t)
  const request = { model: 'gpt-5.5', system: 'Be brief.' }
  upstream.play(plays(answer(reasoning(0, [['Why, ', 'hm.']]), message(1, ['one', ' 😀"\n']))))
  const first = await client.generate({ ...request, prompt: 'first' })
  t.match(first, { response: 'one 😀"\n', thinking: 'Why, hm.', done_reason: 'stop' })
  const second = await collect(
    await client.generate({ ...request, prompt: 'second', context: first.context, stream: true }),
  )
  t.equal(second.map(({ response }) => response).join(''), 'one 😀"\n')
  t.equal(second.map(({ thinking }) => thinking ?? '').join(''), 'Why, hm.')
  const context = second.at(-1)?.context ?? []
  await client.generate({ model: 'gpt-5.5', prompt: 'third', context })
  t.strictSame(sent().input, [
    says('user', 'first'),
    says('assistant', 'one 😀"\n'),
    says('user', 'second'),
    says('assistant', 'one 😀"\n'),
    says('user', 'third'),
  ])
})

t.test('scripted: a text is gone on with, or its gap filled', async t => {
  const { client, upstream, sent } = await scripted(t)
  upstream.play(plays(answer(message(0, ['a', ' + b']))))
  const request = { model: 'gpt-5.5', prompt: 'const sum = (a, b) => ' }
  const { response } = await client.generate({ ...request, suffix: '\nexport { sum }' })
  t.equal(response, 'a + b')
  t.strictSame(sent().input, [says('user', 'const sum = (a, b) => <gap>\nexport { sum }')])
  const raw = await client.generate({ ...request, raw: true })
  t.match(raw, { response: 'a + b', done: true })
  t.strictSame(sent().input, [says('user', 'const sum = (a, b) => ')])
})

t.test('scripted: a stop text ends the answer and the upstream', async t => {
  const { client, upstream } = await scripted(t)
  upstream.play(endless('Hello', ' ST', 'OP here'))
  const request = { ...question, options: { stop: ['never', 'STOP'] } }
  const lines = await collect(await client.chat({ ...request, stream: true }))
  t.equal(lines.map(({ message }) => message.content).join(''), 'Hello ')
  t.match(lines.at(-1), { done: true, done_reason: 'stop' })
  await closedInTime(upstream, 0)
  t.equal((await client.chat(request)).message.content, 'Hello ')
  await closedInTime(upstream, 1)
})

t.test('scripted: a client that goes away stops its own answer and no other', async t => {
  const { url, client: leaves, upstream, log } = await scripted(t)
  const stays = new Ollama({ host: url })
  const gate = createGate()
  const [begins = '', ends] = frames(...HELLO).split(/(?=event: response\.output_text\.done)/)
  upstream.play(endless('going'), async response => {
    openStream(response)
    response.write(begins)
    await gate.passed
    response.end(ends)
  })
  const leaving = await leaves.chat({ ...question, stream: true })
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
