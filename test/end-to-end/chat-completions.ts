import { readFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import t, { type Test } from 'tap'
import { accessToken, signedInHome, startService, startSignedIn } from '../fakes/service.ts'
import { type Answer, frames, json, stream } from '../fakes/upstream-server.ts'

const recording = (name: string) =>
  readFileSync(new URL(`../recordings/${name}.sse`, import.meta.url), 'utf8')

const hello = { model: 'gpt-5.5', messages: [{ role: 'user', content: 'hi' }] }

// biome-ignore lint/suspicious/noExplicitAny: tests read it as the JSON that it is
const read = (response: Response): Promise<any> => response.json()

function post(url: string, body: unknown, headers: Record<string, string> = {}) {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

const HEAD =
  'data: {"id":"chatcmpl-text","object":"chat.completion.chunk","created":1795346783,"model":"gpt-5.5","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":'
const chunk = (delta: string, reason = 'null') =>
  `${HEAD}${delta},"logprobs":null,"finish_reason":${reason}}]}\n\n`
const STREAMED = [
  chunk('{"role":"assistant","content":"","refusal":null}'),
  chunk('{"content":"Hel"}'),
  chunk('{"content":"lo"}'),
  chunk('{}', '"stop"'),
  'data: [DONE]\n\n',
].join('')

t.test('a streamed answer, byte by byte', async t => {
  const { url, upstream } = await startSignedIn(t)
  upstream.play(stream(recording('text')))
  const response = await post(url, { ...hello, stream: true })
  t.equal(response.status, 200)
  t.equal(response.headers.get('content-type'), 'text/event-stream; charset=utf-8')
  t.equal(response.headers.get('cache-control'), 'no-cache, no-transform')
  t.match(response.headers.get('x-request-id'), /^req_/)
  t.equal(await response.text(), STREAMED)
})

t.test('a whole answer, and what was sent for it', async t => {
  const { url, upstream } = await startSignedIn(t)
  upstream.play(stream(recording('text')))
  const response = await post(url, { ...hello, temperature: 0.7, max_tokens: 5 })
  t.equal(response.headers.get('x-chatmock-ignored'), 'temperature, max_tokens')
  t.strictSame(await read(response), {
    id: 'chatcmpl-text',
    object: 'chat.completion',
    created: 1795346783,
    model: 'gpt-5.5',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: 'Hello', refusal: null, annotations: [] },
        logprobs: null,
        finish_reason: 'stop',
      },
    ],
    usage: {
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
    },
    service_tier: 'default',
    system_fingerprint: null,
  })
  const [request] = upstream.requests
  const prompt = readFileSync(new URL('../../prompt.md', import.meta.url), 'utf8').trim()
  t.match(request?.body.prompt_cache_key, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
  t.strictSame(
    { ...request?.body, prompt_cache_key: '' },
    {
      model: 'gpt-5.5',
      instructions: prompt,
      input: [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }],
      parallel_tool_calls: true,
      reasoning: { effort: 'medium', summary: 'auto' },
      store: false,
      stream: true,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: '',
    },
  )
})

t.test('a compressed request is a request', async t => {
  const { url, upstream } = await startSignedIn(t)
  upstream.play(stream(recording('text')))
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'content-encoding': 'gzip' },
    body: gzipSync(JSON.stringify({ ...hello, stream: true })),
  })
  t.equal(await response.text(), STREAMED)
})

t.test('the answer is the same by every path and spelling of the URL', async t => {
  const { url, upstream } = await startSignedIn(t)
  upstream.play(stream(recording('text')))
  const paths = [
    '/chat/completions',
    '/v1/chat/completions/',
    '//v1//chat/completions',
    '/v1/v1/chat/completions?x=1',
  ]
  for (const path of paths) {
    const response = await fetch(url + path, {
      method: 'POST',
      body: JSON.stringify({ ...hello, stream: true }),
    })
    t.equal(await response.text(), STREAMED, path)
  }
})

/** What a failure before any output looks like, whether the client asked for a stream or not. */
async function statusOf(t: Test, answer: Answer, environment: Record<string, string> = {}) {
  const { url, upstream } = await startSignedIn(t, environment)
  upstream.play(answer)
  const whole = await post(url, hello)
  const streamed = await post(url, { ...hello, stream: true })
  t.equal(streamed.status, whole.status)
  const body = await read(whole)
  t.match(await read(streamed), { error: { type: body.error.type, code: body.error.code } })
  return { status: whole.status, headers: whole.headers, error: body.error }
}

t.test('a failure before any output is a real status', async t => {
  const created = { type: 'response.created', response: { id: 'resp_1' } }
  const failed = (code: string) => ({
    type: 'response.failed',
    response: { error: { code, message: 'm' } },
  })
  const cases: readonly (readonly [Answer, number, string, string])[] = [
    [stream(frames(created, failed('server_error'))), 502, 'server_error', 'server_error'],
    [
      stream(frames(created, failed('invalid_prompt'))),
      400,
      'invalid_request_error',
      'invalid_prompt',
    ],
    [
      stream(frames(created, failed('context_length_exceeded'))),
      400,
      'invalid_request_error',
      'context_length_exceeded',
    ],
    [
      stream(frames(created, failed('server_is_overloaded'))),
      503,
      'server_error',
      'server_is_overloaded',
    ],
    [
      stream(frames(created, failed('rate_limit_exceeded'))),
      429,
      'rate_limit_error',
      'rate_limit_exceeded',
    ],
    [stream(frames(created)), 502, 'server_error', 'upstream_stream_incomplete'],
    [
      json(400, { detail: 'Unsupported parameter: x' }),
      400,
      'invalid_request_error',
      'unsupported_parameter',
    ],
    [json(404, { detail: 'Model not found y' }), 404, 'invalid_request_error', 'model_not_found'],
  ]
  for (const [answer, status, type, code] of cases) {
    t.match(await statusOf(t, answer), { status, error: { type, code } }, code)
  }
})

t.test('a usage limit tells when it ends and is not to be retried', async t => {
  const limit = {
    type: 'usage_limit_reached',
    message: 'm',
    plan_type: 'plus',
    resets_in_seconds: 3600,
  }
  const { status, headers, error } = await statusOf(t, json(429, { error: limit }))
  t.equal(status, 429)
  t.equal(headers.get('x-should-retry'), 'false')
  t.equal(headers.get('retry-after'), null)
  t.match(error, {
    message: /^m\. It resets at \d{4}-\d\d-\d\d \d\d:\d\d\.$/,
    type: 'usage_limit_reached',
    param: null,
    code: 'usage_limit_reached',
    plan_type: 'plus',
    resets_in_seconds: 3600,
  })
  t.ok(Math.abs(error.resets_at - Date.now() / 1000 - 3600) < 60)
})

t.test('a failure after output is an error frame and a clean end', async t => {
  const { url, upstream } = await startSignedIn(t)
  const delta = {
    type: 'response.output_text.delta',
    output_index: 0,
    content_index: 0,
    delta: 'part',
  }
  upstream.play(stream(frames(delta)))
  const streamed = await (await post(url, { ...hello, stream: true })).text()
  const lines = streamed.trim().split('\n\n')
  t.match(lines[1], '"delta":{"content":"part"}')
  t.equal(
    lines[2],
    'data: {"error":{"message":"The upstream closed the connection before the answer was whole.","type":"server_error","param":null,"code":"upstream_stream_incomplete"}}',
  )
  t.equal(lines.length, 3)
  const whole = await post(url, hello)
  t.equal(whole.status, 502)
  t.notOk('choices' in (await read(whole)))
})

t.test('bad requests are refused by name and nothing is sent upstream', async t => {
  const { url, upstream, log } = await startSignedIn(t)
  const cases: readonly (readonly [unknown, number, string | null, string])[] = [
    ['{"messages": "CANARY" oops}', 400, null, 'invalid_json'],
    ['', 400, null, 'invalid_json'],
    ['[]', 400, null, 'invalid_type'],
    [{ messages: hello.messages }, 400, 'model', 'missing_required_parameter'],
    [{ ...hello, messages: 'CANARY' }, 400, 'messages', 'invalid_type'],
    [{ ...hello, tool_choice: 'CANARY' }, 400, 'tool_choice', 'invalid_value'],
    [{ ...hello, n: 2 }, 400, 'n', 'unsupported_value'],
  ]
  for (const [body, status, param, code] of cases) {
    const response = await post(url, body)
    const text = await response.text()
    t.equal(response.status, status)
    t.match(JSON.parse(text).error, { type: 'invalid_request_error', param, code })
    t.notMatch(text, 'CANARY')
  }
  t.equal(upstream.requests.length, 0)
  t.notMatch(JSON.stringify(log.entries), 'CANARY')
})

t.test('signed out, the server runs and says what to do', async t => {
  const { url } = await startService(t, ['--base-url', 'http://127.0.0.1:9'])
  t.equal((await fetch(`${url}/health`)).status, 200)
  const response = await post(url, hello)
  t.equal(response.status, 401)
  const { error } = await read(response)
  t.match(error, { type: 'authentication_error', code: 'chatgpt_login_required' })
  t.match(error.message, 'chatmock login')
})

t.test('an expired login is renewed once for fifty requests', async t => {
  const fresh = accessToken()
  const home = signedInHome(t, accessToken(-10))
  const { url, upstream } = await startSignedIn(t, { CHATGPT_LOCAL_HOME: home })
  upstream.play((response, request) =>
    request.path === '/oauth/token'
      ? json(200, { access_token: fresh, refresh_token: 'canary-next' })(response, request)
      : stream(recording('text'))(response, request),
  )
  const answers = await Promise.all(Array.from({ length: 50 }, () => post(url, hello)))
  t.strictSame([...new Set(answers.map(({ status }) => status))], [200])
  const paths = upstream.requests.map(({ path }) => path)
  t.equal(paths.filter(path => path === '/oauth/token').length, 1)
  t.equal(upstream.requests.at(-1)?.headers.authorization, `Bearer ${fresh}`)
  t.match(JSON.parse(readFileSync(`${home}/auth.json`, 'utf8')), {
    tokens: { access_token: fresh, refresh_token: 'canary-next', account_id: 'account-1' },
    x_keep: 1,
  })
})

t.test('a login that the backend refuses is renewed once, then given up', async t => {
  const fresh = accessToken(7200)
  const { url, upstream } = await startSignedIn(t)
  const renew: Answer = json(200, { access_token: fresh, refresh_token: 'canary-next' })
  const refuse: Answer = json(401, { detail: 'Unauthorized' })
  upstream.play(refuse, renew, stream(recording('text')))
  t.equal((await post(url, hello)).status, 200)
  t.strictSame(
    upstream.requests.map(({ path }) => path),
    ['/codex/responses', '/oauth/token', '/codex/responses'],
  )
  t.equal(upstream.requests[2]?.headers.authorization, `Bearer ${fresh}`)

  upstream.play(refuse, renew, refuse)
  const response = await post(url, hello)
  t.equal(response.status, 401)
  t.match((await read(response)).error, { code: 'chatgpt_login_required' })
})

t.test('the models are listed without asking anybody', async t => {
  const { url, upstream } = await startSignedIn(t)
  const list = await read(await fetch(`${url}/v1/models`))
  t.strictSame(
    list.data.map(({ id }: { id: string }) => id),
    [
      'gpt-6.1-sol',
      'gpt-6-astra',
      'gpt-6-sol',
      'gpt-6-luna',
      'gpt-5.6-sol',
      'gpt-6.1-terra',
      'gpt-5.6-terra',
      'gpt-5.6-luna',
      'gpt-5.5',
    ],
  )
  t.equal((await fetch(`${url}/models/gpt-5.5`)).status, 200)
  t.equal((await fetch(`${url}/v1/models/openai%2Fgpt`)).status, 404)
  t.equal(upstream.requests.length, 0)
})

t.test('what is not there is refused in the same envelope', async t => {
  const { url } = await startSignedIn(t)
  const codes = async (path: string, method = 'GET') => {
    const response = await fetch(url + path, { method })
    return [response.status, (await read(response)).error.code]
  }
  t.strictSame(await codes('/nope'), [404, 'unknown_url'])
  t.strictSame(await codes('/v1/embeddings', 'POST'), [404, 'unsupported_endpoint'])
  t.strictSame(await codes('/v1/completions'), [405, 'method_not_allowed'])
  t.strictSame(await codes('/v1/%zz'), [400, 'invalid_value'])
})

t.test('what the upstream says may quote a prompt, so the log has only its code', async t => {
  const { url, upstream, log } = await startSignedIn(t)
  upstream.play(json(400, { error: { message: 'Bad: CANARY', code: 'bad_thing' } }))
  t.match((await read(await post(url, hello))).error, { message: 'Bad: CANARY', code: 'bad_thing' })
  t.notMatch(JSON.stringify(log.entries), 'CANARY')
  t.match(log.entries.at(-1)?.fields, {
    status: 400,
    error_code: 'upstream_refused',
    upstream_status: 400,
    upstream_code: 'bad_thing',
  })
})

t.test('no secret is ever logged or answered', async t => {
  const { url, upstream, log } = await startSignedIn(t)
  upstream.play(json(401, { detail: 'canary-refresh' }))
  const text = await (await post(url, hello)).text()
  t.notMatch(text + JSON.stringify(log.entries), /canary/)
})
