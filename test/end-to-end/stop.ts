import { setTimeout as sleep } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { foldChat, readJson, readStream } from '../fakes/api-client.ts'
import {
  answer,
  type BackendEvent,
  functionCall,
  message,
  reasoning,
  refusal,
  STARTED,
} from '../fakes/backend-events.ts'
import { startScripted } from '../fakes/chat-service.ts'
import { type Answer, frames, openStream, type UpstreamServer } from '../fakes/upstream-server.ts'

const chat = (t: Test) =>
  startScripted(t, '/v1/chat/completions', {
    model: 'gpt-5.5',
    messages: [{ role: 'user', content: 'hi' }],
    tools: [{ type: 'function', function: { name: 'f' } }],
  })

/** The text of these deltas, and then a backend that could go on for ever. */
function endless(...deltas: readonly string[]): Answer {
  const { added, pieces } = message(0, deltas)
  return response => {
    openStream(response)
    response.write(frames(...STARTED, added, ...pieces))
  }
}

async function closedInTime({ requests }: UpstreamServer): Promise<void> {
  const controller = new AbortController()
  const late = sleep(1000, undefined, { signal: controller.signal }).then(() => {
    throw new Error('the upstream connection is still open after a second')
  })
  await Promise.race([requests.at(-1)?.closed, late])
  controller.abort()
  await late.catch(() => {})
}

t.test('a stream ends before its stop text and closes the upstream', async t => {
  const { ask, upstream } = await chat(t)
  for (const stop of ['STOP', ['never', 'STOP', '', 'STOP here']]) {
    upstream.play(endless('Hello', ' ST', 'OP here', ' and on'))
    const response = await ask({ stop, stream: true, stream_options: { include_usage: true } })
    t.equal(response.headers.get('x-chatmock-ignored'), null)
    const stream = readStream(await response.text())
    t.equal(foldChat(stream).content, 'Hello ')
    t.strictSame(stream.steps.at(-1), [{}, 'stop'])
    t.ok(stream.isDone)
    t.ok(stream.usage.prompt_tokens > 0)
    t.ok(stream.usage.completion_tokens > 0)
    t.equal(stream.usage.total_tokens, stream.usage.prompt_tokens + stream.usage.completion_tokens)
    await closedInTime(upstream)
  }
})

t.test('a whole answer ends before its stop text and closes the upstream', async t => {
  const { ask, upstream } = await chat(t)
  upstream.play(endless('Hello', ' ST', 'OP here'))
  const response = await ask({ stop: ['STOP'] })
  t.match(await readJson(response), {
    choices: [{ message: { content: 'Hello ' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: Number, completion_tokens: Number },
  })
  await closedInTime(upstream)
})

t.test('the stop text that comes first ends the answer', async t => {
  const { whole, streamed } = await chat(t)
  const events = answer(message(0, ['ab', 'c', 'def']))
  for (const [stop, expected] of [
    [['f', 'cd'], 'ab'],
    [['abcdef'], ''],
    [['a'], ''],
    [['cdx', 'e'], 'abcd'],
    [['bcdefg'], 'abcdef'],
    [['ef', 'def'], 'abc'],
  ] as const) {
    t.equal((await whole(events, { stop })).choices[0].message.content ?? '', expected, `${stop}`)
    const { content, reason } = foldChat(readStream(await streamed(events, { stop })))
    t.strictSame([content, reason], [expected, 'stop'], `${stop}`)
  }
})

t.test('a stop text is found where it is cut anywhere, even inside a character', async t => {
  const { streamed } = await chat(t)
  const text = 'é"\n😀🛑 on'
  for (let first = 0; first <= text.length; first++) {
    for (let second = first; second <= text.length; second++) {
      const deltas = [text.slice(0, first), text.slice(first, second), text.slice(second)]
      const events = answer(message(0, deltas))
      const { content } = foldChat(readStream(await streamed(events, { stop: '😀🛑' })))
      t.equal(content, 'é"\n', JSON.stringify(deltas))
    }
  }
})

t.test('what only began like a stop text is told', async t => {
  const { whole, streamed } = await chat(t)
  const call = functionCall(1, 'call_1', 'f', ['{}'])
  for (const events of [
    answer(message(0, ['say ', 'STO'])),
    answer(message(0, ['say ', 'STO']), call),
  ]) {
    const [choice] = (await whole(events, { stop: 'STOP' })).choices
    t.equal(choice.message.content, 'say STO')
    const stream = readStream(await streamed(events, { stop: 'STOP' }))
    t.equal(foldChat(stream).content, 'say STO')
    t.equal(foldChat(stream).reason, choice.finish_reason)
    const kinds = stream.steps.flatMap(([delta]) => Object.keys(delta))
    t.ok(kinds.lastIndexOf('content') < (kinds.indexOf('tool_calls') + 1 || kinds.length + 1))
  }
})

t.test('text is not held back once it cannot become a stop text', async t => {
  const { ask, upstream } = await chat(t)
  upstream.play(endless('one two ', 'three ST'))
  const response = await ask({ stop: 'STOP', stream: true })
  const reader = response.body?.getReader()
  let text = ''
  while (!text.includes('three')) {
    const read = await reader?.read()
    if (read === undefined || read.done) throw new Error('the stream ended')
    text += new TextDecoder().decode(read.value)
  }
  t.match(text, '{"content":"three "}')
  await reader?.cancel()
})

t.test('only the visible text is looked at', async t => {
  const { whole, streamed } = await chat(t)
  const events = answer(
    reasoning(0, [['think STOP think']]),
    message(1, ['text']),
    functionCall(2, 'call_1', 'f', ['{"a":"ST', 'OP"}']),
  )
  const expected = {
    reasoning: 'think STOP think',
    content: 'text',
    calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":"STOP"}' } }],
    reason: 'tool_calls',
  }
  t.match(foldChat(readStream(await streamed(events, { stop: 'STOP' }))), expected)
  const [{ message: said, finish_reason }] = (await whole(events, { stop: 'STOP' })).choices
  t.match(said, {
    reasoning_content: 'think STOP think',
    content: 'text',
    tool_calls: expected.calls,
  })
  t.equal(finish_reason, 'tool_calls')

  const refused = await whole(answer(refusal(0, ['no STOP'])), { stop: 'STOP' })
  t.equal(refused.choices[0].message.refusal, 'no STOP')
})

t.test('an answer that fails behind its stop text has not failed', async t => {
  const { ask, upstream } = await chat(t)
  const cut: readonly BackendEvent[] = [...STARTED, ...message(0, ['a STOP b']).pieces]
  upstream.play(response => {
    openStream(response)
    response.end(frames(...cut))
  })
  t.match(await readJson(await ask({ stop: 'STOP' })), {
    choices: [{ message: { content: 'a ' }, finish_reason: 'stop' }],
  })
})

t.test('a completion ends before its stop text too', async t => {
  const { ask, upstream } = await startScripted(t, '/v1/completions', {
    model: 'gpt-5.5',
    prompt: 'hi',
  })
  upstream.play(endless('Hello ST', 'OP'))
  t.match(await readJson(await ask({ stop: 'STOP' })), {
    choices: [{ text: 'Hello ', finish_reason: 'stop' }],
  })
  await closedInTime(upstream)
  upstream.play(endless('Hello ST', 'OP'))
  const { steps, isDone } = readStream(await (await ask({ stop: 'STOP', stream: true })).text())
  t.equal(steps.map(([text]) => text).join(''), 'Hello ')
  t.equal(steps.at(-1)?.[1], 'stop')
  t.ok(isDone)
  await closedInTime(upstream)
})
