import t, { type Test } from 'tap'
import {
  type AnswerParts,
  chatHandler,
  generateHandler,
} from '../../../src/adapters/ollama/answer.ts'
import type { ChatRequest } from '../../../src/domain/conversation.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import type { ModelEvent } from '../../../src/domain/events.ts'
import { userSays } from '../../fakes/chat-request.ts'
import { createFakeClock } from '../../fakes/clock.ts'
import {
  type Answer,
  ask,
  codeOf,
  connect,
  createGate,
  head,
  startService,
} from '../../fakes/http-service.ts'
import { modelEntry } from '../../fakes/model-entry.ts'
import { calls, finished, passes, says, started, thinks } from '../../fakes/model-events.ts'

const NOW = Date.UTC(2026, 10, 22, 11, 18, 5, 90)

/**
 * Starts both endpoints over a chat that plays events and keeps what it was asked. The time is 2 ms when
 * it is asked, 5 ms when it accepts and 9 ms when it answers.
 */
async function start(
  t: Test,
  events: readonly ModelEvent[] | AsyncIterable<ModelEvent> | Error = [says('ok'), finished()],
  over: Partial<AnswerParts> = {},
) {
  const asked: ChatRequest[] = []
  const clock = createFakeClock(NOW)
  const parts: AnswerParts = {
    async chat(request) {
      asked.push(request)
      if (events instanceof Error) throw events
      clock.set(NOW + 5)
      return (async function* () {
        clock.set(NOW + 9)
        yield* events
      })()
    },
    catalog: {
      list() {
        clock.set(NOW + 2)
        return [
          modelEntry({ slug: 'demo' }),
          modelEntry({ slug: 'slow', priority: false, efforts: ['none'] }),
        ]
      },
    },
    clock,
    bodyLimitBytes: 10_000,
    streamTimes: { heartbeatMs: 60_000, commitDelayMs: 60_000 },
    strict: false,
    webSearch: false,
    remoteHost: 'https://demo.invalid',
    debugModel: undefined,
    ...over,
  }
  const service = await startService(t, [
    { method: 'POST', path: '/api/chat', handle: chatHandler(parts) },
    { method: 'POST', path: '/api/generate', handle: generateHandler(parts) },
  ])
  const send = (path: string, body: object, headers = {}): Promise<Answer> => {
    clock.set(NOW)
    return ask(service, { method: 'POST', path, headers, body: JSON.stringify(body) })
  }
  const messages = [{ role: 'user', content: 'hi' }]
  return {
    service,
    asked,
    chat: (body: object = {}, headers = {}) =>
      send('/api/chat', { model: 'demo', messages, ...body }, headers),
    generate: (body: object = {}) =>
      send('/api/generate', { model: 'demo', prompt: 'hi', ...body }),
  }
}

const headOf = (asked: string, slug = 'demo', time = '05.099') =>
  `{"model":"${asked}","remote_model":"${slug}","remote_host":"https://demo.invalid","created_at":"2026-11-22T11:18:${time}Z",`
const FIGURES =
  '"total_duration":9000000,"load_duration":5000000,"prompt_eval_count":11,"prompt_eval_duration":7000000,"eval_count":7,"eval_duration":1}'

t.test('a chat streams lines unless it says otherwise', async t => {
  const { chat, asked } = await start(t, [started(), thinks('I see'), says('ok'), finished()])
  const one = headOf('DEMO:latest')
  const expected =
    `${one}"message":{"role":"assistant","content":"","thinking":"I"},"done":false}\n` +
    `${one}"message":{"role":"assistant","content":"","thinking":" see"},"done":false}\n` +
    `${one}"message":{"role":"assistant","content":"ok"},"done":false}\n` +
    `${one}"message":{"role":"assistant","content":""},"done":true,"done_reason":"stop",${FIGURES}\n`
  const { status, headers, text } = await chat({ model: 'DEMO:latest' })
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/x-ndjson')
  t.equal(headers['cache-control'], 'no-cache, no-transform')
  t.equal(headers['content-length'], undefined)
  t.equal(text, expected)
  t.equal((await chat({ model: 'DEMO:latest', stream: true })).text, expected)
  t.strictSame(asked[0]?.items, [userSays('hi')])
  t.equal(asked[0]?.model, 'demo')
})

t.test('a chat that does not stream is answered with one object', async t => {
  const { chat } = await start(t, [
    thinks('hm'),
    says('ok'),
    calls(0, 'f'),
    passes(0, '{"n":12345678901234567890}'),
    finished(),
  ])
  const { status, headers, text } = await chat({ stream: false })
  t.equal(status, 200)
  t.equal(headers['content-type'], 'application/json; charset=utf-8')
  t.equal(headers['content-length'], String(text.length))
  t.equal(
    text,
    `${headOf('demo')}"message":{"role":"assistant","content":"ok","thinking":"hm","tool_calls":[{"id":"call_1","function":{"index":0,"name":"f","arguments":{"n":12345678901234567890}}}]},"done":true,"done_reason":"stop",${FIGURES}`,
  )
})

t.test('thinking that is not wanted is not told, in either form', async t => {
  const { chat, generate } = await start(t, [thinks('hm'), says('ok'), finished()])
  for (const stream of [false, true]) {
    for (const { text } of [
      await chat({ stream, think: false }),
      await generate({ stream, think: false }),
    ]) {
      t.match(text, '"ok"')
      t.notMatch(text, 'thinking')
    }
  }
})

t.test('a prompt is answered in the same way under other keys', async t => {
  const { generate } = await start(t, [thinks('hm'), says('ok'), finished()])
  const one = headOf('demo')
  const streamed = await generate({ raw: true })
  t.equal(streamed.headers['content-type'], 'application/x-ndjson')
  t.equal(
    streamed.text,
    `${one}"response":"","thinking":"h","done":false}\n` +
      `${one}"response":"","thinking":"m","done":false}\n` +
      `${one}"response":"ok","done":false}\n` +
      `${one}"response":"","done":true,"done_reason":"stop",${FIGURES}\n`,
  )
  const whole = await generate({ raw: true, stream: false })
  t.equal(whole.headers['content-type'], 'application/json; charset=utf-8')
  t.equal(
    whole.text,
    `${one}"response":"ok","thinking":"hm","done":true,"done_reason":"stop",${FIGURES}`,
  )
})

t.test('the context of an answer goes on with the conversation', async t => {
  const { generate, asked } = await start(t)
  for (const stream of [false, true]) {
    const { text } = await generate({ stream, prompt: 'Hi, I am Ann.' })
    const { context } = JSON.parse(text.trim().split('\n').at(-1) ?? '')
    t.type(context[0], 'number')
    await generate({ context, prompt: 'Who am I?' })
    t.strictSame(asked.at(-1)?.items, [
      userSays('Hi, I am Ann.'),
      { type: 'message', role: 'assistant', parts: [{ type: 'text', text: 'ok' }] },
      userSays('Who am I?'),
    ])
  }
})

t.test('nothing to answer is told in one object and asks nobody', async t => {
  const { chat, generate, asked } = await start(t)
  const one = headOf('demo', 'demo', '05.092')
  for (const stream of [undefined, true, false]) {
    for (const [keep_alive, reason] of [
      [undefined, 'load'],
      ['5m', 'load'],
      [0, 'unload'],
    ] as const) {
      const load = await chat({ stream, keep_alive, messages: [] })
      t.equal(load.status, 200)
      t.equal(load.headers['content-type'], 'application/json; charset=utf-8')
      t.equal(
        load.text,
        `${one}"message":{"role":"assistant","content":""},"done":true,"done_reason":"${reason}"}`,
      )
      t.equal(
        (await generate({ stream, keep_alive, prompt: '' })).text,
        `${one}"response":"","done":true,"done_reason":"${reason}"}`,
      )
    }
  }
  t.strictSame(asked, [])
})

t.test('what has no effect is named, or refused where the service is strict', async t => {
  const body = { model: 'slow', service_tier: 'fast', options: { temperature: 0 } }
  const { chat, generate } = await start(t)
  for (const stream of [false, true]) {
    t.equal(
      (await chat({ ...body, stream })).headers['x-chatmock-ignored'],
      'options.temperature, service_tier',
    )
    t.equal((await chat({ stream })).headers['x-chatmock-ignored'], undefined)
    const generated = await generate({ stream, options: { num_ctx: 4096 } })
    t.equal(generated.headers['x-chatmock-ignored'], 'options.num_ctx')
  }
  const strictly = await start(t, [], { strict: true })
  for (const refused of [body, { model: 'slow', service_tier: 'fast' }]) {
    const answer = await strictly.chat(refused)
    t.equal(answer.status, 400)
    t.equal(codeOf(answer), 'unsupported_parameter')
  }
  t.strictSame(strictly.asked, [])
})

t.test('what the service and the headers decide reaches the model', async t => {
  const { chat, asked } = await start(t, undefined, { webSearch: true, debugModel: 'slow' })
  const { text } = await chat({ model: 'anything' }, { 'x-session-id': 's' })
  t.ok(text.startsWith(headOf('anything', 'slow')))
  t.match(asked, [{ cacheKey: 's', tools: [{ type: 'web-search' }] }])
})

t.test('what cannot be asked is refused before anything goes upstream', async t => {
  const { service, chat, generate, asked } = await start(t)
  const refused: readonly (readonly [Promise<Answer>, RegExp])[] = [
    [chat({ model: 'nope' }), /^{"code":"model_not_found","message":"model 'nope' not found"}$/],
    [generate({ model: '' }), /^{"code":"model_not_found","message":"model '' not found"}$/],
    [chat({ messages: 'hi' }), /"invalid_type"/],
    [chat({ messages: [{ role: 'user', content: 'a'.repeat(10_000) }] }), /"request_too_large"/],
    [ask(service, { method: 'POST', path: '/api/chat' }), /"missing request body"/],
  ]
  for (const [answer, expected] of refused) {
    const { status, text } = await answer
    t.ok(status >= 400)
    t.match(text, expected)
  }
  t.strictSame(asked, [])
})

t.test('a failure before the first word is a status, whether it streams or not', async t => {
  const refusal = new ProxyError('upstream_error', 'It is broken.')
  const cut = (async function* () {
    yield started()
    throw refusal
  })()
  for (const events of [refusal, cut]) {
    const { chat } = await start(t, events)
    const answer = await chat()
    t.equal(answer.status, 502)
    t.equal(codeOf(answer), 'upstream_error')
  }
  const whole = await start(t, [started(), says('a')])
  const answer = await whole.chat({ stream: false })
  t.equal(codeOf(answer), 'upstream_stream_incomplete')
})

t.test('a failure after it is one line, and a clean end', async t => {
  const { service, chat } = await start(t, [calls(0, 'f'), passes(0, '[]'), says('ok'), finished()])
  const { status, text } = await chat()
  t.equal(status, 200)
  t.equal(
    text,
    `${headOf('demo')}"message":{"role":"assistant","content":"ok"},"done":false}\n` +
      `{"error":"The model called the tool 'f' with arguments that are no JSON object. Ask again."}\n`,
  )
  t.match(await service.requestLine(), {
    fields: { error: /^The model called the tool 'f' / },
  })
})

t.test('while the model is silent, lines without content go out', async t => {
  const gate = createGate()
  const events = (async function* () {
    yield started()
    await gate.passed
    yield* [says('ok'), finished()]
  })()
  const streamTimes = { heartbeatMs: 5, commitDelayMs: 5 }
  const { service } = await start(t, events, { streamTimes })
  const client = await connect(t, service)
  const body = JSON.stringify({ model: 'demo', messages: [{ role: 'user', content: 'hi' }] })
  client.send(head('POST /api/chat', `Content-Length: ${body.length}`, 'Connection: close') + body)
  const beat = `${headOf('demo')}"message":{"role":"assistant","content":""},"done":false}\n`
  const text = await client.until(/"content":""[\s\S]*"content":""/)
  t.match(text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\ncontent-type: application\/x-ndjson\r\n/)
  t.ok(text.includes(beat))
  gate.open()
  t.match(await client.closed, /"content":"ok"},"done":false}\n[\s\S]*"done":true/)
})
