import fc from 'fast-check'
import t from 'tap'
import { type JsonString, type ModelEvent, unquote } from '../../src/domain/events.ts'
import { cutAtStops } from '../../src/domain/stop.ts'
import { chatRequest, developerSays, userSays } from '../fakes/chat-request.ts'
import {
  calls,
  cites,
  finished,
  literalsOf,
  passes,
  play,
  refuses,
  says,
  started,
  thinks,
} from '../fakes/model-events.ts'

async function tell(
  stop: readonly string[],
  ...events: readonly ModelEvent[]
): Promise<readonly ModelEvent[]> {
  const told: ModelEvent[] = []
  for await (const event of cutAtStops(play(...events), chatRequest({ stop }))) told.push(event)
  return told
}

/** The end of an answer that was cut: what it has used is estimated for the request that says "hi". */
const cut = (outputTokens: number, reasoningTokens = 0): ModelEvent => ({
  type: 'finished',
  reason: 'stop',
  usage: {
    inputTokens: 1,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    outputTokens,
    reasoningTokens,
    totalTokens: 1 + outputTokens,
  },
  serviceTier: undefined,
})

t.test('an answer without a stop text is told as it is', async t => {
  const events = [
    started(),
    thinks('END'),
    says('one'),
    refuses('END'),
    calls(0, 'END'),
    passes(0, '"END"'),
    finished({ reason: 'length' }),
  ]
  t.strictSame(await tell(['END'], ...events), events)
})

t.test('an answer is cut before its first stop text, with an estimate of its usage', async t => {
  t.strictSame(await tell(['END'], started(), says('one '), says('two END three'), finished()), [
    started(),
    says('one '),
    says('two '),
    cut(2),
  ])
})

t.test('a stop text is found across deltas, messages and reasoning', async t => {
  t.strictSame(await tell(['b\n\nc'], says('ab'), says('\n\n'), thinks('x'), says('cd')), [
    says('a'),
    thinks('x'),
    cut(2, 1),
  ])
})

t.test('a stop text is found in any spelling, and inside of surrogate pairs', async t => {
  const half = (text: string): ModelEvent => ({ type: 'text', text: text as JsonString })
  t.strictSame(await tell(['/😀'], half('"a\\u002f\\ud83d"'), half('"\\ude00b"')), [
    says('a'),
    cut(1),
  ])
  t.strictSame(await tell(['😀'], half('"a\\ud83d"'), half('"\\ude01"'), finished()), [
    says('a'),
    says('😁'),
    finished(),
  ])
})

t.test('text that is held back is told before a call and before the end', async t => {
  t.strictSame(
    await tell(['END'], says('EN'), calls(0, 'f'), passes(0, '{}'), says('DE'), finished()),
    [says('EN'), calls(0, 'f'), passes(0, '{}'), says('D'), says('E'), finished()],
  )
})

t.test('a match that only the end decides on cuts the answer, and its usage is known', async t => {
  const end = finished({ reason: 'length', serviceTier: 'priority' })
  t.strictSame(await tell(['abcd', 'bc'], says('abc'), end), [
    says('a'),
    finished({ serviceTier: 'priority' }),
  ])
  t.strictSame(await tell(['abcd', 'bc'], says('abc'), calls(0, 'f'), end), [says('a'), cut(1)])
})

t.test('everything that is told counts, and so does everything that was asked', async t => {
  const request = chatRequest({
    stop: ['END'],
    items: [
      developerSays('1234'),
      userSays('12345678'),
      { type: 'message', role: 'assistant', parts: [{ type: 'refusal', text: '1234' }] },
      {
        type: 'message',
        role: 'user',
        parts: [{ type: 'image', url: 'data:image/png;base64,AAAAAAAAAAAAAAAA', detail: 'auto' }],
      },
      { type: 'tool-call', kind: 'function', callId: 'call_1', name: 'name', arguments: '{"a":1}' },
      { type: 'tool-result', kind: 'function', callId: 'call_1', output: '1234' },
      {
        type: 'tool-result',
        kind: 'function',
        callId: 'call_1',
        output: [{ type: 'text', text: '1234' }],
      },
    ],
    tools: [
      { type: 'web-search', contextSize: undefined, location: undefined, allowedDomains: [] },
    ],
  })
  const events = play(
    thinks('1234'),
    thinks('12345678'),
    refuses('1234'),
    calls(0, 'name'),
    passes(0, '1234'),
    says('1234END'),
  )
  let last: ModelEvent | undefined
  for await (const event of cutAtStops(events, request)) last = event
  t.match(last, {
    // 1 + 2 + 1 + 1 + 2 + 1 + 1, and 11 of {"type":"web-search","allowedDomains":[]}
    usage: { inputTokens: 20, outputTokens: 7, reasoningTokens: 3, totalTokens: 27 },
  })
})

t.test('citations come at the end, without those behind the cut', async t => {
  t.strictSame(
    await tell(['END'], says('😀 two'), cites(0, 5), cites(2, 6), says('END'), finished()),
    [says('😀 two'), cites(0, 5), cut(2)],
  )
  t.strictSame(await tell(['END'], says('one'), cites(2, 9), finished()), [
    says('one'),
    cites(2, 9),
    finished(),
  ])
})

t.test("a cut ends the upstream's events before the end is told", async t => {
  const steps: string[] = []
  async function* endless(): AsyncGenerator<ModelEvent> {
    try {
      for (;;) {
        steps.push('read')
        yield says('oneEND')
      }
    } finally {
      steps.push('closed')
    }
  }
  for await (const event of cutAtStops(endless(), chatRequest({ stop: ['END'] }))) {
    steps.push(event.type)
  }
  t.strictSame(steps, ['read', 'closed', 'text', 'finished'])
})

t.test("a client that leaves ends the upstream's events", async t => {
  let closed = false
  async function* endless(): AsyncGenerator<ModelEvent> {
    try {
      for (;;) yield says('one')
    } finally {
      closed = true
    }
  }
  for await (const _ of cutAtStops(endless(), chatRequest({ stop: ['END'] }))) break
  t.ok(closed)
})

t.test('a failure of the answer passes through', async t => {
  async function* failing(): AsyncGenerator<ModelEvent> {
    yield says('EN')
    throw new Error('cut')
  }
  await t.rejects(
    (async () => {
      for await (const _ of cutAtStops(failing(), chatRequest({ stop: ['END'] }))) t.fail('told')
    })(),
    { message: 'cut' },
  )
})

t.test('any deltas of a text tell it up to the first stop text', async () => {
  const unit = fc.constantFrom('a', 'b', '\n', '"', '😀')
  const text = fc.string({ unit, maxLength: 16 })
  await fc.assert(
    fc.asyncProperty(
      text.chain(text => fc.tuple(fc.constant(text), literalsOf(text))),
      fc.array(fc.string({ unit, minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 4 }),
      async ([text, literals], stop) => {
        const deltas = literals.map((text): ModelEvent => ({ type: 'text', text }))
        const events = await tell(stop, ...deltas, finished({ reason: 'length' }))
        const told = unquote(events.flatMap(event => (event.type === 'text' ? [event.text] : [])))
        const places = stop.map(stop => text.indexOf(stop)).filter(place => place >= 0)
        const last = events.at(-1)
        return (
          told === text.slice(0, Math.min(text.length, ...places)) &&
          last?.type === 'finished' &&
          last.reason === (places.length > 0 ? 'stop' : 'length')
        )
      },
    ),
    { numRuns: 500 },
  )
})
