import { generateObject, generateText, Output, stepCountIs, streamText, tool } from 'ai'
import { createOllama } from 'ollama-ai-provider-v2'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { answer, functionCall, message, reasoning } from '../fakes/backend-events.ts'
import { plays, says } from '../fakes/chat-service.ts'
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

// It would write to the console what it leaves out of a request.
globalThis.AI_SDK_LOG_WARNINGS = false

const providerOf = (url: string) => createOllama({ baseURL: `${url}/api` })
const demoProvider = async (t: Test) => providerOf((await startDemo(t)).url)

async function scripted(t: Test) {
  const { url, upstream } = await startSignedIn(t)
  const sent = () => upstream.requests.at(-1)?.body
  const ollama = providerOf(url)
  return { ollama, common: { model: ollama('gpt-5.5'), maxRetries: 0 }, upstream, sent }
}

const THINKS = answer(reasoning(0, [['Why, ', 'hm.']]), message(1, ['It is ', '42.']))
const thinking = { ollama: { think: true } }

const refused = (statusCode: number, responseBody: string | RegExp) => ({
  name: 'AI_APICallError',
  statusCode,
  responseBody,
})

function createTools() {
  const asked: unknown[] = []
  const run = (result: string) => async (input: object) => {
    asked.push(input)
    return result
  }
  const tools = {
    get_weather: tool({ inputSchema: z.object({ city: z.string() }), execute: run('22 degrees') }),
    get_time: tool({ inputSchema: z.object({ zone: z.string() }), execute: run('noon') }),
  }
  return { tools, asked }
}

t.test('scripted: a text has its words, its usage and its system text', async t => {
  const { common, upstream, sent } = await scripted(t)
  upstream.play(plays(HELLO))
  const result = await generateText({
    ...common,
    system: 'Be brief.',
    prompt: 'hi',
    temperature: 0.5,
    topP: 0.9,
    maxOutputTokens: 100,
  })
  t.equal(result.text, 'Hello')
  t.equal(result.finishReason, 'stop')
  t.match(result.usage, { inputTokens: 11, outputTokens: 7, totalTokens: 18 })
  t.equal(
    result.response.headers?.['x-chatmock-ignored']?.split(', ').sort().join(),
    'max_output_tokens,temperature,top_p',
  )
  t.match(sent(), {
    model: 'gpt-5.5',
    instructions: 'Be brief.',
    input: [says('user', 'hi')],
    // The client asks for no thoughts unless it is told to.
    reasoning: { effort: 'none' },
  })
  t.notOk('temperature' in sent())
})

t.test('scripted: a stream tells text and reasoning apart', async t => {
  const { common, upstream, sent } = await scripted(t)
  upstream.play(plays(THINKS))
  const streamed = streamText({ ...common, prompt: 'hi', providerOptions: thinking })
  const parts = await collect(streamed.fullStream)
  const deltas = (type: 'text-delta' | 'reasoning-delta') =>
    parts.map(part => (part.type === type ? part.text : '')).join('')
  t.equal(deltas('reasoning-delta'), 'Why, hm.')
  t.equal(deltas('text-delta'), 'It is 42.')
  t.notOk(parts.some(({ type }) => type === 'error'))
  t.equal(await streamed.text, 'It is 42.')
  t.equal(await streamed.reasoningText, 'Why, hm.')
  t.equal(await streamed.finishReason, 'stop')
  t.match(await streamed.usage, { inputTokens: 11, outputTokens: 7, totalTokens: 18 })
  t.strictSame(sent().reasoning, { effort: 'medium', summary: 'auto' })

  const whole = await generateText({ ...common, prompt: 'hi', providerOptions: thinking })
  t.equal(whole.text, 'It is 42.')
  t.equal(whole.reasoningText, 'Why, hm.')

  const silent = streamText({ ...common, prompt: 'hi' })
  t.equal(await silent.text, 'It is 42.')
  t.equal(await silent.reasoningText, undefined)
})

t.test('scripted: an effort in the name stands though no thoughts are asked for', async t => {
  const { ollama, upstream, sent } = await scripted(t)
  upstream.play(plays(THINKS))
  const { text, reasoningText } = await generateText({
    model: ollama('gpt-5.5:high'),
    prompt: 'hi',
  })
  t.equal(text, 'It is 42.')
  t.equal(reasoningText, undefined)
  t.equal(sent().model, 'gpt-5.5')
  t.strictSame(sent().reasoning, { effort: 'high' })
})

t.test('scripted: tools run in a loop until the answer is there', async t => {
  const { common, upstream, sent } = await scripted(t)
  const thinks = reasoning(0, [['Two calls.']])
  const { summary, encrypted_content } = thinks.item
  for (const isStream of [false, true]) {
    upstream.play(plays(answer(thinks, ...TWO_CALLS)), plays(HELLO))
    const { tools, asked } = createTools()
    const request = { ...common, prompt: 'hi', tools, stopWhen: stepCountIs(3) }
    const result = isStream ? streamText(request) : await generateText(request)
    t.equal(await result.text, 'Hello')
    t.strictSame(asked, [{ city: 'Paris' }, { zone: 'UTC' }])
    const [first, second] = await result.steps
    t.equal(first?.finishReason, 'tool-calls')
    t.match(first?.toolCalls, [
      { toolCallId: 'call_1', toolName: 'get_weather', input: { city: 'Paris' } },
      { toolCallId: 'call_2', toolName: 'get_time', input: { zone: 'UTC' } },
    ])
    t.equal(second?.finishReason, 'stop')
    t.strictSame(sent().input, [
      says('user', 'hi'),
      { type: 'reasoning', summary, encrypted_content },
      ...calledTwo(),
    ])
  }
  t.match(upstream.requests[0]?.body, {
    tools: [
      { type: 'function', name: 'get_weather', parameters: { required: ['city'] } },
      { type: 'function', name: 'get_time', parameters: { required: ['zone'] } },
    ],
    tool_choice: 'auto',
  })
})

t.test('a tool choice is honoured', async t => {
  const { common, upstream, sent } = await scripted(t)
  const { tools } = createTools()
  const call = answer(functionCall(0, 'call_1', 'get_time', ['{"zone":"UTC"}']))
  for (const [toolChoice, events, expected] of [
    ['required', call, 'required'],
    ['none', HELLO, 'none'],
    [{ type: 'tool', toolName: 'get_time' }, call, { type: 'function', name: 'get_time' }],
  ] as const) {
    upstream.play(plays(events))
    await generateText({ ...common, prompt: 'hi', tools, toolChoice })
    t.strictSame(sent().tool_choice, expected)
  }
  const demo = await demoProvider(t)
  const { toolCalls } = await generateText({
    model: demo('demo'),
    prompt: 'hi',
    tools,
    toolChoice: { type: 'tool', toolName: 'get_time' },
  })
  t.match(toolCalls, [{ toolName: 'get_time', input: { zone: 'zone' } }])
})

t.test('an object satisfies its schema', async t => {
  const demo = await demoProvider(t)
  const schema = z.object({ name: z.string(), day: z.enum(['monday']), seats: z.number().min(10) })
  const request = { model: demo('demo'), prompt: 'Plan a party' }
  const expected = { name: 'name', day: 'monday', seats: 10 }
  t.strictSame((await generateObject({ ...request, schema })).object, expected)
  const output = Output.object({ schema })
  t.strictSame((await generateText({ ...request, output })).output, expected)
  const partial = await collect(streamText({ ...request, output }).partialOutputStream)
  t.strictSame(partial.at(-1), expected)
  const free = await generateObject({ ...request, output: 'no-schema' })
  t.match(free.object, { model: 'demo', prompt: 'Plan a party' })

  const { common, upstream, sent } = await scripted(t)
  upstream.play(plays(answer(message(0, ['{"answer"', ':42}']))))
  const Answer = z.object({ answer: z.number() })
  const { object } = await generateObject({ ...common, prompt: 'hi', schema: Answer })
  t.strictSame(object, { answer: 42 })
  t.match(sent().text, {
    format: {
      type: 'json_schema',
      name: 'response',
      strict: false,
      schema: {
        type: 'object',
        properties: { answer: { type: 'number' } },
        required: ['answer'],
      },
    },
  })
})

t.test('scripted: images go up, alone or with a text, and no address is fetched', async t => {
  const { common, upstream, sent } = await scripted(t)
  upstream.play(plays(HELLO))
  const image = { type: 'image' as const, image: PIXEL }
  const text = { type: 'text' as const, text: 'What is it?' }
  await generateText({ ...common, messages: [{ role: 'user', content: [image] }] })
  t.strictSame(sent().input, [{ type: 'message', role: 'user', content: [SENT_PIXEL] }])
  await generateText({ ...common, messages: [{ role: 'user', content: [text, image] }] })
  t.strictSame(sent().input, [
    {
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text: 'What is it?' }, SENT_PIXEL],
    },
  ])
  const remote = { type: 'image' as const, image: new URL(`${upstream.url}/a.png`) }
  await t.rejects(
    generateText({ ...common, messages: [{ role: 'user', content: [text, remote] }] }),
    refused(400, /images\[0\]/),
  )
  t.equal(upstream.requests.length, 2)
})

t.test('scripted: a stop text ends the answer and the upstream', async t => {
  const { common, upstream } = await scripted(t)
  upstream.play(endless('Hello', ' ST', 'OP here'))
  const providerOptions = { ollama: { options: { stop: ['STOP'], num_ctx: 4096 } } }
  const { text, finishReason } = await generateText({ ...common, prompt: 'hi', providerOptions })
  t.strictSame([text, finishReason], ['Hello ', 'stop'])
  await closedInTime(upstream, 0)
  const streamed = streamText({ ...common, prompt: 'hi', providerOptions })
  t.equal(await streamed.text, 'Hello ')
  t.equal(await streamed.finishReason, 'stop')
  await closedInTime(upstream, 1)
})

t.test('demo: an error before the answer has its status, and its words in the body', async t => {
  const demo = await demoProvider(t)
  const request = { model: demo('demo'), prompt: 'fail:429', maxRetries: 0 }
  const expected = {
    ...refused(
      429,
      '{"error":"The demo\'s answer to fail:429: it asks to try again in a second."}',
    ),
    message: 'Too Many Requests',
  }
  await t.rejects(generateText(request), expected)
  const errors: unknown[] = []
  const streamed = streamText({ ...request, onError: ({ error }) => void errors.push(error) })
  await collect(streamed.textStream)
  t.match(errors, [expected])
  await t.rejects(
    generateText({ ...request, model: demo('nope') }),
    refused(404, '{"error":"model \'nope\' not found"}'),
  )
})

t.test('demo: an error in the stream never looks like a whole answer', async t => {
  const demo = await demoProvider(t)
  // The client drops the line of the error, and says so on the console.
  const warnings = t.capture(console, 'warn')
  const streamed = streamText({ model: demo('demo'), prompt: 'fail:late', maxRetries: 0 })
  t.match(await streamed.text, /^You said: /)
  t.equal(await streamed.finishReason, 'other')
  t.match(warnings(), [{ args: ['Failed to parse NDJSON line:', Error] }])
})

t.test('scripted: a client that goes away stops the upstream', async t => {
  const { common, upstream } = await scripted(t)
  upstream.play(endless('going'))
  const controller = new AbortController()
  const streamed = streamText({ ...common, prompt: 'hi', abortSignal: controller.signal })
  const parts: string[] = []
  for await (const part of streamed.fullStream) {
    parts.push(part.type)
    if (part.type === 'text-delta') controller.abort()
  }
  t.equal(parts.at(-1), 'abort')
  await closedInTime(upstream, 0)
})

t.test('scripted: the completion model has its prompt answered', async t => {
  const { ollama, upstream, sent } = await scripted(t)
  upstream.play(plays(HELLO))
  const { text, usage } = await generateText({ model: ollama.completion('gpt-5.5'), prompt: 'hi' })
  t.equal(text, 'Hello')
  t.equal(usage.totalTokens, 18)
  t.strictSame(sent().input, [says('user', 'user:\nhi\n\nassistant:\n')])
  const model = ollama.completion('gpt-5.5', { suffix: ' end' })
  t.equal((await generateText({ model, prompt: 'hi' })).text, 'Hello')
  t.strictSame(sent().input, [says('user', 'user:\nhi\n\nassistant:\n<gap> end')])
})
