import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { responseRoutes } from '../../../../src/adapters/openai/responses/routes.ts'
import { ProxyError } from '../../../../src/domain/errors.ts'
import type { JsonObject } from '../../../../src/domain/json.ts'
import type { Relay } from '../../../../src/domain/relay.ts'
import type { RelayFrame, RelayRequest } from '../../../../src/domain/relay-ports.ts'
import { createFakeClock } from '../../../fakes/clock.ts'
import { ask, startService } from '../../../fakes/http-service.ts'
import { modelEntry } from '../../../fakes/model-entry.ts'

type Frames = readonly (readonly [type: string, fields: JsonObject])[]

const message = (id: string, text: string) => ({
  type: 'message',
  id,
  status: 'completed',
  role: 'assistant',
  content: [{ type: 'output_text', text, annotations: [] }],
})

/** Frames of a response that says its id. */
const answerOf = (id: string, end = 'response.completed'): Frames => [
  ['response.created', { sequence_number: 0, response: { id, output: [] } }],
  [
    'response.output_item.done',
    { sequence_number: 1, output_index: 0, item: message(`msg_${id}`, id) },
  ],
  [end, { sequence_number: 2, response: { id, output: [] } }],
]

/** A relay that plays one answer after the other; an error ends the frames before it. */
function createFakeRelay({ answers = [], compaction = {}, lateFailure }: Options) {
  const asked: RelayRequest[] = []
  const relay: Relay = {
    async respond(request) {
      const answer = answers[asked.length] ?? answerOf(`resp_${asked.length}`)
      asked.push(request)
      return (async function* (): AsyncGenerator<RelayFrame> {
        if (answer instanceof ProxyError) {
          yield { type: 'response.output_text.delta', data: '{"sequence_number":4}' }
          throw answer
        }
        for (const [type, fields] of answer)
          yield { type, data: JSON.stringify({ type, ...fields }) }
        if (lateFailure) throw lateFailure
      })()
    },
    async compact(request) {
      asked.push(request)
      return compaction
    },
  }
  return { relay, asked }
}

interface Options {
  readonly answers?: readonly (Frames | ProxyError)[]
  readonly compaction?: JsonObject
  /** Comes after the last frame of each answer. */
  readonly lateFailure?: ProxyError
  readonly strict?: boolean
  readonly webSearch?: boolean
}

async function start(t: Test, options: Options = {}) {
  const { strict = false, webSearch = false } = options
  const { relay, asked } = createFakeRelay(options)
  const clock = createFakeClock(1_795_346_783_500)
  let answering: ServerResponse | undefined
  /** For each time that the memory was used: whether the answer was out by then. */
  const remembered: (boolean | undefined)[] = []
  const routes = responseRoutes({
    relay,
    catalog: { list: () => [modelEntry({ slug: 'slow', priority: false })] },
    clock: {
      ...clock,
      monotonic() {
        remembered.push(answering?.writableEnded)
        return clock.monotonic()
      },
    },
    bodyLimitBytes: 1_000_000,
    streamTimes: { heartbeatMs: 60_000, commitDelayMs: 60_000 },
    strict,
    webSearch,
  })
  const service = await startService(
    t,
    routes.map(route => ({
      ...route,
      handle(exchange) {
        answering = exchange.response
        return route.handle(exchange)
      },
    })),
  )
  const send = async (method: string, path: string, body?: JsonObject, headers = {}) => {
    const text = body && JSON.stringify(body)
    const answer = await ask(service, { method, path, headers, ...(text && { body: text }) })
    const isJson = answer.headers['content-type']?.startsWith('application/json')
    return { ...answer, json: isJson ? JSON.parse(answer.text) : undefined }
  }
  const respond = (body: JsonObject, headers = {}) =>
    send('POST', '/responses', { model: 'asked-model', input: 'hi', ...body }, headers)
  return { asked, remembered, send, respond }
}

t.test('a whole answer is one object', async t => {
  const { asked, respond } = await start(t)
  const { status, headers, json } = await respond({ temperature: 0 }, { 'x-session-id': 's' })
  t.equal(status, 200)
  t.equal(headers['x-chatmock-ignored'], 'temperature')
  t.match(json, {
    id: 'resp_0',
    object: 'response',
    created_at: 1795346783,
    status: 'completed',
    model: 'asked-model',
    output: [message('msg_resp_0', 'resp_0')],
    temperature: 0,
    store: true,
  })
  t.match(asked, [{ model: 'asked-model', cacheKey: 's', tools: [] }])
})

t.test('an answer without an id is given one', async t => {
  const { respond } = await start(t, { answers: [[['response.completed', {}]]] })
  const { json } = await respond({})
  t.match(json.id, /^resp_[0-9a-f]{32}$/)
})

t.test('a stream is made of named events and has no [DONE]', async t => {
  const { respond } = await start(t)
  const { status, headers, text } = await respond({ stream: true, user: 'u' })
  t.equal(status, 200)
  t.equal(headers['content-type'], 'text/event-stream; charset=utf-8')
  t.equal(headers['x-chatmock-ignored'], 'user')
  const events = text.split('\n\n')
  t.equal(events.pop(), '')
  t.match(events, [
    /^event: response\.created\ndata: \{"type":"response\.created",.*\}$/,
    /^event: response\.output_item\.done\ndata: \{.*\}$/,
    /^event: response\.completed\ndata: \{.*"user":"u".*"model":"asked-model".*\}$/,
  ])
  t.equal(events.length, 3)
})

t.test('a failure within a stream is its last event', async t => {
  const failure = new ProxyError('usage_limit_reached', 'The limit is reached.')
  const { respond, send } = await start(t, { answers: [failure] })
  const { status, text } = await respond({ stream: true })
  t.equal(status, 200)
  t.match(
    text,
    /^event: response\.output_text\.delta\ndata: \{"sequence_number":4\}\n\nevent: response\.failed\ndata: \{"type":"response\.failed","sequence_number":5,.*"error":\{"code":"insufficient_quota","message":"The limit is reached\."\}.*\}\n\n$/,
  )
  const id = /"id":"(resp_\w+)"/.exec(text)?.[1]
  t.equal((await send('GET', `/responses/${id}`)).json.code, 'response_not_found')
})

t.test('a failure of a whole answer is an error', async t => {
  const { respond } = await start(t, { answers: [new ProxyError('upstream_error', 'oops')] })
  const { status, json } = await respond({})
  t.equal(status, 502)
  t.strictSame(json, { code: 'upstream_error', message: 'oops' })
})

for (const stream of [false, true]) {
  t.test(`an answer is kept for later, ${stream ? 'streamed' : 'whole'}`, async t => {
    const { asked, respond, send } = await start(t)
    await respond({ stream, instructions: 'Be brief.' })
    const found = await send('GET', '/responses/resp_0')
    t.equal(found.status, 200)
    t.match(found.json, { id: 'resp_0', status: 'completed', instructions: 'Be brief.' })

    await respond({ stream, previous_response_id: 'resp_0', input: 'more' })
    await respond({ stream, previous_response_id: 'resp_1', input: [{ id: 'msg_resp_0' }] })
    const says = (text: string) => ({
      type: 'message',
      role: 'user',
      content: [{ type: 'input_text', text }],
    })
    const said = (text: string) => ({
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text, annotations: [] }],
    })
    t.strictSame(asked[1]?.input, [says('hi'), said('resp_0'), says('more')])
    t.equal(asked[1]?.instructions, undefined)
    t.strictSame(asked[2]?.input, [...(asked[1]?.input ?? []), said('resp_1')])
    await respond({ stream, input: [{ id: 'msg_resp_0' }, { id: 'msg_resp_0' }] })
    t.strictSame(asked[3]?.input, [said('resp_0')], 'an item stands in a conversation once')
    t.equal((await send('GET', '/responses/resp_1')).json.previous_response_id, 'resp_0')
  })

  t.test(`an answer is out before it is kept, ${stream ? 'streamed' : 'whole'}`, async t => {
    const { remembered, respond } = await start(t)
    await respond({ stream })
    t.strictSame(remembered, [true])
  })

  t.test(
    `an answer that must not be stored is not kept, ${stream ? 'streamed' : 'whole'}`,
    async t => {
      const { respond, send } = await start(t)
      await respond({ stream, store: false })
      t.equal((await send('GET', '/responses/resp_0')).json.code, 'response_not_found')
      t.equal(
        (await respond({ stream, previous_response_id: 'resp_0' })).json.code,
        'previous_response_not_found',
      )
    },
  )
}

t.test('a streamed answer that was whole is kept, whoever leaves before its end', async t => {
  const lateFailure = new ProxyError('client_closed', 'gone')
  const { respond, send } = await start(t, { lateFailure })
  await respond({ stream: true }).catch(() => {})
  t.equal((await send('GET', '/responses/resp_0')).json.status, 'completed')
})

t.test('an answer that was cut by a limit is told and kept', async t => {
  const { respond, send } = await start(t, { answers: [answerOf('resp_0', 'response.incomplete')] })
  const { status, json } = await respond({})
  t.equal(status, 200)
  t.equal(json.status, 'incomplete')
  t.equal((await send('GET', '/responses/resp_0')).json.status, 'incomplete')
})

t.test('a kept response can be deleted, and not cancelled or replayed', async t => {
  const { respond, send } = await start(t)
  await respond({})
  const cancelled = await send('POST', '/responses/resp_0/cancel', {})
  t.equal(cancelled.status, 400)
  t.equal(cancelled.json.code, 'invalid_value')
  t.equal((await send('GET', '/responses/resp_0?stream=true')).json.code, 'unsupported_value')
  const deleted = await send('DELETE', '/responses/resp_0')
  t.equal(deleted.status, 200)
  t.strictSame(deleted.json, { id: 'resp_0', object: 'response', deleted: true })
  t.equal((await send('DELETE', '/responses/resp_0')).json.code, 'response_not_found')
})

t.test('an unknown response is told apart from an unknown address', async t => {
  const { send } = await start(t)
  for (const [method, path] of [
    ['GET', '/responses/resp_9'],
    ['DELETE', '/responses/resp_9'],
    ['GET', '/responses/resp_9/input_items'],
    ['POST', '/responses/resp_9/cancel'],
  ] as const) {
    const { json } = await send(method, path)
    t.equal(json.code, 'response_not_found', path)
    t.match(json.message, "Response with id 'resp_9' not found.", path)
  }
  const long = await send('GET', `/responses/%1b%5b31m${'x'.repeat(100)}`)
  t.match(long.json.message, `Response with id '${'x'.repeat(63)}…' not found.`)
})

t.test('the items that a response answers are listed page by page', async t => {
  const { respond, send } = await start(t)
  const input = [
    { role: 'system', content: 'A' },
    { type: 'message', id: 'mine', role: 'user', content: 'B' },
    { role: 'user', content: 'C' },
  ]
  await respond({ input })
  const list = async (query: string) =>
    (await send('GET', `/responses/resp_0/input_items${query}`)).json
  const item = (id: string, role: string, text: string) => ({
    type: 'message',
    role,
    content: [{ type: 'input_text', text }],
    id,
  })
  const a = item('msg_0_in0', 'system', 'A')
  const b = item('mine', 'user', 'B')
  const c = item('msg_0_in2', 'user', 'C')
  t.strictSame(await list(''), {
    object: 'list',
    data: [c, b, a],
    first_id: 'msg_0_in2',
    last_id: 'msg_0_in0',
    has_more: false,
  })
  t.strictSame(await list('?order=asc&limit=2'), {
    object: 'list',
    data: [a, b],
    first_id: 'msg_0_in0',
    last_id: 'mine',
    has_more: true,
  })
  t.strictSame(await list('?order=asc&limit=2&after=mine'), {
    object: 'list',
    data: [c],
    first_id: 'msg_0_in2',
    last_id: 'msg_0_in2',
    has_more: false,
  })
  t.match(await list('?limit=3'), { data: [c, b, a], has_more: false })
  t.strictSame(await list('?after=msg_0_in0'), {
    object: 'list',
    data: [],
    first_id: null,
    last_id: null,
    has_more: false,
  })
  for (const query of [
    '?limit=0',
    '?limit=101',
    '?limit=1.5',
    '?limit=x',
    '?order=up',
    '?after=x',
  ]) {
    t.equal((await list(query)).code, 'invalid_value', query)
  }
})

t.test('a page has twenty items if nobody says otherwise', async t => {
  const { respond, send } = await start(t)
  await respond({
    input: Array.from({ length: 21 }, (_, i) => ({ role: 'user', content: `${i}` })),
  })
  const { json } = await send('GET', '/responses/resp_0/input_items')
  t.equal(json.data.length, 20)
  t.equal(json.has_more, true)
})

t.test('the tokens of an input are estimated here', async t => {
  const { asked, respond, send } = await start(t)
  const estimate = async (body: JsonObject) =>
    (await send('POST', '/responses/input_tokens', body)).json
  t.strictSame(await estimate({ input: 'abcdefgh' }), {
    object: 'response.input_tokens',
    input_tokens: 6,
  })
  const tokens = async (body: JsonObject) => (await estimate({ model: 'm', ...body })).input_tokens
  const parts = (...content: JsonObject[]) => ({ input: [{ role: 'user', content }] })
  const image = { type: 'input_image', image_url: `data:image/png;base64,${'A'.repeat(9000)}` }
  const file = (length: number) => ({
    type: 'input_file',
    file_data: 'data:application/pdf;base64,'.padEnd(length, 'A'),
  })
  t.equal(await tokens({ model: null, input: 'abcdefgh', instructions: 'abcd' }), 7)
  t.equal(await tokens(parts(image)), 1004)
  t.equal(await tokens(parts({ type: 'input_text', text: 'abcd' }, image, image)), 2005)
  t.equal(await tokens(parts(file(1600))), 304)
  t.equal(
    await tokens({
      input: [{ role: 'assistant', content: [{ type: 'refusal', refusal: 'abcd' }] }],
    }),
    5,
  )
  // {"type":"function_call","call_id":"c","name":"f","arguments":"{}"}: 66 bytes.
  t.equal(
    await tokens({ input: [{ type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }] }),
    21,
  )
  // {"type":"function_call_output","call_id":"c"}: 45 bytes.
  const output = (output: unknown) => ({
    input: [{ type: 'function_call_output', call_id: 'c', output }],
  })
  t.equal(await tokens(output('abcd')), 17)
  t.equal(await tokens(output([image])), 1016)
  // {"type":"custom","name":"c"}: 28 bytes.
  t.equal(await tokens({ input: 'abcd', tools: [{ type: 'custom', name: 'c' }] }), 12)
  // {"type":"json_object"}: 22 bytes.
  t.equal(await tokens({ input: 'abcd', text: { format: { type: 'json_object' } } }), 11)
  t.strictSame(asked, [])
  await respond({})
  t.ok((await tokens({ input: 'abcd', previous_response_id: 'resp_0' })) > 5)
  t.equal((await estimate({ model: 'm' })).code, 'missing_required_parameter')
  t.equal((await estimate({ input: 'a', background: true })).code, 'unsupported_value')
})

t.test('a file counts for no more than a long document', async t => {
  const { send } = await start(t)
  const content = [{ type: 'input_file', file_data: 'x'.repeat(300_000) }]
  const input = [{ role: 'user', content }]
  const { json } = await send('POST', '/responses/input_tokens', { input })
  t.equal(json.input_tokens, 50_004)
})

t.test('a conversation is made shorter by the upstream', async t => {
  const compaction = {
    id: 'cmp_1',
    object: 'response.compaction',
    created_at: 5,
    output: [{ type: 'compaction' }],
    usage: { input_tokens: 1 },
  }
  const { asked, send } = await start(t, { compaction })
  const body = { model: 'm', input: 'hi', instructions: 'Be brief.', text: { verbosity: 'low' } }
  const { status, headers, json } = await send('POST', '/responses/compact', body)
  t.equal(status, 200)
  t.strictSame(json, compaction)
  t.equal(headers['x-chatmock-ignored'], 'text')
  t.match(asked, [{ model: 'm', instructions: 'Be brief.', input: [{ role: 'user' }] }])
})

t.test('what the upstream leaves out of a compaction is filled in', async t => {
  const { send } = await start(t, { compaction: { output: [{ type: 'compaction' }] } })
  const { json } = await send('POST', '/responses/compact', { model: 'm', input: 'hi' })
  const { id, ...rest } = json
  t.match(id, /^resp_[0-9a-f]{32}$/)
  t.strictSame(rest, {
    object: 'response.compaction',
    created_at: 1795346783,
    output: [{ type: 'compaction' }],
    usage: {
      input_tokens: 0,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens: 0,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: 0,
    },
  })
})

t.test('the settings of the service reach each request', async t => {
  const strict = await start(t, { strict: true })
  t.equal((await strict.respond({ user: 'u' })).json.code, 'unsupported_parameter')
  t.equal(
    (await strict.send('POST', '/responses/compact', { model: 'm', input: 'hi', tools: [] })).json
      .code,
    'unsupported_parameter',
  )
  t.strictSame(strict.asked, [])
  const searching = await start(t, { webSearch: true })
  await searching.respond({})
  t.match(searching.asked, [{ tools: [{ type: 'web_search' }] }])
  t.equal(
    (await searching.respond({ input: 'x'.repeat(1_000_000) })).json.code,
    'request_too_large',
  )
})

t.test('a tier that the model lacks is named, or refused where the service is strict', async t => {
  const body = { model: 'slow', service_tier: 'priority' }
  const { respond } = await start(t)
  for (const stream of [false, true]) {
    const { status, headers } = await respond({ ...body, stream })
    t.equal(status, 200)
    t.equal(headers['x-chatmock-ignored'], 'service_tier')
  }
  t.equal((await respond({ service_tier: 'priority' })).headers['x-chatmock-ignored'], undefined)
  const strictly = await start(t, { strict: true })
  t.match((await strictly.respond(body)).json, { code: 'unsupported_parameter' })
  t.strictSame(strictly.asked, [])
})
