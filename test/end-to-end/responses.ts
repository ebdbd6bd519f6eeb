import OpenAI from 'openai'
import { zodTextFormat } from 'openai/helpers/zod'
import t, { type Test } from 'tap'
import { z } from 'zod'
import { type Json, readEvents, readJson } from '../fakes/api-client.ts'
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
import { PLAIN_SENT, plays, says, startScripted } from '../fakes/chat-service.ts'
import { startDemo } from '../fakes/service.ts'

const start = (t: Test, environment: Record<string, string> = {}) =>
  startScripted(t, '/v1/responses', { model: 'gpt-5.5', input: 'hi' }, environment)
const clientOf = (url: string) => new OpenAI({ baseURL: `${url}/v1`, apiKey: 'any', maxRetries: 0 })

const thinks = reasoning(0, [['p1'], ['p2']])
const tells = message(1, ['Hel', 'lo'])
const EVENTS = answer(thinks, tells)
/** What the object of a response always has. */
const REQUIRED = [
  'id',
  'object',
  'created_at',
  'status',
  'model',
  'output',
  'usage',
  'error',
  'incomplete_details',
  'instructions',
  'metadata',
  'parallel_tool_calls',
  'temperature',
  'tool_choice',
  'tools',
  'top_p',
]

t.test('a whole response has the output that was streamed', async t => {
  const { whole } = await start(t)
  for (const [title, end] of [
    ['thin', completed()],
    ['full', completed({ output: [thinks.item, tells.item] })],
  ] as const) {
    const response = await whole([...STARTED, ...inTurn(thinks, tells), end])
    for (const key of REQUIRED) t.ok(key in response, `${title}: ${key}`)
    t.match(
      response,
      {
        id: 'resp_1',
        object: 'response',
        created_at: 1795346783,
        status: 'completed',
        model: 'gpt-5.5',
        error: null,
        incomplete_details: null,
      },
      title,
    )
    t.strictSame(response.output, [thinks.item, tells.item], title)
    t.strictSame(response.usage, USAGE, title)
  }
})

t.test('output comes in its own order, whatever ended first', async t => {
  const { whole } = await start(t)
  const items = [
    functionCall(0, 'call_1', 'f', ['{}']),
    customCall(1, 'call_2', 'c', ['x']),
    refusal(2, ['no']),
  ]
  const events = [
    ...items.map(({ added }) => added),
    ...items.flatMap(({ pieces }) => pieces),
    ...[...items].reverse().flatMap(({ done }) => done),
  ]
  const response = await whole([...STARTED, ...events, completed()])
  t.strictSame(
    response.output,
    items.map(({ item }) => item),
  )
})

t.test('a streamed response passes on what comes, byte for byte', async t => {
  const { streamed, ask, upstream } = await start(t)
  const noise: BackendEvent = { type: 'response.web_search_call.searching', item_id: 'ws_1' }
  const events = numbered([...STARTED, ...inTurn(thinks, tells), noise, completed()])
  const hidden: readonly BackendEvent[] = [
    { type: 'codex.rate_limits', rate_limits: {} },
    { type: 'codex.response.metadata' },
    { type: 'keepalive', sequence_number: 1 },
    { type: 'responsesapi.websocket_timing' },
  ]
  const text = await streamed(events.flatMap(event => [...hidden, event]))
  const sent = readEvents(text)
  t.strictSame(
    sent.map(({ event }) => event),
    events.map(({ type }) => type),
  )
  for (const [position, event] of events.entries()) {
    const data = sent[position]?.data ?? ''
    if (!('response' in event)) t.equal(data, JSON.stringify(event))
    else t.match(JSON.parse(data), { type: event.type, sequence_number: event['sequence_number'] })
  }
  t.notMatch(text, /\[DONE\]|codex\./)
  const last = JSON.parse(sent.at(-1)?.data ?? '')
  t.match(last.response, { id: 'resp_1', status: 'completed', usage: USAGE })
  t.strictSame(last.response.output, [thinks.item, tells.item])
  for (const key of REQUIRED) t.ok(key in last.response, key)

  upstream.play(plays(events))
  const response = await ask({ stream: true })
  t.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  t.equal(response.headers.get('cache-control'), 'no-cache, no-transform')
  t.match(response.headers.get('x-request-id'), /^req_/)
  t.equal(await response.text(), text)
})

t.test('a response names the model as it was asked for', async t => {
  const { whole, streamed, sent } = await start(t)
  const body = { model: 'gpt5.5-high' }
  t.equal((await whole(EVENTS, body)).model, 'gpt5.5-high')
  for (const { data } of readEvents(await streamed(EVENTS, body))) {
    const { response } = JSON.parse(data)
    if (response !== undefined) t.equal(response.model, 'gpt5.5-high')
  }
  const { model, reasoning } = await sent(body)
  t.strictSame([model, reasoning.effort], ['gpt-5.5', 'high'])
})

t.test('a response that was cut is a response', async t => {
  const { whole, streamed } = await start(t)
  const events = [...STARTED, ...inTurn(tells), incomplete('max_output_tokens')]
  const expected = {
    status: 'incomplete',
    incomplete_details: { reason: 'max_output_tokens' },
    output: [tells.item],
  }
  t.match(await whole(events), expected)
  const last = readEvents(await streamed(events)).at(-1)
  t.equal(last?.event, 'response.incomplete')
  t.match(JSON.parse(last?.data ?? '').response, expected)
})

t.test('what the backend takes goes up, what it does not is named and told again', async t => {
  const { ask, sent, upstream } = await start(t)
  const plain = await sent({})
  t.strictSame({ ...plain, instructions: '', prompt_cache_key: '' }, PLAIN_SENT)
  const idle = {
    temperature: 0.5,
    top_p: 0.9,
    max_output_tokens: 100,
    metadata: { a: 'b' },
    user: 'u',
    truncation: 'auto',
    safety_identifier: 's',
    max_tool_calls: 3,
    stream_options: { include_obfuscation: true },
    prompt_cache_retention: '24h',
    context_management: [],
    service_tier: 'flex',
    top_k: 1,
  }
  t.strictSame(await sent({ ...idle, store: true, background: false, top_logprobs: 0 }), plain)
  upstream.play(plays(EVENTS))
  const response = await ask(idle)
  const names = response.headers.get('x-chatmock-ignored')?.split(', ') ?? []
  for (const name of Object.keys(idle)) {
    t.ok(
      names.some(each => each === name || each.startsWith(`${name}.`)),
      name,
    )
  }
  t.match(await readJson(response), { temperature: 0.5, top_p: 0.9, metadata: { a: 'b' } })
})

t.test('every field that has an effect goes up', async t => {
  const { sent } = await start(t)
  const asked = await sent(
    {
      instructions: 'Be brief',
      reasoning: { effort: 'high', summary: 'detailed' },
      text: { verbosity: 'low', format: { type: 'json_object' } },
      input: [{ role: 'user', content: 'some JSON' }],
      include: ['web_search_call.action.sources'],
      parallel_tool_calls: false,
      prompt_cache_key: 'k',
      service_tier: 'priority',
      client_metadata: { session_id: 's' },
      tools: [
        { type: 'function', name: 'f', parameters: { type: 'object' } },
        { type: 'function', name: 'g', parameters: { type: 'object' }, strict: true },
        { type: 'function', function: { name: 'h', parameters: { type: 'object' } } },
        { type: 'custom', name: 'c', format: { type: 'text' } },
        { type: 'web_search_preview' },
      ],
      tool_choice: { type: 'function', name: 'f' },
    },
    { 'x-session-id': 'not this one' },
  )
  t.match(asked, {
    // A JSON object has to be asked for in the input itself, so that is where all text goes.
    instructions: '',
    input: [says('developer', 'Be brief'), says('user', 'some JSON')],
    reasoning: { effort: 'high', summary: 'detailed' },
    text: { verbosity: 'low', format: { type: 'json_object' } },
    parallel_tool_calls: false,
    prompt_cache_key: 'k',
    service_tier: 'priority',
    client_metadata: { session_id: 's' },
    tool_choice: { type: 'function', name: 'f' },
  })
  t.strictSame([...asked.include].sort(), [
    'reasoning.encrypted_content',
    'web_search_call.action.sources',
  ])
  const parameters = { type: 'object' }
  t.strictSame(asked.tools.slice(0, 3), [
    { type: 'function', name: 'f', parameters, strict: false },
    { type: 'function', name: 'g', parameters, strict: true },
    { type: 'function', name: 'h', parameters, strict: false },
  ])
  t.match(asked.tools.slice(3), [{ type: 'custom', name: 'c' }, { type: 'web_search' }])
})

t.test('items go up as the backend takes them', async t => {
  const { sent } = await start(t)
  const { input, instructions } = await sent({
    input: [
      { role: 'system', content: 'S' },
      {
        id: 'msg_1',
        type: 'message',
        role: 'user',
        status: 'completed',
        content: [
          { type: 'input_text', text: 'q', prompt_cache_breakpoint: { type: 'x' } },
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
        ],
      },
      {
        id: 'rs_1',
        type: 'reasoning',
        summary: [],
        content: null,
        encrypted_content: 'E',
        status: null,
      },
      { id: 'rs_2', type: 'reasoning', summary: [] },
      {
        id: 'fc_1',
        type: 'function_call',
        status: 'completed',
        call_id: 'call_1',
        name: 'f',
        namespace: 'functions',
        arguments: '{}',
      },
      {
        id: 'fco_1',
        type: 'function_call_output',
        call_id: 'call_1',
        output: 'x',
        status: 'completed',
      },
      { role: 'assistant', content: 'a' },
      { role: 'user', content: 'b' },
    ],
  })
  // The system's text may be either of the two.
  const developer = input[0].role === 'developer' ? input[0].content[0].text : instructions
  t.equal(developer, 'S')
  t.strictSame(
    input.filter(({ role }: Json) => role !== 'developer'),
    [
      {
        type: 'message',
        role: 'user',
        content: [
          { type: 'input_text', text: 'q' },
          { type: 'input_image', image_url: 'data:image/png;base64,AAAA', detail: 'low' },
        ],
      },
      { type: 'reasoning', summary: [], encrypted_content: 'E' },
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'x' },
      says('assistant', 'a'),
      says('user', 'b'),
    ],
  )
})

t.test('what the Codex CLI sends goes up as it is', async t => {
  const { sent } = await start(t)
  const developer = { ...says('developer', 'You are a coding agent.'), id: 'msg_0' }
  const user = { ...says('user', 'hi'), id: 'msg_1' }
  const tools = [
    { type: 'function', name: 'shell', description: 'd', parameters: {}, strict: false },
    {
      type: 'custom',
      name: 'apply_patch',
      description: 'd',
      format: { type: 'grammar', syntax: 'lark', definition: 'start: "x"' },
    },
    {
      type: 'namespace',
      name: 'image_gen',
      description: 'd',
      tools: [{ type: 'function', name: 'make', description: 'd', parameters: {}, strict: false }],
    },
    { type: 'web_search', external_web_access: false },
  ]
  const body = {
    model: 'gpt-5.5',
    input: [developer, user],
    tools,
    tool_choice: 'auto',
    parallel_tool_calls: true,
    reasoning: { effort: 'medium', summary: 'auto' },
    store: false,
    include: ['reasoning.encrypted_content'],
    prompt_cache_key: 'session',
    text: { verbosity: 'low' },
    client_metadata: { 'x-codex-installation-id': 'i', session_id: 's' },
  }
  const { instructions, input, ...rest } = await sent(body)
  const { input: _, ...expected } = body
  t.strictSame(rest, { ...expected, stream: true })
  t.equal(instructions, '')
  t.strictSame(input, [says('developer', 'You are a coding agent.'), says('user', 'hi')])
})

t.test('a search of the web in every request is a setting', async t => {
  const { sent } = await start(t, { CHATGPT_LOCAL_ENABLE_WEB_SEARCH: 'on' })
  t.strictSame((await sent({})).tools, [{ type: 'web_search' }])
  t.notOk('tools' in (await sent({ tool_choice: 'none' })))
})

t.test('a model that wants another form of request gets it, and nobody sees', async t => {
  const { ask, upstream } = await start(t)
  const call = functionCall(0, 'call_1', 'f', ['{}'])
  const events = inTurn(call).map(event =>
    'item' in event
      ? { ...event, item: { ...(event['item'] as object), namespace: 'functions' } }
      : event,
  )
  const echo = { instructions: null, tools: [], parallel_tool_calls: false }
  upstream.play(plays([...STARTED, ...events, completed(echo)]))
  const tools = [{ type: 'function', name: 'f', parameters: { type: 'object' } }]
  const response = await ask({ model: 'gpt-6.1-sol', tools, instructions: 'Be brief' })
  const told = await readJson(response)
  t.strictSame(told.output, [call.item])
  t.match(told, { instructions: 'Be brief', tools, parallel_tool_calls: false })
  const [request] = upstream.requests
  t.equal(request?.headers['x-openai-internal-codex-responses-lite'], 'true')
  t.equal(request?.body.tools, undefined)
  t.equal(request?.body.parallel_tool_calls, false)
  t.equal(request?.body.reasoning.context, 'all_turns')
  t.match(request?.body.input, [
    {
      type: 'additional_tools',
      role: 'developer',
      tools: [{ type: 'namespace', name: 'functions', tools: [{ type: 'function', name: 'f' }] }],
    },
    says('developer', 'Be brief'),
    says('user', 'hi'),
  ])
  const streamed = await (await ask({ model: 'gpt-6.1-sol', tools, stream: true })).text()
  t.notMatch(streamed, 'namespace')
})

t.test('the official client takes responses in every way that it has', async t => {
  const { url, upstream } = await start(t)
  const client = clientOf(url)
  upstream.play(plays(EVENTS))
  const whole = await client.responses.create({ model: 'gpt-5.5', input: 'hi' })
  t.equal(whole.output_text, 'Hello')
  t.strictSame(
    whole.output.map(({ type }) => type),
    ['reasoning', 'message'],
  )

  const helper = client.responses.stream({ model: 'gpt-5.5', input: 'hi' })
  const texts: string[] = []
  helper.on('response.output_text.delta', ({ snapshot }) => texts.push(snapshot))
  const final = await helper.finalResponse()
  t.strictSame(texts, ['Hel', 'Hello'])
  t.equal(final.output_text, 'Hello')
  t.equal(final.status, 'completed')

  upstream.play(plays(answer(message(0, ['{"a":', '42}']))))
  const parsed = await client.responses.parse({
    model: 'gpt-5.5',
    input: 'hi',
    text: { format: zodTextFormat(z.object({ a: z.number() }), 'reply') },
  })
  t.strictSame(parsed.output_parsed, { a: 42 })
  t.match(upstream.requests.at(-1)?.body.text.format, {
    type: 'json_schema',
    name: 'reply',
    strict: true,
  })
})

t.test('the demo answers at this endpoint too', async t => {
  const { url } = await startDemo(t)
  const client = clientOf(url)
  const whole = await client.responses.create({ model: 'demo', input: 'say:hello there' })
  t.equal(whole.output_text, 'hello there')
  t.equal(whole.status, 'completed')
  t.ok((whole.usage?.total_tokens ?? 0) > 0)

  const tool = {
    type: 'function' as const,
    name: 'get_weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
    strict: true,
  }
  const helper = client.responses.stream({
    model: 'demo',
    input: 'Use get_weather, please',
    tools: [tool],
  })
  const numbers: number[] = []
  helper.on('event', ({ sequence_number }) => numbers.push(sequence_number))
  const final = await helper.finalResponse()
  t.strictSame(
    numbers,
    numbers.map((_, position) => position),
  )
  const call = final.output.find(({ type }) => type === 'function_call')
  if (call?.type !== 'function_call') throw new Error('no call')
  t.match(call, { name: 'get_weather', arguments: '{"city":"city"}' })

  const next = await client.responses.create({
    model: 'demo',
    previous_response_id: final.id,
    input: [{ type: 'function_call_output', call_id: call.call_id, output: '22 degrees' }],
    tools: [tool],
  })
  t.match(next.output_text, '22 degrees')
})
