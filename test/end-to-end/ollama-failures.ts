import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import type { Json } from '../fakes/api-client.ts'
import {
  answer,
  type BackendEvent,
  completed,
  failed,
  functionCall,
  inTurn,
  message,
  numbered,
  reasoning,
  STARTED,
} from '../fakes/backend-events.ts'
import { plays } from '../fakes/chat-service.ts'
import { makeFolder } from '../fakes/folder.ts'
import { CLIENT_ID, startIssuer } from '../fakes/issuer.ts'
import { closedInTime } from '../fakes/ollama-client.ts'
import { readLines } from '../fakes/ollama-lines.ts'
import {
  BODIES,
  CHAT,
  GENERATE,
  type OllamaService,
  readRefusal,
  startOllama,
} from '../fakes/ollama-service.ts'
import { type Answer, frames, json, openStream, stream } from '../fakes/upstream-server.ts'

const PATHS = [CHAT, GENERATE]
const tools = ['f', 'tool_0', 'tool_1', 'tool_2'].map(name => ({
  type: 'function',
  function: { name },
}))

const text =
  (status: number, body: string, headers: Record<string, string> = {}): Answer =>
  response => {
    response.writeHead(status, headers)
    response.end(body)
  }

/** Asks both endpoints in both ways and sees the same failure, which is returned once. */
async function failureOf({ url, upstream }: OllamaService, played: Answer, title: string) {
  const seen = new Map<string, Json>()
  for (const path of PATHS) {
    for (const stream of [undefined, false]) {
      upstream.play(played)
      const response = await fetch(url + path, {
        method: 'POST',
        body: JSON.stringify({ ...BODIES[path], stream }),
      })
      const facts = {
        retry: response.headers.get('x-should-retry'),
        after: response.headers.get('retry-after'),
        ...(await readRefusal(response)),
      }
      seen.set(JSON.stringify(facts), facts)
    }
  }
  if (seen.size !== 1) throw new Error(`${title}: ${[...seen.keys()].join(' ')}`)
  return [...seen.values()][0]
}

t.test('a refusal of the backend in any shape becomes one text with its status', async t => {
  const service = await startOllama(t, CHAT)
  const html = { 'content-type': 'text/html' }
  for (const [title, played, expected] of [
    ['detail', json(400, { detail: 'Bad thing' }), { status: 400, error: 'Bad thing' }],
    [
      'detail, an object',
      json(400, { detail: { message: 'Bad thing', code: 'bad_thing' } }),
      { status: 400, error: 'Bad thing' },
    ],
    [
      'error',
      json(400, { error: { message: 'm', type: 'invalid_request_error', param: 'p', code: 'c' } }),
      { status: 400, error: 'm', retry: 'false' },
    ],
    ['empty', text(400, ''), { status: 400, error: /./ }],
    ['empty fault', text(500, ''), { status: 502, error: /./ }],
    [
      'HTML fault',
      text(502, '<html><h1>Bad gateway CANARY</h1></html>', html),
      { status: 502, error: /^(?!.*CANARY)/s },
    ],
    [
      'blocked',
      text(403, '<html>Just a moment CANARY</html>', html),
      { status: 502, error: /^(?!.*CANARY)/s },
    ],
    ['no such model', text(404, 'Model not found gpt-5.5'), { status: 404, error: /./ }],
    [
      'overloaded',
      json(503, { error: { code: 'server_is_overloaded', message: 'm' } }),
      { status: 503, error: /./ },
    ],
    [
      'a short limit',
      json(429, { error: { code: 'rate_limit_exceeded', message: 'm' } }, { 'retry-after': '7' }),
      { status: 429, after: '7', error: /./ },
    ],
    [
      'a usage limit',
      json(429, {
        error: { type: 'usage_limit_reached', plan_type: 'plus', resets_in_seconds: 3600 },
      }),
      { status: 429, retry: 'false', after: null, error: /limit/ },
    ],
  ] as const) {
    t.match(await failureOf(service, played, title), expected, title)
  }
  t.notMatch(JSON.stringify(service.log.entries), 'CANARY')
})

t.test('a failure before any output is a real status, streamed or not', async t => {
  const service = await startOllama(t, CHAT)
  for (const [events, expected] of [
    [[failed('server_error')], { status: 502 }],
    [[failed('invalid_prompt')], { status: 400, retry: 'false' }],
    [[failed('context_length_exceeded')], { status: 400 }],
    [[failed('server_is_overloaded')], { status: 503 }],
    [
      [failed('rate_limit_exceeded', { message: 'Please try again in 1.5s.' })],
      { status: 429, after: '2' },
    ],
    [[{ type: 'error', code: 'server_error', message: 'm', param: null }], { status: 502 }],
    [[], { status: 502 }],
    // Last: from then on it is answered from memory.
    [
      [failed('usage_limit_reached', { plan_type: 'plus', resets_in_seconds: 60 })],
      { status: 429, retry: 'false' },
    ],
  ] as const) {
    const title = JSON.stringify(events)
    t.match(await failureOf(service, plays([...STARTED, ...events]), title), expected, title)
  }
})

t.test('a usage limit asks the backend once', async t => {
  const { ask, upstream } = await startOllama(t, CHAT)
  upstream.play(
    json(429, { error: { type: 'usage_limit_reached', message: 'm', resets_in_seconds: 3600 } }),
  )
  const first = await readRefusal(await ask({}))
  t.equal(first.status, 429)
  t.strictSame(await readRefusal(await ask({ stream: false })), first)
  t.equal(upstream.requests.length, 1)
})

const part = message(0, ['part'])
const BEGUN: readonly BackendEvent[] = numbered([...STARTED, part.added, ...part.pieces])
const ENDS: readonly (BackendEvent | undefined)[] = [
  undefined,
  failed('server_error'),
  failed('server_is_overloaded'),
  { type: 'error', code: 'server_error', message: 'm' },
  failed('rate_limit_exceeded'),
  failed('invalid_prompt'),
  failed('context_length_exceeded'),
  failed('usage_limit_reached', { plan_type: 'plus', resets_in_seconds: 3600 }),
]

t.test('a failure in mid-stream is one line, and then the end', async t => {
  for (const path of PATHS) {
    const { streamed } = await startOllama(t, path)
    for (const event of ENDS) {
      const title = `${path} ${JSON.stringify(event)}`
      const { lines, last, error } = await streamed([...BEGUN, ...(event ? [event] : [])])
      t.equal(lines.length, 1, title)
      t.match(lines[0], path === CHAT ? { message: { content: 'part' } } : { response: 'part' })
      t.equal(last, undefined, title)
      t.ok(error, title)
    }
  }
})

t.test('a whole answer that was cut or failed is no answer', async t => {
  for (const path of PATHS) {
    const { ask, upstream } = await startOllama(t, path)
    for (const event of ENDS) {
      upstream.play(plays([...BEGUN, ...(event ? [event] : [])]))
      const { status, error } = await readRefusal(await ask({ stream: false }))
      t.ok(status >= 400, path)
      t.notMatch(error, 'part')
    }
  }
})

t.test('a connection that breaks is a failure as well', async t => {
  for (const path of PATHS) {
    const { ask, upstream } = await startOllama(t, path)
    upstream.play(async response => {
      openStream(response)
      await new Promise(resolve => response.write(frames(...BEGUN), resolve))
      response.socket?.resetAndDestroy()
    })
    const { content, error } = readLines(await (await ask({})).text())
    // What came right before the break may be lost with it; that it broke may not.
    t.ok(content === 'part' || content === '')
    t.ok(error)
    t.equal((await readRefusal(await ask({ stream: false }))).status, 502)
  }
})

t.test('a call that was begun is lost with the answer', async t => {
  const { streamed } = await startOllama(t, CHAT)
  const cut = functionCall(1, 'call_1', 'f', ['{"a":1}'])
  const events = [...STARTED, ...inTurn(part), cut.added, ...cut.pieces]
  const { kinds, error } = await streamed(events, { tools })
  t.strictSame(kinds, ['content'])
  t.ok(error)
})

t.test('a silent backend is given up', async t => {
  const silent: Answer = response => {
    openStream(response)
  }
  const begins: Answer = response => {
    openStream(response)
    response.write(frames(...BEGUN))
  }
  for (const path of PATHS) {
    const { ask, upstream } = await startOllama(t, path, {
      CHATGPT_LOCAL_FIRST_EVENT_TIMEOUT: '50ms',
      CHATGPT_LOCAL_IDLE_TIMEOUT: '50ms',
    })
    upstream.play(silent)
    for (const stream of [true, false]) {
      t.equal((await readRefusal(await ask({ stream }))).status, 504, path)
    }
    upstream.play(begins)
    const { content, error } = readLines(await (await ask({})).text())
    t.equal(content, 'part')
    t.ok(error)
    await upstream.requests.at(-1)?.closed
    t.equal((await readRefusal(await ask({ stream: false }))).status, 504, path)
  }
})

t.test('a slow answer is bridged by lines that say nothing', async t => {
  for (const path of PATHS) {
    const { ask, upstream } = await startOllama(t, path, {
      CHATGPT_LOCAL_HEARTBEAT: '10ms',
      CHATGPT_LOCAL_COMMIT_DELAY: '10ms',
    })
    let say = () => {}
    let finish = () => {}
    upstream.play(response => {
      openStream(response)
      response.write(frames(...STARTED))
      say = () => response.write(frames(part.added, ...part.pieces))
      finish = () => response.end(frames(...part.done, completed()))
    })
    const response = await ask({})
    t.equal(response.status, 200)
    let received = ''
    const count = () => received.split('\n').length - 1
    let spoke = 0
    for await (const chunk of response.body ?? []) {
      received += Buffer.from(chunk).toString()
      if (spoke === 0 && count() >= 3) {
        spoke = count()
        say()
      } else if (spoke > 0 && received.includes('part') && count() >= spoke + 4) {
        finish()
      }
    }
    const { lines, kinds, content, last } = readLines(received)
    t.match(kinds.join(), /^(nothing,){3,}content(,nothing){3,}$/)
    t.equal(content, 'part')
    t.equal(last.done_reason, 'stop')
    const [beat] = lines
    const { model, remote_model, remote_host, created_at: _, ...rest } = beat
    t.strictSame([model, remote_model, remote_host], ['gpt-5.5', 'gpt-5.5', upstream.url])
    t.strictSame(
      rest,
      path === CHAT
        ? { message: { role: 'assistant', content: '' }, done: false }
        : { response: '', done: false },
    )
  }
})

t.test('a failure after the signs of life began is told in the stream', async t => {
  const { ask, upstream } = await startOllama(t, CHAT, { CHATGPT_LOCAL_COMMIT_DELAY: '10ms' })
  let fail = () => {}
  upstream.play(response => {
    openStream(response)
    response.write(frames(...STARTED))
    fail = () => response.end(frames(failed('server_is_overloaded')))
  })
  const response = await ask({})
  t.equal(response.status, 200)
  fail()
  const { content, error, last } = readLines(await response.text())
  t.equal(content, '')
  t.ok(error)
  t.equal(last, undefined)
})

t.test('a client that leaves closes the upstream, and nothing else happens', async t => {
  for (const path of PATHS) {
    const { port, upstream, log, inFlight, ask } = await startOllama(t, path)
    for (const leave of ['destroy', 'resetAndDestroy'] as const) {
      upstream.play(response => {
        openStream(response)
        response.write(frames(...BEGUN))
      })
      const outgoing = request({ host: '127.0.0.1', port, path, method: 'POST' })
      outgoing.on('error', () => {})
      outgoing.end(JSON.stringify(BODIES[path]))
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
      await once(incoming, 'data')
      if (leave === 'destroy') outgoing.destroy()
      else outgoing.socket?.resetAndDestroy()
      await closedInTime(upstream, upstream.requests.length - 1)
    }
    while (inFlight() > 0) await sleep(1)
    upstream.play(plays(answer(message(0, ['ok']))))
    t.match(readLines(await (await ask({})).text()), { content: 'ok' })
    const entries = log.entries.filter(({ fields }) => fields['status'] === 499)
    t.equal(entries.length, 2)
    t.notOk(log.entries.some(({ level }) => level === 'error'))
  }
})

t.test('a client that leaves before the answer closes the upstream', async t => {
  const { port, upstream, inFlight } = await startOllama(t, CHAT)
  for (const stream of [true, false]) {
    const silent = new Promise(resolve => upstream.play(resolve as Answer))
    const outgoing = request({ host: '127.0.0.1', port, path: CHAT, method: 'POST' })
    outgoing.on('error', () => {})
    outgoing.end(JSON.stringify({ ...BODIES[CHAT], stream }))
    await silent
    outgoing.destroy()
    await closedInTime(upstream, upstream.requests.length - 1)
  }
  while (inFlight() > 0) await sleep(1)
  t.equal(inFlight(), 0)
})

t.test('a stop of the service ends a stream with an error', async t => {
  const { ask, upstream, close } = await startOllama(t, CHAT)
  upstream.play(response => {
    openStream(response)
    response.write(frames(...BEGUN))
  })
  const response = await ask({})
  const closing = close()
  const { content, error } = readLines(await response.text())
  t.equal(content, 'part')
  t.ok(error)
  await closing
})

t.test('a login that the backend refuses is renewed once, then given up', async t => {
  const issuer = await startIssuer(t)
  const { accessToken, refreshToken, accountId } = issuer.issue({ lifetimeSeconds: 3600 })
  const tokens = {
    access_token: accessToken,
    refresh_token: refreshToken,
    account_id: accountId,
  }
  const { ask, upstream } = await startOllama(t, CHAT, {
    CHATGPT_LOCAL_ISSUER: issuer.url,
    CHATGPT_LOCAL_CLIENT_ID: CLIENT_ID,
    CHATGPT_LOCAL_HOME: makeFolder(t, { 'auth.json': JSON.stringify({ tokens }) }),
  })
  const refusing = json(401, { detail: 'Unauthorized' })
  upstream.play(refusing, plays(answer(message(0, ['ok']))))
  t.match(readLines(await (await ask({})).text()), { content: 'ok' })
  t.equal(upstream.requests.length, 2)
  t.equal(upstream.requests[0]?.headers.authorization, `Bearer ${accessToken}`)
  t.not(upstream.requests[1]?.headers.authorization, `Bearer ${accessToken}`)
  t.equal(issuer.tokenCalls(), 1)

  upstream.play(refusing)
  const { status, error } = await readRefusal(await ask({}))
  t.equal(status, 401)
  t.match(error, /chatmock login/)
})

t.test('what nobody understands is passed over', async t => {
  const { ask, upstream, log } = await startOllama(t, CHAT)
  const { added, pieces, done } = message(0, ['A', 'B'])
  const broken =
    'data: {broken CANARY\n\ndata: 7\n\ndata: {"type":"response.future_event"}\n\ndata:\n\n'
  upstream.play(
    stream(
      frames(...STARTED, added, ...pieces.slice(0, 2)) +
        broken +
        frames(...pieces.slice(2), ...done, completed()),
    ),
  )
  const { content, last } = readLines(await (await ask({})).text())
  t.equal(content, 'AB')
  t.equal(last.done_reason, 'stop')
  t.equal(log.entries.filter(({ level }) => level === 'warn').length, 1)
  t.notMatch(JSON.stringify(log.entries), 'CANARY')
})

t.test('nothing that was asked or answered is in the log', async t => {
  for (const path of PATHS) {
    const { ask, streamed, whole, upstream, log } = await startOllama(t, path)
    const secret = {
      prompt: 'CANARY-prompt',
      messages: [{ role: 'user', content: 'CANARY-message' }],
      system: 'CANARY-system',
      options: { 'CANARY-option': 'CANARY-value', stop: 'CANARY-stop' },
    }
    const events = answer(reasoning(0, [['CANARY-thought']]), message(1, ['CANARY-answer']))
    await streamed(events, secret)
    await whole(events, secret)
    await streamed(events.slice(0, -1), secret)
    upstream.play(json(400, { error: { message: 'CANARY-words', code: 'c' } }))
    await readRefusal(await ask(secret))
    await readRefusal(await ask({ ...secret, format: 'CANARY-format' }))
    t.ok(log.entries.length >= 5)
    t.notMatch(JSON.stringify(log.entries), /canary/i)
    t.ok(log.entries.some(({ fields }) => fields['route'] === path))
  }
})
