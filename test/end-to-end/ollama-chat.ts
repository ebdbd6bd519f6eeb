import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import {
  answer,
  type BackendEvent,
  completed,
  functionCall,
  incomplete,
  inTurn,
  message,
  numbered,
  reasoning,
  refusal,
  STARTED,
  USAGE,
} from '../fakes/backend-events.ts'
import { functionTool, plays } from '../fakes/chat-service.ts'
import { readLines, readWhole, timeless } from '../fakes/ollama-lines.ts'
import { BODIES, CHAT, readRefusal, startOllama } from '../fakes/ollama-service.ts'
import { frames, openStream } from '../fakes/upstream-server.ts'

const start = (t: Test, environment: Record<string, string> = {}) =>
  startOllama(t, CHAT, environment)

const tools = [functionTool('f'), functionTool('g')]

/** The two ways to answer, as a client reads them. */
async function bothWays(t: Test, events: readonly BackendEvent[], body: object = {}) {
  const { whole, streamed } = await start(t)
  const stream = await streamed(events, body)
  return { whole: await whole(events, body), stream }
}

const PLAIN = answer(message(0, ['Hel', 'lo']))

t.test('an answer is streamed line by line unless that is not wanted', async t => {
  const { ask, upstream } = await start(t)
  upstream.play(plays(PLAIN))
  const response = await ask({})
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/x-ndjson/)
  t.match(response.headers.get('x-request-id'), /^req_/)
  t.equal(response.headers.get('cache-control'), 'no-cache, no-transform')
  t.equal(response.headers.get('content-length'), null)
  t.equal(response.headers.get('x-chatmock-ignored'), null)
  const text = await response.text()
  const head = `"model":"gpt-5.5","remote_model":"gpt-5.5","remote_host":"${upstream.url}","created_at":"AT",`
  const lines = text.replace(/"created_at":"[^"]*"/g, '"created_at":"AT"').split('\n')
  t.strictSame(lines.slice(0, 2), [
    `{${head}"message":{"role":"assistant","content":"Hel"},"done":false}`,
    `{${head}"message":{"role":"assistant","content":"lo"},"done":false}`,
  ])
  t.equal(lines.length, 4)
  t.equal(lines[3], '')
  t.ok(lines[2]?.startsWith(`{${head}"message":{"role":"assistant","content":""},"done":true,`))
  t.strictSame(timeless(readLines(text).last), {
    model: 'gpt-5.5',
    remote_model: 'gpt-5.5',
    remote_host: upstream.url,
    message: { role: 'assistant', content: '' },
    done: true,
    done_reason: 'stop',
    total_duration: 'ns',
    load_duration: 'ns',
    prompt_eval_count: 11,
    prompt_eval_duration: 'ns',
    eval_count: 7,
    eval_duration: 'ns',
  })

  const whole = await ask({ stream: false })
  t.match(whole.headers.get('content-type'), /^application\/json/)
  t.strictSame(timeless(readWhole(await whole.text())), {
    model: 'gpt-5.5',
    remote_model: 'gpt-5.5',
    remote_host: upstream.url,
    message: { role: 'assistant', content: 'Hello' },
    done: true,
    done_reason: 'stop',
    total_duration: 'ns',
    load_duration: 'ns',
    prompt_eval_count: 11,
    prompt_eval_duration: 'ns',
    eval_count: 7,
    eval_duration: 'ns',
  })
  for (const stream of [true, null]) {
    t.match((await ask({ stream })).headers.get('content-type'), /^application\/x-ndjson/)
  }
})

t.test('thinking comes first, on lines of its own', async t => {
  const thoughts = reasoning(0, [['Let me ', 'see.'], ['Yes.']])
  const { whole, stream } = await bothWays(t, answer(thoughts, message(1, ['It is ', '42.'])))
  t.equal(stream.thinking, 'Let me see.\n\nYes.')
  t.equal(stream.content, 'It is 42.')
  t.match(stream.kinds.join(), /^(thinking,){2,}content,content$/)
  t.strictSame(whole.message, {
    role: 'assistant',
    content: 'It is 42.',
    thinking: 'Let me see.\n\nYes.',
  })
})

t.test('thoughts of one piece are two lines at least, which is what some clients need', async t => {
  const { streamed } = await start(t)
  for (const [thought, least] of [
    ['Hm', 2],
    ['Let me see.', 2],
    ['😀!', 2],
    ['😀', 1],
    ['é', 1],
    ['"\\\n', 2],
  ] as const) {
    const events = answer(reasoning(0, [[thought]]), message(1, ['ok']))
    const { thinking, lines, kinds } = await streamed(events)
    t.equal(thinking, thought)
    t.ok(kinds.filter(kind => kind === 'thinking').length >= least, thought)
    for (const { message } of lines) t.ok((message.thinking ?? '').isWellFormed(), thought)
  }
})

t.test('how hard to think may be said in every form of `think`', async t => {
  const { sent } = await start(t)
  for (const [model, think, expected] of [
    ['gpt-5.5', undefined, { effort: 'medium', summary: 'auto' }],
    ['gpt-5.5', null, { effort: 'medium', summary: 'auto' }],
    ['gpt-5.5', true, { effort: 'medium', summary: 'auto' }],
    ['gpt-5.5', 'low', { effort: 'low', summary: 'auto' }],
    ['gpt-5.5', 'medium', { effort: 'medium', summary: 'auto' }],
    ['gpt-5.5', 'high', { effort: 'high', summary: 'auto' }],
    ['gpt-5.5', 'max', { effort: 'xhigh', summary: 'auto' }],
    ['gpt-5.5', false, { effort: 'none' }],
    ['gpt-6-sol', 'max', { effort: 'max', summary: 'auto', context: 'all_turns' }],
    ['gpt-6.1-sol', false, { effort: 'low', context: 'all_turns' }],
    ['gpt-5.5:high', true, { effort: 'high', summary: 'auto' }],
    ['gpt-5.5:high', undefined, { effort: 'high', summary: 'auto' }],
    ['gpt-5.5:high', false, { effort: 'high' }],
    ['gpt-5.5-high', false, { effort: 'high' }],
    ['gpt-5.5:high', 'low', { effort: 'low', summary: 'auto' }],
  ] as const) {
    t.strictSame((await sent({ model, think })).reasoning, expected, `${model} ${think}`)
  }
})

t.test('who wants no thinking is told none', async t => {
  const events = answer(reasoning(0, [['secret ', 'thought']]), message(1, ['ok']))
  const { whole, stream } = await bothWays(t, events, { think: false })
  t.strictSame(whole.message, { role: 'assistant', content: 'ok' })
  t.equal(stream.thinking, '')
  t.equal(stream.content, 'ok')
  for (const line of [...stream.lines, stream.last]) t.notOk('thinking' in line.message)
  t.notMatch(JSON.stringify([whole, stream]), 'secret')
})

t.test('a level that does not exist is refused in the words of Ollama', async t => {
  const { ask, upstream } = await start(t)
  for (const think of ['ultra', 'HIGH', 'none', '']) {
    t.strictSame(await readRefusal(await ask({ think })), {
      status: 400,
      error: `invalid think value: "${think}" (must be "high", "medium", "low", "max", true, or false)`,
    })
  }
  t.equal(upstream.requests.length, 0)
})

t.test('thinking is told the same way whatever the other API does with it', async t => {
  const events = answer(reasoning(0, [['secret ', 'thought']]), message(1, ['ok']))
  for (const mode of ['think-tags', 'o3', 'legacy', 'off']) {
    const { streamed } = await start(t, { CHATGPT_LOCAL_REASONING_COMPAT: mode })
    const { thinking, content } = await streamed(events, {}, { 'x-reasoning-compat': 'think-tags' })
    t.strictSame([thinking, content], ['secret thought', 'ok'], mode)
  }
})

const PARIS = { id: 'call_1', function: { index: 0, name: 'f', arguments: { city: 'Paris' } } }
const ZONE = { id: 'call_2', function: { index: 1, name: 'g', arguments: { zone: 'UTC' } } }

t.test('a call comes whole, its arguments an object', async t => {
  const events = answer(functionCall(0, 'call_1', 'f', ['{"ci', 'ty":"Paris"}']))
  const { whole, stream } = await bothWays(t, events, { tools })
  t.strictSame(
    stream.lines.map(({ message, done }) => [message, done]),
    [[{ role: 'assistant', content: '', tool_calls: [PARIS] }, false]],
  )
  t.match(stream.last, { done: true, done_reason: 'stop', eval_count: 7 })
  t.strictSame(whole.message, { role: 'assistant', content: '', tool_calls: [PARIS] })
  t.equal(whole.done_reason, 'stop')
})

t.test('calls that come at the same time are told one by one', async t => {
  const first = functionCall(1, 'call_1', 'f', ['{"ci', 'ty":"Paris"}'])
  const second = functionCall(2, 'call_2', 'g', ['{"zone":', '"UTC"}'])
  const events = numbered([
    ...STARTED,
    ...inTurn(message(0, ['Wait.'])),
    first.added,
    second.added,
    ...second.pieces,
    ...first.pieces,
    ...second.done,
    ...first.done,
    completed(),
  ])
  const { whole, stream } = await bothWays(t, events, { tools })
  t.strictSame(stream.kinds, ['content', 'calls', 'calls'])
  t.strictSame(stream.calls, [PARIS, ZONE])
  t.strictSame(whole.message, {
    role: 'assistant',
    content: 'Wait.',
    tool_calls: [PARIS, ZONE],
  })
})

t.test('a call is told when the next begins, not at the end of the answer', async t => {
  const { ask, upstream } = await start(t)
  let finish = () => {}
  upstream.play(response => {
    openStream(response)
    const next = functionCall(1, 'call_2', 'g', ['{"zone":"UTC"}'])
    const call = functionCall(0, 'call_1', 'f', ['{"city":"Paris"}'])
    response.write(frames(...STARTED, ...inTurn(call), next.added))
    finish = () => response.end(frames(...next.pieces, ...next.done, completed()))
  })
  const response = await ask({ tools })
  let text = ''
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString()
    if (text.includes('Paris')) finish()
  }
  t.strictSame(readLines(text).calls, [PARIS, ZONE])
})

t.test('thinking, text and calls keep their order', async t => {
  const { stream } = await bothWays(
    t,
    answer(
      reasoning(0, [['Hm ', 'hm']]),
      message(1, ['Wait.']),
      functionCall(2, 'call_1', 'f', ['{"city":"Paris"}']),
    ),
    { tools },
  )
  t.match(stream.kinds.join(), /^thinking,thinking(,thinking)*,content,calls$/)
})

t.test('arguments are told as the model wrote them', async t => {
  const { ask, upstream } = await start(t)
  for (const [written, told] of [
    ['', '{}'],
    ['{}', '{}'],
    ['{"n":12345678901234567890,"f":1.0}', '"n":12345678901234567890,"f":1.0'],
    ['{\n  "a": "x\\ny",\r\n\t"b": null\n}', '"x\\ny"'],
    ['{"é":"😀 \\u2028 </think>"}', '😀'],
    ['{"a":{"b":[{"c":null}]}}', '{"a":{"b":[{"c":null}]}}'],
  ] as const) {
    const pieces = written === '' ? [] : [written.slice(0, 3), written.slice(3)]
    upstream.play(plays(answer(functionCall(0, 'call_1', 'f', pieces))))
    for (const stream of [true, false]) {
      const text = await (await ask({ tools, stream })).text()
      t.match(text, told, written)
      const calls = stream ? readLines(text).calls : readWhole(text).message.tool_calls
      t.strictSame(calls[0].function.arguments, JSON.parse(written || '{}'), written)
    }
  }
})

t.test('a call that was cut is not told', async t => {
  const cut = functionCall(1, 'call_2', 'g', ['{"zone":"U'])
  for (const reason of ['max_output_tokens', 'content_filter']) {
    const events = [
      ...STARTED,
      ...inTurn(functionCall(0, 'call_1', 'f', ['{"city":"Paris"}'])),
      cut.added,
      ...cut.pieces,
      incomplete(reason),
    ]
    const { whole, stream } = await bothWays(t, events, { tools })
    t.strictSame(stream.calls, [PARIS], reason)
    t.strictSame(whole.message.tool_calls, [PARIS], reason)
    t.equal(stream.last.done_reason, whole.done_reason)
  }
})

t.test('arguments that are no object are a failure, and name their tool', async t => {
  const { ask, upstream } = await start(t)
  for (const written of ['{"city":', '["CANARY"]', '"CANARY"', 'null', '{} {}']) {
    upstream.play(plays(answer(functionCall(0, 'call_1', 'f', [written]))))
    for (const stream of [true, false]) {
      const { status, error } = await readRefusal(await ask({ tools, stream }))
      t.equal(status, 502, written)
      t.match(error, /\bf\b/, written)
      t.notMatch(error, 'CANARY', written)
    }
  }
})

t.test('an answer says why it ended', async t => {
  for (const [reason, expected] of [
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
  ] as const) {
    const events = [...STARTED, ...inTurn(message(0, ['part'])), incomplete(reason)]
    const { whole, stream } = await bothWays(t, events)
    t.equal(stream.content, 'part')
    t.equal(stream.last.done_reason, expected)
    t.match(whole, { message: { content: 'part' }, done_reason: expected })
  }
})

t.test('a refusal is told as text', async t => {
  const { whole, stream } = await bothWays(t, answer(refusal(0, ['I can', 'not'])))
  t.equal(stream.content, 'I cannot')
  t.strictSame(whole.message, { role: 'assistant', content: 'I cannot' })
  t.equal(whole.done_reason, 'stop')
})

t.test('several messages are one text, sources have no place in it', async t => {
  const cited = {
    type: 'url_citation',
    start_index: 0,
    end_index: 1,
    title: 'T',
    url: 'https://a/',
  }
  const { whole, stream } = await bothWays(
    t,
    answer(message(0, ['Looking.'], [cited]), message(1, ['It is ', '42.'])),
  )
  t.equal(stream.content, 'Looking.\n\nIt is 42.')
  t.strictSame(whole.message, { role: 'assistant', content: 'Looking.\n\nIt is 42.' })
  t.notMatch(JSON.stringify([whole, stream]), 'https://a/')
})

t.test('an answer of nothing is an answer', async t => {
  const { whole, stream } = await bothWays(t, [...STARTED, completed()])
  t.strictSame(whole.message, { role: 'assistant', content: '' })
  t.equal(stream.content, '')
  t.equal(stream.last.done_reason, 'stop')
})

t.test('what was not counted is left out with the time that it took', async t => {
  const events = [...STARTED, ...inTurn(message(0, ['a']))]
  for (const [usage, keys] of [
    [null, []],
    [{ ...USAGE, input_tokens: 0 }, ['eval_count', 'eval_duration']],
    [{ ...USAGE, output_tokens: 0 }, ['prompt_eval_count', 'prompt_eval_duration']],
  ] as const) {
    const { whole, stream } = await bothWays(t, [...events, completed({ usage })])
    for (const told of [whole, stream.last]) {
      t.strictSame(
        Object.keys(told).filter(key => /_(?:count|duration)$/.test(key)),
        ['total_duration', 'load_duration', ...keys],
        JSON.stringify(usage),
      )
    }
  }
})

/** Long enough for what has been written to be read at the other end, in the same process. */
async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await new Promise(resolve => setImmediate(resolve))
}

t.test('durations are measured', async t => {
  const { port, upstream } = await start(t)
  const { added, pieces, done } = message(0, ['a', 'b'])
  const halves = [pieces.slice(0, 2), pieces.slice(2)] as const
  upstream.play(async response => {
    await sleep(40)
    openStream(response)
    await turns()
    await sleep(60)
    response.write(frames(...STARTED, added, ...halves[0]))
    await turns()
    await sleep(80)
    response.end(frames(...halves[1], ...done, completed()))
  })
  for (const stream of [true, false]) {
    const body = JSON.stringify({ ...BODIES[CHAT], stream })
    const before = performance.now()
    const outgoing = request({ host: '127.0.0.1', port, path: CHAT, method: 'POST' })
    outgoing.write(body.slice(0, 10))
    await turns()
    await sleep(50)
    outgoing.end(body.slice(10))
    const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage]
    let text = ''
    for await (const chunk of incoming.setEncoding('utf8')) text += chunk
    const took = (performance.now() - before) * 1e6
    const told = stream ? readLines(text).last : readWhole(text)
    const { total_duration, load_duration, prompt_eval_duration, eval_duration } = told
    // Each is said to be no less than what was waited for; timers may fire a little early.
    const atLeast = (name: string, duration: number, milliseconds: number) =>
      t.ok(duration >= milliseconds * 0.9e6, `${name} took ${duration} of ${milliseconds} ms`)
    atLeast('all', total_duration, 50 + 40 + 60 + 80)
    atLeast('the load', load_duration, 50 + 40)
    atLeast('what is no load', total_duration - load_duration, 60 + 80)
    atLeast('the prompt', prompt_eval_duration, 40 + 60)
    atLeast('the answer', eval_duration, 80)
    atLeast('the body', total_duration - prompt_eval_duration - eval_duration, 50)
    t.ok(total_duration <= took, `${total_duration} of ${took}`)
  }
})

t.test('lines say when they were made', async t => {
  const { streamed } = await start(t)
  const before = Date.now()
  const { lines, last } = await streamed(PLAIN)
  const times = [...lines, last].map(({ created_at }) => Date.parse(created_at))
  t.strictSame(
    times,
    [...times].sort((a, b) => a - b),
  )
  t.ok((times[0] ?? 0) >= before && (times.at(-1) ?? 0) <= Date.now())
})

t.test('an answer ends before its stop text', async t => {
  const { streamed, whole } = await start(t)
  const events = answer(message(0, ['Hello', ' ST', 'OP here']))
  for (const stop of ['STOP', ['never', 'STOP'], ['', 'STOP', 'u', 'v', 'w', 'x']]) {
    const { content, last } = await streamed(events, { options: { stop } })
    t.strictSame([content, last.done_reason], ['Hello ', 'stop'])
    t.match(await whole(events, { options: { stop } }), {
      message: { content: 'Hello ' },
      done_reason: 'stop',
    })
  }
})

t.test('without messages a model is loaded or unloaded, and nothing is asked', async t => {
  const { ask, upstream } = await start(t)
  for (const [body, reason] of [
    [{ messages: [] }, 'load'],
    [{ messages: undefined }, 'load'],
    [{ messages: null }, 'load'],
    [{ messages: [], keep_alive: '10m' }, 'load'],
    [{ messages: [], keep_alive: -1 }, 'load'],
    [{ messages: [], keep_alive: 0.5 }, 'load'],
    [{ messages: [], keep_alive: '-1s' }, 'load'],
    [{ messages: [], keep_alive: '1.5h' }, 'load'],
    [{ messages: [], keep_alive: '1h30m' }, 'load'],
    [{ messages: [], keep_alive: '100ms' }, 'load'],
    [{ messages: [], keep_alive: '+5m' }, 'load'],
    [{ messages: [], keep_alive: '1µs' }, 'load'],
    [{ messages: [], keep_alive: '0h0m' }, 'unload'],
    [{ messages: [], keep_alive: '-0' }, 'unload'],
    [{ messages: [], keep_alive: 0 }, 'unload'],
    [{ messages: [], keep_alive: '0' }, 'unload'],
    [{ messages: [], keep_alive: '0s' }, 'unload'],
    [{ messages: undefined, keep_alive: 0 }, 'unload'],
  ] as const) {
    for (const stream of [undefined, true, false]) {
      const response = await ask({ ...body, stream })
      t.match(response.headers.get('content-type'), /^application\/json/)
      const { created_at: _, ...told } = readWhole(await response.text())
      t.strictSame(
        told,
        {
          model: 'gpt-5.5',
          remote_model: 'gpt-5.5',
          remote_host: upstream.url,
          message: { role: 'assistant', content: '' },
          done: true,
          done_reason: reason,
        },
        JSON.stringify(body),
      )
    }
  }
  t.equal((await ask({ model: 'nope', messages: [] })).status, 404)
  t.equal((await ask({ messages: [], keep_alive: 'x' })).status, 400)
  t.equal(upstream.requests.length, 0)
})
