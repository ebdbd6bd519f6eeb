import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  createLineEncoder,
  encodeWhole,
  type Telling,
} from '../../../src/adapters/ollama/encoder.ts'
import {
  CHAT_FORM,
  createLines,
  GENERATE_FORM,
  type LineForm,
} from '../../../src/adapters/ollama/lines.ts'
import { createTimings, type Timings } from '../../../src/adapters/ollama/timings.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import { type JsonString, type ModelEvent, quote } from '../../../src/domain/events.ts'
import { createFakeClock, type FakeClock } from '../../fakes/clock.ts'
import {
  answers,
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
} from '../../fakes/model-events.ts'

const NOW = Date.UTC(2026, 10, 22, 11, 18, 5, 90)
const facts = {
  asked: ' Demo ',
  remoteModel: 'demo-1',
  remoteHost: 'https://demo.invalid',
}

interface Form extends Partial<Telling> {
  readonly form?: LineForm
  readonly clock?: FakeClock
}

function open({ form = CHAT_FORM, clock = createFakeClock(NOW), ...told }: Form = {}) {
  const telling: Telling = { showsThinking: true, context: undefined, ...told }
  return [createLines(facts, form, clock), telling, createTimings(clock)] as const
}

function encode(events: readonly ModelEvent[], over: Form = {}): string {
  const encoder = createLineEncoder(...open(over))
  return events.map(event => encoder.encode(event)).join('') + encoder.end()
}

function whole(events: readonly ModelEvent[], over: Form = {}): Promise<string> {
  return encodeWhole(play(...events), ...open(over))
}

const HEAD =
  '{"model":" Demo ","remote_model":"demo-1","remote_host":"https://demo.invalid","created_at":"2026-11-22T11:18:05.090Z",'
const line = (content: string, more = '') =>
  `${HEAD}"message":{"role":"assistant","content":${content}${more}},"done":false}\n`
const FIGURES =
  '"total_duration":1,"load_duration":1,"prompt_eval_count":11,"prompt_eval_duration":1,"eval_count":7,"eval_duration":1}'
const last = (message = '""', reason = 'stop', figures = FIGURES) =>
  `${HEAD}"message":{"role":"assistant","content":${message}},"done":true,"done_reason":"${reason}",${figures}`
const callLine = (index: number, name: string, text: string, id = index + 1) =>
  line(
    '""',
    `,"tool_calls":[{"id":"call_${id}","function":{"index":${index},"name":"${name}","arguments":${text}}}]`,
  )

t.test('a text answer is a line for each piece, and a last one that has no text', async t => {
  t.equal(
    encode([started(), says('Hel'), says('l"o\n'), finished()]),
    `${line('"Hel"')}${line('"l\\"o\\n"')}${last()}\n`,
  )
})

t.test('thinking has lines of its own, hidden where it is not wanted', async t => {
  const events = [started(), thinks('I '), thinks('see', 'raw'), says('Yes'), finished()]
  t.equal(
    encode(events),
    line('""', ',"thinking":"I"') +
      line('""', ',"thinking":" "') +
      line('""', ',"thinking":"see"') +
      line('"Yes"') +
      `${last()}\n`,
  )
  t.equal(encode(events, { showsThinking: false }), `${line('"Yes"')}${last()}\n`)
  t.equal(await whole(events), last('"Yes","thinking":"I see"'))
  t.equal(await whole(events, { showsThinking: false }), last('"Yes"'))
})

t.test('thinking has two lines at least, unless it is a single character', async t => {
  const lines = (...texts: readonly string[]) =>
    texts.map(text => line('""', `,"thinking":${text}`)).join('')
  const thought = (...texts: readonly string[]) =>
    encode(texts.map(text => ({ type: 'reasoning', source: 'summary', text: text as JsonString })))
  t.equal(thought('"Hmm"'), lines('"H"', '"mm"'))
  t.equal(thought('""', '"Hmm"', '""'), lines('"H"', '"mm"'))
  t.equal(thought('"H"', '"mm"'), lines('"H"', '"mm"'))
  t.equal(thought('"\\u0048\\n"'), lines('"H"', '"\\n"'))
  t.equal(thought('"😀"'), lines('"😀"'))
  t.equal(thought('"\\ud83d\\ude00!"'), lines('"😀"', '"!"'))
  t.equal(thought('"a\\ud83d"', '"\\ude00"'), lines('"a"', '"\\ud83d"', '"\\ude00"'))
})

t.test('a call is told whole when the next one begins, or at the end', async t => {
  const encoder = createLineEncoder(...open())
  const told = [
    started(),
    calls(0, 'get_weather'),
    passes(0, '{"city":'),
    passes(0, '"Rome"}'),
    calls(1, 'get_time'),
    passes(1, '{}'),
    says('Wait.'),
    finished(),
  ].map(event => encoder.encode(event))
  t.strictSame(told, [
    '',
    '',
    '',
    '',
    callLine(0, 'get_weather', '{"city":"Rome"}'),
    '',
    line('"Wait."'),
    `${callLine(1, 'get_time', '{}')}${last()}\n`,
  ])
})

t.test('whole answers have their calls beside the text', async t => {
  t.equal(
    await whole([says('Hm.'), calls(0, 'f'), passes(0, '{"a":1}'), calls(1, 'g'), finished()]),
    last(
      '"Hm.","tool_calls":[{"id":"call_1","function":{"index":0,"name":"f","arguments":{"a":1}}},{"id":"call_2","function":{"index":1,"name":"g","arguments":{}}}]',
    ),
  )
})

t.test('arguments stay the text that they are, on one line', async t => {
  const text = '{\r\n "n": 12345678901234567890.10,\n\t"s": "a\\n\u2028b\u0085" }'
  const same = '{   "n": 12345678901234567890.10, \t"s": "a\\n\\u2028b\\u0085" }'
  const events = [calls(0, 'f'), passes(0, text), finished()]
  t.equal(encode(events), `${callLine(0, 'f', same)}${last()}\n`)
  t.equal(
    await whole(events),
    last(`"","tool_calls":[{"id":"call_1","function":{"index":0,"name":"f","arguments":${same}}}]`),
  )
})

t.test('no arguments are an empty object', async t => {
  t.equal(
    encode([calls(0, 'f'), calls(1, 'g'), finished()]),
    `${callLine(0, 'f', '{}')}${callLine(1, 'g', '{}')}${last()}\n`,
  )
})

t.test('calls that were cut are left out, whichever they are', async t => {
  for (const [reason, word] of [
    ['length', 'length'],
    ['content-filter', 'content_filter'],
  ] as const) {
    for (const cut of ['', '{"a', '{"a":1}]', '[1]', '7']) {
      const events = [
        calls(0, 'f'),
        passes(0, '{"a":1}'),
        calls(1, 'g'),
        passes(1, cut),
        calls(2, 'h'),
        passes(2, '{}'),
        finished({ reason }),
      ]
      t.equal(
        encode(events),
        `${callLine(0, 'f', '{"a":1}')}${callLine(1, 'h', '{}', 3)}${last('""', word)}\n`,
      )
      t.equal(
        await whole(events),
        last(
          '"","tool_calls":[{"id":"call_1","function":{"index":0,"name":"f","arguments":{"a":1}}},{"id":"call_3","function":{"index":1,"name":"h","arguments":{}}}]',
          word,
        ),
      )
    }
  }
})

t.test('arguments that are no object fail an answer that was not cut', async t => {
  for (const text of ['{"a', '[1]', '7', 'null', '"{}"', '{} {}', 'CANARY']) {
    const events = [calls(0, 'get_\u001b[31mtime'), passes(0, text), calls(1, 'f'), finished()]
    const expected = {
      name: 'ProxyError',
      code: 'upstream_invalid_response',
      message:
        "The model called the tool 'get_time' with arguments that are no JSON object. Ask again.",
    }
    t.throws(() => encode(events), expected, text)
    await t.rejects(whole(events), expected, text)
  }
})

t.test('calls that would fill the memory end the answer', async t => {
  const encoder = createLineEncoder(...open())
  const piece = passes(0, 'a'.repeat(16 * 1024 * 1024 - 2))
  encoder.encode(calls(0, 'f'))
  for (let i = 0; i < 4; i++) t.equal(encoder.encode(piece), '')
  t.throws(() => encoder.encode(passes(0, '')), { code: 'upstream_response_too_large' })
})

t.test('a refusal is content, where it stands', async t => {
  const events = [says('Well, '), refuses('no'), says('!'), finished()]
  t.equal(encode(events), `${line('"Well, "')}${line('"no"')}${line('"!"')}${last()}\n`)
  t.equal(await whole(events), last('"Well, no!"'))
})

t.test('sources have no place', async t => {
  t.equal(encode([says('ab'), cites(0, 1), finished()]), `${line('"ab"')}${last()}\n`)
})

t.test('the reason is how the answer ended, never that it calls', async t => {
  t.equal(encode([finished({ reason: 'length' })]), `${last('""', 'length')}\n`)
  t.equal(encode([finished({ reason: 'content-filter' })]), `${last('""', 'content_filter')}\n`)
  t.match(encode([calls(0, 'f'), finished()]), '"done_reason":"stop"')
})

t.test('generate has the same under keys of its own', async t => {
  const generated = (response: string, more = ',"done":false}\n') =>
    `${HEAD}"response":${response}${more}`
  const end = `,"done":true,"done_reason":"stop",${FIGURES}`
  const events = [thinks('Hm'), says('Yes'), finished()]
  t.equal(
    encode(events, { form: GENERATE_FORM }),
    generated('"","thinking":"H"') +
      generated('"","thinking":"m"') +
      generated('"Yes"') +
      generated('""', `${end}\n`),
  )
  t.equal(await whole(events, { form: GENERATE_FORM }), generated('"Yes","thinking":"Hm"', end))
})

t.test('generate has no place for calls, not even for one that is cut', async t => {
  const events = [says('a'), calls(0, 'f'), passes(0, '{"a'), says('b'), finished()]
  const end = `"done":true,"done_reason":"stop",${FIGURES}`
  t.equal(
    encode(events, { form: GENERATE_FORM }),
    `${HEAD}"response":"a","done":false}\n${HEAD}"response":"b","done":false}\n${HEAD}"response":"",${end}\n`,
  )
  t.equal(await whole(events, { form: GENERATE_FORM }), `${HEAD}"response":"ab",${end}`)
})

t.test('the context of the whole text comes with the last line', async t => {
  const seen: string[] = []
  const context = {
    maxLength: 4,
    of(text: string) {
      seen.push(text)
      return [7, 8]
    },
  }
  const events = [thinks('hm'), says('a\n'), refuses('b'), finished()]
  const form = { form: GENERATE_FORM, context }
  const expected = `"response":"","done":true,"done_reason":"stop","context":[7,8],${FIGURES}\n`
  t.ok(encode(events, form).endsWith(expected))
  t.match(
    await whole(events, form),
    `"response":"a\\nb","thinking":"hm","done":true,"done_reason":"stop","context":[7,8],`,
  )
  t.strictSame(seen, ['a\nb', 'a\nb'])
  t.notMatch(encode(events), 'context')
})

t.test('a text that has no room in a context is left out of it', async t => {
  const context = { maxLength: 6, of: (text: string) => [text.length] }
  for (const [events, length] of [
    [[says('abc'), says('def'), finished()], 6],
    [[says('abc'), says('defg'), finished()], 0],
    [[says('abc'), says('defg'), says(''), finished()], 0],
    [[says('abc'), says('d\n'), finished()], 5],
    [[says('abc'), says('de\n'), finished()], 0],
  ] as const) {
    t.match(encode(events, { context }), `"context":[${length}]`)
    t.match(await whole(events, { context }), `"context":[${length}]`)
  }
})

t.test('lines have no character that ends a line for any reader', async t => {
  const text = '\u2028\u2029\u0085a'
  const encoder = createLineEncoder(...open())
  t.equal(encoder.encode(says(text)), line('"\\u2028\\u2029\\u0085a"'))
  t.equal(encoder.encode(thinks(text)).split('\n').length, 3)
  t.notMatch(encoder.encode(thinks(text)), /[\u0085\u2028\u2029]/)
  t.notMatch(await whole([says(text), thinks(text), finished()]), /[\u0085\u2028\u2029]/)
  t.equal(encoder.fail(new ProxyError('upstream_error', '\u2028')), '{"error":"\\u2028"}\n')
})

t.test('a sign of life is a line without content', async t => {
  t.equal(createLineEncoder(...open()).heartbeat(), line('""'))
  t.equal(
    createLineEncoder(...open({ form: GENERATE_FORM })).heartbeat(),
    `${HEAD}"response":"","done":false}\n`,
  )
})

t.test('a failure is one line with a text', async t => {
  const encoder = createLineEncoder(...open())
  encoder.encode(calls(0, 'f'))
  t.equal(
    encoder.fail(new ProxyError('upstream_stream_incomplete', 'cut "off"')),
    '{"error":"cut \\"off\\""}\n',
  )
})

t.test('an answer that is not whole is no answer', async t => {
  await t.rejects(whole([started(), says('a')]), { code: 'upstream_stream_incomplete' })
  t.equal(encode([started(), says('a')]), line('"a"'))
})

t.test('each line tells its own time, with milliseconds', async t => {
  const clock = createFakeClock(Date.UTC(2026, 0, 1))
  const encoder = createLineEncoder(...open({ clock }))
  const times = [0, 0, 1, 1000].map(ms => {
    clock.set(Date.UTC(2026, 0, 1) + ms)
    return /"created_at":"(.*?)"/.exec(encoder.encode(says('a')))?.[1]
  })
  t.strictSame(times, [
    '2026-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.000Z',
    '2026-01-01T00:00:00.001Z',
    '2026-01-01T00:00:01.000Z',
  ])
})

t.test('the figures are those of the stages, whatever the time of day', async t => {
  const walk = async (
    tell: (events: readonly ModelEvent[], timings: Timings, clock: FakeClock) => Promise<void>,
  ) => {
    const clock = createFakeClock(NOW)
    const timings = createTimings(clock)
    clock.set(NOW + 2)
    timings.noteSent()
    clock.set(NOW + 5.5)
    timings.noteAccepted()
    clock.jump(-3_600_000)
    await tell([started(), cites(0, 1), thinks('a'), says('b'), finished()], timings, clock)
  }
  const expected = {
    total_duration: 1_005_500_000,
    load_duration: 5_500_000,
    prompt_eval_count: 11,
    prompt_eval_duration: 603_500_000,
    eval_count: 7,
    eval_duration: 400_000_000,
  }
  /** Each event takes 200 ms, the first as well. */
  async function* slowly(events: readonly ModelEvent[], clock: FakeClock) {
    for (const event of events) {
      clock.set(clock.now() + 200)
      yield event
    }
  }
  const figuresIn = (text: string) => {
    const { total_duration, load_duration, ...rest } = JSON.parse(text)
    const { prompt_eval_count, prompt_eval_duration, eval_count, eval_duration } = rest
    return {
      total_duration,
      load_duration,
      prompt_eval_count,
      prompt_eval_duration,
      eval_count,
      eval_duration,
    }
  }
  await walk(async (events, timings, clock) => {
    const lines = createLines(facts, CHAT_FORM, clock)
    const encoder = createLineEncoder(lines, { showsThinking: false, context: undefined }, timings)
    let text = ''
    for await (const event of slowly(events, clock)) text = encoder.encode(event)
    t.strictSame(figuresIn(text), expected)
  })
  await walk(async (events, timings, clock) => {
    const lines = createLines(facts, CHAT_FORM, clock)
    const text = await encodeWhole(
      slowly(events, clock),
      lines,
      { showsThinking: true, context: undefined },
      timings,
    )
    t.strictSame(figuresIn(text), expected)
  })
})

t.test('a call is output from its beginning', async t => {
  const clock = createFakeClock(NOW)
  const timings = createTimings(clock)
  clock.set(NOW + 1)
  timings.note(calls(0, 'f'))
  clock.set(NOW + 3)
  timings.note(passes(0, '{}'))
  t.match(timings.figures(usage), { prompt_eval_duration: 1_000_000, eval_duration: 2_000_000 })
})

t.test('counts that are zero or not known are left out with their durations', async t => {
  const figures = (over: Partial<typeof usage> | undefined) =>
    createTimings(createFakeClock(0)).figures(over && { ...usage, ...over })
  t.strictSame(figures(undefined), { total_duration: 1, load_duration: 1 })
  t.strictSame(figures({ inputTokens: 0 }), {
    total_duration: 1,
    load_duration: 1,
    eval_count: 7,
    eval_duration: 1,
  })
  t.strictSame(figures({ outputTokens: 0 }), {
    total_duration: 1,
    load_duration: 1,
    prompt_eval_count: 11,
    prompt_eval_duration: 1,
  })
})

t.test('a load has neither figures nor a context', async t => {
  const lines = createLines(facts, CHAT_FORM, createFakeClock(NOW))
  t.equal(
    lines.last({ reason: 'load' }),
    `${HEAD}"message":{"role":"assistant","content":""},"done":true,"done_reason":"load"}`,
  )
  t.equal(
    createLines(facts, GENERATE_FORM, createFakeClock(NOW)).last({ reason: 'unload' }),
    `${HEAD}"response":"","done":true,"done_reason":"unload"}`,
  )
})

// biome-ignore lint/suspicious/noExplicitAny: what the wire brings has no type
type Wire = any

function linesOf(text: string): readonly Wire[] {
  const lines = text.split('\n')
  assert.equal(lines.pop(), '')
  assert.ok(!/[\r\u0085\u2028\u2029]/.test(text))
  return lines.map(line => JSON.parse(line))
}

/** Sees that a line has what clients need, and nothing that they choke on. */
function checkLine({ model, created_at, message, done, ...rest }: Wire): void {
  assert.equal(model, ' Demo ')
  assert.equal(created_at, '2026-11-22T11:18:05.090Z')
  assert.equal(message.role, 'assistant')
  assert.equal(typeof message.content, 'string')
  assert.equal(typeof done, 'boolean')
  const kinds = [message.content, message.thinking ?? '', message.tool_calls ?? '']
  assert.ok(kinds.filter(kind => kind.length > 0).length <= 1)
  assert.notEqual(message.thinking, '')
  assert.ok(!JSON.stringify([message, rest]).includes(':null'))
  for (const call of message.tool_calls ?? []) {
    assert.equal(typeof call.function.arguments, 'object')
  }
}

/** Folds lines as a client would. */
function fold(lines: readonly Wire[]) {
  const texts = (key: string) => lines.map(({ message }) => message[key] ?? '').join('')
  const thinking = texts('thinking')
  const tool_calls = lines.flatMap(({ message }) => message.tool_calls ?? [])
  return {
    ...lines.at(-1),
    message: {
      role: 'assistant',
      content: texts('content'),
      ...(thinking && { thinking }),
      ...(tool_calls.length > 0 && { tool_calls }),
    },
  }
}

t.test('a stream and a whole answer tell the same, and every line is one', async () => {
  await fc.assert(
    fc.asyncProperty(
      answers(['function']),
      fc.boolean(),
      fc.boolean(),
      async (events, showsThinking, hasContext) => {
        const over = {
          showsThinking,
          ...(hasContext && {
            context: { maxLength: 1_000_000, of: (text: string) => [...text].map(() => 1) },
          }),
        }
        const lines = linesOf(encode(events, over))
        for (const line of lines) checkLine(line)
        assert.deepEqual(
          lines.map(({ done }) => done),
          lines.map((_, i) => i === lines.length - 1),
        )
        assert.equal(lines.at(-1).message.content, '')
        const thoughts = lines.flatMap(({ message }) => message.thinking ?? [])
        assert.ok(thoughts.length !== 1 || [...thoughts[0]].length === 1)
        assert.deepEqual(fold(lines), JSON.parse(await whole(events, over)))
      },
    ),
    { numRuns: 500 },
  )
})

t.test('calls of any arguments come out as they were meant', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.dictionary(fc.string(), fc.jsonValue())), async inputs => {
      const events = inputs.flatMap((input, i) => [
        calls(i, 'f'),
        passes(i, JSON.stringify(input, null, 2)),
      ])
      const lines = linesOf(encode([...events, finished()]))
      const told = lines.flatMap(({ message }) => message.tool_calls ?? [])
      const expected = inputs.map((input, index) => ({
        id: `call_${index + 1}`,
        function: { index, name: 'f', arguments: JSON.parse(JSON.stringify(input)) },
      }))
      assert.deepEqual(told, expected)
    }),
  )
})

t.test('names are told as they are', async t => {
  const lines = createLines(
    { asked: 'a"b\u2028', remoteModel: 'c\\d', remoteHost: 'https://e.example' },
    CHAT_FORM,
    createFakeClock(NOW),
  )
  const text = lines.text(quote('x'))
  t.match(text, '{"model":"a\\"b\\u2028","remote_model":"c\\\\d",')
  t.match(JSON.parse(text), { model: 'a"b\u2028', remote_model: 'c\\d' })
})
