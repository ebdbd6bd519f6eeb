import t, { type Test } from 'tap'
import { type Json, post, readJson } from '../fakes/api-client.ts'
import {
  answer,
  completed,
  customCall,
  failed,
  functionCall,
  inTurn,
  message,
  reasoning,
  STARTED,
} from '../fakes/backend-events.ts'
import { plays, type ScriptedService, says, startScripted } from '../fakes/chat-service.ts'
import { json } from '../fakes/upstream-server.ts'

const start = (t: Test) =>
  startScripted(t, '/v1/responses', { model: 'gpt-5.5', input: 'hi', instructions: 'Be brief' })
const thinks = reasoning(0, [['p1']], 'E')
const calls = functionCall(1, 'call_1', 'f', ['{"a":1}'])
const EVENTS = answer(thinks, calls)
const result = { type: 'function_call_output', call_id: 'call_1', output: 'x' }
/** The whole conversation of those two turns, as the backend takes it. */
const CONVERSATION = [
  says('user', 'hi'),
  {
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: 'p1' }],
    encrypted_content: 'E',
  },
  { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
  result,
]

/** What a GET or DELETE below `/v1/responses` gives. */
async function call({ url }: ScriptedService, path: string, method = 'GET') {
  const response = await fetch(`${url}/v1/responses/${path}`, { method })
  return { status: response.status, body: await readJson(response) }
}

const notFound = {
  status: 404,
  body: { error: { type: 'invalid_request_error', message: /not found/, code: String } },
}

t.test('a turn goes on from the one before, streamed or whole', async t => {
  const { whole, streamed, sent } = await start(t)
  for (const ask of [whole, streamed]) {
    await ask(EVENTS)
    const asked = await sent({ previous_response_id: 'resp_1', input: [result] })
    t.strictSame(asked.input, CONVERSATION)
    t.equal(asked.instructions, 'Be brief')
  }
})

t.test('a turn may go on from one that went on itself', async t => {
  const { whole, sent } = await start(t)
  await whole(EVENTS)
  const second = [...STARTED, ...inTurn(message(0, ['22C'])), completed({ id: 'resp_2' })]
  const told = await whole(second, { previous_response_id: 'resp_1', input: [result] })
  t.equal(told.previous_response_id, 'resp_1')
  const { input } = await sent({ previous_response_id: 'resp_2', input: 'thanks' })
  t.strictSame(input.slice(0, -2), CONVERSATION)
  t.match(input.at(-2), says('assistant', '22C'))
  t.strictSame(input.at(-1), says('user', 'thanks'))
  // The first one is still there for who wants to go another way.
  t.strictSame(
    (await sent({ previous_response_id: 'resp_1', input: [result] })).input,
    CONVERSATION,
  )
})

t.test('instructions are not inherited', async t => {
  const { whole, sent } = await start(t)
  await whole(EVENTS, { instructions: 'ONLY ONCE' })
  const asked = await sent({
    previous_response_id: 'resp_1',
    input: [result],
    instructions: undefined,
  })
  t.notMatch(JSON.stringify(asked), 'ONLY ONCE')
})

t.test('an item may be named where it is known', async t => {
  const { whole, sent, ask, upstream } = await start(t)
  await whole(EVENTS)
  const refer = (id: string) => ({ type: 'item_reference', id })
  const { input } = await sent({
    input: [{ role: 'user', content: 'hi' }, refer('rs_0'), refer('fc_1'), result],
  })
  t.strictSame(input, CONVERSATION)

  const before = upstream.requests.length
  const response = await ask({ input: [refer('rs_9')] })
  t.equal(response.status, 400)
  t.match((await readJson(response)).error, { type: 'invalid_request_error', param: /^input/ })
  t.equal(upstream.requests.length, before)
})

t.test('an item is found in an older response too', async t => {
  const { whole, sent } = await start(t)
  await whole(EVENTS)
  await whole([...STARTED, ...inTurn(message(0, ['22C'])), completed({ id: 'resp_2' })])
  const { input } = await sent({ input: [{ type: 'item_reference', id: 'rs_0' }, result] })
  t.strictSame(input, [CONVERSATION[1], result])
})

t.test('the backend gets no id that it has not given', async t => {
  const service = await start(t)
  const { whole, sent } = service
  const told = [
    { role: 'user', content: 'hi' },
    { type: 'local_shell_call_output', output: 'x' },
    { type: 'additional_tools', role: 'developer', tools: [] },
    { type: 'compaction', id: 'cmp_1', encrypted_content: 'C' },
  ]
  await whole(EVENTS, { input: told })
  const { data } = (await call(service, 'resp_1/input_items?order=asc')).body
  t.strictSame(
    data.map(({ id }: Json) => id),
    ['msg_1_in0', 'item_1_in1', 'item_1_in2', 'cmp_1'],
  )
  const expected = [says('user', 'hi'), ...told.slice(1)]
  const { input } = await sent({ previous_response_id: 'resp_1', input: [result] })
  t.strictSame(input.slice(0, 4), expected)
  const references = data.map(({ id }: Json) => ({ type: 'item_reference', id }))
  t.strictSame((await sent({ input: references })).input, expected)
})

t.test('what is not known cannot be gone on from', async t => {
  const { whole, streamed, ask, upstream } = await start(t)
  await whole(EVENTS, { store: false })
  await streamed([...STARTED, ...inTurn(thinks, calls), failed('server_error')])
  const before = upstream.requests.length
  for (const stream of [false, true]) {
    const response = await ask({ previous_response_id: 'resp_1', input: [result], stream })
    t.equal(response.status, 400)
    t.match((await readJson(response)).error, {
      type: 'invalid_request_error',
      param: 'previous_response_id',
      code: 'previous_response_not_found',
    })
  }
  t.equal(upstream.requests.length, before)
})

t.test('a response is told again until it is deleted', async t => {
  const service = await start(t)
  const told = await service.whole(EVENTS)
  t.strictSame(await call(service, 'resp_1'), { status: 200, body: told })
  t.strictSame((await call(service, 'resp_1', 'DELETE')).body, {
    id: 'resp_1',
    object: 'response',
    deleted: true,
  })
  for (const [path, method] of [
    ['resp_1', 'GET'],
    ['resp_1', 'DELETE'],
    ['resp_1/input_items', 'GET'],
    ['resp_1/cancel', 'POST'],
    ['resp_9', 'GET'],
  ] as const) {
    t.match(await call(service, path, method), notFound, `${method} ${path}`)
  }
  const response = await service.ask({ previous_response_id: 'resp_1' })
  t.match((await readJson(response)).error, { code: 'previous_response_not_found' })
})

t.test('a streamed response is told again as it ended', async t => {
  const service = await start(t)
  const text = await service.streamed(EVENTS)
  const last = JSON.parse(/^data: (.*)$/m.exec(text.slice(text.lastIndexOf('event:')))?.[1] ?? '')
  t.strictSame(await call(service, 'resp_1'), { status: 200, body: last.response })
})

t.test('what was asked is listed, the newest first unless it is wished otherwise', async t => {
  const service = await start(t)
  await service.whole(EVENTS, {
    input: [
      { role: 'user', content: 'first', id: 'msg_a' },
      { role: 'assistant', content: 'second' },
      { role: 'user', content: 'third' },
    ],
  })
  const list = async (query = '') => (await call(service, `resp_1/input_items${query}`)).body
  const textsOf = ({ data }: Json) => data.map((item: Json) => item.content[0].text)
  const all = await list()
  t.equal(all.object, 'list')
  t.strictSame(textsOf(all), ['third', 'second', 'first'])
  for (const item of all.data) t.match(item, { id: /./, type: 'message', role: /./ })
  t.strictSame([all.first_id, all.last_id, all.has_more], [all.data[0].id, all.data[2].id, false])
  t.strictSame(textsOf(await list('?order=asc')), ['first', 'second', 'third'])
  const page = await list('?order=asc&limit=2')
  t.strictSame([textsOf(page), page.has_more], [['first', 'second'], true])
  const next = await list(`?order=asc&limit=2&after=${page.last_id}`)
  t.strictSame([textsOf(next), next.has_more], [['third'], false])
})

t.test('a response that is whole cannot be cancelled', async t => {
  const service = await start(t)
  await service.whole(EVENTS)
  const { status, body } = await call(service, 'resp_1/cancel', 'POST')
  t.equal(status, 400)
  t.match(body.error, { type: 'invalid_request_error', message: /background/ })
})

t.test('a custom call goes on like any other', async t => {
  const { whole, sent } = await start(t)
  await whole(answer(customCall(0, 'call_1', 'c', ['free'])))
  const output = { type: 'custom_tool_call_output', call_id: 'call_1', output: 'x' }
  const { input } = await sent({ previous_response_id: 'resp_1', input: [output] })
  t.strictSame(input.slice(1), [
    { type: 'custom_tool_call', call_id: 'call_1', name: 'c', input: 'free' },
    output,
  ])
})

t.test('thoughts that the backend cannot read are left out of a second try', async t => {
  const { ask, upstream } = await start(t)
  const refused = json(400, { error: { code: 'invalid_encrypted_content', message: 'm' } })
  upstream.play(refused, plays(answer(message(0, ['ok']))))
  const response = await ask({ input: CONVERSATION })
  t.equal(response.status, 200)
  t.equal((await readJson(response)).output[0].content[0].text, 'ok')
  const [first, second, ...more] = upstream.requests.map(({ body }) => body.input)
  t.strictSame(first, CONVERSATION)
  t.strictSame(
    second,
    CONVERSATION.filter(({ type }) => type !== 'reasoning'),
  )
  t.strictSame(more, [])
})

t.test('tokens are estimated without asking anybody', async t => {
  const { url, upstream } = await start(t)
  const count = async (body: object) => {
    const response = await post(`${url}/v1/responses/input_tokens`, { model: 'gpt-5.5', ...body })
    t.equal(response.status, 200)
    const told = await readJson(response)
    t.strictSame(Object.keys(told).sort(), ['input_tokens', 'object'])
    t.equal(told.object, 'response.input_tokens')
    return told.input_tokens as number
  }
  const short = await count({ input: 'hi' })
  t.ok(Number.isInteger(short) && short > 0)
  const long = await count({ input: 'word '.repeat(1000) })
  t.ok(long > 500 && long < 5000, `${long}`)
  const parts = [{ role: 'user', content: [{ type: 'input_text', text: 'word '.repeat(1000) }] }]
  t.ok(Math.abs((await count({ input: parts })) - long) < 100)
  const tools = [{ type: 'function', name: 'f', description: 'word '.repeat(100), parameters: {} }]
  t.ok((await count({ input: 'hi', tools })) > short + 50)
  t.ok((await count({ input: 'hi', instructions: 'word '.repeat(100) })) > short + 50)
  t.equal(upstream.requests.length, 0)
  const bad = await post(`${url}/v1/responses/input_tokens`, { model: 'gpt-5.5', input: 5 })
  t.equal(bad.status, 400)
  t.match((await readJson(bad)).error, { param: 'input' })
})

t.test('a conversation is made shorter by the backend', async t => {
  const { url, upstream } = await start(t)
  const output = [{ type: 'compaction', encrypted_content: 'C' }]
  const usage = { input_tokens: 1, output_tokens: 2, total_tokens: 3 }
  const body = { model: 'gpt-5.5', input: CONVERSATION, instructions: 'Be brief', store: true }
  upstream.play(json(200, { output, usage }))
  const response = await post(`${url}/v1/responses/compact`, body)
  t.equal(response.status, 200)
  const told = await readJson(response)
  t.match(told, { id: /./, object: 'response.compaction', created_at: Number })
  t.strictSame(told.output, output)
  t.match(told.usage, usage)
  const [request] = upstream.requests
  t.equal(request?.path, '/codex/responses/compact')
  t.match(request?.body, { model: 'gpt-5.5', instructions: 'Be brief', input: CONVERSATION })
  for (const key of ['store', 'stream', 'tools', 'text'])
    t.equal(request?.body[key], undefined, key)

  upstream.play(json(404, { detail: 'Not Found' }))
  const refused = await post(`${url}/v1/responses/compact`, body)
  t.equal(refused.status, 404)
  t.match((await readJson(refused)).error, { code: 'unsupported_endpoint' })
  upstream.play(json(400, { detail: 'Bad thing' }))
  const failed = await post(`${url}/v1/responses/compact`, body)
  t.equal(failed.status, 400)
  t.match((await readJson(failed)).error, { message: 'Bad thing' })
})

t.test('what the upstream blames by its place among recalled items is the input', async t => {
  const { whole, ask, upstream } = await start(t)
  await whole(EVENTS)
  upstream.play(json(400, { error: { message: 'bad', param: 'input[3].output', code: 'x' } }))
  const paramOf = async (body: Json) => (await readJson(await ask(body))).error.param
  t.equal(await paramOf({ previous_response_id: 'resp_1', input: [result] }), 'input')
  t.equal(await paramOf({}), 'input[3].output')
})
