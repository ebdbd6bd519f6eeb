import { AIMessageChunk, HumanMessage, SystemMessage, ToolMessage } from '@langchain/core/messages'
import { tool } from '@langchain/core/tools'
import { ChatOllama, type ChatOllamaInput, Ollama, OllamaEmbeddings } from '@langchain/ollama'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { answer, message, reasoning } from '../fakes/backend-events.ts'
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

// It would send what it does to a service, on a machine that is set up for that.
for (const name of ['LANGSMITH_TRACING', 'LANGCHAIN_TRACING']) {
  process.env[name] = process.env[`${name}_V2`] = 'false'
}

async function demoModel(t: Test, over: ChatOllamaInput = {}) {
  const { url } = await startDemo(t)
  return new ChatOllama({ baseUrl: url, model: 'demo', ...over })
}

async function scripted(t: Test) {
  const { url, upstream } = await startSignedIn(t)
  const modelOf = (over: ChatOllamaInput = {}) =>
    new ChatOllama({ baseUrl: url, model: 'gpt-5.5', ...over })
  return { modelOf, url, upstream, sent: () => upstream.requests.at(-1)?.body }
}

const join = (chunks: readonly AIMessageChunk[]) =>
  chunks.slice(1).reduce((sum, chunk) => sum.concat(chunk), chunks[0] ?? new AIMessageChunk(''))

const getWeather = tool(() => '22 degrees', {
  name: 'get_weather',
  description: 'Tells the weather',
  schema: z.object({ city: z.string() }),
})
const getTime = tool(() => 'noon', {
  name: 'get_time',
  description: 'Tells the time',
  schema: z.object({ zone: z.string() }),
})

t.test('scripted: an answer, whole and in chunks', async t => {
  const { modelOf, upstream, sent } = await scripted(t)
  upstream.play(plays(HELLO))
  const model = modelOf({ temperature: 0, numCtx: 4096, keepAlive: '5m' })
  const prompt = [new SystemMessage('Be brief.'), new HumanMessage('hi')]
  const chunks = await collect(await model.stream(prompt))
  t.strictSame(
    chunks.map(({ text }) => text).filter(text => text !== ''),
    ['Hel', 'lo'],
  )
  for (const said of [join(chunks), await model.invoke(prompt)]) {
    t.equal(said.content, 'Hello')
    t.strictSame(said.tool_calls, [])
    t.match(said.usage_metadata, { input_tokens: 11, output_tokens: 7, total_tokens: 18 })
    t.match(said.response_metadata, {
      model: 'gpt-5.5',
      remote_model: 'gpt-5.5',
      done: true,
      done_reason: 'stop',
      eval_count: 7,
      total_duration: Number,
    })
  }
  t.match(sent(), { instructions: 'Be brief.', input: [says('user', 'hi')] })
})

t.test('scripted: thoughts come beside the text, unless they are not wanted', async t => {
  const { modelOf, upstream, sent } = await scripted(t)
  upstream.play(plays(answer(reasoning(0, [['Why, ', 'hm.']]), message(1, ['It is ', '42.']))))
  for (const [over, expected] of [
    [{ think: true }, { effort: 'medium', summary: 'auto' }],
    [{}, { effort: 'medium', summary: 'auto' }],
  ] as const) {
    const said = await modelOf(over).invoke('hi')
    t.equal(said.content, 'It is 42.')
    t.equal(said.additional_kwargs['reasoning_content'], 'Why, hm.')
    t.strictSame(sent().reasoning, expected)
  }
  const silent = await modelOf({ think: false }).invoke('hi')
  t.equal(silent.content, 'It is 42.')
  t.notOk('reasoning_content' in silent.additional_kwargs)
  t.strictSame(sent().reasoning, { effort: 'none' })
})

t.test('scripted: results without id and name find their calls', async t => {
  const { modelOf, upstream, sent } = await scripted(t)
  const model = modelOf().bindTools([getWeather, getTime])
  const question = new HumanMessage('hi')
  for (const isStream of [false, true]) {
    upstream.play(plays(answer(reasoning(0, [['Two calls.']]), ...TWO_CALLS)), plays(HELLO))
    const said = isStream
      ? join(await collect(await model.stream([question])))
      : await model.invoke([question])
    t.match(said.tool_calls, [
      { name: 'get_weather', args: { city: 'Paris' } },
      { name: 'get_time', args: { zone: 'UTC' } },
    ])
    const [first, second] = said.tool_calls ?? []
    const results: ToolMessage[] = [
      await getWeather.invoke({ ...first, type: 'tool_call' } as never),
      await getTime.invoke({ ...second, type: 'tool_call' } as never),
    ]
    t.equal((await model.invoke([question, said, ...results])).content, 'Hello')
    t.strictSame(sent().input, [says('user', 'hi'), ...calledTwo(first?.id, second?.id)])
  }
  t.match(upstream.requests[0]?.body, {
    tools: [
      { type: 'function', name: 'get_weather', parameters: { required: ['city'] } },
      { type: 'function', name: 'get_time', parameters: { required: ['zone'] } },
    ],
  })
})

t.test('demo: tools are called, run and answered with', async t => {
  const model = (await demoModel(t)).bindTools([getWeather])
  const question = new HumanMessage('Use get_weather, please')
  const said = await model.invoke([question])
  const [call] = said.tool_calls ?? []
  const result = new ToolMessage({ content: '22 degrees', tool_call_id: call?.id ?? '' })
  const { content } = await model.invoke([question, said, result])
  t.equal(content, 'get_weather answered: “22 degrees”.')
})

t.test('structured output satisfies its schema, by format and by tool', async t => {
  const Party = z.object({ name: z.string(), day: z.enum(['monday']), seats: z.number().min(10) })
  const expected = { name: 'name', day: 'monday', seats: 10 }
  const demo = await demoModel(t)
  t.strictSame(await demo.withStructuredOutput(Party).invoke('Plan a party'), expected)
  const byTool = demo.withStructuredOutput(Party, { method: 'functionCalling', name: 'party' })
  t.strictSame(await byTool.invoke('Plan a party'), expected)

  const { modelOf, upstream, sent } = await scripted(t)
  upstream.play(plays(answer(message(0, ['{"answer"', ':42}']))))
  const Answer = z.object({ answer: z.number() })
  t.strictSame(await modelOf().withStructuredOutput(Answer).invoke('hi'), { answer: 42 })
  t.match(sent().text, {
    format: {
      type: 'json_schema',
      name: 'response',
      strict: false,
      schema: { type: 'object', properties: { answer: { type: 'number' } }, required: ['answer'] },
    },
  })
  const free = modelOf().withStructuredOutput(Answer, { method: 'jsonMode' })
  t.strictSame(await free.invoke('hi'), { answer: 42 })
  t.strictSame(sent().text, { format: { type: 'json_object' } })
})

t.test('scripted: a text and an image are two messages', async t => {
  const { modelOf, upstream, sent } = await scripted(t)
  upstream.play(plays(HELLO))
  const url = `data:image/png;base64,${PIXEL}`
  await modelOf().invoke([
    new HumanMessage({
      content: [
        { type: 'text', text: 'What is it?' },
        { type: 'image_url', image_url: { url } },
      ],
    }),
  ])
  t.strictSame(sent().input, [
    says('user', 'What is it?'),
    { type: 'message', role: 'user', content: [SENT_PIXEL] },
  ])
})

t.test('demo: a served model is found or pulled, and no other', async t => {
  // The client tells the steps of a pull on the console.
  const steps = t.capture(console, 'log')
  const checks = async (model: string) =>
    (await demoModel(t, { model, checkOrPullModel: true })).invoke('say:hello')
  t.equal((await checks('demo')).content, 'hello')
  t.equal((await checks('demo:latest')).content, 'hello')
  t.strictSame(steps(), [])
  // Not listed, as efforts are no models of their own here, but served.
  t.equal((await checks('demo:high')).content, 'hello')
  t.match(steps(), [{ args: [{ status: 'pulling manifest' }] }, { args: [{ status: 'success' }] }])
  await t.rejects(checks('nope'), { message: 'pull model manifest: file does not exist' })
})

t.test('demo: an error before the answer has its status, one in the stream its words', async t => {
  const model = await demoModel(t)
  await t.rejects(model.invoke('fail:429'), {
    name: 'ResponseError',
    status_code: 429,
    message: "The demo's answer to fail:429: it asks to try again in a second.",
  })
  await t.rejects((await demoModel(t, { model: 'nope' })).invoke('hi'), {
    status_code: 404,
    message: "model 'nope' not found",
  })
  const late = { message: "The demo's answer to fail:late: it is overloaded after some words." }
  await t.rejects(model.invoke('fail:late'), late)
  const texts: string[] = []
  await t.rejects(async () => {
    for await (const { text } of await model.stream('fail:late')) texts.push(text)
  }, late)
  t.match(texts.join(''), /^You said: /)
})

t.test('scripted: a stop text ends the answer and the upstream', async t => {
  const { modelOf, upstream } = await scripted(t)
  upstream.play(endless('Hello', ' ST', 'OP here'))
  const said = await modelOf().invoke('hi', { stop: ['STOP'] })
  t.equal(said.content, 'Hello ')
  t.equal(said.response_metadata['done_reason'], 'stop')
  await closedInTime(upstream, 0)
})

t.test('scripted: the completion model has its prompt answered', async t => {
  const { url, upstream, sent } = await scripted(t)
  upstream.play(plays(HELLO))
  const model = new Ollama({ baseUrl: url, model: 'gpt-5.5' })
  t.equal(await model.invoke('hi'), 'Hello')
  t.strictSame(sent().input, [says('user', 'hi')])
  t.equal((await collect(await model.stream('hi'))).join(''), 'Hello')
})

t.test('demo: embeddings are refused in words', async t => {
  const { url } = await startDemo(t)
  const embeddings = new OllamaEmbeddings({ baseUrl: url, model: 'demo', maxRetries: 0 })
  await t.rejects(embeddings.embedQuery('hi'), {
    status_code: 400,
    message: '"demo" does not support embeddings',
  })
})
