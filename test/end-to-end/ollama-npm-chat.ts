import { type ChatRequest, type Message, Ollama } from 'ollama'
import t, { type Test } from 'tap'
import { z } from 'zod'
import type { Json } from '../fakes/api-client.ts'
import { answer, message, reasoning } from '../fakes/backend-events.ts'
import { plays } from '../fakes/chat-service.ts'
import {
  calledTwo,
  collect,
  HELLO,
  PIXEL,
  SENT_PIXEL,
  says,
  TWO_CALLS,
} from '../fakes/ollama-client.ts'
import { startDemo, startSignedIn } from '../fakes/service.ts'

const hi: Message = { role: 'user', content: 'hi' }

async function scripted(t: Test) {
  const { url, upstream } = await startSignedIn(t)
  const sent = () => upstream.requests.at(-1)?.body
  return { client: new Ollama({ host: url }), upstream, sent }
}

const tool = (name: string, field: string) => ({
  type: 'function',
  function: {
    name,
    description: `Tells the ${name.slice('get_'.length)}`,
    parameters: { type: 'object', properties: { [field]: { type: 'string' } }, required: [field] },
  },
})
const tools = [tool('get_weather', 'city'), tool('get_time', 'zone')]

t.test('scripted: a chat, whole and streamed', async t => {
  const { client, upstream, sent } = await scripted(t)
  const request: ChatRequest & { stream?: false } = {
    model: 'GPT-5.5:latest',
    messages: [{ role: 'system', content: 'Be brief.' }, hi],
    options: { temperature: 0.2, num_ctx: 32_768 },
    keep_alive: '5m',
  }
  upstream.play(plays(HELLO))
  const lines: Json[] = await collect(await client.chat({ ...request, stream: true }))
  const last = lines.pop()
  for (const line of lines) {
    t.strictSame(Object.keys(line), [
      'model',
      'remote_model',
      'remote_host',
      'created_at',
      'message',
      'done',
    ])
    t.match(line, { model: 'GPT-5.5:latest', remote_model: 'gpt-5.5', remote_host: upstream.url })
    t.match(line, { created_at: /\.\d{3,9}Z$/, message: { role: 'assistant' }, done: false })
  }
  t.strictSame(
    lines.map(({ message }) => message.content),
    ['Hel', 'lo'],
  )
  const expected = { done: true, done_reason: 'stop', prompt_eval_count: 11, eval_count: 7 }
  const figures = ['total_duration', 'load_duration', 'prompt_eval_duration', 'eval_duration']
  t.match(last, { ...expected, message: { role: 'assistant', content: '' } })
  for (const name of figures) t.ok(Number.isInteger(last[name]) && last[name] > 0, name)
  t.match(sent(), {
    model: 'gpt-5.5',
    instructions: 'Be brief.',
    input: [says('user', 'hi')],
    stream: true,
  })
  t.notOk('temperature' in sent())

  upstream.play(plays(HELLO))
  const whole: Json = await client.chat(request)
  t.match(whole, { ...expected, model: 'GPT-5.5:latest', message: { content: 'Hello' } })
  for (const name of figures) t.ok(Number.isInteger(whole[name]) && whole[name] > 0, name)
})

t.test('scripted: thinking comes first and on its own, if it is to be told', async t => {
  const { client, upstream, sent } = await scripted(t)
  const thinks = answer(reasoning(0, [['First ', 'thought.'], ['Second.']]), message(1, ['42']))
  for (const [think, expected] of [
    [undefined, { effort: 'medium', summary: 'auto' }],
    [true, { effort: 'medium', summary: 'auto' }],
    ['low', { effort: 'low', summary: 'auto' }],
    ['high', { effort: 'high', summary: 'auto' }],
  ] as const) {
    const request: ChatRequest & { stream?: false } = { model: 'gpt-5.5', messages: [hi] }
    if (think !== undefined) request.think = think
    upstream.play(plays(thinks))
    const lines = await collect(await client.chat({ ...request, stream: true }))
    const thoughts = lines.map(({ message }) => message.thinking).filter(Boolean)
    t.equal(thoughts.join(''), 'First thought.\n\nSecond.')
    t.ok(thoughts.length >= 2)
    const first = lines.findIndex(({ message }) => message.content !== '')
    t.equal(first, thoughts.length)
    t.equal(lines[first]?.message.content, '42')
    t.ok(lines.slice(first).every(({ message }) => !('thinking' in message)))
    t.strictSame(sent().reasoning, expected)
    upstream.play(plays(thinks))
    const { message } = await client.chat(request)
    t.match(message, { content: '42', thinking: 'First thought.\n\nSecond.' })
  }
  upstream.play(plays(thinks))
  const lines = await collect(
    await client.chat({ model: 'gpt-5.5', messages: [hi], think: false, stream: true }),
  )
  t.notMatch(JSON.stringify(lines), /thinking|thought/)
  t.strictSame(sent().reasoning, { effort: 'none' })
  // One line of thinking alone is taken amiss by other clients, so there are two.
  upstream.play(plays(answer(reasoning(0, [['Hm.']]), message(1, ['42']))))
  const short = await collect(await client.chat({ model: 'gpt-5.5', messages: [hi], stream: true }))
  t.strictSame(
    short.map(({ message }) => message.thinking ?? message.content),
    ['H', 'm.', '42', ''],
  )
})

t.test('scripted: parallel calls are whole, and their results find them', async t => {
  const { client, upstream, sent } = await scripted(t)
  const thinks = reasoning(0, [['Two calls.']])
  const { summary, encrypted_content } = thinks.item
  const events = answer(thinks, ...TWO_CALLS)
  const weather: Message = { role: 'tool', content: '22 degrees', tool_name: 'get_weather' }
  const time: Message = { role: 'tool', content: 'noon', tool_name: 'get_time' }
  const nameless = (results: readonly Message[]) =>
    results.map(({ role, content }): Message => ({ role, content }))
  const [atNoon, warm] = nameless([time, weather])
  // The client knows no such field, but passes it on.
  const withId = (result: Message | undefined, id: string): Message =>
    Object.assign({ role: 'tool', content: '' }, result, { tool_call_id: id })
  const byId = [withId(atNoon, 'call_2'), withId(warm, 'call_1')]
  for (const stream of [false, true]) {
    for (const results of [[weather, time], [time, weather], nameless([weather, time]), byId]) {
      upstream.play(plays(events), plays(HELLO))
      const request = { model: 'gpt-5.5', tools, messages: [hi] }
      const lines: Json[] = stream
        ? await collect(await client.chat({ ...request, stream: true }))
        : [await client.chat(request)]
      const calls = lines.flatMap(({ message }) => message.tool_calls ?? [])
      t.strictSame(calls, [
        {
          id: 'call_1',
          function: { index: 0, name: 'get_weather', arguments: { city: 'Paris' } },
        },
        { id: 'call_2', function: { index: 1, name: 'get_time', arguments: { zone: 'UTC' } } },
      ])
      t.equal(lines.at(-1)?.done_reason, 'stop')
      t.ok(lines.every(({ message }) => message.content === ''))
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
  }
  t.match(upstream.requests[0]?.body, {
    tools: [
      {
        type: 'function',
        name: 'get_weather',
        description: 'Tells the weather',
        parameters: {
          type: 'object',
          properties: { city: { type: 'string' } },
          required: ['city'],
        },
      },
      { type: 'function', name: 'get_time' },
    ],
    tool_choice: 'auto',
    parallel_tool_calls: true,
  })
})

t.test('an answer keeps to JSON, or to a schema', async t => {
  const demo = new Ollama({ host: (await startDemo(t)).url })
  const Party = z.object({ name: z.string(), day: z.enum(['monday']), seats: z.number().min(10) })
  const format = z.toJSONSchema(Party)
  for (const stream of [false, true] as const) {
    const answers = stream
      ? await collect(await demo.chat({ model: 'demo', messages: [hi], format, stream }))
      : [await demo.chat({ model: 'demo', messages: [hi], format })]
    const text = answers.map(({ message }) => message.content).join('')
    t.strictSame(Party.parse(JSON.parse(text)), { name: 'name', day: 'monday', seats: 10 })
  }
  const { client, upstream, sent } = await scripted(t)
  upstream.play(plays(answer(message(0, ['{}']))))
  await client.chat({ model: 'gpt-5.5', messages: [hi], format })
  t.strictSame(sent().text, {
    format: { type: 'json_schema', name: 'response', strict: false, schema: format },
  })
  await client.chat({ model: 'gpt-5.5', messages: [hi], format: 'json' })
  t.strictSame(sent().text, { format: { type: 'json_object' } })
  t.equal((await client.generate({ model: 'gpt-5.5', prompt: 'hi', format })).response, '{}')
  t.match(sent().text, { format: { type: 'json_schema', schema: { required: ['name', 'day'] } } })
  await client.generate({ model: 'gpt-5.5', prompt: 'hi', format: '' })
  t.notOk('text' in sent())
})

t.test('scripted: images go up from bytes, Base64 and data URLs', async t => {
  const { client, upstream, sent } = await scripted(t)
  upstream.play(plays(HELLO))
  const bytes = new Uint8Array(Buffer.from(PIXEL, 'base64'))
  const text = { type: 'input_text', text: 'What is it?' }
  for (const images of [[bytes], [PIXEL], [`data:image/png;base64,${PIXEL}`]]) {
    const question: Message = { role: 'user', content: 'What is it?', images: images as string[] }
    await client.chat({ model: 'gpt-5.5', messages: [question] })
    t.strictSame(sent().input, [{ type: 'message', role: 'user', content: [text, SENT_PIXEL] }])
    await client.generate({ model: 'gpt-5.5', prompt: 'What is it?', images: images as string[] })
    t.strictSame(sent().input, [{ type: 'message', role: 'user', content: [text, SENT_PIXEL] }])
  }
  const count = upstream.requests.length
  for (const image of ['https://example.invalid/a.png', 'bm90IGFuIGltYWdl']) {
    await t.rejects(client.chat({ model: 'gpt-5.5', messages: [{ ...hi, images: [image] }] }), {
      name: 'ResponseError',
      status_code: 400,
      message: /image/,
    })
  }
  t.equal(upstream.requests.length, count)
})

t.test('scripted: a prompt is answered, and its context goes on', async t => {
  const { client, upstream, sent } = await scripted(t)
  const request = { model: 'gpt-5.5', system: 'Be brief.' }
  upstream.play(plays(answer(reasoning(0, [['Why, ', 'hm.']]), message(1, ['one', ' 😀"\n']))))
  const first: Json = await client.generate({ ...request, prompt: 'first' })
  t.match(first, {
    model: 'gpt-5.5',
    remote_model: 'gpt-5.5',
    response: 'one 😀"\n',
    thinking: 'Why, hm.',
    done: true,
    done_reason: 'stop',
    prompt_eval_count: 11,
    eval_count: 7,
  })
  t.equal(sent().instructions, 'Be brief.')
  t.strictSame(sent().input, [says('user', 'first')])
  t.ok(first.context.length > 0 && first.context.every(Number.isInteger))

  const second = await collect(
    await client.generate({ ...request, prompt: 'second', context: first.context, stream: true }),
  )
  t.equal(sent().instructions, 'Be brief.')
  t.strictSame(sent().input, [
    says('user', 'first'),
    says('assistant', 'one 😀"\n'),
    says('user', 'second'),
  ])
  t.equal(second.map(({ response }) => response).join(''), 'one 😀"\n')
  t.equal(second.map(({ thinking }) => thinking ?? '').join(''), 'Why, hm.')
  const last = second.at(-1)
  t.match(last, { response: '', done: true, done_reason: 'stop', eval_count: 7 })
  t.ok(second.slice(0, -1).every(line => !('context' in line)))

  await client.generate({ model: 'gpt-5.5', prompt: 'third', context: last?.context ?? [] })
  t.strictSame(sent().input, [
    says('user', 'first'),
    says('assistant', 'one 😀"\n'),
    says('user', 'second'),
    says('assistant', 'one 😀"\n'),
    says('user', 'third'),
  ])
  await client.generate({ model: 'gpt-5.5', prompt: 'fourth', context: [1, 2, 3] })
  t.strictSame(sent().input, [says('user', 'fourth')])
})

t.test('scripted: a text is gone on with, or its gap filled', async t => {
  const { client, upstream, sent } = await scripted(t)
  upstream.play(plays(answer(message(0, ['a', ' + b']))))
  const { response } = await client.generate({
    model: 'gpt-5.5',
    prompt: 'const sum = (a, b) => ',
    suffix: '\nexport { sum }',
  })
  t.equal(response, 'a + b')
  t.match(sent().instructions, 'Write only what belongs in the gap')
  t.strictSame(sent().input, [says('user', 'const sum = (a, b) => <gap>\nexport { sum }')])
  const raw: Json = await client.generate({ model: 'gpt-5.5', prompt: 'Once', raw: true })
  t.match(raw, { response: 'a + b', done: true })
  t.notOk('context' in raw)
  t.match(sent().instructions, 'Go on with it from its last character')
  t.strictSame(sent().input, [says('user', 'Once')])
  await t.rejects(client.generate({ model: 'gpt-5.5', prompt: 'x', raw: true, system: 'y' }), {
    status_code: 400,
    message: 'raw mode does not support template, system, or context',
  })
})
