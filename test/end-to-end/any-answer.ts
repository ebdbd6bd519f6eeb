import { deepEqual, equal, ok } from 'node:assert/strict'
import fc from 'fast-check'
import OpenAI from 'openai'
import t from 'tap'
import { foldChat, type Json, readEvents, readStream } from '../fakes/api-client.ts'
import {
  answer,
  type BackendEvent,
  functionCall,
  message,
  reasoning,
  USAGE,
} from '../fakes/backend-events.ts'
import { startScripted } from '../fakes/chat-service.ts'
import { readLines, readWhole, timeless } from '../fakes/ollama-lines.ts'
import { GENERATE, CHAT as OLLAMA_CHAT, startOllama } from '../fakes/ollama-service.ts'
import { CHAT_USAGE, type RandomAnswer, randomAnswers } from '../fakes/random-answers.ts'
import { frames, streamInPieces } from '../fakes/upstream-server.ts'

const CHAT = '/v1/chat/completions'
const COMPLETIONS = '/v1/completions'
const RESPONSES = '/v1/responses'
const TOOLS = ['tool_0', 'tool_1', 'tool_2'].map(name => ({
  type: 'function',
  name,
  parameters: {},
}))
const messages = [{ role: 'user', content: 'hi' }]
const start = (t: Parameters<typeof startScripted>[0], path = CHAT) =>
  startScripted(t, path, {
    model: 'gpt-5.5',
    ...(path === CHAT && { messages, stream_options: { include_usage: true } }),
    ...(path === COMPLETIONS && { prompt: 'hi', stream_options: { include_usage: true } }),
    ...(path === RESPONSES && { input: 'hi' }),
  })

/** Cuts the bytes of an event stream at these places, counted from its beginning. */
function cut(bytes: Uint8Array, cuts: readonly number[]): readonly Uint8Array[] {
  const places = [...new Set(cuts.map(place => place % bytes.length))].sort((a, b) => a - b)
  return [...places, bytes.length].map((end, i) => bytes.subarray(places[i - 1] ?? 0, end))
}

for (const path of [CHAT, COMPLETIONS, RESPONSES]) {
  t.test(`${path}: any chunking of the upstream's bytes gives the same bytes`, async t => {
    const { ask, streamed, upstream } = await start(t, path)
    await fc.assert(
      fc.asyncProperty(
        randomAnswers({ calls: path !== COMPLETIONS }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
        fc.boolean(),
        async ({ events }, cuts, crlf) => {
          const text = frames(...events)
          const expected = await streamed(events)
          const bytes = Buffer.from(crlf ? text.replaceAll('\n', '\r\n') : text)
          upstream.play(streamInPieces(cut(bytes, cuts)))
          const response = await ask({ stream: true })
          equal(await response.text(), expected)
        },
      ),
      { numRuns: 15 },
    )
  })

  t.test(`${path}: the upstream's bytes may come one by one`, async t => {
    const { ask, streamed, upstream } = await start(t, path)
    const events = answer(
      reasoning(0, [['é€']]),
      message(1, ['Hé', 'llo €', ' 😀']),
      functionCall(2, 'call_1', 'tool_0', ['{"é":', '"😀"}']),
    )
    const expected = await streamed(events)
    const bytes = Buffer.from(frames(...events))
    upstream.play(streamInPieces([...bytes].map(byte => Uint8Array.of(byte))))
    t.equal(await (await ask({ stream: true })).text(), expected)
  })
}

/** What a chat answer says, streamed or whole, in one form. */
function summary(message: Json, reason: unknown, usage: Json) {
  return {
    content: message.content ?? '',
    refusal: message.refusal ?? '',
    reasoning: message.reasoning_content ?? message.reasoning ?? '',
    calls: message.tool_calls ?? message.calls ?? [],
    annotations: message.annotations,
    reason,
    usage,
  }
}

const asChatCalls = ({ calls }: RandomAnswer): Json[] =>
  calls.map(({ id, kind, name, text }) =>
    kind === 'function'
      ? { id, type: 'function', function: { name, arguments: text } }
      : { id, type: 'custom', custom: { name, input: text } },
  )

const reasonOf = ({ events, calls, status }: RandomAnswer): string => {
  if (status === 'completed') return calls.length > 0 ? 'tool_calls' : 'stop'
  return JSON.stringify(events.at(-1)).includes('content_filter') ? 'content_filter' : 'length'
}

t.test('a chat says the same streamed and whole, and all that the model said', async t => {
  const { whole, streamed } = await start(t)
  await fc.assert(
    fc.asyncProperty(randomAnswers(), async random => {
      const { events } = random
      const stream = readStream(await streamed(events))
      const completion = await whole(events)
      const [{ message, finish_reason }] = completion.choices
      const told = foldChat(stream)
      const expected = summary(message, finish_reason, completion.usage)
      deepEqual(summary(told, told.reason, stream.usage), expected)
      deepEqual(
        [expected.content, expected.refusal, expected.calls, expected.reason],
        [random.text, random.refusal, asChatCalls(random), reasonOf(random)],
      )
      equal(expected.reasoning, random.reasoning)
      equal(expected.annotations.length, random.citations)
      deepEqual({ ...expected.usage, ...CHAT_USAGE }, expected.usage)
      ok(stream.isDone)
    }),
    { numRuns: 60 },
  )
})

t.test('a completion says the same streamed and whole', async t => {
  const { whole, streamed } = await start(t, COMPLETIONS)
  await fc.assert(
    fc.asyncProperty(randomAnswers({ calls: false }), async ({ events }) => {
      const stream = readStream(await streamed(events))
      const completion = await whole(events)
      const [{ text, finish_reason }] = completion.choices
      equal(stream.steps.map(([piece]) => piece).join(''), text)
      equal(stream.steps.at(-1)?.[1], finish_reason)
      deepEqual(stream.usage, completion.usage)
    }),
    { numRuns: 20 },
  )
})

t.test('a response is the same streamed and whole, with all that the model said', async t => {
  const { whole, streamed } = await start(t, RESPONSES)
  await fc.assert(
    fc.asyncProperty(randomAnswers(), async ({ events, output, status }) => {
      const last = JSON.parse(readEvents(await streamed(events)).at(-1)?.data ?? '')
      deepEqual(await whole(events), last.response)
      deepEqual(last.response.output, output)
      equal(last.response.status, status)
    }),
    { numRuns: 30 },
  )
})

t.test("the official client's chat helper takes any answer", async t => {
  const { url, upstream } = await start(t)
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  // It knows no custom calls: it throws at the first.
  const range = randomAnswers({ customCalls: false })
  await fc.assert(
    fc.asyncProperty(range, async random => {
      upstream.play(streamInPieces([frames(...random.events)]))
      const helper = client.chat.completions.stream({
        model: 'gpt-5.5',
        messages: [{ role: 'user', content: 'hi' }],
        tools: TOOLS.map(({ name, parameters }) => ({
          type: 'function',
          function: { name, parameters },
        })),
        stream_options: { include_usage: true },
      })
      const [choice] = (await helper.finalChatCompletion()).choices
      equal(choice?.message.content ?? '', random.text)
      equal(choice?.message.refusal ?? '', random.refusal)
      const calls = choice?.message.tool_calls ?? []
      deepEqual(
        calls.map(({ id, type, function: { name, arguments: text } }) => ({
          id,
          type,
          function: { name, arguments: text },
        })),
        asChatCalls(random),
      )
      equal(choice?.finish_reason, reasonOf(random))
      const usage = await helper.totalUsage()
      deepEqual({ ...usage, ...CHAT_USAGE }, usage)
    }),
    { numRuns: 40 },
  )
})

t.test("the official client's response helper takes any answer", async t => {
  const { url, upstream } = await start(t, RESPONSES)
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  // It throws at what was never announced, and such events are passed on as they come.
  const range = randomAnswers({ gaps: false })
  await fc.assert(
    fc.asyncProperty(range, async random => {
      upstream.play(streamInPieces([frames(...random.events)]))
      const helper = client.responses.stream({ model: 'gpt-5.5', input: 'hi' })
      const final = await helper.finalResponse()
      equal(final.status, random.status)
      equal(final.output_text, random.text.length > 0 ? textsOf(random) : '')
      deepEqual(
        final.output.map(({ type }) => type),
        random.output.map(item => (item as Json).type),
      )
      deepEqual(
        final.output.flatMap(item =>
          item.type === 'function_call'
            ? [item.arguments]
            : item.type === 'custom_tool_call'
              ? [item.input]
              : [],
        ),
        random.calls.map(({ text }) => text),
      )
      equal(final.usage?.total_tokens, 18)
    }),
    { numRuns: 40 },
  )
})

/** The client joins the texts of messages without anything between. */
function textsOf({ output }: RandomAnswer): string {
  return (output as readonly Json[])
    .flatMap(item => (item.type === 'message' ? item.content : []))
    .map(part => part.text ?? '')
    .join('')
}

const OLLAMA_PATHS = [OLLAMA_CHAT, GENERATE]
const tools = TOOLS.map(({ name }) => ({ type: 'function', function: { name } }))

const delta = (text: string) => ({
  type: 'response.output_text.delta',
  output_index: 0,
  content_index: 0,
  delta: text,
})
const SHORT_EVENTS: readonly BackendEvent[] = [
  { type: 'response.created', response: { id: 'resp_1', created_at: 5 } },
  ...['Héllo', ' € ', '😀'].map(delta),
  { type: 'response.completed', response: { usage: USAGE } },
]
const SHORT = frames(...SHORT_EVENTS)

t.test("Ollama's lines: the backend's bytes may come in any form and one by one", async t => {
  const noisy = SHORT.replaceAll('data: ', 'data:').replaceAll('\n', '\n: comment\n')
  const forms = [SHORT, SHORT.replaceAll('\n', '\r\n'), SHORT.replaceAll('\n', '\r'), noisy]
  for (const path of OLLAMA_PATHS) {
    const { ask, upstream } = await startOllama(t, path)
    const seen = new Set<string>()
    for (const form of forms) {
      const bytes = [...Buffer.from(form)].map(byte => Uint8Array.of(byte))
      upstream.play(streamInPieces(bytes))
      const { lines, last, content } = readLines(await (await ask({})).text())
      t.equal(content, 'Héllo € 😀')
      seen.add(JSON.stringify([...lines, last].map(timeless)))
      upstream.play(streamInPieces(bytes))
      const { message, response } = readWhole(await (await ask({ stream: false })).text())
      t.equal(message?.content ?? response, 'Héllo € 😀')
    }
    t.equal(seen.size, 1, path)
  }
})

const asOllamaCalls = ({ calls }: RandomAnswer): Json[] =>
  calls.map(({ id, name, text }, index) => ({
    id,
    function: { index, name, arguments: JSON.parse(text) },
  }))
t.test(
  'a chat of Ollama says the same streamed and whole, and all that the model said',
  async t => {
    const { whole, streamed } = await startOllama(t, OLLAMA_CHAT)
    await fc.assert(
      fc.asyncProperty(randomAnswers({ customCalls: false }), async random => {
        const stream = await streamed(random.events, { tools })
        const told = await whole(random.events, { tools })
        const { content, thinking = '', tool_calls = [] } = told.message
        deepEqual(
          [stream.content, stream.thinking, stream.calls, stream.last.done_reason],
          [content, thinking, tool_calls, told.done_reason],
        )
        equal(thinking, random.reasoning)
        deepEqual(tool_calls, asOllamaCalls(random))
        equal(told.done_reason, reasonOf(random).replace('tool_calls', 'stop'))
        if (random.refusal === '') equal(content, random.text)
        ok(content.startsWith(random.text) && content.endsWith(random.refusal))
        equal(stream.last.prompt_eval_count, 11)
        equal(stream.last.eval_count, 7)
        deepEqual([told.prompt_eval_count, told.eval_count], [11, 7])
      }),
      { numRuns: 60 },
    )
  },
)

t.test('a text of Ollama says the same streamed and whole', async t => {
  const { whole, streamed } = await startOllama(t, GENERATE)
  await fc.assert(
    fc.asyncProperty(randomAnswers({ calls: false }), async ({ events }) => {
      const stream = await streamed(events)
      const { response, thinking = '', done_reason, context } = await whole(events)
      deepEqual(
        [stream.content, stream.thinking, stream.last.done_reason, stream.last.context],
        [response, thinking, done_reason, context],
      )
    }),
    { numRuns: 20 },
  )
})

for (const path of OLLAMA_PATHS) {
  t.test(`${path}: any chunking of the upstream's bytes gives the same lines`, async t => {
    const { ask, streamed, upstream } = await startOllama(t, path)
    const calls = path === OLLAMA_CHAT
    const body = calls ? { tools } : {}
    await fc.assert(
      fc.asyncProperty(
        randomAnswers({ calls, customCalls: false }),
        fc.array(fc.nat(), { minLength: 1, maxLength: 12 }),
        async ({ events }, cuts) => {
          const expected = await streamed(events, body)
          upstream.play(streamInPieces(cut(Buffer.from(frames(...events)), cuts)))
          const { lines, last } = readLines(await (await ask(body)).text())
          deepEqual(lines.map(timeless), expected.lines.map(timeless))
          deepEqual(timeless(last), timeless(expected.last))
        },
      ),
      { numRuns: 15 },
    )
  })
}
