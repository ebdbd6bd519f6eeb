import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { foldChat, type Json, readStream } from '../fakes/api-client.ts'
import {
  answer,
  type BackendEvent,
  completed,
  customCall,
  functionCall,
  incomplete,
  inTurn,
  message,
  numbered,
  reasoning,
  refusal,
  STARTED,
  USAGE,
} from '../fakes/backend-events.ts'
import { functionTool, plays, startScripted } from '../fakes/chat-service.ts'

const start = (t: Test) =>
  startScripted(t, '/v1/chat/completions', {
    model: 'gpt-5.5',
    messages: [{ role: 'user', content: 'hi' }],
    tools: [functionTool('f'), functionTool('g'), { type: 'custom', custom: { name: 'c' } }],
  })

/** The two ways to answer, each as what a client makes of it. */
async function bothWays(t: Test, events: readonly BackendEvent[], body: object = {}) {
  const { whole, streamed } = await start(t)
  const completion = await whole(events, body)
  const [choice] = completion.choices
  return {
    completion,
    message: choice.message as Json,
    finish_reason: choice.finish_reason as string,
    stream: readStream(await streamed(events, body)),
  }
}

const ROLE = [{ role: 'assistant', content: '', refusal: null }, null]
const END = (reason: string) => [{}, reason]
const PLAIN = answer(message(0, ['Hel', 'lo']))
const PLAIN_STEPS = [ROLE, [{ content: 'Hel' }, null], [{ content: 'lo' }, null], END('stop')]

t.test('usage comes only where it is asked for, after everything else', async t => {
  const { streamed } = await start(t)
  const plain = readStream(await streamed(PLAIN))
  t.strictSame(plain.steps, PLAIN_STEPS)
  t.ok(plain.isDone)
  for (const chunk of plain.chunks) t.notOk('usage' in chunk)
  t.equal(plain.usage, undefined)

  const { steps, chunks, usage, isDone } = readStream(
    await streamed(PLAIN, { stream_options: { include_usage: true } }),
  )
  t.strictSame(steps, PLAIN_STEPS)
  t.ok(isDone)
  for (const chunk of chunks) t.equal(chunk.usage, null)
  t.strictSame(usage, {
    prompt_tokens: 11,
    completion_tokens: 7,
    total_tokens: 18,
    prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: 2,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  })
  t.strictSame(Object.keys(chunks[0]).sort(), [
    'choices',
    'created',
    'id',
    'model',
    'object',
    'service_tier',
    'system_fingerprint',
    'usage',
  ])
})

t.test('tokens written to the cache are counted where there are any', async t => {
  const details = { cached_tokens: 4, cache_write_tokens: 5 }
  const end = completed({ usage: { ...USAGE, input_tokens_details: details } })
  const { completion } = await bothWays(t, [...STARTED, ...inTurn(message(0, ['a'])), end])
  t.strictSame(completion.usage.prompt_tokens_details, { ...details, audio_tokens: 0 })
})

t.test('an answer tells the tier that it ran in', async t => {
  const events = [...STARTED, ...inTurn(message(0, ['a'])), completed({ service_tier: 'priority' })]
  const { completion } = await bothWays(t, events, { service_tier: 'fast' })
  t.equal(completion.service_tier, 'priority')
})

t.test('a call is announced once and then only goes on', async t => {
  const events = answer(functionCall(0, 'call_1', 'f', ['{"ci', 'ty":"Paris"}']))
  const { stream, message: whole, finish_reason } = await bothWays(t, events)
  t.strictSame(stream.steps, [
    ROLE,
    [
      {
        tool_calls: [
          { index: 0, id: 'call_1', type: 'function', function: { name: 'f', arguments: '' } },
        ],
      },
      null,
    ],
    [{ tool_calls: [{ index: 0, function: { arguments: '{"ci' } }] }, null],
    [{ tool_calls: [{ index: 0, function: { arguments: 'ty":"Paris"}' } }] }, null],
    END('tool_calls'),
  ])
  t.ok(stream.isDone)
  t.strictSame(whole, {
    role: 'assistant',
    content: null,
    refusal: null,
    annotations: [],
    tool_calls: [
      { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"city":"Paris"}' } },
    ],
  })
  t.equal(finish_reason, 'tool_calls')
})

t.test('calls that come at the same time keep their places and their arguments', async t => {
  const first = functionCall(1, 'call_1', 'f', ['{"ci', 'ty":"Paris"}'])
  const second = functionCall(2, 'call_2', 'g', ['{"zone":', '"UTC"}'])
  const events = numbered([
    ...STARTED,
    first.added,
    second.added,
    ...second.pieces,
    ...first.pieces,
    ...second.done,
    ...first.done,
    completed(),
  ])
  const expected = [
    { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"city":"Paris"}' } },
    { id: 'call_2', type: 'function', function: { name: 'g', arguments: '{"zone":"UTC"}' } },
  ]
  const { stream, message: whole } = await bothWays(t, events)
  t.strictSame(whole.tool_calls, expected)
  t.strictSame(foldChat(stream).calls, expected)
  t.equal(foldChat(stream).reason, 'tool_calls')
})

t.test('a custom tool is called with free text', async t => {
  const events = answer(customCall(0, 'call_1', 'c', ['free ', 'text\n']))
  const { stream, message: whole, finish_reason } = await bothWays(t, events)
  t.strictSame(stream.steps, [
    ROLE,
    [
      {
        tool_calls: [{ index: 0, id: 'call_1', type: 'custom', custom: { name: 'c', input: '' } }],
      },
      null,
    ],
    [{ tool_calls: [{ index: 0, custom: { input: 'free ' } }] }, null],
    [{ tool_calls: [{ index: 0, custom: { input: 'text\n' } }] }, null],
    END('tool_calls'),
  ])
  t.strictSame(whole.tool_calls, [
    { id: 'call_1', type: 'custom', custom: { name: 'c', input: 'free text\n' } },
  ])
  t.equal(finish_reason, 'tool_calls')
})

t.test('who asks with the deprecated functions is answered with one', async t => {
  const events = answer(functionCall(0, 'call_1', 'f', ['{"a":', '1}']))
  const body = { tools: undefined, functions: [{ name: 'f' }] }
  const { stream, message: whole, finish_reason } = await bothWays(t, events, body)
  t.strictSame(stream.steps, [
    ROLE,
    [{ function_call: { name: 'f', arguments: '' } }, null],
    [{ function_call: { arguments: '{"a":' } }, null],
    [{ function_call: { arguments: '1}' } }, null],
    END('function_call'),
  ])
  t.strictSame(whole.function_call, { name: 'f', arguments: '{"a":1}' })
  t.notOk('tool_calls' in whole)
  t.equal(finish_reason, 'function_call')
})

t.test('a refusal is no content', async t => {
  const {
    stream,
    message: whole,
    finish_reason,
  } = await bothWays(t, answer(refusal(0, ['I can', 'not'])))
  t.strictSame(stream.steps, [
    ROLE,
    [{ refusal: 'I can' }, null],
    [{ refusal: 'not' }, null],
    END('stop'),
  ])
  t.strictSame(whole, {
    role: 'assistant',
    content: null,
    refusal: 'I cannot',
    annotations: [],
  })
  t.equal(finish_reason, 'stop')
})

t.test('several messages are one text with blank lines between', async t => {
  const { stream, message: whole } = await bothWays(
    t,
    answer(message(0, ['Looking.']), message(1, ['It is ', '42.'])),
  )
  t.equal(whole.content, 'Looking.\n\nIt is 42.')
  t.strictSame(stream.steps, [
    ROLE,
    [{ content: 'Looking.' }, null],
    [{ content: '\n\n' }, null],
    [{ content: 'It is ' }, null],
    [{ content: '42.' }, null],
    END('stop'),
  ])
})

t.test('citations point into the joined text and come once', async t => {
  const cited = (start_index: number, end_index: number, url: string) => ({
    type: 'url_citation',
    start_index,
    end_index,
    title: 'T',
    url,
  })
  const file = { type: 'file_citation', file_id: 'f', filename: 'a.pdf', index: 1 }
  const { stream, message: whole } = await bothWays(
    t,
    answer(
      message(0, ['Hello'], [cited(0, 5, 'https://a.example/'), file]),
      message(1, ['the world'], [cited(4, 9, 'https://b.example/')]),
    ),
  )
  const expected = [
    {
      type: 'url_citation',
      url_citation: { start_index: 0, end_index: 5, title: 'T', url: 'https://a.example/' },
    },
    {
      type: 'url_citation',
      url_citation: { start_index: 11, end_index: 16, title: 'T', url: 'https://b.example/' },
    },
  ]
  t.strictSame(whole.annotations, expected)
  t.strictSame(stream.steps.slice(-2), [[{ annotations: expected }, null], END('stop')])
})

t.test('what the backend tells late or only once is told all the same', async t => {
  const text = message(0, ['Hello'])
  const call = functionCall(1, 'call_1', 'f', ['{"a":1}'])
  const custom = customCall(2, 'call_2', 'c', ['free'])
  const items = [text, call, custom]
  for (const [title, events] of [
    ['no deltas', items.flatMap(({ added, done }) => [added, ...done])],
    ['ends of items alone', items.flatMap(({ done }) => done.slice(-1))],
    ['deltas alone', items.flatMap(({ added, pieces }) => [added, ...pieces])],
    ['nothing before the end', []],
  ] as const) {
    const end = completed(
      title === 'nothing before the end' ? { output: items.map(i => i.item) } : {},
    )
    const { stream, message: whole } = await bothWays(t, [...STARTED, ...events, end])
    const calls = [
      { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
      { id: 'call_2', type: 'custom', custom: { name: 'c', input: 'free' } },
    ]
    t.match(whole, { content: 'Hello', tool_calls: calls }, title)
    t.match(foldChat(stream), { content: 'Hello', calls, reason: 'tool_calls' }, title)
  }
})

t.test('a call without arguments has empty ones', async t => {
  const { stream, message: whole } = await bothWays(t, answer(functionCall(0, 'call_1', 'f', [])))
  t.equal(whole.tool_calls[0].function.arguments, '{}')
  t.equal(foldChat(stream).calls[0].function.arguments, '{}')
})

t.test('an answer of nothing is an answer', async t => {
  const { stream, message: whole, finish_reason } = await bothWays(t, [...STARTED, completed()])
  t.strictSame(whole, { role: 'assistant', content: null, refusal: null, annotations: [] })
  t.equal(finish_reason, 'stop')
  t.strictSame(stream.steps, [ROLE, END('stop')])
})

t.test('what is not for this client leaves no trace', async t => {
  const { streamed } = await start(t)
  const search = { id: 'ws_1', type: 'web_search_call', status: 'completed' }
  const image = { id: 'ig_1', type: 'image_generation_call', status: 'completed', result: 'AAAA' }
  const noise: readonly BackendEvent[] = [
    { type: 'codex.rate_limits', rate_limits: { primary: { used_percent: 1 } } },
    { type: 'keepalive', sequence_number: 3 },
    { type: 'response.output_item.added', output_index: 0, item: search },
    { type: 'response.web_search_call.searching', output_index: 0, item_id: 'ws_1' },
    { type: 'response.output_item.done', output_index: 0, item: search },
    { type: 'response.output_item.done', output_index: 2, item: image },
    { type: 'response.brand_new.delta', output_index: 0, delta: 'x' },
    { type: 'responsesapi.websocket_timing' },
    { type: 'response.metadata', metadata: {} },
  ]
  const noisy = PLAIN.flatMap(event => [...noise, event])
  t.equal(await streamed(noisy), await streamed(PLAIN))
})

t.test('an answer that was cut says why', async t => {
  for (const [reason, expected] of [
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
  ] as const) {
    const events = [...STARTED, ...inTurn(message(0, ['part'])), incomplete(reason)]
    const { stream, message: whole, finish_reason } = await bothWays(t, events)
    t.equal(finish_reason, expected)
    t.equal(whole.content, 'part')
    t.strictSame(stream.steps, [ROLE, [{ content: 'part' }, null], END(expected)])
    t.ok(stream.isDone)
  }
})

t.test('a call that was cut is not for running', async t => {
  const cut = functionCall(1, 'call_2', 'g', ['{"zone":"U'])
  const events = [
    ...STARTED,
    ...inTurn(functionCall(0, 'call_1', 'f', ['{"a":1}'])),
    cut.added,
    ...cut.pieces,
    incomplete('max_output_tokens'),
  ]
  const { stream, message: whole, finish_reason } = await bothWays(t, events)
  t.equal(finish_reason, 'length')
  t.strictSame(whole.tool_calls, [
    { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } },
  ])
  t.equal(foldChat(stream).reason, 'length')
})

t.test('reasoning, text and calls come in their order', async t => {
  const { stream, message: whole } = await bothWays(
    t,
    answer(
      reasoning(0, [['p1'], ['p2']]),
      message(1, ['text']),
      functionCall(2, 'call_1', 'f', ['{}']),
    ),
  )
  t.match(whole, { reasoning_content: 'p1\n\np2', content: 'text', tool_calls: [{ id: 'call_1' }] })
  t.strictSame(
    stream.steps.map(([delta]) => Object.keys(delta).join()),
    [
      'role,content,refusal',
      'reasoning_content',
      'reasoning_content',
      'reasoning_content',
      'content',
      'tool_calls',
      'tool_calls',
      '',
    ],
  )
})

t.test('the official client runs tools with names that are too long upstream', async t => {
  const { url, upstream } = await start(t)
  const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })
  const name = `mcp__server__${'tool_'.repeat(20)}`
  upstream.play(
    (response, request) => {
      const short = request.body.tools[0].name
      return plays(answer(functionCall(0, 'call_1', short, ['{"a":', '1}'])))(response, request)
    },
    plays(answer(message(0, ['done']))),
  )
  const asked: unknown[] = []
  const runner = client.chat.completions.runTools({
    model: 'gpt-5.5',
    stream: true,
    messages: [{ role: 'user', content: 'hi' }],
    tools: [
      {
        type: 'function',
        function: {
          name,
          description: 'd',
          parameters: {},
          parse: (text: string) => JSON.parse(text) as object,
          function: (input: object) => {
            asked.push(input)
            return 'result'
          },
        },
      },
    ],
  })
  t.equal(await runner.finalContent(), 'done')
  t.strictSame(asked, [{ a: 1 }])
  const [first, second] = upstream.requests
  t.equal(second?.body.input[1].name, first?.body.tools[0].name)
  t.equal(second?.body.input[2].output, 'result')
})
