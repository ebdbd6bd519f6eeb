import t from 'tap'
import { collect } from '../../src/domain/collect.ts'
import { type JsonString, type ModelEvent, quote } from '../../src/domain/events.ts'

async function* play(...events: ModelEvent[]) {
  yield* events
}
const finished: ModelEvent = {
  type: 'finished',
  reason: 'stop',
  usage: undefined,
  serviceTier: undefined,
}

t.test('an answer is folded into one value', async t => {
  const usage = {
    inputTokens: 1,
    cachedTokens: 0,
    outputTokens: 2,
    reasoningTokens: 0,
    totalTokens: 3,
  }
  t.strictSame(
    await collect(
      play(
        { type: 'started', id: 'resp_1', createdAt: 5, serviceTier: 'auto' },
        { type: 'reasoning', text: quote('hm') },
        { type: 'text', text: quote('He') },
        { type: 'tool-call', index: 0, callId: 'call_1', name: 'f' },
        { type: 'tool-call', index: 1, callId: 'call_2', name: 'g' },
        { type: 'tool-arguments', index: 1, text: quote('{"b"') },
        { type: 'tool-arguments', index: 0, text: quote('{}') },
        { type: 'tool-arguments', index: 1, text: quote(':2}') },
        { type: 'text', text: quote('llo') },
        { type: 'refusal', text: quote('no') },
        { type: 'finished', reason: 'length', usage, serviceTier: 'default' },
      ),
    ),
    {
      id: 'resp_1',
      createdAt: 5,
      text: 'Hello',
      refusal: 'no',
      reasoning: 'hm',
      toolCalls: [
        { callId: 'call_1', name: 'f', arguments: '{}' },
        { callId: 'call_2', name: 'g', arguments: '{"b":2}' },
      ],
      reason: 'length',
      usage,
      serviceTier: 'default',
    },
  )
})

t.test('a surrogate pair that two deltas share becomes one character', async t => {
  const half = (text: string) => text as JsonString
  const { text } = await collect(
    play(
      { type: 'text', text: half('"\\ud83d"') },
      { type: 'text', text: half('"\\ude00"') },
      finished,
    ),
  )
  t.equal(text, '😀')
})

t.test('two hundred thousand deltas do not overflow anything', async t => {
  async function* many() {
    for (let i = 0; i < 200_000; i++) yield { type: 'text', text: quote('ab') } as const
    yield finished
  }
  t.equal((await collect(many())).text.length, 400_000)
})

t.test('an answer that grows past 64 MiB is refused and its source is closed', async t => {
  let closed = false
  async function* endless(): AsyncGenerator<ModelEvent> {
    const text = quote('x'.repeat(1024 * 1024))
    try {
      for (;;) yield { type: 'text', text }
    } finally {
      closed = true
    }
  }
  await t.rejects(collect(endless()), { code: 'upstream_response_too_large' })
  t.ok(closed)
})

t.test('an answer without its end is incomplete', async t => {
  await t.rejects(collect(play({ type: 'text', text: quote('a') })), {
    code: 'upstream_stream_incomplete',
  })
})
