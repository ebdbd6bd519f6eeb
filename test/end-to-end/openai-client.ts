import { readFileSync } from 'node:fs'
import OpenAI from 'openai'
import { zodResponseFormat } from 'openai/helpers/zod'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { startDemo, startSignedIn } from '../fakes/service.ts'
import { frames, stream } from '../fakes/upstream-server.ts'

const recording = (name: string) =>
  readFileSync(new URL(`../recordings/${name}.sse`, import.meta.url), 'utf8')
const clientOf = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

async function demoClient(t: Test) {
  return clientOf((await startDemo(t)).url)
}

async function scriptedClient(t: Test) {
  const { url, upstream } = await startSignedIn(t)
  return { client: clientOf(url), upstream }
}

const weatherTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Tells the weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer', minimum: 2 } },
      required: ['city', 'days'],
    },
  },
}

t.test('demo: a stream gives its words and its usage', async t => {
  const client = await demoClient(t)
  const chunks = await client.chat.completions.create({
    model: 'demo',
    stream: true,
    stream_options: { include_usage: true },
    messages: [{ role: 'user', content: 'say:one two three' }],
  })
  const texts: string[] = []
  let last: OpenAI.ChatCompletionChunk | undefined
  for await (const chunk of chunks) {
    const text = chunk.choices[0]?.delta.content
    if (text) texts.push(text)
    last = chunk
  }
  t.strictSame(texts, ['one', ' two', ' three'])
  t.strictSame(last?.choices, [])
  t.equal(
    last?.usage?.total_tokens,
    (last?.usage?.prompt_tokens ?? 0) + (last?.usage?.completion_tokens ?? 0),
  )
})

t.test('demo: the streaming helper accepts the whole answer', async t => {
  const client = await demoClient(t)
  const answer = client.chat.completions.stream({
    model: 'demo',
    messages: [{ role: 'user', content: 'say:hello there' }],
  })
  t.equal(await answer.finalContent(), 'hello there')
  t.match(await answer.finalChatCompletion(), { choices: [{ finish_reason: 'stop' }] })
})

t.test('demo: tools are called, run and answered with', async t => {
  const client = await demoClient(t)
  for (const streamed of [false, true]) {
    const asked: unknown[] = []
    const tool = {
      type: 'function' as const,
      function: {
        ...weatherTool.function,
        parse: (text: string) => JSON.parse(text) as object,
        function: (input: object) => {
          asked.push(input)
          return '22 degrees'
        },
      },
    }
    const body = {
      model: 'demo',
      messages: [{ role: 'user' as const, content: 'Use get_weather, please' }],
      tools: [tool],
    }
    const runner = streamed
      ? client.chat.completions.runTools({ ...body, stream: true })
      : client.chat.completions.runTools(body)
    t.match(await runner.finalContent(), '22 degrees')
    t.strictSame(asked, [{ city: 'city', days: 2 }])
  }
})

t.test('demo: strict parallel calls reach the streaming helper whole', async t => {
  const client = await demoClient(t)
  const tool = (name: string) => ({
    type: 'function' as const,
    function: { ...weatherTool.function, name, strict: true },
  })
  const answer = client.chat.completions.stream({
    model: 'demo',
    messages: [{ role: 'user', content: 'get_weather and get_forecast' }],
    tools: [tool('get_weather'), tool('get_forecast')],
  })
  const done: unknown[] = []
  answer.on('tool_calls.function.arguments.done', call => {
    done.push([call.name, call.arguments])
  })
  await answer.done()
  t.strictSame(done, [
    ['get_weather', '{"city":"city","days":2}'],
    ['get_forecast', '{"city":"city","days":2}'],
  ])
})

t.test('demo: a schema is parsed into an object that satisfies it', async t => {
  const client = await demoClient(t)
  const Event = z.object({
    name: z.string(),
    day: z.enum(['monday', 'tuesday']),
    guests: z.array(z.string()).min(2),
    seats: z.number().int().min(10),
  })
  const completion = await client.chat.completions.parse({
    model: 'demo',
    messages: [{ role: 'user', content: 'Plan a party' }],
    response_format: zodResponseFormat(Event, 'event'),
  })
  const parsed = completion.choices[0]?.message.parsed
  t.equal(parsed?.name, 'name')
  t.equal(parsed?.day, 'monday')
  t.equal(parsed?.guests.length, 2)
  t.equal(parsed?.seats, 10)
})

t.test('demo: images are counted', async t => {
  const client = await demoClient(t)
  const completion = await client.chat.completions.create({
    model: 'demo',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'What is in these?' },
          { type: 'image_url', image_url: { url: PIXEL } },
          { type: 'image_url', image_url: { url: PIXEL, detail: 'low' } },
        ],
      },
    ],
  })
  t.match(completion.choices[0]?.message.content, 'I count 2 images')
})

t.test('demo: failures arrive as the errors that a client knows', async t => {
  const client = await demoClient(t)
  const ask = (content: string, stream = false) =>
    client.chat.completions.create({ model: 'demo', stream, messages: [{ role: 'user', content }] })
  await t.rejects(ask('fail:429'), {
    constructor: OpenAI.RateLimitError,
    code: 'rate_limit_exceeded',
  })
  await t.rejects(ask('fail:503', true), { status: 503, code: 'server_is_overloaded' })
  const cut = (await ask('fail:cut', true)) as AsyncIterable<unknown>
  await t.rejects(
    async () => {
      for await (const chunk of cut) t.ok(chunk)
    },
    { code: 'upstream_stream_incomplete', type: 'server_error' },
  )
})

t.test('demo: models are listed and found', async t => {
  const client = await demoClient(t)
  const names: string[] = []
  for await (const model of client.models.list()) names.push(model.id)
  t.strictSame(names, ['demo'])
  t.equal((await client.models.retrieve('demo')).id, 'demo')
  await t.rejects(client.models.retrieve('a/b'), { status: 404, code: 'model_not_found' })
})

t.test('scripted: text, reasoning and usage', async t => {
  const { client, upstream } = await scriptedClient(t)
  upstream.play(stream(recording('text')))
  const answer = client.chat.completions.stream({
    model: 'gpt-5.5',
    messages: [{ role: 'user', content: 'hi' }],
    stream_options: { include_usage: true },
  })
  t.equal(await answer.finalContent(), 'Hello')
  t.match(await answer.totalUsage(), { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 })
  upstream.play(stream(recording('reasoning')))
  const whole = await client.chat.completions.create({
    model: 'gpt-5.5',
    messages: [{ role: 'user', content: 'hi' }],
  })
  t.match(whole.choices[0]?.message, {
    content: 'Looking.\n\nIt is 42.',
    reasoning_content: 'First thought.\n\nSecond thought.',
  })
})

t.test('scripted: parallel tool calls make their round trip', async t => {
  const { client, upstream } = await scriptedClient(t)
  upstream.play(stream(recording('parallel-calls')), stream(recording('text')))
  const tool = (name: string) => ({
    type: 'function' as const,
    function: {
      name,
      description: name,
      parse: (text: string) => JSON.parse(text) as object,
      parameters: {},
      function: (input: object) => `${name} of ${JSON.stringify(input)}`,
    },
  })
  const runner = client.chat.completions.runTools({
    model: 'gpt-5.5',
    stream: true,
    messages: [{ role: 'user', content: 'hi' }],
    tools: [tool('get_weather'), tool('get_time')],
  })
  t.equal(await runner.finalContent(), 'Hello')
  t.strictSame(upstream.requests[1]?.body.input, [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
    {
      type: 'function_call',
      call_id: 'call_1',
      name: 'get_weather',
      arguments: '{"city":"Paris"}',
    },
    { type: 'function_call', call_id: 'call_2', name: 'get_time', arguments: '{"zone":"UTC"}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'get_weather of {"city":"Paris"}' },
    { type: 'function_call_output', call_id: 'call_2', output: 'get_time of {"zone":"UTC"}' },
  ])
})

t.test('scripted: a schema goes up flat and comes back parsed', async t => {
  const { client, upstream } = await scriptedClient(t)
  const text = (delta: string) => ({
    type: 'response.output_text.delta',
    output_index: 0,
    content_index: 0,
    delta,
  })
  upstream.play(stream(frames(text('{"answer"'), text(':42}'), { type: 'response.completed' })))
  const completion = await client.chat.completions.parse({
    model: 'gpt-5.5',
    messages: [{ role: 'user', content: 'hi' }],
    response_format: zodResponseFormat(z.object({ answer: z.number() }), 'reply'),
  })
  t.strictSame(completion.choices[0]?.message.parsed, { answer: 42 })
  t.match(upstream.requests[0]?.body.text, {
    format: {
      type: 'json_schema',
      name: 'reply',
      strict: true,
      schema: { type: 'object', properties: { answer: { type: 'number' } }, required: ['answer'] },
    },
  })
})

t.test('scripted: an image goes up as it is', async t => {
  const { client, upstream } = await scriptedClient(t)
  upstream.play(stream(recording('text')))
  await client.chat.completions.create({
    model: 'gpt-5.5',
    messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: PIXEL } }] }],
  })
  t.strictSame(upstream.requests[0]?.body.input[0].content, [
    { type: 'input_image', image_url: PIXEL, detail: 'auto' },
  ])
})

t.test('scripted: an error in the stream is an error in the client', async t => {
  const { client, upstream } = await scriptedClient(t)
  const text = { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: 'a' }
  const failed = {
    type: 'response.failed',
    response: { error: { code: 'server_is_overloaded', message: 'busy' } },
  }
  upstream.play(stream(frames(text, failed)))
  const chunks = await client.chat.completions.create({
    model: 'gpt-5.5',
    stream: true,
    messages: [{ role: 'user', content: 'hi' }],
  })
  await t.rejects(
    async () => {
      for await (const chunk of chunks) t.ok(chunk)
    },
    { code: 'server_is_overloaded', message: /busy/ },
  )
})
