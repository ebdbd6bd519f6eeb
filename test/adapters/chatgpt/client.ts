import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { type ChatgptOptions, createChatgptModel } from '../../../src/adapters/chatgpt/client.ts'
import { KNOWN_MODELS } from '../../../src/adapters/chatgpt/known-models.ts'
import { createResponsesCall } from '../../../src/adapters/chatgpt/responses-call.ts'
import type { ChatRequest } from '../../../src/domain/conversation.ts'
import type { ModelEvent } from '../../../src/domain/events.ts'
import { chatRequest } from '../../fakes/chat-request.ts'
import { fakeChatgptOptions } from '../../fakes/chatgpt-options.ts'
import { createGate } from '../../fakes/http-service.ts'
import { startFetch } from '../../fakes/outbound.ts'
import {
  type Answer,
  frames,
  json,
  openStream,
  startUpstream,
  stream,
  streamInPieces,
  type UpstreamServer,
} from '../../fakes/upstream-server.ts'

const recording = (name: string) =>
  readFileSync(new URL(`../../recordings/${name}.sse`, import.meta.url))
const credentials = { accessToken: 'canary-access', accountId: 'account-1' }
const delta = (text: string) => ({
  type: 'response.output_text.delta',
  output_index: 0,
  content_index: 0,
  delta: text,
})
const created = { type: 'response.created', response: { id: 'resp_1', created_at: 5 } }

async function start(t: Test, ...answers: Answer[]) {
  // Closed last: it waits for the connections that the upstream then has closed.
  const fetch = startFetch(t)
  const upstream = await startUpstream(...answers)
  t.teardown(() => upstream.close())
  return { upstream, fetch }
}

async function startModel(t: Test, answers: Answer[], over: Partial<ChatgptOptions> = {}) {
  const { upstream, fetch } = await start(t, ...answers)
  const { options, log, usage, dates, etags } = fakeChatgptOptions(upstream.url, fetch, over)
  const model = createChatgptModel(createResponsesCall(options), options)
  const ask = async (
    request: Partial<ChatRequest> = {},
    signal: AbortSignal = new AbortController().signal,
    who = credentials,
  ) => {
    const events: ModelEvent[] = []
    for await (const event of await model.respond(chatRequest(request), who, signal)) {
      events.push(event)
    }
    return events
  }
  return { upstream, model, log, usage, dates, etags, ask }
}

function lastClosed(upstream: UpstreamServer): Promise<unknown> {
  return upstream.requests.at(-1)?.closed ?? Promise.reject(new Error('no request'))
}

t.test('a request is signed and says who we are', async t => {
  const { upstream, ask } = await startModel(t, [stream(recording('text'))])
  await ask({ cacheKey: 'chat-1' })
  const [request] = upstream.requests
  t.equal(`${request?.method} ${request?.path}`, 'POST /codex/responses')
  t.match(request?.headers, {
    authorization: 'Bearer canary-access',
    'chatgpt-account-id': 'account-1',
    'content-type': 'application/json',
    accept: 'text/event-stream',
    originator: 'chatmock',
    'user-agent': 'chatmock/test',
    'session-id': 'chat-1',
  })
  t.notOk(request?.headers['x-openai-internal-codex-responses-lite'])
  t.equal(request?.body.prompt_cache_key, 'chat-1')
})

t.test('a model that wants it gets the lite form', async t => {
  const { upstream, ask } = await startModel(t, [stream(recording('text'))])
  await ask({ model: 'gpt-6-sol' })
  t.equal(upstream.requests[0]?.headers['x-openai-internal-codex-responses-lite'], 'true')
  t.equal(upstream.requests[0]?.body.reasoning.context, 'all_turns')
})

t.test('a cache key that could not be a header stays in the body', async t => {
  const { upstream, ask } = await startModel(t, [stream(recording('text'))])
  await ask({ cacheKey: 'Käse\r\nx: y' })
  t.notOk(upstream.requests[0]?.headers['session-id'])
  t.notOk(upstream.requests[0]?.headers['x'])
  t.equal(upstream.requests[0]?.body.prompt_cache_key, 'Käse\r\nx: y')
})

t.test('an answer is the same however its bytes are cut', async t => {
  const bytes = Buffer.from(
    frames(created, delta('Hé'), delta('llo €'), delta(' 😀'), { type: 'response.completed' }),
  )
  const { upstream, ask } = await startModel(t, [stream(bytes)])
  const whole = await ask()
  t.strictSame(
    whole.map(event => event.type),
    ['started', 'text', 'text', 'text', 'finished'],
  )
  upstream.play(streamInPieces([...bytes].map(byte => Uint8Array.of(byte))))
  t.strictSame(await ask(), whole)
  const euro = bytes.indexOf(Buffer.from('€')) + 1
  upstream.play(streamInPieces([bytes.subarray(0, euro), bytes.subarray(euro)]))
  t.strictSame(await ask(), whole)
  upstream.play(
    stream(
      bytes.toString().replaceAll('\n', '\r\n: note\r\n').replaceAll(': note\r\n\r\n', '\r\n'),
    ),
  )
  t.strictSame(await ask(), whole)
})

t.test('a connection whose answer was read to the end serves the next one', async t => {
  const ports: (number | undefined)[] = []
  const { ask } = await startModel(t, [
    (response, request) => {
      ports.push(response.socket?.remotePort)
      return stream(recording('text'))(response, request)
    },
  ])
  for (let i = 0; i < 3; i++) {
    await ask()
    await new Promise(resolve => setImmediate(resolve))
  }
  t.equal(ports.length, 3)
  t.equal(new Set(ports).size, 1)
})

t.test('a 200 that is a JSON error is that error', async t => {
  const error = { code: 'server_is_overloaded', message: 'busy' }
  const { ask } = await startModel(t, [json(200, { error })])
  await t.rejects(ask(), error)
})

t.test('the end of the answer closes the connection, whatever follows', async t => {
  const { upstream, ask } = await startModel(t, [
    response => {
      openStream(response)
      response.write(frames(created, { type: 'response.completed' }, delta('late')))
    },
  ])
  t.strictSame(
    (await ask()).map(event => event.type),
    ['started', 'finished'],
  )
  await lastClosed(upstream)
})

t.test('a terminal event that lacks its blank line counts, another does not', async t => {
  const { upstream, ask } = await startModel(t, [
    stream(frames(created, { type: 'response.completed' }).slice(0, -1)),
  ])
  t.strictSame(
    (await ask()).map(event => event.type),
    ['started', 'finished'],
  )
  upstream.play(stream(frames(created, delta('a')).slice(0, -1)))
  await t.rejects(ask(), { code: 'upstream_stream_incomplete' })
})

t.test('what a terminal event brings itself is told even if it lacks its blank line', async t => {
  const item = { type: 'message', content: [{ type: 'output_text', text: 'late' }] }
  const completed = { type: 'response.completed', response: { output: [item] } }
  const { ask } = await startModel(t, [stream(frames(created, completed).slice(0, -1))])
  t.match(await ask(), [
    { type: 'started' },
    { type: 'text', text: '"late"' },
    { type: 'finished' },
  ])
})

t.test('an answer that ends early is incomplete, by FIN and by RST', async t => {
  const { upstream, ask } = await startModel(t, [stream(frames(created, delta('part')))])
  await t.rejects(ask(), { code: 'upstream_stream_incomplete' })
  upstream.play(response => {
    openStream(response)
    response.write(frames(created, delta('part')), () => response.socket?.resetAndDestroy())
  })
  await t.rejects(ask(), { code: 'upstream_stream_incomplete' })
})

t.test('bad events are skipped and told of once', async t => {
  const bad = 'data: {broken\n\ndata: 7\n\ndata: {"type":"response.future_event"}\n\nevent: x\n\n'
  const { log, ask } = await startModel(t, [
    stream(
      `${frames(created, delta('A'))}${bad}${frames(delta('B'), { type: 'response.completed' })}`,
    ),
  ])
  t.strictSame(
    (await ask()).map(event => event.type),
    ['started', 'text', 'text', 'finished'],
  )
  t.strictSame(log.entries, [
    { level: 'warn', message: 'upstream sent events that are not valid', fields: { count: 2 } },
  ])
})

t.test('a hundred bad events in a row are passed over, one more is too many', async t => {
  const { upstream, ask } = await startModel(t, [
    stream(`${'data: {\n\n'.repeat(100)}${frames({ type: 'response.completed' })}`),
  ])
  t.strictSame(
    (await ask()).map(event => event.type),
    ['finished'],
  )
  upstream.play(stream('data: {\n\n'.repeat(101)))
  await t.rejects(ask(), { code: 'upstream_invalid_response' })
})

t.test('a refusal is told as the error it is', async t => {
  const { ask } = await startModel(t, [json(400, { detail: 'Unsupported parameter: x' })])
  await t.rejects(ask(), { code: 'unsupported_parameter', param: 'x' })
})

t.test('an endless refusal is cut', async t => {
  const { upstream, ask } = await startModel(t, [
    response => {
      response.writeHead(500, { 'content-type': 'text/plain' })
      const more = () => response.write('x'.repeat(16_384)) && setImmediate(more)
      response.on('drain', more)
      more()
    },
  ])
  await t.rejects(ask(), { code: 'upstream_error' })
  await lastClosed(upstream)
})

t.test('a redirect is not followed', async t => {
  const { upstream, ask } = await startModel(t, [
    (response, request) => {
      t.equal(request.path, '/codex/responses')
      response.writeHead(307, { location: '/elsewhere' }).end()
    },
  ])
  await t.rejects(ask(), { code: 'upstream_redirect' })
  t.equal(upstream.requests.length, 1)
})

t.test('a 200 that is no event stream is not an answer', async t => {
  const { upstream, ask } = await startModel(t, [
    response => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
  ])
  await t.rejects(ask(), { code: 'upstream_invalid_response' })
  await lastClosed(upstream)
})

t.test('a backend that cannot be reached is named by its code', async t => {
  const { upstream, ask } = await startModel(t, [])
  await upstream.close()
  await t.rejects(ask(), {
    code: 'upstream_connection_error',
    message:
      'No connection to the upstream (ECONNREFUSED). Check the network, the proxy settings and CHATGPT_LOCAL_BASE_URL.',
  })
})

t.test('no head, no event and silence each run into their limit', async t => {
  const times = { firstEventTimeoutMs: 60, idleTimeoutMs: 40 }
  const hang: Answer = () => {}
  const { upstream, ask } = await startModel(t, [hang], times)
  const timeout = { code: 'upstream_timeout' }
  await t.rejects(ask(), timeout, 'no head')
  await lastClosed(upstream)
  upstream.play(response => {
    openStream(response)
    const comments = setInterval(() => response.write(': still here\n\n'), 5)
    response.on('close', () => clearInterval(comments))
  })
  await t.rejects(ask(), timeout, 'no event, although there are comments')
  await lastClosed(upstream)
  upstream.play(response => {
    openStream(response)
    response.write(frames(created, delta('a')))
  })
  await t.rejects(ask(), { ...timeout, message: /silent for 0\.04 seconds/ }, 'silence')
  await lastClosed(upstream)
})

t.test('comments show that an answer is still coming', async t => {
  const { ask } = await startModel(
    t,
    [
      response => {
        openStream(response)
        response.write(frames(created))
        let comments = 0
        const timer = setInterval(() => {
          if (++comments < 20) response.write(': still here\n\n')
          else {
            clearInterval(timer)
            response.end(frames({ type: 'response.completed' }))
          }
        }, 20)
      },
    ],
    { idleTimeoutMs: 200 },
  )
  t.strictSame(
    (await ask()).map(event => event.type),
    ['started', 'finished'],
  )
})

t.test('the time that the reader takes is not held against the backend', async t => {
  const { model } = await startModel(
    t,
    [
      response => {
        openStream(response)
        response.write(frames(created))
        setTimeout(() => response.end(frames(delta('a'), { type: 'response.completed' })), 100)
      },
    ],
    { idleTimeoutMs: 30 },
  )
  const answer = await model.respond(chatRequest(), credentials, new AbortController().signal)
  const events = answer[Symbol.asyncIterator]()
  t.match(await events.next(), { value: { type: 'started' } })
  await new Promise(resolve => setTimeout(resolve, 120))
  t.match(await events.next(), { value: { type: 'text' } })
  t.match(await events.next(), { value: { type: 'finished' } })
})

t.test('an abort ends the call with its reason and closes the connection', async t => {
  const { upstream, model } = await startModel(t, [() => {}])
  const reason = new Error('the client left')
  const before = new AbortController()
  before.abort(reason)
  await t.rejects(model.respond(chatRequest(), credentials, before.signal), reason)
  t.equal(upstream.requests.length, 0)

  const waiting = new AbortController()
  upstream.play(() => waiting.abort(reason))
  await t.rejects(model.respond(chatRequest(), credentials, waiting.signal), reason)
  await lastClosed(upstream)

  const reading = new AbortController()
  upstream.play(response => {
    openStream(response)
    response.write(frames(created))
  })
  const answer = await model.respond(chatRequest(), credentials, reading.signal)
  await t.rejects(async () => {
    for await (const event of answer) if (event.type === 'started') reading.abort(reason)
  }, reason)
  await lastClosed(upstream)
})

t.test('a reader that stops early closes the connection', async t => {
  const { upstream, model } = await startModel(t, [
    response => {
      openStream(response)
      response.write(frames(created))
    },
  ])
  const answer = await model.respond(chatRequest(), credentials, new AbortController().signal)
  for await (const event of answer) {
    t.equal(event.type, 'started')
    break
  }
  await lastClosed(upstream)
})

t.test('a form that is refused is tried in the other form, which is remembered', async t => {
  const refuse = json(400, { detail: "Unsupported value: 'reasoning.context'" })
  const { upstream, log, ask } = await startModel(t, [refuse, stream(recording('text'))])
  await ask({ model: 'gpt-6-sol' })
  await ask({ model: 'gpt-6-sol' })
  const lite = upstream.requests.map(
    ({ headers }) => headers['x-openai-internal-codex-responses-lite'],
  )
  t.strictSame(lite, ['true', undefined, undefined])
  t.strictSame(log.entries, [
    {
      level: 'info',
      message: 'model takes another request form',
      fields: { model: 'gpt-6-sol', form: 'normal' },
    },
  ])
})

t.test('a refusal that names tools or the namespace is about the form', async t => {
  const refusals = [
    { detail: 'Unsupported parameter: tools' },
    { error: { message: "Unknown parameter: 'tools'.", param: 'tools' } },
    { error: { message: "Invalid value: 'namespace'.", param: 'input[0].tools[0].type' } },
    { error: { message: 'Responses Lite is not enabled for this model.' } },
  ]
  for (const refusal of refusals) {
    const { upstream, ask } = await startModel(t, [json(400, refusal), stream(recording('text'))])
    await ask()
    t.equal(upstream.requests.length, 2)
  }
  const { upstream, ask } = await startModel(t, [json(400, { detail: 'Store must be false' })])
  await t.rejects(ask(), { code: 'upstream_refused' })
  t.equal(upstream.requests.length, 1, 'any other refusal is final')
})

const takenAs = ({ requests }: UpstreamServer) =>
  requests.map(({ headers }) =>
    headers['x-openai-internal-codex-responses-lite'] === 'true' ? 'lite' : 'normal',
  )
const noLite = json(400, { detail: "Unsupported value: 'reasoning.context'" })
const noNormal = json(400, { detail: 'Unsupported parameter: tools' })
const text = stream(recording('text'))

t.test("one client's bad tool changes the form for nobody", async t => {
  const error = {
    message: "Invalid schema for function 'look': tools need a type.",
    type: 'invalid_request_error',
    param: 'tools[0].parameters',
    code: 'invalid_function_parameters',
  }
  const { upstream, ask } = await startModel(t, [json(400, { error }), text])
  await t.rejects(ask(), { code: 'upstream_refused', param: 'tools[0].parameters' })
  t.equal(upstream.requests.length, 1)
  await ask()
  t.strictSame(takenAs(upstream), ['normal', 'normal'])
})

t.test('a form is remembered for the account that it was learned with', async t => {
  const { upstream, ask } = await startModel(t, [noLite, text])
  const { signal } = new AbortController()
  const sol = { model: 'gpt-6-sol' }
  await ask(sol)
  await ask(sol, signal, { ...credentials, accountId: 'account-2' })
  await ask({ model: 'gpt-6-luna' })
  await ask(sol)
  t.strictSame(takenAs(upstream), ['lite', 'normal', 'lite', 'lite', 'normal'])
})

t.test('a form that was learned is forgotten when it is refused', async t => {
  const { upstream, ask } = await startModel(t, [noLite, text])
  const sol = { model: 'gpt-6-sol' }
  await ask(sol)
  upstream.play(noNormal, json(429, { detail: 'slow down' }), text)
  await t.rejects(ask(sol), { code: 'rate_limit_exceeded' })
  await ask(sol)
  t.strictSame(takenAs(upstream), ['lite', 'normal', 'normal', 'lite', 'lite'])
})

t.test('what the form of the catalogue was refused for is what is told', async t => {
  const { upstream, ask } = await startModel(t, [noLite, text])
  const sol = { model: 'gpt-6-sol' }
  await ask(sol)
  upstream.play(noNormal, json(400, { detail: 'other' }))
  await t.rejects(ask(sol), { message: 'other' })
})

t.test('a form that the catalogue has come to name is not held on to', async t => {
  let models = KNOWN_MODELS
  const catalog = { list: () => models }
  const { upstream, ask } = await startModel(t, [noNormal, text], { catalog })
  await ask()
  upstream.play(json(400, { detail: 'Unsupported parameter: additional_tools' }), text)
  await ask()
  models = KNOWN_MODELS.map(model => ({ ...model, lite: true }))
  await ask()
  t.strictSame(takenAs(upstream), ['normal', 'lite', 'lite', 'normal', 'lite'])
})

t.test('a late refusal does not undo what another call has learned', async t => {
  const asked = createGate()
  const late = createGate()
  const refuseLate: Answer = async (response, request) => {
    asked.open()
    await late.passed
    return noLite(response, request)
  }
  const { upstream, ask } = await startModel(t, [refuseLate, noLite, text])
  const sol = { model: 'gpt-6-sol' }
  const slow = ask(sol)
  await asked.passed
  await ask(sol)
  upstream.play(json(429, { detail: 'slow down' }), text)
  late.open()
  await t.rejects(slow, { code: 'rate_limit_exceeded' })
  await ask(sol)
  t.strictSame(takenAs(upstream), ['lite', 'lite', 'normal', 'normal', 'normal'])
})

t.test('the forms of 256 models are remembered, the oldest is forgotten first', async t => {
  const { upstream, ask } = await startModel(t, [text])
  for (let i = 0; i < 257; i++) {
    upstream.play(noNormal, text)
    await ask({ model: `made-up-${i}` })
  }
  const before = upstream.requests.length
  await ask({ model: 'made-up-0' })
  await ask({ model: 'made-up-1' })
  t.strictSame(takenAs(upstream).slice(before), ['normal', 'lite'])
})

t.test('what the second try fails of is told, unless it is the form again', async t => {
  const refuse = json(400, { detail: 'Unsupported parameter: tools' })
  const limit = json(429, { error: { type: 'usage_limit_reached', message: 'm' } })
  const { ask } = await startModel(t, [refuse, limit])
  await t.rejects(ask(), { code: 'usage_limit_reached' })
})

t.test('a token that cannot be a header is not told in any error', async t => {
  const { model } = await startModel(t, [])
  const broken = { accessToken: 'tok\nSECRET', accountId: undefined }
  const failure = await model
    .respond(chatRequest(), broken, new AbortController().signal)
    .catch(error => error)
  t.match(failure, { code: 'upstream_connection_error', cause: undefined })
  t.notMatch(`${failure.message} ${failure.stack}`, 'SECRET')
})

t.test('where both forms are refused the first refusal is told and nothing is learned', async t => {
  const refuse = json(400, { detail: "The 'tools' are not accepted: use additional_tools" })
  const { upstream, ask } = await startModel(t, [refuse, json(400, { detail: 'other' }), refuse])
  await t.rejects(ask(), { message: "The 'tools' are not accepted: use additional_tools" })
  t.equal(upstream.requests.length, 2)
  upstream.play(stream(recording('text')))
  await ask()
  t.notOk(upstream.requests[2]?.headers['x-openai-internal-codex-responses-lite'])
})

t.test('where each form is refused for its form, each is tried once', async t => {
  const { upstream, ask } = await startModel(t, [
    json(400, { detail: 'Unsupported parameter: tools' }),
    json(400, { detail: 'Unsupported parameter: additional_tools' }),
  ])
  await t.rejects(ask(), { message: 'Unsupported parameter: tools' })
  t.equal(upstream.requests.length, 2)
})

/** The windows of the headers below, as they are read when the clock stands at 0. */
const fiveHours = { windowMinutes: 300, usedPercent: 100, resetsAt: 3600 }
const weekly = { windowMinutes: 10080, usedPercent: 40.5, resetsAt: 86400 }
const limitHeaders = {
  'x-codex-plan-type': 'plus',
  'x-codex-primary-used-percent': '100',
  'x-codex-primary-window-minutes': '300',
  'x-codex-primary-reset-at': '3600',
  'x-codex-secondary-used-percent': '40.5',
  'x-codex-secondary-window-minutes': '10080',
  'x-codex-secondary-reset-after-seconds': '86400',
}
const reading = (over: object) => ({
  accountId: 'account-1',
  planType: 'plus',
  limits: [{ id: 'codex', name: undefined, windows: [fiveHours, weekly] }],
  limitReachedUntil: undefined,
  ...over,
})

/** Plays an event stream that comes with headers. */
const streamWith =
  (headers: Record<string, string>, text: string | Uint8Array): Answer =>
  response =>
    void response.writeHead(200, { 'content-type': 'text/event-stream', ...headers }).end(text)

t.test('what the head of an answer tells besides is passed on', async t => {
  const date = 'Sun, 22 Nov 2026 12:00:00 GMT'
  const headers = { ...limitHeaders, date, 'x-models-etag': 'W/"models-2"' }
  const { upstream, usage, dates, etags, ask } = await startModel(t, [
    streamWith(headers, recording('text')),
  ])
  await ask()
  t.strictSame(usage.readings, [reading({})])
  t.strictSame(dates, [date])
  t.strictSame(etags, ['W/"models-2"'])

  upstream.play(json(500, {}, { ...headers, 'x-models-etag': 'W/"models-3"' }))
  await t.rejects(ask(), { code: 'upstream_error' })
  t.strictSame(usage.readings, [reading({}), reading({})])
  t.strictSame(dates, [date, date])
  t.strictSame(etags, ['W/"models-2"', 'W/"models-3"'])

  upstream.play(streamWith({ 'x-models-etag': '' }, recording('text')))
  await ask()
  t.equal(usage.readings.length, 2, 'a head that tells nothing is no reading')
  t.equal(etags.length, 2)
})

t.test('a usage limit is recorded until its reset, wherever it is told', async t => {
  const limit = { type: 'usage_limit_reached', message: 'm', plan_type: 'pro', resets_at: 7200 }
  const untold = { type: 'usage_limit_reached', message: 'm' }
  const { upstream, usage, ask } = await startModel(t, [json(429, { error: limit })])
  const alone = reading({ planType: 'pro', limits: [], limitReachedUntil: 7200 })
  const failed = frames(created, { type: 'response.failed', response: { error: limit } } as never)
  const answers: [string, Answer, readonly object[]][] = [
    ['in a body alone', json(429, { error: limit }), [alone]],
    [
      'in a body with headers',
      json(429, { error: limit }, limitHeaders),
      [reading({ planType: 'pro', limitReachedUntil: 7200 })],
    ],
    [
      'in a body without a time, with headers',
      json(429, { error: untold }, limitHeaders),
      [reading({ limitReachedUntil: 3600 })],
    ],
    ['without any time', json(429, { error: untold }), []],
    ['in a 200 that is JSON', json(200, { error: limit }), [alone]],
    ['inside a stream', stream(failed), [alone]],
  ]
  let seen = 0
  for (const [where, answer, expected] of answers) {
    upstream.play(answer)
    await t.rejects(ask({ model: where }), { code: 'usage_limit_reached' }, where)
    t.strictSame(usage.readings.slice(seen), expected, where)
    seen = usage.readings.length
  }
})

t.test('a limit that was hit is not asked about again and again, wherever it is told', async t => {
  const limit = { type: 'usage_limit_reached', message: 'm', resets_in_seconds: 3600 }
  const failed = frames(created, { type: 'response.failed', response: { error: limit } } as never)
  for (const answer of [json(429, { error: limit }), json(200, { error: limit }), stream(failed)]) {
    const { upstream, ask } = await startModel(t, [answer])
    for (let i = 0; i < 3; i++) {
      await t.rejects(ask(), { code: 'usage_limit_reached', usageLimit: { resetsInSeconds: 3600 } })
    }
    t.equal(upstream.requests.length, 1)
    const elsewhere = { accessToken: 'token', accountId: 'another' }
    await t.rejects(ask({}, undefined, elsewhere), { code: 'usage_limit_reached' })
    t.equal(upstream.requests.length, 2, 'another account has a limit of its own')
  }
})

t.test('the limit of one model is not taken for that of the account', async t => {
  const limit = { type: 'usage_limit_reached', message: 'm', resets_at: 7200 }
  const spark = {
    ...limitHeaders,
    'x-codex-active-limit': 'codex-bengalfox',
    'x-codex-rate-limit-reached-type': 'rate_limit_reached',
    'x-codex-primary-used-percent': '27',
    'x-codex-bengalfox-primary-used-percent': '100',
    'x-codex-bengalfox-primary-window-minutes': '300',
    'x-codex-bengalfox-primary-reset-at': '7200',
  }
  const { usage, ask } = await startModel(t, [json(429, { error: limit }, spark)])
  await t.rejects(ask(), { code: 'usage_limit_reached' })
  t.match(usage.readings, [
    {
      limits: [
        { id: 'codex', windows: [{ usedPercent: 27 }] },
        { id: 'codex_bengalfox', windows: [{ usedPercent: 100 }] },
      ],
      limitReachedUntil: undefined,
    },
  ])
})

t.test('a failure that is no usage limit says nothing of usage', async t => {
  const error = { code: 'server_is_overloaded', message: 'busy' }
  const failed = frames(created, { type: 'response.failed', response: { error } } as never)
  const { upstream, usage, ask } = await startModel(t, [stream(failed)])
  await t.rejects(ask(), { code: 'server_is_overloaded' })
  upstream.play(json(503, { error }))
  await t.rejects(ask(), { code: 'server_is_overloaded' })
  t.strictSame(usage.readings, [])
})

t.test('an event about usage is recorded', async t => {
  const event = {
    type: 'codex.rate_limits',
    plan_type: 'plus',
    rate_limits: {
      primary: { used_percent: 100, window_minutes: 300, reset_at: 3600 },
      secondary: { used_percent: 40.5, window_minutes: 10080, reset_at: 86400 },
    },
  }
  const { usage, ask } = await startModel(t, [
    stream(frames(event, created, { type: 'response.completed' })),
  ])
  t.strictSame(
    (await ask()).map(({ type }) => type),
    ['started', 'finished'],
  )
  t.strictSame(usage.readings, [reading({})])
})
