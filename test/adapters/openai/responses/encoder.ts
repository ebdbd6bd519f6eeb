import t from 'tap'
import { createResponseEncoder } from '../../../../src/adapters/openai/responses/encoder.ts'
import type { ResponseFacts } from '../../../../src/adapters/openai/responses/object.ts'
import { type ErrorCode, type ErrorFacts, ProxyError } from '../../../../src/domain/errors.ts'
import type { JsonObject } from '../../../../src/domain/json.ts'
import type { RelayFrame } from '../../../../src/domain/relay-ports.ts'
import { relayRequest } from '../../../fakes/relay-request.ts'

const facts: ResponseFacts = {
  request: relayRequest({ model: 'asked-model', effort: 'low' }),
  echo: {},
  keeps: true,
  fallbackId: 'resp_fallback',
  fallbackCreatedAt: 7,
}

const frame = (type: string, fields: JsonObject = {}): RelayFrame => ({
  type,
  data: JSON.stringify({ type, ...fields }),
})
const created = frame('response.created', {
  sequence_number: 0,
  response: { id: 'resp_1', created_at: 5, status: 'in_progress', model: 'slug', output: [] },
})
const inProgress = frame('response.in_progress', {
  sequence_number: 1,
  response: { id: 'resp_1', created_at: 5, status: 'in_progress', model: 'slug', output: [] },
})
const added = frame('response.output_item.added', { output_index: 0, item: { id: 'msg_1' } })
const delta: RelayFrame = {
  type: 'response.output_text.delta',
  data: '{"type":"response.output_text.delta", "delta":"a\\u0062","sequence_number":4}',
}
const item = (i: number) => ({ type: 'message', id: `msg_${i}`, content: [{ text: `${i}` }] })
const done = (output_index: number, done: JsonObject = item(output_index)) =>
  frame('response.output_item.done', { output_index, item: done })
const completed = (response: JsonObject | undefined) =>
  frame('response.completed', { sequence_number: 9, response })

/** `response` as the client gets it, but for what is given. */
const whole = (over: JsonObject = {}) => ({
  id: 'resp_1',
  created_at: 5,
  status: 'in_progress',
  model: 'asked-model',
  output: [],
  object: 'response',
  error: null,
  incomplete_details: null,
  instructions: null,
  max_output_tokens: null,
  parallel_tool_calls: true,
  previous_response_id: null,
  reasoning: { effort: 'low', summary: null },
  temperature: null,
  text: { format: { type: 'text' } },
  tool_choice: 'auto',
  tools: [],
  top_p: null,
  truncation: 'disabled',
  usage: null,
  metadata: {},
  store: true,
  ...over,
})

function setUp(over: Partial<ResponseFacts> = {}) {
  const kept: JsonObject[] = []
  const encoder = createResponseEncoder({ ...facts, ...over }, response => kept.push(response))
  return { encoder, kept }
}

/** Encodes frames and returns the response that the last of them carries. */
function lastResponse(frames: readonly RelayFrame[], over: Partial<ResponseFacts> = {}) {
  const { encoder } = setUp(over)
  const text = frames.map(encoder.encode).join('')
  return JSON.parse(text.slice(text.lastIndexOf('data: ') + 6)).response
}

t.test('frames pass as they came, each with its name', async t => {
  const { encoder } = setUp()
  t.equal(
    encoder.encode(delta),
    'event: response.output_text.delta\ndata: {"type":"response.output_text.delta", "delta":"a\\u0062","sequence_number":4}\n\n',
  )
  const odd = { type: 'response.new_thing', data: '{"type":"response.new_thing","b":1,"a":[ ]}' }
  t.equal(
    encoder.encode(odd),
    'event: response.new_thing\ndata: {"type":"response.new_thing","b":1,"a":[ ]}\n\n',
  )
})

t.test('nothing goes out before there is output', async t => {
  const { encoder } = setUp()
  t.equal(encoder.encode(created), '')
  t.equal(encoder.encode(frame('response.queued', { response: {} })), '')
  t.equal(encoder.encode(inProgress), '')
  t.equal(encoder.encode(added), '')
  t.equal(encoder.encode(frame('response.content_part.added')), '')
  t.equal(encoder.encode(frame('response.reasoning_summary_part.added')), '')
  const text = encoder.encode(delta)
  t.strictSame(text.match(/(?<=^event: ).*$/gm), [
    'response.created',
    'response.queued',
    'response.in_progress',
    'response.output_item.added',
    'response.content_part.added',
    'response.reasoning_summary_part.added',
    'response.output_text.delta',
  ])
  t.equal(
    encoder.encode(added),
    'event: response.output_item.added\ndata: {"type":"response.output_item.added","output_index":0,"item":{"id":"msg_1"}}\n\n',
    'afterwards everything goes out at once',
  )
})

t.test('a sign of life tells what is held back', async t => {
  const { encoder } = setUp()
  encoder.encode(created)
  t.equal(
    encoder.heartbeat(),
    `event: response.created\ndata: ${JSON.stringify({
      type: 'response.created',
      sequence_number: 0,
      response: whole(),
    })}\n\n: keep-alive\n\n`,
  )
  t.equal(encoder.heartbeat(), ': keep-alive\n\n')
  t.match(encoder.encode(inProgress), /^event: response\.in_progress\n/)
})

t.test('an answer without output is told whole at its end', async t => {
  const { encoder } = setUp()
  encoder.encode(created)
  const text = encoder.encode(completed({ id: 'resp_1', output: [] }))
  t.strictSame(text.match(/(?<=^event: ).*$/gm), ['response.created', 'response.completed'])
  t.equal(encoder.end(), '', 'and there is no [DONE]')
})

t.test('the response is told whole, under the name that the client asked for', async t => {
  t.strictSame(lastResponse([created, delta, inProgress]), whole())
  const usage = { input_tokens: 1 }
  const told = { id: 'resp_1', status: 'completed', output: [item(0)], usage, end_turn: true }
  t.strictSame(
    lastResponse([created, completed(told)]),
    whole({ ...told, created_at: 5, model: 'asked-model' }),
  )
})

t.test('what the upstream tells is told, even what is not known', async t => {
  const told = {
    ...whole(),
    instructions: 'theirs',
    tools: [{ type: 'x' }],
    tool_choice: 'required',
    parallel_tool_calls: false,
    text: { format: { type: 'text' }, verbosity: 'medium' },
    service_tier: 'priority',
    metadata: { a: '1' },
    new_thing: [1],
  }
  t.strictSame(lastResponse([completed(told)]), { ...told, status: 'in_progress' })
})

t.test('fields without effect are repeated', async t => {
  const echo = { temperature: 0.5, metadata: { a: 'b' }, previous_response_id: 'resp_0' }
  t.match(lastResponse([completed({ temperature: 1, metadata: {} })], { echo }), echo)
})

t.test('what was asked stands in for what the upstream leaves out', async t => {
  const request = relayRequest({
    instructions: 'Be brief.',
    tools: [{ type: 'custom', name: 'c' }],
    toolChoice: 'none',
    parallelToolCalls: false,
    summary: 'auto',
    text: { verbosity: 'low' },
  })
  t.match(lastResponse([completed({})], { request }), {
    id: 'resp_fallback',
    created_at: 7,
    status: 'completed',
    model: 'gpt-5.5',
    instructions: 'Be brief.',
    tools: [{ type: 'custom', name: 'c' }],
    tool_choice: 'none',
    parallel_tool_calls: false,
    reasoning: { effort: null, summary: 'auto' },
    text: { format: { type: 'text' }, verbosity: 'low' },
  })
})

t.test('what was asked is told, whatever form it was passed on in', async t => {
  const request = relayRequest({
    instructions: 'Be brief.',
    tools: [{ type: 'function', name: 'f' }],
    toolChoice: { type: 'function', name: 'f' },
    parallelToolCalls: true,
    text: { format: { type: 'json_object' } },
  })
  const told = {
    instructions: null,
    tools: [],
    tool_choice: 'auto',
    parallel_tool_calls: false,
    text: { format: { type: 'text' }, verbosity: 'medium' },
  }
  const expected = {
    instructions: 'Be brief.',
    tools: [{ type: 'function', name: 'f' }],
    tool_choice: { type: 'function', name: 'f' },
    parallel_tool_calls: true,
    text: { format: { type: 'json_object' }, verbosity: 'medium' },
  }
  for (const type of ['response.in_progress', 'response.completed']) {
    t.match(lastResponse([delta, frame(type, { response: told })], { request }), expected, type)
  }
})

t.test('an end without a response, or that is no JSON, is made up from what is known', async t => {
  const expected = whole({ status: 'completed', output: [item(0)] })
  t.strictSame(lastResponse([created, done(0), completed(undefined)]), expected)
  const broken = { type: 'response.completed', data: 'no JSON' }
  t.strictSame(lastResponse([created, done(0), broken]), expected)
})

t.test('an empty output is put together from the items, in their order', async t => {
  const frames = [created, done(2), done(0), done(1), completed({ output: [] })]
  t.strictSame(lastResponse(frames).output, [item(0), item(1), item(2)])
  const unnumbered = [0, 1].map(i => frame('response.output_item.done', { item: item(i) }))
  t.strictSame(lastResponse([...unnumbered, completed({})]).output, [item(0), item(1)])
  t.strictSame(lastResponse([done(0), frame('response.incomplete', { response: {} })]).output, [
    item(0),
  ])
})

t.test('a thin output is filled in, and what it alone has is kept', async t => {
  const call = { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' }
  const output = [
    { type: 'message', id: 'msg_0', content: [], phase: 'final_answer' },
    { type: 'function_call', id: 'fc_1', call_id: 'c1' },
    { type: 'reasoning', id: 'rs_9' },
  ]
  t.strictSame(lastResponse([done(0), done(1, call), done(2), completed({ output })]).output, [
    { ...item(0), phase: 'final_answer' },
    { ...call, id: 'fc_1' },
    item(2),
    { type: 'reasoning', id: 'rs_9' },
  ])
  const other = { type: 'message', id: 'msg_7' }
  t.strictSame(lastResponse([done(0), completed({ output: [other] })]).output, [item(0), other])
  const nameless = { type: 'message', content: [], role: 'assistant' }
  t.strictSame(lastResponse([done(0), completed({ output: [nameless] })]).output, [
    { ...item(0), role: 'assistant' },
  ])
  t.strictSame(lastResponse([completed({ output: [item(0)] })]).output, [item(0)])
})

t.test('the final list has the order where it has all that was told before', async t => {
  const thought = { type: 'reasoning', id: 'rs_0' }
  for (const thin of [
    { type: 'message', id: 'msg_1', content: [] },
    { type: 'message', content: [] },
  ]) {
    t.strictSame(lastResponse([done(1), completed({ output: [thought, thin] })]).output, [
      thought,
      item(1),
    ])
  }
  t.strictSame(
    lastResponse([done(0), done(1), completed({ output: [{ id: 'msg_1' }, { id: 'msg_0' }] })])
      .output,
    [item(1), item(0)],
  )
  const twins = [done(0), frame('response.output_item.done', { output_index: 1, item: item(0) })]
  t.strictSame(
    lastResponse([...twins, completed({ output: [thought, item(0)] })]).output,
    [item(0), item(0), thought],
    'nothing that was told is lost',
  )
})

t.test('a whole response is handed over once, as it was told', async t => {
  const { encoder, kept } = setUp()
  encoder.encode(created)
  encoder.encode(done(0))
  t.strictSame(kept, [])
  encoder.encode(completed({ id: 'resp_1' }))
  t.strictSame(kept, [whole({ status: 'completed', output: [item(0)] })])
})

t.test('a response that is not kept says so', async t => {
  t.equal(lastResponse([completed({})], { keeps: false }).store, false)
  t.equal(lastResponse([completed({ store: true })], { keeps: false }).store, false)
})

t.test('items that are too much to remember are passed on and not kept', async t => {
  const { encoder, kept } = setUp()
  const half = { type: 'message', id: 'msg_0', text: 'a'.repeat(33 * 1024 * 1024) }
  encoder.encode(done(0, half))
  encoder.encode(done(1, half))
  const text = encoder.encode(completed({ output: [] }))
  t.match(text, '"output":[]')
  t.match(text, '"store":false')
  t.strictSame(kept, [])
})

t.test('a failure is told as response.failed with the next number', async t => {
  const { encoder, kept } = setUp()
  encoder.encode(created)
  encoder.encode(done(0))
  encoder.encode(delta)
  t.equal(
    encoder.fail(new ProxyError('upstream_stream_incomplete', 'cut')),
    `event: response.failed\ndata: ${JSON.stringify({
      type: 'response.failed',
      sequence_number: 5,
      response: whole({
        output: [item(0)],
        store: false,
        status: 'failed',
        error: { code: 'upstream_stream_incomplete', message: 'cut' },
      }),
    })}\n\n`,
  )
  t.strictSame(kept, [])
})

t.test(
  'a failure tells first what is held back, and does without numbers and response',
  async t => {
    const { encoder } = setUp()
    encoder.encode(frame('response.created', { response: { id: 'resp_1' } }))
    const text = encoder.fail(new ProxyError('internal', 'oops'))
    t.strictSame(text.match(/(?<=^event: ).*$/gm), ['response.created', 'response.failed'])
    t.match(text, '"sequence_number":1,')
    const early = setUp().encoder.fail(new ProxyError('internal', 'oops'))
    t.match(early, /"sequence_number":0,"response":\{"output":\[\],"id":"resp_fallback",/)
  },
)

t.test('failures have the names that agents know', async t => {
  const told = (code: ErrorCode, facts: ErrorFacts = {}) =>
    JSON.parse(
      setUp()
        .encoder.fail(new ProxyError(code, 'm', facts))
        .slice('event: response.failed\ndata: '.length),
    ).response.error.code
  const upstream = (code: string | undefined) => ({ upstream: { status: 200, code } })
  t.equal(told('usage_limit_reached'), 'insufficient_quota')
  t.equal(told('usage_limit_reached', upstream('usage_limit_reached')), 'insufficient_quota')
  for (const code of [
    'usage_not_included',
    'organization_spend_limit_exceeded',
    'workspace_owner_usage_limit_reached',
  ]) {
    t.equal(told('usage_limit_reached', upstream(code)), code)
  }
  t.equal(told('context_length_exceeded'), 'context_length_exceeded')
  t.equal(told('upstream_error', upstream('server_error')), 'server_error')
  t.equal(told('upstream_refused', upstream(undefined)), 'upstream_refused')
  t.equal(told('server_shutting_down'), 'server_shutting_down')
})
