import { getEventListeners } from 'node:events'
import fc from 'fast-check'
import t, { type Test } from 'tap'
import { type ChatgptOptions, createChatgptModel } from '../../../src/adapters/chatgpt/client.ts'
import { createChatgptRelay } from '../../../src/adapters/chatgpt/relay.ts'
import { createResponsesCall } from '../../../src/adapters/chatgpt/responses-call.ts'
import type { RelayFrame, RelayRequest } from '../../../src/domain/relay-ports.ts'
import { chatRequest } from '../../fakes/chat-request.ts'
import { fakeChatgptOptions } from '../../fakes/chatgpt-options.ts'
import { startFetch } from '../../fakes/outbound.ts'
import { relayRequest, userItem } from '../../fakes/relay-request.ts'
import {
  type Answer,
  frames,
  json,
  openStream,
  startUpstream,
  stream,
  streamInPieces,
  type UpstreamRequest,
} from '../../fakes/upstream-server.ts'

const credentials = { accessToken: 'canary-access', accountId: 'account-1' }
const never = new AbortController().signal
const created = { type: 'response.created', response: { id: 'resp_1' } }
const completed = { type: 'response.completed', response: { id: 'resp_1', output: [] } }
const delta = (text: string) => ({
  type: 'response.output_text.delta',
  item_id: 'msg_1',
  output_index: 0,
  content_index: 0,
  delta: text,
})
const whole = stream(frames(created, completed))
const look = { type: 'function', name: 'look', parameters: {}, strict: false }
const unreadable = json(400, {
  error: { code: 'invalid_encrypted_content', message: 'The encrypted content is not valid.' },
})
const sealed = { type: 'reasoning', summary: [], encrypted_content: 'canary-sealed' }

async function start(t: Test, answers: Answer[], over: Partial<ChatgptOptions> = {}) {
  // Closed last: it waits for the connections that the upstream then has closed.
  const fetch = startFetch(t)
  const upstream = await startUpstream(...answers)
  t.teardown(() => upstream.close())
  const fake = fakeChatgptOptions(upstream.url, fetch, over)
  const call = createResponsesCall(fake.options)
  const relay = createChatgptRelay(call, fake.options)
  const ask = async (request: Partial<RelayRequest> = {}, signal = never) => {
    const told: RelayFrame[] = []
    for await (const frame of await relay.relay(relayRequest(request), credentials, signal)) {
      told.push(frame)
    }
    return told
  }
  const compact = (request: Partial<RelayRequest> = {}, signal = never) =>
    relay.compact(relayRequest(request), credentials, signal)
  const model = createChatgptModel(call, fake.options)
  return { ...fake, upstream, relay, model, ask, compact }
}

const isLite = ({ headers }: UpstreamRequest) =>
  headers['x-openai-internal-codex-responses-lite'] === 'true'
const inputTypes = ({ body }: UpstreamRequest) =>
  body.input.map(({ type }: { type: string }) => type)

t.test('a request is signed, says who we are, and is passed on', async t => {
  const { upstream, ask } = await start(t, [whole])
  await ask({ cacheKey: 'chat-1', instructions: 'Be short.' })
  const [request] = upstream.requests
  t.equal(`${request?.method} ${request?.path}`, 'POST /codex/responses')
  t.match(request?.headers, {
    authorization: 'Bearer canary-access',
    'chatgpt-account-id': 'account-1',
    accept: 'text/event-stream',
    'content-type': 'application/json',
    originator: 'chatmock',
    'user-agent': 'chatmock/test',
    'session-id': 'chat-1',
  })
  t.match(request?.body, { instructions: 'Be short.', store: false, stream: true })
  t.equal(request && isLite(request), false)
})

t.test('events are passed on as they came, those of the backend alone are not', async t => {
  const oddly = '{ "type" : "response.future", "n": 1.0, "text": "\\u00e9\\/" }'
  const { ask, usage } = await start(t, [
    stream(
      [
        ': comment\n\n',
        frames({ type: 'codex.response.metadata' }, created),
        'event: x\r\ndata: {"type":"keepalive","sequence_number":1}\r\n\r\n',
        `data:${oddly}\n\n`,
        'data: {"type":"response.output_text.delta",\ndata: "delta":"a"}\n\n',
        frames(completed, delta('late')),
      ].join(''),
    ),
  ])
  t.strictSame(await ask(), [
    {
      type: 'response.created',
      data: '{"type":"response.created","response":{"id":"resp_1"}}',
    },
    { type: 'response.future', data: oddly },
    {
      type: 'response.output_text.delta',
      data: '{"type":"response.output_text.delta", "delta":"a"}',
    },
    {
      type: 'response.completed',
      data: '{"type":"response.completed","response":{"id":"resp_1","output":[]}}',
    },
  ])
  t.strictSame(usage.readings, [])
})

t.test('frames are the same however the bytes are cut', async t => {
  const bytes = Buffer.from(
    [
      frames(created, delta('Hé €'), delta(' 😀\n"')),
      'data: {"type":"response.output_text.delta",\r\ndata: "delta":"€"}\r\n\r\n',
      'data: {broken\n\n',
      frames({ type: 'codex.rate_limits' }, completed),
    ].join(''),
  )
  const { upstream, ask } = await start(t, [stream(bytes)])
  const expected = await ask()
  t.strictSame(
    expected.map(({ type }) => type),
    [
      'response.created',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.output_text.delta',
      'response.completed',
    ],
  )
  upstream.play(streamInPieces([...bytes].map(byte => Uint8Array.of(byte))))
  t.strictSame(await ask(), expected, 'byte by byte')
  const cuts = fc.uniqueArray(fc.integer({ min: 1, max: bytes.length - 1 }), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(cuts, async places => {
      const edges = [0, ...places.toSorted((a, b) => a - b), bytes.length]
      const pieces = edges.slice(1).map((end, i) => bytes.subarray(edges[i], end))
      upstream.play(streamInPieces(pieces))
      const told = await ask()
      return JSON.stringify(told) === JSON.stringify(expected)
    }),
    { numRuns: 60 },
  )
})

t.test(
  'an answer ends with its terminal event, and its connection serves the next one',
  async t => {
    const ports: (number | undefined)[] = []
    const { ask } = await start(t, [
      (response, request) => {
        ports.push(response.socket?.remotePort)
        return stream(frames(created, { type: 'response.incomplete' }))(response, request)
      },
    ])
    for (let i = 0; i < 3; i++) {
      t.strictSame(
        (await ask()).map(({ type }) => type),
        ['response.created', 'response.incomplete'],
      )
      await new Promise(resolve => setImmediate(resolve))
    }
    t.equal(new Set(ports).size, 1)
  },
)

t.test('an answer that is not whole is thrown, never ended', async t => {
  const { upstream, ask } = await start(t, [stream(frames(created, delta('part')))])
  await t.rejects(ask(), { code: 'upstream_stream_incomplete' })
  upstream.play(stream(frames(created, delta('part')).slice(0, -1)))
  await t.rejects(ask(), { code: 'upstream_stream_incomplete' })
  upstream.play(stream(frames(created, completed).slice(0, -1)))
  t.equal((await ask()).length, 2, 'a terminal event lacks its blank line only')
  const error = { code: 'server_is_overloaded', message: 'busy' }
  upstream.play(stream(frames(created, { type: 'response.failed', response: { error } } as never)))
  await t.rejects(ask(), error)
  upstream.play(stream(frames({ type: 'error', ...error } as never)))
  await t.rejects(ask(), error)
  upstream.play(stream('data: {\n\n'.repeat(101)))
  await t.rejects(ask(), { code: 'upstream_invalid_response' })
})

t.test('bad events are skipped and told of once', async t => {
  const { ask, log } = await start(t, [
    stream(`${frames(created)}data: {broken\n\ndata: 7\n\n${frames(completed)}`),
  ])
  t.equal((await ask()).length, 2)
  t.strictSame(log.entries, [
    { level: 'warn', message: 'upstream sent events that are not valid', fields: { count: 2 } },
  ])
})

t.test('silence runs into the limit, and an abort ends with its reason', async t => {
  const hang: Answer = response => {
    openStream(response)
    response.write(frames(created))
  }
  const { upstream, relay, ask } = await start(t, [hang], { idleTimeoutMs: 40 })
  await t.rejects(ask(), { code: 'upstream_timeout' })
  await upstream.requests[0]?.closed

  const reason = new Error('the client left')
  const leaving = new AbortController()
  const answer = await relay.relay(relayRequest(), credentials, leaving.signal)
  await t.rejects(async () => {
    for await (const { type } of answer) if (type === 'response.created') leaving.abort(reason)
  }, reason)
  await upstream.requests[1]?.closed
})

t.test('what is told of usage is recorded: in the head, in an event, in a failure', async t => {
  const event = {
    type: 'codex.rate_limits',
    plan_type: 'pro',
    rate_limits: { primary: { used_percent: 5, window_minutes: 300, reset_at: 3600 } },
  }
  const error = { type: 'usage_limit_reached', message: 'm', resets_at: 7200 }
  const failed = { type: 'response.failed', response: { error } }
  const { ask, usage } = await start(t, [
    response =>
      void response
        .writeHead(200, { 'content-type': 'text/event-stream', 'x-codex-plan-type': 'plus' })
        .end(frames(created, event, failed as never)),
  ])
  await t.rejects(ask(), { code: 'usage_limit_reached' })
  t.match(usage.readings, [
    { accountId: 'account-1', planType: 'plus' },
    { planType: 'pro', limits: [{ windows: [{ usedPercent: 5 }] }] },
    { limitReachedUntil: 7200 },
  ])
})

t.test('the form that a model took is remembered, whoever asked', async t => {
  const refuse = json(400, { detail: "Unsupported value: 'reasoning.context'" })
  const { upstream, ask, model } = await start(t, [refuse, whole])
  const chat = { ...chatRequest(), model: 'gpt-6-sol' }
  for await (const _ of await model.respond(chat, credentials, never));
  await ask({ model: 'gpt-6-sol' })
  t.strictSame(upstream.requests.map(isLite), [true, false, false])
})

const wrappedCall = { type: 'function_call', name: 'look', namespace: 'functions' }
const calling = stream(
  frames(created, { type: 'response.output_item.done', item: wrappedCall } as never, completed),
)

t.test('the namespace of the lite form is hidden from a client that does not know it', async t => {
  const { upstream, ask } = await start(t, [calling])
  const told = await ask({ model: 'gpt-6-sol', tools: [look] })
  t.equal(
    told[1]?.data,
    '{"type":"response.output_item.done","item":{"type":"function_call","name":"look"}}',
  )
  t.equal(upstream.requests[0]?.body.input[0].tools[0].name, 'functions')

  const theirs = { type: 'additional_tools', role: 'developer', tools: [look] }
  const own = await ask({ model: 'gpt-6-sol', input: [theirs, userItem('hi')] })
  t.match(own[1]?.data, '"namespace":"functions"', 'it brought the tools itself')
})

t.test('what is hidden hangs on the form that was taken in the end', async t => {
  const refuse = json(400, { detail: 'Unsupported parameter: additional_tools' })
  const { upstream, ask } = await start(t, [refuse, calling])
  const told = await ask({ model: 'gpt-6-sol', tools: [look] })
  t.strictSame(upstream.requests.map(isLite), [true, false])
  t.match(told[1]?.data, '"namespace":"functions"')
})

const filesCall = {
  type: 'function_call',
  call_id: 'call_1',
  name: 'read',
  arguments: '{}',
  namespace: 'files',
}
const noNamespace = json(400, {
  error: {
    message: "Unknown parameter: 'input[1].namespace'.",
    type: 'invalid_request_error',
    param: 'input[1].namespace',
    code: 'unknown_parameter',
  },
})
const namespaces = ({ body }: UpstreamRequest) =>
  body.input.map(({ namespace }: { namespace?: string }) => namespace)

t.test('a namespace that is refused is left out, once, in the same form', async t => {
  const input = [userItem('hi'), filesCall, { ...filesCall, type: 'custom_tool_call' }]
  const { upstream, ask } = await start(t, [noNamespace, whole])
  await ask({ input })
  t.strictSame(upstream.requests.map(namespaces), [
    [undefined, 'files', 'files'],
    [undefined, undefined, undefined],
  ])
  t.strictSame(upstream.requests.map(isLite), [false, false])
  upstream.play(noNamespace, whole)
  await ask({ model: 'gpt-6-sol', input })
  t.strictSame(upstream.requests.slice(2).map(isLite), [true, true])
  upstream.play(whole)
  await ask()
  t.equal(upstream.requests[4] && isLite(upstream.requests[4]), false, 'no form was learned')
})

t.test('a namespace that is refused once more, or was not sent, is final', async t => {
  const { upstream, ask } = await start(t, [noNamespace])
  const refusal = { upstream: { code: 'unknown_parameter' } } as never
  await t.rejects(ask({ input: [userItem('hi'), filesCall] }), refusal)
  t.equal(upstream.requests.length, 2)
  await t.rejects(
    ask({ input: [userItem('hi'), { ...filesCall, namespace: 'functions' }] }),
    refusal,
  )
  t.equal(upstream.requests.length, 3)
  t.strictSame(upstream.requests.map(isLite), [false, false, false])
})

t.test('what is refused besides a namespace is left out as well', async t => {
  const input = [sealed, filesCall]
  const { upstream, ask } = await start(t, [
    noNamespace,
    unreadable,
    json(400, { detail: 'Unsupported parameter: tools' }),
    whole,
  ])
  await ask({ input })
  t.strictSame(upstream.requests.map(namespaces), [
    [undefined, 'files'],
    [undefined, undefined],
    [undefined],
    [undefined],
  ])
  t.strictSame(upstream.requests.map(isLite), [false, false, false, true])
})

t.test('reasoning that is refused is left out, once', async t => {
  const input = [userItem('hi'), sealed, userItem('more')]
  const { upstream, ask } = await start(t, [unreadable, whole])
  await ask({ input })
  t.strictSame(upstream.requests.map(inputTypes), [
    ['message', 'reasoning', 'message'],
    ['message', 'message'],
  ])
  upstream.play(unreadable)
  await t.rejects(ask({ input }), { upstream: { code: 'invalid_encrypted_content' } } as never)
  t.equal(upstream.requests.length, 4)
  await t.rejects(ask(), { upstream: { code: 'invalid_encrypted_content' } } as never)
  t.equal(upstream.requests.length, 5, 'there is nothing to leave out')
})

t.test('a refusal is told as the error it is', async t => {
  const { upstream, ask } = await start(t, [json(400, { detail: 'Unsupported parameter: x' })])
  await t.rejects(ask(), { code: 'unsupported_parameter', param: 'x' })
  upstream.play(json(401, { detail: 'Unauthorized' }))
  await t.rejects(ask(), { code: 'chatgpt_login_required' })
  upstream.play(response => void response.writeHead(200).end('<html>'))
  await t.rejects(ask(), { code: 'upstream_invalid_response' })
})

const shorter = { id: 'resp_2', object: 'response.compaction', output: [{ type: 'compaction' }] }

t.test('a conversation is made shorter', async t => {
  const headers = { 'x-codex-plan-type': 'plus', 'x-models-etag': 'W/"2"' }
  const { upstream, compact, usage, etags } = await start(t, [json(200, shorter, headers)])
  const answer = await compact({
    model: 'gpt-6-sol',
    instructions: 'Be short.',
    input: [userItem('hi')],
    tools: [look],
    cacheKey: 'chat-1',
  })
  t.strictSame(answer, shorter)
  const [request] = upstream.requests
  t.equal(`${request?.method} ${request?.path}`, 'POST /codex/responses/compact')
  t.match(request?.headers, {
    authorization: 'Bearer canary-access',
    accept: 'application/json',
    'session-id': 'chat-1',
  })
  t.equal(request && isLite(request), false)
  t.strictSame(request?.body, {
    model: 'gpt-6-sol',
    instructions: 'Be short.',
    input: [userItem('hi')],
  })
  t.match(usage.readings, [{ planType: 'plus' }])
  t.strictSame(etags, ['W/"2"'])
})

t.test('a backend that does not shorten conversations is told as such', async t => {
  const { upstream, compact } = await start(t, [json(404, { detail: 'Not Found' })])
  const unsupported = { code: 'unsupported_endpoint', upstream: undefined }
  await t.rejects(compact(), unsupported)
  upstream.play(
    response => void response.writeHead(404, { 'content-type': 'text/html' }).end('<html>'),
  )
  await t.rejects(compact(), unsupported)
  upstream.play(json(405, { detail: 'Method Not Allowed' }))
  await t.rejects(compact(), unsupported)
  upstream.play(response => void response.writeHead(404).end('Model not found gpt-5.5'))
  await t.rejects(compact(), { code: 'model_not_found' })
})

t.test('a conversation that is not made shorter is told why', async t => {
  const limit = { type: 'usage_limit_reached', message: 'm', resets_at: 7200 }
  const { upstream, compact, usage } = await start(t, [json(429, { error: limit })])
  await t.rejects(compact(), { code: 'usage_limit_reached' })
  upstream.play(json(200, { error: limit }))
  await t.rejects(compact({ model: 'other' }), { code: 'usage_limit_reached' })
  await t.rejects(compact({ model: 'other' }), { code: 'usage_limit_reached' })
  t.equal(upstream.requests.length, 2, 'the third is answered from memory')
  t.match(usage.readings, [{ limitReachedUntil: 7200 }, { limitReachedUntil: 7200 }])
  const third = { model: 'third' }
  upstream.play(json(401, {}))
  await t.rejects(compact(third), { code: 'chatgpt_login_required' })
  upstream.play(json(400, { detail: 'Unsupported parameter: tools' }))
  await t.rejects(compact(third), { code: 'unsupported_parameter', param: 'tools' })
  t.equal(upstream.requests.length, 4, 'there is no other form')
  for (const body of ['<html>', '[]', '{"output":7}', '']) {
    upstream.play(response => void response.writeHead(200).end(body))
    await t.rejects(compact(third), { code: 'upstream_invalid_response' }, body)
  }
  upstream.play(response => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{', () => response.socket?.resetAndDestroy())
  })
  await t.rejects(compact(third), { code: 'upstream_connection_error' })
})

t.test('a conversation is made shorter without reasoning that is refused', async t => {
  const { upstream, compact } = await start(t, [unreadable, json(200, shorter)])
  t.strictSame(await compact({ input: [userItem('hi'), sealed] }), shorter)
  t.strictSame(upstream.requests.map(inputTypes), [['message', 'reasoning'], ['message']])
})

t.test('a conversation is made shorter without namespaces that are refused', async t => {
  const { upstream, compact } = await start(t, [noNamespace, json(200, shorter)])
  t.strictSame(await compact({ input: [userItem('hi'), filesCall] }), shorter)
  t.strictSame(upstream.requests.map(namespaces), [
    [undefined, 'files'],
    [undefined, undefined],
  ])
})

t.test('a shortened conversation that never ends is cut, in time and in size', async t => {
  const { upstream, compact } = await start(t, [() => {}], { idleTimeoutMs: 50 })
  await t.rejects(compact(), {
    code: 'upstream_timeout',
    message:
      'The upstream did not shorten the conversation within 0.05 seconds. CHATGPT_LOCAL_IDLE_TIMEOUT sets the limit.',
  })
  await upstream.requests[0]?.closed
  upstream.play(response => {
    response.write('{')
    const dripping = setInterval(() => response.write(' '), 5)
    response.on('close', () => clearInterval(dripping))
  })
  await t.rejects(compact(), { code: 'upstream_timeout' })
  await upstream.requests[1]?.closed
})

t.test('a shortened conversation that is too large is cut', async t => {
  const { upstream, compact } = await start(t, [
    response => {
      const more = () => response.write('x'.repeat(1024 * 1024)) && setImmediate(more)
      response.on('drain', more)
      more()
    },
  ])
  await t.rejects(compact(), {
    code: 'upstream_response_too_large',
    message: 'The upstream sent an answer larger than 64 MiB.',
  })
  await upstream.requests[0]?.closed
})

t.test('nothing is left waiting for a client that has its answer', async t => {
  const { upstream, ask, compact } = await start(t, [whole])
  const { signal } = new AbortController()
  const listeners = () => getEventListeners(signal, 'abort').length
  await ask({}, signal)
  t.equal(listeners(), 0, 'a response')
  upstream.play(json(400, { detail: 'no' }))
  await t.rejects(ask({}, signal))
  t.equal(listeners(), 0, 'a refusal')
  upstream.play(json(200, shorter))
  await compact({}, signal)
  t.equal(listeners(), 0, 'a shortened conversation')
  upstream.play(json(400, { detail: 'no' }))
  await t.rejects(compact({}, signal))
  t.equal(listeners(), 0, 'one that is refused')
})

t.test('an abort ends the wait for a shortened conversation with its reason', async t => {
  const reason = new Error('the client left')
  const leaving = new AbortController()
  const { upstream, compact } = await start(t, [() => leaving.abort(reason)])
  await t.rejects(compact({}, leaving.signal), reason)
  await upstream.requests[0]?.closed
})
