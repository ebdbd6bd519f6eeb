import t, { type Test } from 'tap'
import { foldChat, type Json, readJson, readStream } from '../fakes/api-client.ts'
import {
  answer,
  type BackendEvent,
  completed,
  customCall,
  failed,
  functionCall,
  inTurn,
  message,
  reasoning,
  refusal,
  STARTED,
} from '../fakes/backend-events.ts'
import { plays, type ScriptedService, startScripted } from '../fakes/chat-service.ts'
import { json } from '../fakes/upstream-server.ts'

const hi = { role: 'user', content: 'hi' }
const start = (t: Test, environment: Record<string, string> = {}) =>
  startScripted(
    t,
    '/v1/chat/completions',
    {
      model: 'gpt-5.5',
      messages: [hi],
      tools: [
        { type: 'function', function: { name: 'f' } },
        { type: 'custom', custom: { name: 'c' } },
      ],
    },
    environment,
  )

const THOUGHTS = 'First thought.\n\nSecond thought.'
const thinks = reasoning(0, [['First ', 'thought.'], ['Second thought.']])
const EVENTS = answer(thinks, message(1, ['It is ', '42.']))
/** Reasoning told as it is, not summed up. */
const RAW: readonly BackendEvent[] = [
  ...STARTED,
  thinks.added,
  {
    type: 'response.reasoning_text.delta',
    item_id: 'rs_0',
    output_index: 0,
    content_index: 0,
    delta: 'Raw.',
  },
  ...inTurn(message(1, ['text'])),
  completed(),
]

/** The deltas of a stream, without those of the role and of the end. */
async function deltasOf(
  { streamed }: ScriptedService,
  events: readonly BackendEvent[],
  body: object = {},
  headers: Record<string, string> = {},
): Promise<readonly Json[]> {
  const stream = readStream(await streamed(events, body, headers))
  return stream.steps.slice(1, -1).map(([delta]) => delta)
}

const plain = { role: 'assistant', content: 'It is 42.', refusal: null, annotations: [] }
const text = [{ content: 'It is ' }, { content: '42.' }]
const PIECES = ['First ', 'thought.', '\n\n', 'Second thought.']
const object = (text: string) => ({ content: [{ type: 'text', text }] })

for (const [mode, deltas, whole] of [
  [
    'reasoning-content',
    [...PIECES.map(piece => ({ reasoning_content: piece })), ...text],
    { ...plain, reasoning_content: THOUGHTS },
  ],
  [
    'reasoning',
    [...PIECES.map(piece => ({ reasoning: piece })), ...text],
    { ...plain, reasoning: THOUGHTS },
  ],
  [
    'o3',
    [...PIECES.map(piece => ({ reasoning: object(piece) })), ...text],
    { ...plain, reasoning: object(THOUGHTS) },
  ],
  [
    'legacy',
    [...PIECES.map(piece => ({ reasoning_summary: piece, reasoning: piece })), ...text],
    { ...plain, reasoning_summary: THOUGHTS, reasoning: THOUGHTS },
  ],
  ['off', text, plain],
] as const) {
  t.test(`${mode}: the reasoning is where it belongs, streamed and whole`, async t => {
    const service = await start(t, { CHATGPT_LOCAL_REASONING_COMPAT: mode })
    t.strictSame(await deltasOf(service, EVENTS), deltas)
    t.strictSame((await service.whole(EVENTS)).choices[0].message, whole)
    // What a header says wins over the setting.
    const other = await start(t, { CHATGPT_LOCAL_REASONING_COMPAT: mode === 'off' ? 'o3' : 'off' })
    const headers = { 'x-reasoning-compat': mode }
    t.strictSame(await deltasOf(other, EVENTS, {}, headers), deltas)
    t.strictSame((await other.whole(EVENTS, {}, headers)).choices[0].message, whole)
  })
}

t.test('current is another word for legacy', async t => {
  const service = await start(t)
  const ask = async (mode: string) => [
    await deltasOf(service, EVENTS, {}, { 'x-reasoning-compat': mode }),
    (await service.whole(EVENTS, {}, { 'x-reasoning-compat': mode })).choices[0].message,
  ]
  t.strictSame(await ask('current'), await ask('legacy'))
})

t.test('reasoning that is told raw has the same place, but is no summary', async t => {
  const service = await start(t)
  for (const [mode, delta, told] of [
    ['reasoning-content', { reasoning_content: 'Raw.' }, { reasoning_content: 'Raw.' }],
    ['legacy', { reasoning: 'Raw.' }, { reasoning: 'Raw.' }],
    ['o3', { reasoning: object('Raw.') }, { reasoning: object('Raw.') }],
  ] as const) {
    const headers = { 'x-reasoning-compat': mode }
    t.strictSame(await deltasOf(service, RAW, {}, headers), [delta, { content: 'text' }])
    t.strictSame((await service.whole(RAW, {}, headers)).choices[0].message, {
      ...plain,
      content: 'text',
      ...told,
    })
  }
})

t.test('think-tags: the reasoning is the beginning of the content', async t => {
  const service = await start(t, { CHATGPT_LOCAL_REASONING_COMPAT: 'think-tags' })
  const expected = `<think>${THOUGHTS}</think>It is 42.`
  const stream = readStream(await service.streamed(EVENTS))
  t.equal(foldChat(stream).content, expected)
  t.match(stream.steps[1]?.[0].content, /^<think>/)
  t.strictSame((await service.whole(EVENTS)).choices[0].message, { ...plain, content: expected })
})

t.test('think-tags: the tag is closed before anything else and at every end', async t => {
  const service = await start(t, { CHATGPT_LOCAL_REASONING_COMPAT: 'think-tags' })
  const tagged = `<think>${THOUGHTS}</think>`
  for (const [title, rest] of [
    ['a function', functionCall(1, 'call_1', 'f', ['{}'])],
    ['a custom tool', customCall(1, 'call_1', 'c', ['x'])],
    ['a refusal', refusal(1, ['no'])],
    ['the end', undefined],
  ] as const) {
    const events = answer(thinks, ...(rest === undefined ? [] : [rest]))
    const stream = readStream(await service.streamed(events))
    t.equal(foldChat(stream).content, tagged, title)
    const contents = stream.steps.map(([delta]) => Boolean(delta.content))
    const others = stream.steps.map(([delta]) => Boolean(delta.tool_calls ?? delta.refusal))
    if (rest !== undefined) t.ok(contents.lastIndexOf(true) < others.indexOf(true), title)
    t.equal((await service.whole(events)).choices[0].message.content, tagged, title)
  }
  const broken = readStream(
    await service.streamed([...STARTED, ...inTurn(thinks), failed('server_error')]),
  )
  t.equal(foldChat(broken).content, tagged)
  t.match(broken.error, { code: 'server_error' })
  t.notOk(broken.isDone)
})

t.test('think-tags: what is thought between two texts has tags of its own', async t => {
  const service = await start(t, { CHATGPT_LOCAL_REASONING_COMPAT: 'think-tags' })
  const events = answer(thinks, message(1, ['a']), reasoning(2, [['more']]), message(3, ['b']))
  const { content } = foldChat(readStream(await service.streamed(events)))
  t.equal((await service.whole(events)).choices[0].message.content, content)
  t.match(
    content,
    /^<think>First thought\.\n\nSecond thought\.<\/think>a\s*<think>\s*more<\/think>\s*b$/,
  )
})

t.test('think-tags: no tag is ever put into JSON', async t => {
  const service = await start(t, { CHATGPT_LOCAL_REASONING_COMPAT: 'think-tags' })
  const events = answer(thinks, message(1, ['{"a":1}']))
  const schema = { type: 'object', properties: { a: { type: 'number' } } }
  for (const response_format of [
    { type: 'json_object' },
    { type: 'json_schema', json_schema: { name: 'n', schema } },
  ]) {
    const { content, reasoning } = foldChat(
      readStream(await service.streamed(events, { response_format })),
    )
    t.strictSame([content, reasoning], ['{"a":1}', THOUGHTS])
    t.strictSame((await service.whole(events, { response_format })).choices[0].message, {
      ...plain,
      content: '{"a":1}',
      reasoning_content: THOUGHTS,
    })
  }
})

t.test('who wants no reasoning gets none', async t => {
  const service = await start(t)
  for (const body of [{ include_reasoning: false }, { reasoning: { exclude: true } }]) {
    t.strictSame(await deltasOf(service, EVENTS, body), text)
    t.strictSame((await service.whole(EVENTS, body)).choices[0].message, plain)
  }
})

t.test('a mode that does not exist is refused', async t => {
  const { ask, upstream } = await start(t)
  const response = await ask({}, { 'x-reasoning-compat': 'canary' })
  t.equal(response.status, 400)
  const { error } = await readJson(response)
  t.match(error, { type: 'invalid_request_error', code: 'invalid_value' })
  t.match(error.param, /x-reasoning-compat/i)
  t.match(error.message, /think-tags/)
  t.equal(upstream.requests.length, 0)
})

const ENCRYPTED = {
  type: 'reasoning',
  summary: [
    { type: 'summary_text', text: 'First thought.' },
    { type: 'summary_text', text: 'Second thought.' },
  ],
  encrypted_content: 'gAAAA0',
}
const ANSWERED = answer(thinks, functionCall(1, 'call_1', 'f', ['{}']))
const secondTurn = (...ids: readonly string[]) => [
  hi,
  {
    role: 'assistant',
    content: null,
    tool_calls: ids.map(id => ({ id, type: 'function', function: { name: 'f', arguments: '{}' } })),
  },
  ...ids.map(id => ({ role: 'tool', tool_call_id: id, content: 'x' })),
]
const typesOf = (sent: Json) => sent.input.map((item: Json) => item.type)

t.test('what the model thought before a call goes up with the result', async t => {
  const { whole, streamed, sent } = await start(t)
  for (const ask of [whole, streamed]) {
    await ask(ANSWERED)
    const { input } = await sent({ messages: secondTurn('call_1') })
    t.strictSame(input.slice(1), [
      ENCRYPTED,
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'x' },
    ])
  }
})

t.test('thoughts keep their places between what was said and called', async t => {
  const { whole, sent } = await start(t)
  await whole(
    answer(
      reasoning(0, [], 'E0'),
      message(1, ['Let me see.']),
      reasoning(2, [], 'E2'),
      functionCall(3, 'call_1', 'f', ['{}']),
      reasoning(4, [], 'E4'),
      functionCall(5, 'call_2', 'f', ['{}']),
    ),
  )
  const [first, said, ...rest] = secondTurn('call_1', 'call_2')
  const messages = [first, { ...said, content: 'Let me see.' }, ...rest]
  const { input } = await sent({ messages })
  t.strictSame(
    input.map((item: Json) => item.encrypted_content ?? item.call_id ?? item.role),
    ['user', 'E0', 'assistant', 'E2', 'call_1', 'E4', 'call_2', 'call_1', 'call_2'],
  )
})

t.test('thoughts go up with calls of custom tools too', async t => {
  const { whole, sent } = await start(t)
  await whole(answer(thinks, customCall(1, 'call_1', 'c', ['x'])))
  const { input } = await sent({
    messages: [
      hi,
      {
        role: 'assistant',
        tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'c', input: 'x' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'r' },
    ],
  })
  t.strictSame(input[1], ENCRYPTED)
})

t.test('thoughts of each step since the last question go up, older ones do not', async t => {
  const { whole, sent } = await start(t)
  await whole(ANSWERED)
  await whole(answer(reasoning(0, [], 'E'), functionCall(1, 'call_2', 'f', ['{}'])))
  const turns = [...secondTurn('call_1'), ...secondTurn('call_2').slice(1)]
  t.strictSame(typesOf(await sent({ messages: turns })), [
    'message',
    'reasoning',
    'function_call',
    'function_call_output',
    'reasoning',
    'function_call',
    'function_call_output',
  ])
  const older = [...turns, { role: 'assistant', content: 'a' }, { role: 'user', content: 'more' }]
  t.notMatch(typesOf(await sent({ messages: older })).join(), 'reasoning')
})

t.test('thoughts do not go to another model, nor where a call of theirs is missing', async t => {
  const { whole, sent } = await start(t)
  await whole(
    answer(thinks, ...['call_1', 'call_2'].map((id, i) => functionCall(i + 1, id, 'f', ['{}']))),
  )
  const both = { messages: secondTurn('call_1', 'call_2') }
  t.match(typesOf(await sent(both)).join(), 'reasoning')
  t.notMatch(typesOf(await sent({ ...both, model: 'other' })).join(), 'reasoning')
  t.notMatch(typesOf(await sent({ ...both, model: 'gpt-6.1-sol' })).join(), 'reasoning')
  t.notMatch(typesOf(await sent({ messages: secondTurn('call_1') })).join(), 'reasoning')
})

t.test('nothing is kept of an answer that failed', async t => {
  const { streamed, sent } = await start(t)
  const call = functionCall(1, 'call_1', 'f', ['{}'])
  await streamed([...STARTED, ...inTurn(thinks, call), failed('server_error')])
  t.notMatch(typesOf(await sent({ messages: secondTurn('call_1') })).join(), 'reasoning')
})

t.test('thoughts that the backend cannot read are dropped, once and for all', async t => {
  const { whole, ask, sent, upstream } = await start(t)
  for (const refusal of [
    { error: { code: 'invalid_encrypted_content', message: 'm', type: 'invalid_request_error' } },
    { error: { message: 'The encrypted content gAAAA0 could not be verified.' } },
  ]) {
    await whole(ANSWERED)
    const before = upstream.requests.length
    upstream.play(json(400, refusal), plays(answer(message(0, ['ok']))))
    const response = await ask({ messages: secondTurn('call_1') })
    t.equal(response.status, 200)
    t.equal((await readJson(response)).choices[0].message.content, 'ok')
    const types = upstream.requests.slice(before).map(({ body }) => typesOf(body).join())
    t.strictSame(types, [
      'message,reasoning,function_call,function_call_output',
      'message,function_call,function_call_output',
    ])
    t.notMatch(typesOf(await sent({ messages: secondTurn('call_1') })).join(), 'reasoning')
  }
})

t.test('a backend that refuses thoughts where none are sent is asked once', async t => {
  const { ask, upstream } = await start(t)
  upstream.play(json(400, { error: { code: 'invalid_encrypted_content', message: 'm' } }))
  const response = await ask({ messages: secondTurn('call_1') })
  t.equal(response.status, 400)
  t.match((await readJson(response)).error, { code: 'invalid_encrypted_content' })
  t.equal(upstream.requests.length, 1)
})
