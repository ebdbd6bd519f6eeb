import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import t from 'tap'
import { startSignedIn } from '../fakes/service.ts'
import { type Answer, frames, openStream, type UpstreamServer } from '../fakes/upstream-server.ts'

const created = { type: 'response.created', response: { id: 'resp_1', created_at: 5 } }
const delta = (text: string) => ({
  type: 'response.output_text.delta',
  output_index: 0,
  content_index: 0,
  delta: text,
})

/** Asks with a client that reads only when it is told to. */
function ask(port: number, stream: boolean): ClientRequest {
  const outgoing = request({ port, path: '/v1/chat/completions', method: 'POST' })
  outgoing.on('error', () => {})
  outgoing.end(
    JSON.stringify({ model: 'gpt-5.5', stream, messages: [{ role: 'user', content: 'hi' }] }),
  )
  return outgoing
}

/** Resolves when the latest upstream connection is closed; rejects if that takes a second. */
async function closedInTime({ requests }: UpstreamServer): Promise<void> {
  const request = requests.at(-1)
  if (request === undefined) throw new Error('nothing was sent upstream')
  const controller = new AbortController()
  const late = sleep(1000, undefined, { signal: controller.signal }).then(() => {
    throw new Error('the upstream connection is still open after a second')
  })
  await Promise.race([request.closed, late])
  controller.abort()
  await late.catch(() => {})
}

const trickle: Answer = response => {
  openStream(response)
  response.write(frames(created))
  const timer = setInterval(() => response.write(frames(delta('x'))), 5)
  response.on('close', () => clearInterval(timer))
}

t.test('a client that leaves in mid-stream closes the upstream', async t => {
  const { port, upstream, log, inFlight } = await startSignedIn(t)
  upstream.play(trickle)
  for (const leave of ['destroy', 'resetAndDestroy'] as const) {
    const outgoing = ask(port, true)
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    await once(incoming, 'data')
    if (leave === 'destroy') outgoing.destroy()
    else outgoing.socket?.resetAndDestroy()
    await closedInTime(upstream)
  }
  while (inFlight() > 0) await sleep(1)
  await sleep(1)
  const levels = log.entries.map(({ level, fields }) => [
    level,
    fields['status'],
    fields['error_code'],
  ])
  t.strictSame(levels, [
    ['info', 499, 'client_closed'],
    ['info', 499, 'client_closed'],
  ])
})

t.test('a client that leaves before the answer closes the upstream', async t => {
  const { port, upstream, inFlight } = await startSignedIn(t)
  for (const stream of [true, false]) {
    const silent = new Promise(resolve => upstream.play(resolve as Answer))
    const outgoing = ask(port, stream)
    await silent
    outgoing.destroy()
    await closedInTime(upstream)
  }
  while (inFlight() > 0) await sleep(1)
  t.equal(inFlight(), 0)
})

t.test('a client that does not read stops the upstream, and then gets everything', async t => {
  const { port, upstream } = await startSignedIn(t, { CHATGPT_LOCAL_IDLE_TIMEOUT: '1s' })
  const pieces = 2048
  const text = 'x'.repeat(32 * 1024)
  let taken = 0
  upstream.play(async response => {
    openStream(response)
    const sent = (data: string) => new Promise(resolve => response.write(data, resolve))
    for (let i = 0; i < pieces; i++) {
      await sent(frames(delta(text)))
      taken += text.length
    }
    response.end(frames({ type: 'response.completed' }))
  })
  const outgoing = ask(port, true)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  // Longer than the idle limit, which must not count the time that the client takes.
  for (let before = -1; before !== taken; ) {
    before = taken
    await sleep(1100)
  }
  t.ok(taken > 0, 'something was taken in')
  t.ok(taken < 16 * 1024 * 1024, `${taken} bytes were taken in`)

  const hash = createHash('sha256')
  let rest = ''
  let ended = false
  for await (const chunk of incoming.setEncoding('utf8')) {
    const events = (rest + chunk).split('\n\n')
    rest = events.pop() ?? ''
    for (const event of events) {
      if (event === 'data: [DONE]') ended = true
      else hash.update(JSON.parse(event.slice(6)).choices[0].delta.content ?? '')
    }
  }
  const expected = createHash('sha256')
  for (let i = 0; i < pieces; i++) expected.update(text)
  t.ok(ended)
  t.equal(hash.digest('hex'), expected.digest('hex'))
})

t.test('what the upstream sends at once leaves at once', async t => {
  const { port, upstream } = await startSignedIn(t)
  upstream.play(response => {
    openStream(response)
    response.end(frames(created, delta('a'), delta('b'), delta('c')))
  })
  const body = JSON.stringify({
    model: 'gpt-5.5',
    stream: true,
    messages: [{ role: 'user', content: 'hi' }],
  })
  const socket = connect(port, '127.0.0.1')
  socket.write(
    `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  )
  let answer = ''
  for await (const piece of socket.setEncoding('utf8')) answer += piece
  const chunks = answer.split(/\r\n[0-9a-f]+\r\n/)
  t.match(chunks[1], /"role":"assistant".*"content":"a".*"content":"b".*"content":"c"/s)
})

t.test('a silent upstream is bridged by signs of life', async t => {
  const { port, upstream } = await startSignedIn(t, {
    CHATGPT_LOCAL_HEARTBEAT: '20ms',
    CHATGPT_LOCAL_COMMIT_DELAY: '20ms',
  })
  let finish = () => {}
  upstream.play(response => {
    openStream(response)
    response.write(frames(created))
    finish = () => response.end(frames(delta('late'), { type: 'response.completed' }))
  })
  const outgoing = ask(port, true)
  const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
  t.equal(incoming.statusCode, 200)
  let body = ''
  for await (const chunk of incoming.setEncoding('utf8')) {
    body += chunk
    if (body.split(': keep-alive\n\n').length === 4) finish()
  }
  t.match(body, /^(: keep-alive\n\n){3,}data: .*"role":"assistant"/)
  t.match(body, /"content":"late"/)
  t.match(body, /data: \[DONE\]\n\n$/)
})

t.test('a failure after the signs of life began is told in the stream', async t => {
  const { port, upstream } = await startSignedIn(t, { CHATGPT_LOCAL_COMMIT_DELAY: '10ms' })
  let fail = () => {}
  upstream.play(response => {
    openStream(response)
    response.write(frames(created))
    fail = () => response.end()
  })
  const [incoming] = (await once(ask(port, true), 'response')) as [IncomingMessage]
  fail()
  let body = ''
  for await (const chunk of incoming.setEncoding('utf8')) body += chunk
  t.equal(
    body,
    ': keep-alive\n\ndata: {"error":{"message":"The upstream closed the connection before the answer was whole.","type":"server_error","param":null,"code":"upstream_stream_incomplete"}}\n\n',
  )
})
