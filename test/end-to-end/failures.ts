import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Json, readEvents, readJson, readStream } from '../fakes/api-client.ts'
import {
  type BackendEvent,
  failed,
  inTurn,
  message,
  numbered,
  STARTED,
} from '../fakes/backend-events.ts'
import { plays, type ScriptedService, startScripted } from '../fakes/chat-service.ts'
import { type Answer, frames, json, openStream } from '../fakes/upstream-server.ts'

const CHAT = '/v1/chat/completions'
const COMPLETIONS = '/v1/completions'
const RESPONSES = '/v1/responses'
const PATHS = [CHAT, COMPLETIONS, RESPONSES]

/** A service that takes one body at all three endpoints. */
const start = (t: Test) =>
  startScripted(t, CHAT, {
    model: 'gpt-5.5',
    messages: [{ role: 'user', content: 'hi' }],
  })
const BODIES: Readonly<Record<string, object>> = {
  [CHAT]: {},
  [COMPLETIONS]: { messages: undefined, prompt: 'hi' },
  [RESPONSES]: { messages: undefined, input: 'hi' },
}

/** Asks every endpoint in both ways and sees the same failure, which is returned once. */
async function failureOf(
  t: Test,
  { ask, upstream }: ScriptedService,
  answer: Answer,
  title: string,
): Promise<Json> {
  const seen = new Map<string, Json>()
  for (const path of PATHS) {
    for (const stream of [false, true]) {
      upstream.play(answer)
      const response = await ask({ ...BODIES[path], stream }, {}, path)
      t.match(response.headers.get('content-type'), /^application\/json/, title)
      t.match(response.headers.get('x-request-id'), /^req_/, title)
      const { error } = await readJson(response)
      t.ok(error.message, title)
      const facts = {
        status: response.status,
        retry: response.headers.get('x-should-retry'),
        after: response.headers.get('retry-after'),
        ...error,
      }
      seen.set(JSON.stringify({ ...facts, resets_in_seconds: 0, resets_at: 0 }), facts)
    }
  }
  t.equal(seen.size, 1, `${title}: ${[...seen.keys()].join(' ')}`)
  return [...seen.values()][0]
}

const text =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  response => {
    response.writeHead(status, headers)
    response.end(body)
  }

t.test('a refusal of the backend in any shape becomes the one envelope', async t => {
  const service = await start(t)
  const html = { 'content-type': 'text/html' }
  for (const [title, answer, expected] of [
    [
      'detail',
      json(400, { detail: 'Unsupported parameter: x' }),
      { status: 400, type: 'invalid_request_error', param: 'x', code: 'unsupported_parameter' },
    ],
    [
      'detail, without a code',
      json(400, { detail: 'Bad thing' }),
      { status: 400, type: 'invalid_request_error', param: null, message: 'Bad thing' },
    ],
    [
      'detail, an object',
      json(400, { detail: { message: 'Bad thing', code: 'bad_thing' } }),
      { status: 400, param: null, code: 'bad_thing', message: 'Bad thing' },
    ],
    [
      'detail, a list',
      json(422, { detail: [{ loc: ['body', 'x'], msg: 'Bad thing', type: 'value_error' }] }),
      { status: 422, message: 'Bad thing' },
    ],
    [
      'error',
      json(400, { error: { message: 'm', type: 'invalid_request_error', param: 'p', code: 'c' } }),
      { status: 400, type: 'invalid_request_error', param: 'p', code: 'c', message: 'm' },
    ],
    [
      'context length',
      json(400, { error: { message: 'too long', code: 'context_length_exceeded' } }),
      { status: 400, type: 'invalid_request_error', code: 'context_length_exceeded' },
    ],
    [
      // The client may read its own words, the log may not.
      'a quotation',
      json(400, { error: { message: 'Bad: CANARY', code: 'bad_thing' } }),
      { status: 400, code: 'bad_thing', message: 'Bad: CANARY' },
    ],
    ['text', text(400, 'Bad thing'), { status: 400, message: 'Bad thing' }],
    ['empty', text(400, ''), { status: 400, type: 'invalid_request_error' }],
    ['empty fault', text(500, ''), { status: 502, type: 'server_error', code: 'upstream_error' }],
    [
      'HTML fault',
      text(502, '<html><h1>Bad gateway CANARY</h1></html>', html),
      { status: 502, type: 'server_error', code: 'upstream_error', message: /^(?!.*CANARY)/s },
    ],
    [
      'blocked',
      text(403, '<html>Just a moment CANARY</html>', html),
      { status: 502, code: 'upstream_blocked', message: /^(?!.*CANARY)/s },
    ],
    [
      'forbidden',
      json(403, { detail: 'No entitlement' }),
      { status: 403, message: 'No entitlement' },
    ],
    [
      'no such model',
      text(404, 'Model not found gpt-5.5'),
      { status: 404, type: 'invalid_request_error', param: 'model', code: 'model_not_found' },
    ],
    [
      'overloaded',
      json(503, { error: { code: 'server_is_overloaded', message: 'm' } }),
      { status: 503, type: 'server_error', code: 'server_is_overloaded' },
    ],
    [
      'a short limit',
      json(429, { error: { code: 'rate_limit_exceeded', message: 'm' } }, { 'retry-after': '7' }),
      { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', after: '7' },
    ],
    [
      'a usage limit',
      json(429, {
        error: { type: 'usage_limit_reached', plan_type: 'plus', resets_in_seconds: 3600 },
      }),
      {
        status: 429,
        type: 'usage_limit_reached',
        code: 'usage_limit_reached',
        plan_type: 'plus',
        resets_in_seconds: 3600,
        resets_at: Number,
        retry: 'false',
        after: null,
      },
    ],
  ] as const) {
    t.match(await failureOf(t, service, answer, title), expected, title)
  }
  t.notMatch(JSON.stringify(service.log.entries), 'CANARY')
})

t.test('a failure before any output is a real status at every endpoint', async t => {
  const service = await start(t)
  for (const [events, expected] of [
    [[failed('server_error')], { status: 502, type: 'server_error', code: 'server_error' }],
    [[failed('invalid_prompt')], { status: 400, code: 'invalid_prompt' }],
    [[failed('context_length_exceeded')], { status: 400, code: 'context_length_exceeded' }],
    [[failed('server_is_overloaded')], { status: 503, code: 'server_is_overloaded' }],
    [
      [failed('rate_limit_exceeded', { message: 'Please try again in 1.5s.' })],
      { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', after: '2' },
    ],
    [
      [{ type: 'error', code: 'server_error', message: 'm', param: null }],
      { status: 502, code: 'server_error' },
    ],
    [[], { status: 502, type: 'server_error', code: 'upstream_stream_incomplete' }],
    // Last: from then on it is answered from memory.
    [
      [failed('usage_limit_reached', { plan_type: 'plus', resets_in_seconds: 60 })],
      { status: 429, type: 'usage_limit_reached', code: 'usage_limit_reached', retry: 'false' },
    ],
  ] as const) {
    const title = JSON.stringify(events)
    const answer = plays([...STARTED, ...events])
    t.match(await failureOf(t, service, answer, title), expected, title)
  }
})

t.test("a path in the backend's words becomes one in the client's", async t => {
  const { ask, upstream } = await start(t)
  const paramOf = async (param: string, path = CHAT) => {
    upstream.play(json(400, { error: { message: 'm', param, code: 'invalid_json_schema' } }))
    const format = { type: 'json_schema', json_schema: { name: 'n', schema: {} } }
    const body = { ...BODIES[path], ...(path === CHAT && { response_format: format }) }
    return (await readJson(await ask(body, {}, path))).error.param
  }
  t.equal(await paramOf('text.format.schema'), 'response_format.json_schema.schema')
  t.equal(await paramOf('text.format.schema', RESPONSES), 'text.format.schema')
})

const { added, pieces } = message(0, ['part'])
const BEGUN: readonly BackendEvent[] = numbered([...STARTED, added, ...pieces])
/** How each failure in mid-stream is told: its type, where that makes agents try again or stop, and its code. */
const MID_STREAM: readonly (readonly [BackendEvent | undefined, string | RegExp, string])[] = [
  [undefined, 'server_error', 'upstream_stream_incomplete'],
  [failed('server_error'), 'server_error', 'server_error'],
  [failed('server_is_overloaded'), 'server_error', 'server_is_overloaded'],
  [{ type: 'error', code: 'server_error', message: 'm' }, 'server_error', 'server_error'],
  [failed('rate_limit_exceeded'), /^(?!server_error)/, 'rate_limit_exceeded'],
  [failed('invalid_prompt'), /^(?!server_error)/, 'invalid_prompt'],
  [failed('cyber_policy'), /^(?!server_error)/, 'cyber_policy'],
  [failed('context_length_exceeded'), /^(?!server_error)/, 'context_length_exceeded'],
  [
    failed('usage_limit_reached', { plan_type: 'plus', resets_in_seconds: 3600 }),
    /^(?!server_error)/,
    'usage_limit_reached',
  ],
]

t.test('a failure in mid-stream is an error frame without an end', async t => {
  const { streamed } = await start(t)
  for (const [path, field] of [
    [CHAT, 'content'],
    [COMPLETIONS, undefined],
  ] as const) {
    for (const [event, type, code] of MID_STREAM) {
      const events = [...BEGUN, ...(event === undefined ? [] : [event])]
      const { steps, usage, error, isDone } = readStream(
        path === CHAT
          ? await streamed(events, { stream_options: { include_usage: true } })
          : await streamedAt(t, path, events),
      )
      t.equal(steps.map(([step]) => (field ? step[field] : step)).join(''), 'part', code)
      t.ok(
        steps.every(([, reason]) => reason === null),
        code,
      )
      t.equal(usage, undefined, code)
      t.notOk(isDone, code)
      t.match(error, { message: /./, type, param: null, code }, code)
    }
  }
})

async function streamedAt(t: Test, path: string, events: readonly BackendEvent[]) {
  const service = await startScripted(t, path, { model: 'gpt-5.5', ...BODIES[path] })
  return await service.streamed(events)
}

t.test('a failure in mid-stream of a response is a failed response', async t => {
  const { streamed } = await startScripted(t, RESPONSES, { model: 'gpt5.5', input: 'hi' })
  for (const [event, , code] of MID_STREAM) {
    const events = [...BEGUN, ...(event === undefined ? [] : [event])]
    const sent = readEvents(await streamed(events))
    const last = sent.at(-1)
    t.equal(last?.event, 'response.failed', code)
    const told: Json = JSON.parse(last?.data ?? '')
    t.match(told, {
      type: 'response.failed',
      sequence_number: BEGUN.length,
      response: {
        id: 'resp_1',
        object: 'response',
        created_at: 1795346783,
        model: 'gpt5.5',
        status: 'failed',
        error: {
          // What the Codex CLI takes for final, of all that a limit may be called.
          code: code === 'usage_limit_reached' ? 'insufficient_quota' : code,
          message: /./,
        },
      },
    })
    t.strictSame(
      sent.slice(0, -1).map(({ data }) => JSON.parse(data).type),
      BEGUN.map(({ type }) => type),
    )
  }
})

t.test('a whole answer that was cut or failed is no answer', async t => {
  const { ask, upstream } = await start(t)
  for (const [event, , code] of MID_STREAM) {
    upstream.play(plays([...BEGUN, ...(event === undefined ? [] : [event])]))
    for (const path of PATHS) {
      const response = await ask({ ...BODIES[path] }, {}, path)
      t.ok(response.status >= 400, code)
      const body = await readJson(response)
      t.strictSame(Object.keys(body), ['error'])
      t.equal(body.error.code, code)
      t.notMatch(JSON.stringify(body), 'part')
    }
  }
})

t.test('a client that leaves ends the upstream call at every endpoint', async t => {
  const { ask, upstream, inFlight } = await start(t)
  for (const path of PATHS) {
    upstream.play(response => {
      openStream(response)
      response.write(frames(...STARTED, ...inTurn(message(0, ['part']))))
    })
    const response = await ask({ ...BODIES[path], stream: true }, {}, path)
    await response.body?.cancel()
    await upstream.requests.at(-1)?.closed
    upstream.play(plays([...BEGUN, ...message(0, ['part']).done, { type: 'response.completed' }]))
    t.equal((await ask({ ...BODIES[path] }, {}, path)).status, 200, path)
  }
  while (inFlight() > 0) await sleep(1)
})
