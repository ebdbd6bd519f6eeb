import t, { type Test } from 'tap'
import { createQuery } from '../../../src/adapters/chatgpt/query.ts'
import { createFakeClock } from '../../fakes/clock.ts'
import { createGate } from '../../fakes/http-service.ts'
import { startFetch } from '../../fakes/outbound.ts'
import { type Answer, json, startUpstream } from '../../fakes/upstream-server.ts'

const credentials = { accessToken: 'canary-access', accountId: 'account-1' }

async function start(t: Test, answer: Answer, timeoutMs?: number) {
  // Closed last: it waits for the connections that the upstream then has closed.
  const fetch = startFetch(t)
  const upstream = await startUpstream(answer)
  t.teardown(() => upstream.close())
  const dates: (string | null)[] = []
  const heads = createGate()
  const query = createQuery({
    baseUrl: upstream.url,
    fetch,
    userAgent: 'chatmock/test',
    clock: createFakeClock(0),
    time: {
      observe(date) {
        dates.push(date)
        heads.open()
      },
    },
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  const ask = (signal = new AbortController().signal) => query('/path?a=1', credentials, signal)
  return { upstream, query, dates, head: heads.passed, ask }
}

t.test('a question is signed, says who asks, and has no body', async t => {
  const { upstream, query, ask } = await start(t, json(200, { answer: 42 }, { etag: 'W/"1"' }))
  const { body, headers } = await ask()
  t.strictSame(body, { answer: 42 })
  t.equal(headers.get('etag'), 'W/"1"')
  const [request] = upstream.requests
  t.equal(`${request?.method} ${request?.path}`, 'GET /path?a=1')
  t.match(request?.headers, {
    authorization: 'Bearer canary-access',
    'chatgpt-account-id': 'account-1',
    originator: 'chatmock',
    'user-agent': 'chatmock/test',
    accept: 'application/json',
  })
  t.equal(request?.body, undefined)
  t.notOk(request?.headers['content-type'])

  const { signal } = new AbortController()
  await query('/path', { ...credentials, accountId: undefined }, signal)
  t.notOk('chatgpt-account-id' in (upstream.requests[1]?.headers ?? {}))
})

t.test('the time of the server is taken note of, of a refusal too', async t => {
  const date = 'Sun, 22 Nov 2026 12:00:00 GMT'
  const { upstream, dates, ask } = await start(t, json(200, {}, { date }))
  await ask()
  upstream.play(json(500, {}, { date }))
  await t.rejects(ask(), { code: 'upstream_error' })
  t.strictSame(dates, [date, date])
})

t.test('a refusal is told as the error it is', async t => {
  const refusals: [number, object, string][] = [
    [401, { detail: 'Unauthorized' }, 'chatgpt_login_required'],
    [403, { detail: 'no' }, 'upstream_refused'],
    [429, { detail: 'slow' }, 'rate_limit_exceeded'],
    [500, {}, 'upstream_error'],
    [302, {}, 'upstream_redirect'],
  ]
  const { upstream, ask } = await start(t, json(200, {}))
  for (const [status, body, code] of refusals) {
    upstream.play(json(status, body, { location: '/elsewhere' }))
    await t.rejects(ask(), { code }, String(status))
  }
  t.equal(upstream.requests.length, refusals.length, 'a redirect is not followed')
})

t.test('what is no JSON is no answer', async t => {
  const { upstream, ask } = await start(t, response => void response.end('<html>'))
  const code = 'upstream_invalid_response'
  await t.rejects(ask(), { code })
  upstream.play(response => void response.writeHead(204).end())
  await t.rejects(ask(), { code })
})

t.test('a body of 8 MiB is read, a longer one is not', async t => {
  const text = (length: number) => `"${'x'.repeat(length - 2)}"`
  const mib8 = 8 * 1024 * 1024
  const { upstream, ask } = await start(t, response => void response.end(text(mib8)))
  t.equal(String((await ask()).body).length, mib8 - 2)
  upstream.play(response => {
    const more = () => response.write('x'.repeat(65_536)) && setImmediate(more)
    response.on('drain', more)
    more()
  })
  await t.rejects(ask(), { code: 'upstream_response_too_large' })
  await upstream.requests[1]?.closed
})

t.test('an answer that does not come, or does not end, runs into the limit', async t => {
  const { upstream, ask } = await start(t, () => {}, 50)
  const timeout = {
    code: 'upstream_timeout',
    message: 'The upstream did not answer within 0.05 seconds.',
  }
  await t.rejects(ask(), timeout)
  await upstream.requests[0]?.closed
  upstream.play(response => {
    response.write('{')
    const dripping = setInterval(() => response.write(' '), 5)
    response.on('close', () => clearInterval(dripping))
  })
  await t.rejects(ask(), timeout)
  await upstream.requests[1]?.closed
})

t.test('a refusal whose body breaks off is still a refusal', async t => {
  const { ask } = await start(t, response => {
    response.writeHead(401, { 'content-length': '100' })
    response.write('{', () => response.destroy())
  })
  await t.rejects(ask(), { code: 'chatgpt_login_required' })
})

t.test('an abort ends the question with its reason and closes the connection', async t => {
  const reason = new Error('nobody waits')
  const before = new AbortController()
  before.abort(reason)
  const { upstream, ask } = await start(t, json(200, {}))
  await t.rejects(ask(before.signal), reason)
  t.equal(upstream.requests.length, 0)

  const waiting = new AbortController()
  upstream.play(() => waiting.abort(reason))
  await t.rejects(ask(waiting.signal), reason)
  await upstream.requests[0]?.closed
})

t.test('an abort while a refusal is being read is still an abort', async t => {
  const reason = new Error('nobody waits')
  const leaving = new AbortController()
  const { head, ask } = await start(t, response => void response.writeHead(401).write('{'))
  const answer = ask(leaving.signal)
  await head
  leaving.abort(reason)
  await t.rejects(answer, reason)
})

t.test('a backend that cannot be reached, or breaks off, is told as such', async t => {
  const { upstream, ask } = await start(t, response => {
    response.writeHead(200, { 'content-length': '100' })
    response.write('{', () => response.socket?.resetAndDestroy())
  })
  const code = 'upstream_connection_error'
  await t.rejects(ask(), { code })
  await upstream.close()
  await t.rejects(ask(), { code, message: /\(ECONNREFUSED\)/ })
})

t.test('a token that cannot be a header is not told in any error', async t => {
  const { query } = await start(t, json(200, {}))
  const bad = { accessToken: 'canary\naccess', accountId: undefined }
  const failure = await query('/', bad, new AbortController().signal).catch(error => error)
  t.match(failure, { code: 'upstream_connection_error', cause: undefined })
  t.notMatch(`${failure.message} ${failure.stack}`, 'canary')
})
