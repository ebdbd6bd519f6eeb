import t from 'tap'
import { type CollectedCall, collect, runnableCalls } from '../../src/domain/collect.ts'
import { type JsonString, type ModelEvent, quote } from '../../src/domain/events.ts'
import {
  calls,
  cites,
  finished,
  passes,
  play,
  refuses,
  says,
  started,
  thinks,
  usage,
} from '../fakes/model-events.ts'

t.test('an answer is folded into one value', async t => {
  t.strictSame(
    await collect(
      play(
        started(),
        thinks('hm'),
        thinks('\n\n', 'raw'),
        thinks('so', 'raw'),
        says('He'),
        cites(0, 2),
        calls(0, 'f'),
        passes(0, '{}'),
        calls(1, 'g', 'custom'),
        passes(1, 'free '),
        says('llo'),
        passes(1, 'text'),
        refuses('no'),
        finished({ reason: 'length' }),
      ),
    ),
    {
      id: 'resp_abc',
      createdAt: 1795346783,
      text: 'Hello',
      refusal: 'no',
      reasoning: 'hm\n\nso',
      summary: 'hm',
      citations: [cites(0, 2)],
      toolCalls: [
        { kind: 'function', callId: 'call_1', name: 'f', arguments: '{}' },
        { kind: 'custom', callId: 'call_2', name: 'g', arguments: 'free text' },
      ],
      reason: 'length',
      usage,
      serviceTier: 'default',
    },
  )
})

t.test('the tier is that of the end, else that of the beginning', async t => {
  const tier = async (serviceTier: string | undefined) =>
    (await collect(play(started({ serviceTier: 'flex' }), finished({ serviceTier })))).serviceTier
  t.equal(await tier('priority'), 'priority')
  t.equal(await tier(undefined), 'flex')
})

t.test('a surrogate pair that two deltas share becomes one character', async t => {
  const half = (text: string) => text as JsonString
  const { text } = await collect(
    play(
      { type: 'text', text: half('"\\ud83d"') },
      { type: 'text', text: half('"\\ude00"') },
      finished(),
    ),
  )
  t.equal(text, '😀')
})

t.test('two hundred thousand deltas do not overflow anything', async t => {
  async function* many() {
    for (let i = 0; i < 200_000; i++) yield { type: 'text', text: quote('ab') } as const
    yield finished()
  }
  t.equal((await collect(many())).text.length, 400_000)
})

t.test('long texts of many pieces stay apart and whole', async t => {
  async function* many(): AsyncGenerator<ModelEvent> {
    yield calls(0, 'f')
    yield calls(1, 'g')
    for (let i = 0; i < 20_000; i++) {
      yield* [
        says(`text ${i}"\n`),
        thinks(`sum ${i}`),
        thinks(`raw ${i}`, 'raw'),
        refuses(`no ${i}`),
      ]
      yield* [passes(0, `a${i}`), passes(1, `b${i}`)]
    }
    yield finished()
  }
  const whole = (piece: (i: number) => string) =>
    Array.from({ length: 20_000 }, (_, i) => piece(i)).join('')
  const answer = await collect(many())
  t.equal(
    answer.text,
    whole(i => `text ${i}"\n`),
  )
  t.equal(
    answer.refusal,
    whole(i => `no ${i}`),
  )
  t.equal(
    answer.reasoning,
    whole(i => `sum ${i}raw ${i}`),
  )
  t.equal(
    answer.summary,
    whole(i => `sum ${i}`),
  )
  t.equal(
    answer.toolCalls[0]?.arguments,
    whole(i => `a${i}`),
  )
  t.equal(
    answer.toolCalls[1]?.arguments,
    whole(i => `b${i}`),
  )
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
  await t.rejects(collect(play(says('a'))), {
    code: 'upstream_stream_incomplete',
  })
})

t.test('of a whole answer every call can be run', async t => {
  const toolCalls = [call('{}'), call('{"a'), call('free', 'custom')]
  t.strictSame(runnable('stop', toolCalls), ['{}', '{"a', 'free'])
})

t.test('of a cut answer those calls can be run that are known to be whole', async t => {
  t.strictSame(runnable('length', [call('{}'), call('{"a')]), ['{}'])
  t.strictSame(runnable('content-filter', [call('')]), [])
  t.strictSame(runnable('length', [call('one', 'custom'), call('two', 'custom')]), ['one'])
  t.strictSame(runnable('length', [call('free', 'custom'), call('{}')]), ['free', '{}'])
})

function call(text: string, kind: CollectedCall['kind'] = 'function'): CollectedCall {
  return { kind, callId: `call of ${text}`, name: 'f', arguments: text }
}

function runnable(reason: 'stop' | 'length' | 'content-filter', toolCalls: CollectedCall[]) {
  const completion = {
    id: undefined,
    createdAt: undefined,
    text: '',
    refusal: '',
    reasoning: '',
    summary: '',
    citations: [],
    usage: undefined,
    serviceTier: undefined,
  }
  return runnableCalls({ ...completion, reason, toolCalls }).map(call => call.arguments)
}
