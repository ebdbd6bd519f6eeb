import t from 'tap'
import { DIRECTIVES } from '../../../src/adapters/demo/directives.ts'
import { createDemoModel } from '../../../src/adapters/demo/model.ts'
import { encodeError } from '../../../src/adapters/openai/errors.ts'
import { collect } from '../../../src/domain/collect.ts'
import type { ChatRequest, Item, JsonSchema, Part, Tool } from '../../../src/domain/conversation.ts'
import type { ProxyError } from '../../../src/domain/errors.ts'
import type { ModelEvent } from '../../../src/domain/events.ts'
import { chatRequest, userSays } from '../../fakes/chat-request.ts'
import { createFakeClock } from '../../fakes/clock.ts'

const CREDENTIALS = { accessToken: 'demo', accountId: 'demo' }
const HOUR_MS = 3_600_000

const message = (role: 'user' | 'assistant' | 'developer', ...parts: (string | Part)[]): Item => ({
  type: 'message',
  role,
  parts: parts.map(part => (typeof part === 'string' ? { type: 'text', text: part } : part)),
})

const ask = (prompt: string, changes: Partial<ChatRequest> = {}): ChatRequest =>
  chatRequest({ model: 'demo', items: [userSays(prompt)], effort: 'medium', ...changes })

const tool = (name: string, parameters: JsonSchema = { type: 'object', properties: {} }): Tool => ({
  type: 'function',
  name,
  description: undefined,
  parameters,
  strict: false,
})

const createModel = (paceMs = 0) =>
  createDemoModel({ paceMs, clock: createFakeClock(1_700_000_000_999) })

const respond = (request: ChatRequest, signal = new AbortController().signal) =>
  createModel().respond(request, CREDENTIALS, signal)

const answer = async (request: ChatRequest) => collect(await respond(request))

async function list(events: AsyncIterable<ModelEvent>): Promise<ModelEvent[]> {
  const all: ModelEvent[] = []
  for await (const event of events) all.push(event)
  return all
}

/** Reads until the events throw; returns what came before, and the error. */
async function readToFailure(events: AsyncIterable<ModelEvent>) {
  const seen: ModelEvent[] = []
  try {
    for await (const event of events) seen.push(event)
  } catch (error) {
    return { seen, error }
  }
  throw new Error('the events did not fail')
}

t.test('an answer starts, reasons, speaks word by word and finishes', async t => {
  const events = await list(await respond(ask('say:Hello big  world')))
  t.match(events[0], { type: 'started', createdAt: 1700000000, serviceTier: 'default' })
  t.match(events[0], { id: /^resp_demo_[0-9a-f]{16}$/ })
  t.same(events.slice(1), [
    { type: 'reasoning', source: 'summary', text: '"Words"' },
    { type: 'reasoning', source: 'summary', text: '" that"' },
    { type: 'reasoning', source: 'summary', text: '" I"' },
    { type: 'reasoning', source: 'summary', text: '" read:"' },
    { type: 'reasoning', source: 'summary', text: '" 3."' },
    { type: 'reasoning', source: 'summary', text: '"\\n\\n"' },
    { type: 'reasoning', source: 'summary', text: '"I"' },
    { type: 'reasoning', source: 'summary', text: '" am"' },
    { type: 'reasoning', source: 'summary', text: '" going"' },
    { type: 'reasoning', source: 'summary', text: '" to"' },
    { type: 'reasoning', source: 'summary', text: '" answer"' },
    { type: 'reasoning', source: 'summary', text: '" in"' },
    { type: 'reasoning', source: 'summary', text: '" prose."' },
    { type: 'text', text: '"Hello"' },
    { type: 'text', text: '" big"' },
    { type: 'text', text: '"  world"' },
    {
      type: 'finished',
      reason: 'stop',
      usage: {
        inputTokens: 3,
        cachedTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 15,
        reasoningTokens: 12,
        totalTokens: 18,
      },
      serviceTier: 'default',
    },
  ])
})

t.test('the same request gets the same events, and another gets another id', async t => {
  const events = await list(await respond(ask('hello')))
  t.same(await list(await respond(ask('hello'))), events)
  const other = await answer(ask('hullo'))
  t.not(other.id, (await answer(ask('hello'))).id)
})

t.test('no reasoning is summed up where none is asked for', async t => {
  t.equal((await answer(ask('hi', { summary: 'none' }))).reasoning, '')
  const { reasoning, usage } = await answer(ask('say:hi', { effort: 'none' }))
  t.equal(reasoning, '')
  t.equal(usage?.reasoningTokens, 0)
  t.equal(usage?.outputTokens, 1)
})

t.test('a request for the priority tier is granted', async t => {
  t.equal((await answer(ask('hi', { priority: 'required' }))).serviceTier, 'priority')
})

t.test('prose echoes the request', async t => {
  const image: Part = { type: 'image', url: 'data:image/png;base64,AA==', detail: 'auto' }
  const file: Part = { type: 'file', filename: 'a.txt', data: 'data:text/plain,a' }
  const request = ask('', {
    items: [
      message('developer', 'Be kind.'),
      message('user', 'First', image),
      message('assistant', 'Yes?'),
      message('user', 'What is ', 'this?', image, file),
    ],
    tools: [tool('get_weather'), tool('get_time')],
    effort: 'high',
  })
  t.equal(
    (await answer(request)).text,
    'You said: “What is this?”. I am the demo of chatmock, and nothing of this left your machine. ' +
      'You asked the model demo at effort high with 2 user messages. ' +
      'I count 2 images and 1 file. You declared the tools get_weather, get_time. ' +
      'Try say:hello, words:50, fail:429, or name one of your tools.',
  )
})

t.test('the first question gets help', async t => {
  t.equal(
    (await answer(ask('Hello! What can you do?'))).text,
    'You said: “Hello! What can you do?”. ' +
      'I am the demo of chatmock, and nothing of this left your machine. ' +
      'You asked the model demo at effort medium with 1 user message. ' +
      'I count 0 images and 0 files. You declared no tools. ' +
      'Try say:hello, words:50, fail:429, or declare a tool and name it.',
  )
})

t.test('prose does without what a request does not have', async t => {
  t.equal(
    (await answer(ask('', { items: [], effort: undefined }))).text,
    'You sent no text. I am the demo of chatmock, and nothing of this left your machine. ' +
      'You asked the model demo at effort unset with 0 user messages. ' +
      'I count 0 images and 0 files. You declared no tools. ' +
      'Try say:hello, words:50, fail:429, or declare a tool and name it.',
  )
})

t.test('whoever knows a directive gets no help', async t => {
  for (const prompt of ['pace:0ms', 'end:length', 'Please pace: 0ms']) {
    t.match((await answer(ask(prompt))).text, /You declared no tools\.$/)
  }
})

t.test('tools that may not be called are not offered', async t => {
  const { text } = await answer(ask('hi', { tools: [tool('get_time')], toolChoice: 'none' }))
  t.match(text, /You declared the tools get_time\. Try say:hello, words:50 or fail:429\.$/)
})

t.test('a long prompt is quoted in part, without cutting a character in half', async t => {
  const { text } = await answer(ask(`x${'😀'.repeat(100)}`))
  t.match(text, `You said: “x${'😀'.repeat(99)}…”.`)
})

t.test('whatever else is long is quoted in part, too', async t => {
  const request = ask('x', {
    model: 'm'.repeat(300),
    tools: [tool('t'.repeat(150)), tool('u'.repeat(150))],
  })
  const { text } = await answer(request)
  t.match(text, `You asked the model ${'m'.repeat(200)}… at`)
  t.match(text, `You declared the tools ${'t'.repeat(150)}, ${'u'.repeat(48)}…. Try`)
  t.match(
    (await answer(ask('fail:x '.repeat(99)))).text,
    /^I do not know (fail:x or ){20}…\. I know /,
  )
})

t.test('directives and names count in the first 65,536 characters only', async t => {
  const tools = [tool('ping')]
  t.same((await answer(ask(`${' '.repeat(65_532)}ping`, { tools }))).toolCalls.length, 1)
  t.same((await answer(ask(`${' '.repeat(65_533)}ping`, { tools }))).toolCalls.length, 0)
  t.equal((await answer(ask(`${' '.repeat(65_530)}say:abc`))).text, 'ab')
  await respond(ask(`${' '.repeat(65_536)} fail:429`))
})

t.test('a request of millions of characters is answered in a moment', async t => {
  const tools = Array.from({ length: 500 }, (_, index) => tool(`get_${index}`))
  const results = Array.from({ length: 50_000 }, (_, index): Item[] => [
    { type: 'tool-call', kind: 'function', callId: `call_${index}`, name: 'ping', arguments: '{}' },
    { type: 'tool-result', kind: 'function', callId: `call_${index}`, output: 'pong' },
  ])
  const requests = [
    ask('get '.repeat(2_000_000), { tools }),
    ask(`say:${'a '.repeat(2_000_000)}`),
    ask('', { items: results.flat() }),
  ]
  for (const request of requests) {
    const start = performance.now()
    await respond(request)
    t.ok(performance.now() - start < 1500)
  }
})

t.test('a tool that the prompt names is called', async t => {
  const parameters = {
    type: 'object',
    properties: { city: { type: 'string' }, unit: { enum: ['celsius', 'kelvin'] } },
  }
  const request = ask('call get_weather', { tools: [tool('get_weather', parameters)] })
  const { toolCalls, text, reason } = await answer(request)
  t.same(toolCalls, [
    {
      kind: 'function',
      callId: 'call_demo_1_0',
      name: 'get_weather',
      arguments: '{"city":"city","unit":"celsius"}',
    },
  ])
  t.equal(text, '')
  t.equal(reason, 'stop')
})

t.test('once its tools have answered, the demo quotes them', async t => {
  const image: Part = { type: 'image', url: 'https://example.com/a.png', detail: 'auto' }
  const request = ask('', {
    tools: [tool('get_weather')],
    items: [
      message('user', 'get_weather'),
      {
        type: 'tool-call',
        kind: 'function',
        callId: 'call_0',
        name: 'get_weather',
        arguments: '{}',
      },
      { type: 'tool-result', kind: 'function', callId: 'call_0', output: 'stale' },
      message('user', 'get_weather again'),
      {
        type: 'tool-call',
        kind: 'function',
        callId: 'call_1',
        name: 'get_weather',
        arguments: '{}',
      },
      { type: 'tool-result', kind: 'function', callId: 'call_1', output: 'sunny' },
      {
        type: 'tool-result',
        kind: 'function',
        callId: 'call_2',
        output: [{ type: 'text', text: '12:00' }, image],
      },
    ],
  })
  const { text, toolCalls } = await answer(request)
  t.equal(text, 'get_weather answered: “sunny”.\ncall_2 answered: “12:00”.')
  t.same(toolCalls, [])
})

t.test('of very many results the first are quoted', async t => {
  const items = Array.from(
    { length: 22 },
    (_, index): Item => ({
      type: 'tool-result',
      kind: 'function',
      callId: `call_${index}`,
      output: 'x',
    }),
  )
  const { text } = await answer(ask('', { items }))
  t.match(text, /^call_0 answered: “x”\.\n(.*\n){18}call_19 .*\nThere are 2 results more\.$/)
})

t.test('call: calls a tool with the JSON that follows', async t => {
  const tools = [tool('get_weather'), tool('ping', { properties: { n: { type: 'integer' } } })]
  const request = ask('call:get_weather {"city": "Oslo"} call:get_weather {} call: ping', { tools })
  const expected = [
    {
      kind: 'function',
      callId: 'call_demo_1_0',
      name: 'get_weather',
      arguments: '{"city": "Oslo"}',
    },
    { kind: 'function', callId: 'call_demo_1_1', name: 'get_weather', arguments: '{}' },
    { kind: 'function', callId: 'call_demo_1_2', name: 'ping', arguments: '{"n":1}' },
  ]
  t.same((await answer(request)).toolCalls, expected)
  t.same((await answer({ ...request, toolChoice: 'required' })).toolCalls, expected)
  t.same((await answer({ ...request, parallelToolCalls: false })).toolCalls, [expected[0]])
  const { toolCalls, text } = await answer({ ...request, toolChoice: 'none' })
  t.same(toolCalls, [])
  t.match(text, /^You said: /)
})

t.test('call: of what is not declared is answered with the tools that are', async t => {
  const tools = [tool('get_time'), tool('ping')]
  const { text, toolCalls } = await answer(ask('call:ping call:pong {"a":1}', { tools }))
  t.equal(text, 'I cannot call pong. You declared the tools get_time, ping.')
  t.same(toolCalls, [])
  t.equal((await answer(ask('call:x'))).text, 'I cannot call x. You declared no tools.')
})

t.test('call: comes before say:, which answers when the call has its result', async t => {
  const request = ask('call:ping {} say:All done.', { tools: [tool('ping')] })
  t.equal((await answer(request)).toolCalls.length, 1)
  const items: Item[] = [
    ...request.items,
    { type: 'tool-call', kind: 'function', callId: 'call_demo_1_0', name: 'ping', arguments: '{}' },
    { type: 'tool-result', kind: 'function', callId: 'call_demo_1_0', output: 'pong' },
  ]
  const { text, toolCalls } = await answer({ ...request, items })
  t.equal(text, 'All done.')
  t.same(toolCalls, [])
})

t.test('a required call is made again after a result', async t => {
  const items: Item[] = [
    message('user', 'go'),
    { type: 'tool-call', kind: 'function', callId: 'call_demo_1_0', name: 'ping', arguments: '{}' },
    { type: 'tool-result', kind: 'function', callId: 'call_demo_1_0', output: 'pong' },
  ]
  const { toolCalls } = await answer(
    ask('', { items, tools: [tool('ping')], toolChoice: 'required' }),
  )
  t.same(toolCalls, [{ kind: 'function', callId: 'call_demo_3_0', name: 'ping', arguments: '{}' }])
})

t.test('a JSON schema is answered with a value that satisfies it, in pieces', async t => {
  const schema = {
    type: 'object',
    properties: { name: { type: 'string' }, age: { type: 'integer' } },
  }
  const request = ask('who?', {
    format: { type: 'json-schema', name: 'person', description: undefined, schema, strict: true },
  })
  t.equal((await answer(request)).text, '{"name":"name","age":1}')
  const pieces = (await list(await respond(request))).filter(({ type }) => type === 'text')
  t.equal(pieces.length, 4)
})

t.test('a schema that cannot be satisfied is refused before the answer starts', async t => {
  const format = { type: 'json-schema', name: 'x', description: undefined, strict: true } as const
  await t.rejects(respond(ask('hi', { format: { ...format, schema: { enum: [] } } })), {
    code: 'unsupported_value',
    param: 'response_format',
  })
})

t.test('a JSON object echoes the request', async t => {
  const { text } = await answer(ask('hello', { format: { type: 'json-object' } }))
  t.equal(
    text,
    '{"model":"demo","effort":"medium","user_messages":1,"images":0,"files":0,"prompt":"hello"}',
  )
})

t.test('a call that was asked for goes before a format', async t => {
  const request = ask('ping', { tools: [tool('ping')], format: { type: 'json-object' } })
  t.equal((await answer(request)).toolCalls[0]?.name, 'ping')
})

t.test('say: goes before calls and formats, but not before a required call', async t => {
  const request = ask('say:ping', { tools: [tool('ping')], format: { type: 'json-object' } })
  t.equal((await answer(request)).text, 'ping')
  t.equal((await answer({ ...request, toolChoice: 'required' })).toolCalls[0]?.name, 'ping')
})

t.test('words: sets the number of words', async t => {
  t.equal((await answer(ask('words:17'))).text.split(' ').length, 17)
  t.equal((await answer(ask('words:0'))).text, '')
})

t.test('end: sets the reason for the end', async t => {
  t.equal((await answer(ask('end:length'))).reason, 'length')
  t.equal((await answer(ask('end:filter'))).reason, 'content-filter')
})

t.test('end:refusal refuses to answer, and calls no tool', async t => {
  const request = ask('end:refusal ping', { tools: [tool('ping')], toolChoice: 'required' })
  const { refusal, text, toolCalls, reason } = await answer(request)
  t.equal(refusal, 'I refuse to answer, as you asked me to.')
  t.equal(text, '')
  t.same(toolCalls, [])
  t.equal(reason, 'stop')
})

t.test('an unknown directive is answered with the known ones', async t => {
  const { text } = await answer(ask('fail:xyz or end:soon'))
  t.match(text, /^I do not know fail:xyz or end:soon\. I know say:TEXT, words:500, .*fail:stall\.$/)
})

const REFUSALS = [
  { directive: 'fail:400', code: 'invalid_prompt', status: 400, sent: 'invalid_prompt' },
  { directive: 'fail:401', code: 'chatgpt_login_required', status: 401, sent: undefined },
  { directive: 'fail:403', code: 'upstream_refused', status: 403, sent: undefined },
  { directive: 'fail:404', code: 'model_not_found', status: 404, sent: 'model_not_found' },
  { directive: 'fail:429', code: 'rate_limit_exceeded', status: 429, sent: 'rate_limit_exceeded' },
  {
    directive: 'fail:limit',
    code: 'usage_limit_reached',
    status: 429,
    sent: 'usage_limit_reached',
  },
  { directive: 'fail:502', code: 'upstream_error', status: 502, sent: undefined },
  {
    directive: 'fail:503',
    code: 'server_is_overloaded',
    status: 503,
    sent: 'server_is_overloaded',
  },
  {
    directive: 'fail:context',
    code: 'context_length_exceeded',
    status: 400,
    sent: 'context_length_exceeded',
  },
]

for (const { directive, code, status, sent } of REFUSALS) {
  t.test(`${directive} refuses the request with ${code}`, async t => {
    const message = new RegExp(`^The demo's answer to ${directive}: `)
    const upstream = { status, code: sent }
    await t.rejects(respond(ask(`please ${directive}, now`)), { code, message, upstream })
  })
}

for (const directive of ['fail:504', 'fail:timeout']) {
  t.test(`${directive} refuses the request as an upstream that sent no answer`, async t => {
    await t.rejects(respond(ask(directive)), { code: 'upstream_timeout', upstream: undefined })
  })
}

t.test('fail: with a number answers with that status on the wire', async t => {
  const numbers = DIRECTIVES.flatMap(({ directive }) => /^fail:(\d+)$/.exec(directive)?.[1] ?? [])
  t.same(numbers, ['400', '401', '403', '404', '429', '502', '503', '504'])
  for (const number of numbers) {
    const error: ProxyError = await respond(ask(`fail:${number}`)).then(t.fail, error => error)
    t.equal(encodeError(error).status, Number(number))
  }
})

t.test('fail:401 says how to log in, and fail:limit when to come back', async t => {
  const zone = process.env['TZ']
  process.env['TZ'] = 'Asia/Tokyo'
  t.teardown(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })
  await t.rejects(respond(ask('fail:401')), {
    message: "The demo's answer to fail:401: it refuses the login. Run: chatmock login",
  })
  await t.rejects(respond(ask('fail:limit')), {
    message:
      "The demo's answer to fail:limit: it has no usage left for an hour. " +
      'It resets at 2023-11-15 08:13.',
  })
})

t.test('fail:429 says when to try again, and fail:limit when there is usage again', async t => {
  const refused = async (prompt: string): Promise<unknown> =>
    respond(ask(prompt)).catch(error => error)
  const none = undefined
  t.match(await refused('fail:429'), { retryAfterSeconds: 1, usageLimit: none })
  t.match(await refused('fail:limit'), {
    retryAfterSeconds: none,
    usageLimit: { planType: 'demo', resetsAt: 1700003600, resetsInSeconds: 3600 },
  })
})

t.test('fail:cut and fail:late fail after five words', async t => {
  for (const [directive, code] of [
    ['fail:cut', 'upstream_stream_incomplete'],
    ['fail:late', 'server_is_overloaded'],
  ]) {
    const request = ask(`words:50 ${directive}`, { summary: 'none' })
    const { seen, error } = await readToFailure(await respond(request))
    t.same(
      seen.map(({ type }) => type),
      ['started', 'text', 'text', 'text', 'text', 'text'],
    )
    t.match(error, { code })
  }
})

t.test('fail:cut says all of a short answer and still does not finish', async t => {
  const { seen } = await readToFailure(await respond(ask('fail:cut say:hi', { summary: 'none' })))
  t.same(seen.slice(1), [{ type: 'text', text: '"hi"' }])
})

t.test('fail:stall falls silent until the signal', async t => {
  const controller = new AbortController()
  const request = ask('words:50 fail:stall', { summary: 'none' })
  const events = await respond(request, controller.signal)
  const iterator = events[Symbol.asyncIterator]()
  for (let count = 0; count < 6; count++) t.equal((await iterator.next()).done, false)
  const silence = iterator.next()
  controller.abort(new Error('the client left'))
  await t.rejects(silence, { message: 'the client left' })
})

t.test('an aborted signal refuses the request with its reason', async t => {
  const signal = AbortSignal.abort(new Error('too late'))
  await t.rejects(respond(ask('hello'), signal), { message: 'too late' })
})

t.test('an abort interrupts the pace', async t => {
  for (const request of [ask('hello'), ask(`hello pace:${HOUR_MS}ms`)]) {
    const model = createModel(request.items.length === 1 ? HOUR_MS : 0)
    const controller = new AbortController()
    const events = await model.respond(request, CREDENTIALS, controller.signal)
    const iterator = events[Symbol.asyncIterator]()
    t.match(await iterator.next(), { value: { type: 'started' } })
    const word = iterator.next()
    controller.abort(new Error('enough'))
    await t.rejects(word, { message: 'enough' })
  }
})

t.test('an abort between two words ends the iteration', async t => {
  for (const words of [0, 3]) {
    const controller = new AbortController()
    const request = ask(`words:${words}`, { summary: 'none' })
    const events = await respond(request, controller.signal)
    const iterator = events[Symbol.asyncIterator]()
    await iterator.next()
    controller.abort(new Error('enough'))
    await t.rejects(iterator.next(), { message: 'enough' })
  }
})

t.test('a pace in the prompt goes before the pace of the model', async t => {
  const events = await createModel(HOUR_MS).respond(
    ask('pace:0ms say:quick'),
    CREDENTIALS,
    new AbortController().signal,
  )
  t.equal((await collect(events)).text, 'quick')
})
