import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import t from 'tap'
import { createEventDecoder, type DecodeOptions } from '../../../src/adapters/chatgpt/decode.ts'
import { createSseReader } from '../../../src/adapters/chatgpt/sse.ts'
import { createToolNames } from '../../../src/adapters/chatgpt/tool-names.ts'
import { type ModelEvent, unquote } from '../../../src/domain/events.ts'
import { chatRequest } from '../../fakes/chat-request.ts'
import { literalsOf, texts } from '../../fakes/model-events.ts'

const createDecoder = (over: Partial<DecodeOptions> = {}) =>
  createEventDecoder({
    now: () => 0,
    onLimits: () => {},
    names: createToolNames(chatRequest()),
    onTurn: () => {},
    ...over,
  })

function decodeAll(events: readonly (string | object)[]): ModelEvent[] {
  const decoder = createDecoder()
  return events.flatMap(event => [
    ...(decoder.decode(typeof event === 'string' ? event : JSON.stringify(event)) ?? []),
  ])
}

function decodeRecording(name: string): ModelEvent[] {
  const bytes = readFileSync(new URL(`../../recordings/${name}.sse`, import.meta.url))
  return decodeAll(createSseReader().read(bytes))
}

const finished = (over: object = {}) => ({
  type: 'finished',
  reason: 'stop',
  usage: undefined,
  serviceTier: undefined,
  ...over,
})
const completed = { type: 'response.completed', response: { output: [] } }

t.test('a text answer becomes its deltas, usage and service tier', async t => {
  t.strictSame(decodeRecording('text'), [
    { type: 'started', id: 'resp_text', createdAt: 1795346783, serviceTier: 'auto' },
    { type: 'text', text: '"Hel"' },
    { type: 'text', text: '"lo"' },
    finished({
      serviceTier: 'default',
      usage: {
        inputTokens: 11,
        cachedTokens: 4,
        cacheWriteTokens: 0,
        outputTokens: 7,
        reasoningTokens: 2,
        totalTokens: 18,
      },
    }),
  ])
})

t.test('reasoning parts and messages are parted by a blank line', async t => {
  t.strictSame(decodeRecording('reasoning'), [
    { type: 'started', id: 'resp_think', createdAt: 1795346783, serviceTier: undefined },
    { type: 'reasoning', source: 'summary', text: '"First "' },
    { type: 'reasoning', source: 'summary', text: '"thought."' },
    { type: 'reasoning', source: 'summary', text: '"\\n\\n"' },
    { type: 'reasoning', source: 'summary', text: '"Second thought."' },
    { type: 'text', text: '"Looking."' },
    { type: 'text', text: '"\\n\\n"' },
    { type: 'text', text: '"It is 42."' },
    finished(),
  ])
})

t.test('parallel calls that interleave are told one after the other', async t => {
  t.strictSame(decodeRecording('parallel-calls'), [
    { type: 'started', id: 'resp_calls', createdAt: 1795346783, serviceTier: undefined },
    { type: 'tool-call', index: 0, kind: 'function', callId: 'call_1', name: 'get_weather' },
    { type: 'tool-arguments', index: 0, text: '"{\\"ci"' },
    { type: 'tool-arguments', index: 0, text: '"ty\\":\\"Paris\\"}"' },
    { type: 'tool-call', index: 1, kind: 'function', callId: 'call_2', name: 'get_time' },
    { type: 'tool-arguments', index: 1, text: '"{\\"zone\\":"' },
    { type: 'tool-arguments', index: 1, text: '"\\"UTC\\"}"' },
    finished({
      usage: {
        inputTokens: 11,
        cachedTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 7,
        reasoningTokens: 0,
        totalTokens: 18,
      },
    }),
  ])
})

t.test('calls that the upstream leaves open are told at the end, in order', async t => {
  const added = (index: number, name: string) => ({
    type: 'response.output_item.added',
    output_index: index,
    item: { type: 'function_call', call_id: `call_${name}`, name },
  })
  const delta = (index: number, text: string) => ({
    type: 'response.function_call_arguments.delta',
    output_index: index,
    delta: text,
  })
  t.strictSame(
    decodeAll([
      added(0, 'a'),
      added(1, 'b'),
      added(2, 'c'),
      delta(1, '{'),
      delta(1, '}'),
      completed,
    ]),
    [
      { type: 'tool-call', index: 0, kind: 'function', callId: 'call_a', name: 'a' },
      { type: 'tool-arguments', index: 0, text: '"{}"' },
      { type: 'tool-call', index: 1, kind: 'function', callId: 'call_b', name: 'b' },
      { type: 'tool-arguments', index: 1, text: '"{"' },
      { type: 'tool-arguments', index: 1, text: '"}"' },
      { type: 'tool-call', index: 2, kind: 'function', callId: 'call_c', name: 'c' },
      { type: 'tool-arguments', index: 2, text: '"{}"' },
      finished(),
    ],
  )
})

t.test('a delta is the same event in any spelling', async t => {
  const spellings = [
    '{"type":"response.output_text.delta","item_id":"m","output_index":0,"content_index":0,"delta":"a\\n\\u00e9\\"\\\\","logprobs":[]}',
    '{"type":"response.output_text.delta","sequence_number":4,"item_id":"m","output_index":0,"content_index":0,"delta":"a\\n\\u00e9\\"\\\\","logprobs":[],"obfuscation":"zz"}',
    '{"delta":"a\\n\\u00e9\\"\\\\","type":"response.output_text.delta","output_index":0,"content_index":0}',
    '{ "type" : "response.output_text.delta", "output_index": 0, "content_index": 0, "delta": "a\\n\\u00e9\\"\\\\" }',
    '{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a\\n\\u00e9\\"\\\\","new_field":{"deep":[1]}}',
  ]
  for (const spelling of spellings) {
    const [event, ...others] = decodeAll([spelling])
    t.equal(others.length, 0)
    t.equal(event?.type, 'text')
    t.equal(JSON.parse((event as { text: string }).text), 'a\né"\\', spelling)
  }
})

const KINDS = {
  output_text: 'content_index',
  refusal: 'content_index',
  reasoning_summary_text: 'summary_index',
  reasoning_text: 'content_index',
  function_call_arguments: undefined,
  custom_tool_call_input: undefined,
} as const
/** Calls to give arguments to: a function's at place 0, a custom tool's at place 1. */
const announced = ['function_call', 'custom_tool_call'].map((type, output_index) => ({
  type: 'response.output_item.added',
  output_index,
  item: { type, call_id: `call_${type}`, name: 'f' },
}))

t.test('a delta of any kind keeps its literal in the usual spelling', async t => {
  for (const [kind, index] of Object.entries(KINDS)) {
    const place = `"output_index":0${index ? `,"${index}":0` : ''}`
    const delta = `{"type":"response.${kind}.delta",${place},"delta":"\\u00e9\\/"}`
    const event = decodeAll([...announced, delta]).find(event => 'text' in event)
    t.equal(event?.text, '"\\u00e9\\/"', kind)
  }
})

t.test('deltas are the same answer in any spelling and any order of keys', async () => {
  const run = fc.record({
    kind: fc.constantFrom(...(Object.keys(KINDS) as (keyof typeof KINDS)[])),
    place: fc.nat(1),
    index: fc.nat(1),
    id: fc.constantFrom(undefined, 'a', 'b'),
    literals: texts.chain(text => literalsOf(text)),
    shuffle: fc.array(fc.nat(9), { minLength: 9, maxLength: 9 }),
  })
  const plain = (events: readonly ModelEvent[]) =>
    JSON.stringify(
      events.map(event => ('text' in event ? { ...event, text: unquote([event.text]) } : event)),
    )
  fc.assert(
    fc.property(fc.array(run, { maxLength: 6 }), runs => {
      const deltas = runs.flatMap(({ kind, place, index, id, literals, shuffle }) =>
        literals.map(literal => {
          const indexKey = KINDS[kind]
          const usual = [
            `"type":"response.${kind}.delta"`,
            ...(id ? [`"item_id":"${id}"`] : []),
            `"output_index":${place}`,
            ...(indexKey ? [`"${indexKey}":${index}`] : []),
            `"delta":${literal}`,
            '"obfuscation":"x"',
          ]
          const keys = [...usual, '"new_field":{"type":"x"}']
          const order = keys.map((key, i) => ({ key, rank: shuffle[i] ?? 0 }))
          const other = order.sort((a, b) => a.rank - b.rank).map(({ key }) => key)
          return { usual: `{${usual.join(',')}}`, other: `{ ${other.join(' , ')} }` }
        }),
      )
      const fast = decodeAll([...announced, ...deltas.map(({ usual }) => usual), completed])
      const slow = decodeAll([...announced, ...deltas.map(({ other }) => other), completed])
      return plain(fast) === plain(slow)
    }),
  )
})

t.test('a delta that is no valid JSON is no event, however it is spelled', async t => {
  const decoder = createDecoder()
  const bad = [
    '{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a',
    '{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"a\u0001"}',
    '{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"\\x"}',
    '{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"\\ud8"}',
    '{broken',
    '7',
    '"text"',
    'null',
    '[]',
    '{}',
    '{"type":5}',
    '',
  ]
  for (const data of bad) t.equal(decoder.decode(data), undefined, data)
})

t.test('a long run that almost matches is refused in linear time', async t => {
  const decoder = createDecoder()
  const text = `{"type":"response.output_text.delta","output_index":0,"content_index":0,"delta":"${'a\\n'.repeat(20_000)}`
  t.equal(decoder.decode(text), undefined)
})

t.test('a delta too long for the fast way is decoded all the same', async t => {
  const long = 'x'.repeat(200_000)
  const [event] = decodeAll([
    { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: long },
  ])
  t.equal((event as { text: string }).text, JSON.stringify(long))
})

t.test('events that nobody needs are skipped', async t => {
  t.strictSame(
    decodeAll([
      { type: 'keepalive', sequence_number: 3 },
      { type: 'codex.rate_limits', plan_type: 'plus' },
      { type: 'response.future_event', delta: 'x' },
      { type: 'response.web_search_call.searching', output_index: 0 },
      { type: 'response.content_part.added', part: { type: 'output_text', text: 'x' } },
      '{"other":1,"type":"response.future_event"}',
    ]),
    [],
  )
})

t.test('what is told of usage is passed on, and is no part of the answer', async t => {
  const told: unknown[] = []
  const decoder = createDecoder({ onLimits: event => told.push(event['plan_type']) })
  t.strictSame(decoder.decode('{"type":"codex.rate_limits","plan_type":"plus"}'), [])
  t.strictSame(decoder.decode('{ "plan_type": "pro", "type": "codex.rate_limits" }'), [])
  t.strictSame(decoder.decode('{"type":"codex.response.metadata","plan_type":"free"}'), [])
  t.strictSame(told, ['plus', 'pro'])
})

t.test('an unknown type is skipped wherever it stands, whatever it is called', async t => {
  for (const name of ['mcp_call_arguments', 'toString', '__proto__', 'constructor']) {
    for (const step of ['delta', 'done']) {
      const event = `{"sequence_number":3,"type":"response.${name}.${step}","output_index":0,"delta":"{","text":"{"}`
      t.strictSame(decodeAll([event]), [], event)
    }
  }
})

t.test('empty deltas say nothing', async t => {
  t.strictSame(
    decodeAll([
      { type: 'response.output_text.delta', output_index: 0, content_index: 0, delta: '' },
    ]),
    [],
  )
})

t.test('created is told once, whichever lifecycle event is first', async t => {
  t.strictSame(
    decodeAll([
      { type: 'response.in_progress', response: { id: 'resp_1', created_at: 5 } },
      { type: 'response.created', response: { id: 'resp_1', created_at: 5 } },
    ]),
    [{ type: 'started', id: 'resp_1', createdAt: 5, serviceTier: undefined }],
  )
})

t.test('text that comes in no delta is told once', async t => {
  const item = { type: 'message', content: [{ type: 'output_text', text: 'Hi' }] }
  const done = { type: 'response.output_text.done', output_index: 0, content_index: 0, text: 'Hi' }
  const itemDone = { type: 'response.output_item.done', output_index: 0, item }
  const inCompleted = { type: 'response.completed', response: { output: [item] } }
  const expected = [{ type: 'text', text: '"Hi"' }, finished()]
  t.strictSame(decodeAll([done, itemDone, inCompleted]), expected, 'in .done')
  t.strictSame(decodeAll([itemDone, inCompleted]), expected, 'in output_item.done')
  t.strictSame(decodeAll([inCompleted]), expected, 'in completed')
})

t.test('several messages that come only at the end are all told', async t => {
  const message = (text: string) => ({
    type: 'message',
    content: [{ type: 'output_text', text }],
  })
  t.strictSame(
    decodeAll([{ type: 'response.completed', response: { output: [message('A'), message('B')] } }]),
    [
      { type: 'text', text: '"A"' },
      { type: 'text', text: '"\\n\\n"' },
      { type: 'text', text: '"B"' },
      finished(),
    ],
  )
})

t.test('an item is the same by its position, by its id or by both', async t => {
  const by = {
    position: { output_index: 0 },
    id: { item_id: 'msg_1' },
    both: { output_index: 0, item_id: 'msg_1' },
  }
  const item = { id: 'msg_1', type: 'message', content: [{ type: 'output_text', text: 'Hi' }] }
  for (const [name, place] of [
    ['id', by.id],
    ['both', by.both],
  ] as const) {
    const delta = { type: 'response.output_text.delta', ...place, content_index: 0, delta: 'Hi' }
    const done = { type: 'response.output_text.done', ...by.id, content_index: 0, text: 'Hi' }
    const itemDone = { type: 'response.output_item.done', output_index: 0, item }
    const expected = [{ type: 'text', text: '"Hi"' }, finished()]
    t.strictSame(decodeAll([delta, done, itemDone, completed]), expected, name)
  }
  const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f' }
  t.strictSame(
    decodeAll([
      { type: 'response.output_item.added', output_index: 2, item: call },
      { type: 'response.function_call_arguments.delta', item_id: 'fc_1', delta: '{}' },
      completed,
    ]),
    [
      { type: 'tool-call', index: 0, kind: 'function', callId: 'call_1', name: 'f' },
      { type: 'tool-arguments', index: 0, text: '"{}"' },
      finished(),
    ],
  )
})

const messageOf = (text: string, id?: string) => ({
  ...(id && { id }),
  type: 'message',
  content: [{ type: 'output_text', text }],
})
const endOf = (...output: object[]) => ({ type: 'response.completed', response: { output } })

t.test('a message that comes only at the end is told after one that was streamed', async t => {
  const delta = (output_index: number, item_id?: string) => ({
    type: 'response.output_text.delta',
    ...(item_id && { item_id }),
    output_index,
    content_index: 0,
    delta: 'A',
  })
  const expected = [
    { type: 'text', text: '"A"' },
    { type: 'text', text: '"\\n\\n"' },
    { type: 'text', text: '"B"' },
    finished(),
  ]
  const [a, b] = [messageOf('A', 'msg_a'), messageOf('B', 'msg_b')]
  t.strictSame(decodeAll([delta(0, 'msg_a'), endOf(a, b)]), expected, 'by id')
  t.strictSame(decodeAll([delta(0), endOf(messageOf('A'), messageOf('B'))]), expected, 'in order')
  t.strictSame(
    decodeAll([delta(1), endOf(messageOf('A'), messageOf('B'))]),
    expected,
    'at a place that the stream gave to another',
  )
  t.strictSame(decodeAll([delta(1, 'msg_a'), endOf(b, a)]), expected, 'before the one told')
  const done = (output_index: number, item: object) => ({
    type: 'response.output_item.done',
    output_index,
    item,
  })
  t.strictSame(decodeAll([done(0, a), done(1, b), endOf(a, b)]), expected, 'both streamed')
  t.strictSame(decodeAll([done(3, a), done(5, b), endOf(messageOf('A'), messageOf('B'))]), expected)
})

t.test('a message without text is no other message of the final output', async t => {
  const added = (output_index: number, item: object) => ({
    type: 'response.output_item.added',
    output_index,
    item,
  })
  const delta = {
    type: 'response.output_text.delta',
    output_index: 1,
    content_index: 0,
    delta: 'B',
  }
  const empty = { type: 'message', content: [] }
  const told = [{ type: 'text', text: '"B"' }, finished()]
  t.strictSame(
    decodeAll([added(0, empty), added(1, empty), delta, endOf(empty, messageOf('B'))]),
    told,
  )
  t.strictSame(decodeAll([added(0, empty), delta, endOf(messageOf('A'), messageOf('B'))]), [
    { type: 'text', text: '"B"' },
    { type: 'text', text: '"\\n\\n"' },
    { type: 'text', text: '"A"' },
    finished(),
  ])
})

t.test(
  'a message that comes only at the end has its citations counted behind the others',
  async t => {
    const annotation = {
      type: 'url_citation',
      url: 'https://example.com/',
      title: 'b',
      start_index: 0,
      end_index: 1,
    }
    const cited = {
      type: 'message',
      content: [{ type: 'output_text', text: 'B', annotations: [annotation] }],
    }
    const delta = {
      type: 'response.output_text.delta',
      output_index: 0,
      content_index: 0,
      delta: 'A',
    }
    t.strictSame(decodeAll([delta, endOf(messageOf('A'), cited)]).slice(3), [
      { type: 'citation', url: 'https://example.com/', title: 'b', startIndex: 3, endIndex: 4 },
      finished(),
    ])
  },
)

t.test('a final output that counts its items otherwise repeats nothing', async t => {
  t.strictSame(
    decodeAll([
      { type: 'response.output_text.delta', output_index: 3, content_index: 0, delta: 'Hi' },
      {
        type: 'response.completed',
        response: { output: [{ type: 'message', content: [{ type: 'output_text', text: 'Hi' }] }] },
      },
    ]),
    [{ type: 'text', text: '"Hi"' }, finished()],
  )
})

t.test('a final output without ids repeats neither text nor refusals', async t => {
  const refused = { type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }
  const said = { type: 'message', content: [{ type: 'output_text', text: 'Hi' }] }
  t.strictSame(
    decodeAll([
      { type: 'response.refusal.delta', output_index: 2, content_index: 0, delta: 'No.' },
      { type: 'response.output_text.delta', output_index: 3, content_index: 0, delta: 'Hi' },
      { type: 'response.completed', response: { output: [refused, said] } },
    ]),
    [{ type: 'refusal', text: '"No."' }, { type: 'text', text: '"Hi"' }, finished()],
  )
})

t.test('items that are named by their ids only are told apart when they take turns', async t => {
  const added = (output_index: number, id: string) => ({
    type: 'response.output_item.added',
    output_index,
    item: { type: 'function_call', id, call_id: `call_${id}`, name: id },
  })
  const delta = (item_id: string, delta: string) => ({
    type: 'response.function_call_arguments.delta',
    item_id,
    delta,
  })
  t.strictSame(
    decodeAll([
      added(2, 'f'),
      added(3, 'g'),
      delta('f', '{'),
      delta('g', '[]'),
      delta('f', '}'),
    ]).map(event => ('text' in event ? event.text : event.type)),
    ['tool-call', '"{"', '"}"'],
  )
})

t.test('reasoning and refusals that come in no delta are told once', async t => {
  const reasoning = { type: 'reasoning', summary: [{ text: 'a' }, { text: 'b' }] }
  const message = { type: 'message', content: [{ type: 'refusal', refusal: 'No.' }] }
  t.strictSame(
    decodeAll([
      { type: 'response.output_item.done', output_index: 0, item: reasoning },
      { type: 'response.output_item.done', output_index: 1, item: message },
      completed,
    ]),
    [
      { type: 'reasoning', source: 'summary', text: '"a"' },
      { type: 'reasoning', source: 'summary', text: '"\\n\\n"' },
      { type: 'reasoning', source: 'summary', text: '"b"' },
      { type: 'refusal', text: '"No."' },
      finished(),
    ],
  )
})

t.test('a refusal is told in its own deltas', async t => {
  t.strictSame(
    decodeAll([
      { type: 'response.refusal.delta', output_index: 0, content_index: 0, delta: 'I can' },
      { type: 'response.refusal.delta', output_index: 0, content_index: 0, delta: 'not' },
      { type: 'response.refusal.done', output_index: 0, content_index: 0, refusal: 'I cannot' },
      completed,
    ]),
    [{ type: 'refusal', text: '"I can"' }, { type: 'refusal', text: '"not"' }, finished()],
  )
})

t.test(
  'raw reasoning is told apart from a summary, the blank line with what follows it',
  async t => {
    const raw = (delta: string) => ({
      type: 'response.reasoning_text.delta',
      output_index: 0,
      content_index: 0,
      delta,
    })
    const summary = (delta: string) => ({
      type: 'response.reasoning_summary_text.delta',
      output_index: 0,
      summary_index: 0,
      delta,
    })
    t.strictSame(decodeAll([summary('s'), raw('r'), raw('R'), summary('S')]), [
      { type: 'reasoning', source: 'summary', text: '"s"' },
      { type: 'reasoning', source: 'raw', text: '"\\n\\n"' },
      { type: 'reasoning', source: 'raw', text: '"r"' },
      { type: 'reasoning', source: 'raw', text: '"R"' },
      { type: 'reasoning', source: 'summary', text: '"\\n\\n"' },
      { type: 'reasoning', source: 'summary', text: '"S"' },
    ])
  },
)

t.test('raw reasoning that comes in no delta is told once', async t => {
  const item = {
    type: 'reasoning',
    summary: [{ type: 'summary_text', text: 's' }],
    content: [{ type: 'reasoning_text', text: 'r' }],
  }
  const expected = [
    { type: 'reasoning', source: 'summary', text: '"s"' },
    { type: 'reasoning', source: 'raw', text: '"\\n\\n"' },
    { type: 'reasoning', source: 'raw', text: '"r"' },
  ]
  const done = { type: 'response.output_item.done', output_index: 0, item }
  t.strictSame(decodeAll([done, done]), expected)
  t.strictSame(decodeAll([{ ...done, item: { ...item, content: null } }]), expected.slice(0, 1))
})

t.test('reasoning that comes only at the end is told if nothing else has been', async t => {
  const reasoning = { type: 'reasoning', summary: [{ text: 'a' }] }
  const message = { type: 'message', content: [{ type: 'output_text', text: 'Hi' }] }
  const call = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }
  const end = { type: 'response.completed', response: { output: [reasoning, message, call] } }
  const told = [
    { type: 'text', text: '"Hi"' },
    { type: 'tool-call', index: 0, kind: 'function', callId: 'call_1', name: 'f' },
    { type: 'tool-arguments', index: 0, text: '"{}"' },
  ]
  t.strictSame(decodeAll([end]), [
    { type: 'reasoning', source: 'summary', text: '"a"' },
    ...told,
    finished(),
  ])
  const textDone = { type: 'response.output_item.done', output_index: 1, item: message }
  t.strictSame(decodeAll([textDone, end]), [...told, finished()])
  const callDone = { type: 'response.output_item.done', output_index: 2, item: call }
  t.strictSame(decodeAll([callDone, end]), [...told.slice(1), ...told.slice(0, 1), finished()])
})

t.test('a call that was never announced, or never got deltas, is told whole', async t => {
  const call = {
    type: 'function_call',
    id: 'fc_1',
    call_id: 'call_1',
    name: 'f',
    arguments: '{"a":1}',
  }
  const expected = [
    { type: 'tool-call', index: 0, kind: 'function', callId: 'call_1', name: 'f' },
    { type: 'tool-arguments', index: 0, text: '"{\\"a\\":1}"' },
    finished(),
  ]
  const done = { type: 'response.output_item.done', output_index: 0, item: call }
  const added = {
    type: 'response.output_item.added',
    output_index: 0,
    item: { ...call, arguments: '' },
  }
  const argumentsDone = {
    type: 'response.function_call_arguments.done',
    output_index: 0,
    arguments: '{"a":1}',
  }
  const inCompleted = { type: 'response.completed', response: { output: [{}, call] } }
  t.strictSame(decodeAll([done, completed]), expected, 'only done')
  t.strictSame(decodeAll([added, done, completed]), expected, 'added and done')
  t.strictSame(decodeAll([added, argumentsDone, done, inCompleted]), expected, 'arguments.done')
  t.strictSame(decodeAll([inCompleted]), expected, 'only in completed')
})

t.test('a call without arguments gets an empty object', async t => {
  const call = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '' }
  const added = { type: 'response.output_item.added', output_index: 0, item: call }
  const done = { type: 'response.output_item.done', output_index: 0, item: call }
  const expected = [
    { type: 'tool-call', index: 0, kind: 'function', callId: 'call_1', name: 'f' },
    { type: 'tool-arguments', index: 0, text: '"{}"' },
    finished(),
  ]
  t.strictSame(decodeAll([added, done, completed]), expected)
  t.strictSame(decodeAll([added, completed]), expected)
})

t.test('a call that a cut answer leaves without arguments stays without', async t => {
  const call = { type: 'function_call', call_id: 'call_1', name: 'delete_all' }
  t.strictSame(
    decodeAll([
      { type: 'response.output_item.added', output_index: 0, item: call },
      {
        type: 'response.incomplete',
        response: { incomplete_details: { reason: 'max_output_tokens' } },
      },
    ]),
    [
      { type: 'tool-call', index: 0, kind: 'function', callId: 'call_1', name: 'delete_all' },
      finished({ reason: 'length' }),
    ],
  )
})

t.test('a custom tool is called with free text, which may be empty', async t => {
  const added = (index: number, call_id: string) => ({
    type: 'response.output_item.added',
    output_index: index,
    item: { type: 'custom_tool_call', id: `ctc_${index}`, call_id, name: 'shell', input: '' },
  })
  const delta = (text: string) => ({
    type: 'response.custom_tool_call_input.delta',
    item_id: 'ctc_0',
    output_index: 0,
    delta: text,
  })
  const done = (index: number, call_id: string, input: string) => ({
    type: 'response.output_item.done',
    output_index: index,
    item: { type: 'custom_tool_call', id: `ctc_${index}`, call_id, name: 'shell', input },
  })
  t.strictSame(
    decodeAll([
      added(0, 'call_1'),
      delta('ls'),
      delta(' "a"\n'),
      { type: 'response.custom_tool_call_input.done', item_id: 'ctc_0', input: 'ls "a"\n' },
      done(0, 'call_1', 'ls "a"\n'),
      added(1, 'call_2'),
      { type: 'response.custom_tool_call_input.done', item_id: 'ctc_1', input: 'pwd' },
      done(1, 'call_2', 'pwd'),
      done(2, 'call_3', 'id'),
      added(3, 'call_4'),
      done(3, 'call_4', ''),
      completed,
    ]),
    [
      { type: 'tool-call', index: 0, kind: 'custom', callId: 'call_1', name: 'shell' },
      { type: 'tool-arguments', index: 0, text: '"ls"' },
      { type: 'tool-arguments', index: 0, text: '" \\"a\\"\\n"' },
      { type: 'tool-call', index: 1, kind: 'custom', callId: 'call_2', name: 'shell' },
      { type: 'tool-arguments', index: 1, text: '"pwd"' },
      { type: 'tool-call', index: 2, kind: 'custom', callId: 'call_3', name: 'shell' },
      { type: 'tool-arguments', index: 2, text: '"id"' },
      { type: 'tool-call', index: 3, kind: 'custom', callId: 'call_4', name: 'shell' },
      finished(),
    ],
  )
})

t.test('custom calls that come only at the end are told', async t => {
  const call = { type: 'custom_tool_call', call_id: 'call_1', name: 'shell', input: 'ls' }
  const added = { type: 'response.output_item.added', output_index: 0, item: call }
  const expected = [
    { type: 'tool-call', index: 0, kind: 'custom', callId: 'call_1', name: 'shell' },
    { type: 'tool-arguments', index: 0, text: '"ls"' },
    finished(),
  ]
  const inCompleted = { type: 'response.completed', response: { output: [{}, call] } }
  t.strictSame(decodeAll([inCompleted]), expected)
  t.strictSame(decodeAll([added, inCompleted]), expected)
  t.strictSame(decodeAll([added, completed]), [expected[0], finished()])
})

t.test('tools are called by the names that the client gave them', async t => {
  const names = {
    toSent: (name: string) => name,
    toOriginal: (sent: string) => (sent === 'a_b_12345678' ? 'a b' : sent),
  }
  const call = (type: string, call_id: string, name: string) => ({
    type: 'response.output_item.done',
    item: { type, call_id, name, namespace: 'functions', arguments: '{}', input: 'x' },
  })
  const decoder = createDecoder({ names })
  t.strictSame(
    [
      call('function_call', 'call_1', 'a_b_12345678'),
      call('custom_tool_call', 'call_2', 'a_b_12345678'),
      call('function_call', 'call_3', 'a_b'),
    ]
      .flatMap(event => decoder.decode(JSON.stringify(event)) ?? [])
      .map(event => event.type === 'tool-call' && event.name)
      .filter(name => name !== false),
    ['a b', 'a b', 'a_b'],
  )
})

t.test('later calls may wait for 16 MiB, no more', async t => {
  const added = (index: number) => ({
    type: 'response.output_item.added',
    output_index: index,
    item: { type: 'function_call', call_id: `call_${index}`, name: 'f' },
  })
  const delta = (index: number) => ({
    type: 'response.function_call_arguments.delta',
    output_index: index,
    delta: 'x'.repeat(1024 * 1024 - 2),
  })
  const first = Array.from({ length: 20 }, () => delta(0))
  const second = Array.from({ length: 16 }, () => delta(1))
  t.doesNotThrow(() => decodeAll([added(0), added(1), ...first, ...second]))
  t.throws(() => decodeAll([added(0), added(1), ...second, delta(1)]), {
    code: 'upstream_response_too_large',
  })
})

t.test('calls without any id are told apart by their place', async t => {
  const call = (name: string) => ({ type: 'function_call', name, arguments: '{}' })
  t.strictSame(
    decodeAll([
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { type: 'function_call', name: 'f' },
      },
      { type: 'response.output_item.done', output_index: 0, item: call('f') },
      { type: 'response.output_item.done', output_index: 1, item: call('g') },
    ]),
    [
      { type: 'tool-call', index: 0, kind: 'function', callId: 'call_0', name: 'f' },
      { type: 'tool-arguments', index: 0, text: '"{}"' },
      { type: 'tool-call', index: 1, kind: 'function', callId: 'call_1', name: 'g' },
      { type: 'tool-arguments', index: 1, text: '"{}"' },
    ],
  )
})

t.test('an id that is made up for a call is one of its answer', async t => {
  const ids = (response: object) =>
    decodeAll([
      { type: 'response.created', response },
      ...['f', 'g'].map((name, output_index) => ({
        type: 'response.output_item.done',
        output_index,
        item: { type: 'function_call', name, arguments: '{}' },
      })),
    ]).flatMap(event => (event.type === 'tool-call' ? event.callId : []))
  t.strictSame(ids({ id: 'resp_1' }), ['call_resp_1_0', 'call_resp_1_1'])
  t.strictSame(ids({ id: 'resp_2' }), ['call_resp_2_0', 'call_resp_2_1'])
})

t.test('a call is told when its name is known', async t => {
  const added = (item: object, output_index = 0) => ({
    type: 'response.output_item.added',
    output_index,
    item: { type: 'function_call', ...item },
  })
  const delta = (text: string) => ({
    type: 'response.function_call_arguments.delta',
    output_index: 0,
    delta: text,
  })
  const argumentsDone = {
    type: 'response.function_call_arguments.done',
    output_index: 0,
    arguments: '{}',
  }
  const named = { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' }
  const done = { type: 'response.output_item.done', output_index: 0, item: named }
  const told = [
    { type: 'tool-call', index: 0, kind: 'function', callId: 'call_1', name: 'f' },
    { type: 'tool-arguments', index: 0, text: '"{"' },
    { type: 'tool-arguments', index: 0, text: '"}"' },
  ]
  for (const item of [{ call_id: 'call_1' }, { id: 'fc_1', name: '' }, {}]) {
    const begun = [added(item), delta('{'), delta('}')]
    t.strictSame(decodeAll(begun), [])
    t.strictSame(decodeAll([...begun, { ...argumentsDone, name: 'f' }]).at(0), {
      ...told[0],
      callId: item.call_id ?? item.id ?? 'call_0',
    })
    const namedEarly = decodeAll([...begun, { ...argumentsDone, name: 'f' }, done, endOf(named)])
    t.equal(namedEarly.filter(event => event.type === 'tool-call').length, 1)
    t.strictSame(decodeAll([...begun, argumentsDone]), [])
    t.strictSame(decodeAll([...begun, argumentsDone, done]), told)
    t.strictSame(decodeAll([...begun, argumentsDone, done, endOf(named)]), [...told, finished()])
    t.strictSame(decodeAll([...begun, endOf(named)]), [...told, finished()])
  }
  const second = { call_id: 'call_2', name: 'g' }
  t.strictSame(
    decodeAll([added({ call_id: 'call_1' }), added(second, 1), completed]).flatMap(event =>
      event.type === 'tool-call' ? [[event.callId, event.name]] : [],
    ),
    [
      ['call_1', ''],
      ['call_2', 'g'],
    ],
    'the end tells it without',
  )
})

t.test('many pieces that wait come as few', async t => {
  const added = (index: number) => ({
    type: 'response.output_item.added',
    output_index: index,
    item: { type: 'function_call', call_id: `call_${index}`, name: 'f' },
  })
  const delta =
    '{"type":"response.function_call_arguments.delta","output_index":1,"delta":"\\ud83d"}'
  const other = delta.replace('d83d', 'de00')
  const pieces = Array.from({ length: 40_000 }, (_, i) => (i % 2 === 0 ? delta : other))
  const told = decodeAll([added(0), added(1), ...pieces, completed]).flatMap(event =>
    event.type === 'tool-arguments' && event.index === 1 ? event.text : [],
  )
  t.ok(told.length < 20_000, String(told.length))
  t.equal(unquote(told), '😀'.repeat(20_000))
})

t.test('the end has its reason', async t => {
  const incomplete = (reason: string) => ({
    type: 'response.incomplete',
    response: { status: 'incomplete', incomplete_details: { reason } },
  })
  t.strictSame(decodeAll([incomplete('max_output_tokens')]), [finished({ reason: 'length' })])
  t.strictSame(decodeAll([incomplete('content_filter')]), [finished({ reason: 'content-filter' })])
  t.strictSame(decodeAll([{ type: 'response.done' }]), [finished()])
  t.strictSame(decodeAll([{ type: 'response.completed' }]), [finished()])
})

t.test('usage tells what was read from the cache and what was written to it', async t => {
  const usage = {
    input_tokens: 11,
    input_tokens_details: { cached_tokens: 4, cache_write_tokens: 3 },
    output_tokens: 7,
    output_tokens_details: { reasoning_tokens: 2 },
    total_tokens: 18,
  }
  t.strictSame(decodeAll([{ type: 'response.completed', response: { usage } }]), [
    finished({
      usage: {
        inputTokens: 11,
        cachedTokens: 4,
        cacheWriteTokens: 3,
        outputTokens: 7,
        reasoningTokens: 2,
        totalTokens: 18,
      },
    }),
  ])
})

t.test('numbers that are none count as zero', async t => {
  const usage = '{"input_tokens":1e999,"output_tokens":"7","total_tokens":null}'
  t.strictSame(decodeAll([`{"type":"response.completed","response":{"usage":${usage}}}`]), [
    finished({
      usage: {
        inputTokens: 0,
        cachedTokens: 0,
        cacheWriteTokens: 0,
        outputTokens: 0,
        reasoningTokens: 0,
        totalTokens: 0,
      },
    }),
  ])
})

t.test('a failure is thrown with the code of the upstream', async t => {
  const failed = (error: object) => ({ type: 'response.failed', response: { error } })
  t.throws(() => decodeAll([failed({ code: 'server_is_overloaded', message: 'busy' })]), {
    code: 'server_is_overloaded',
    message: 'busy',
  })
  t.throws(() => decodeAll([{ type: 'error', code: 'invalid_prompt', message: 'no' }]), {
    code: 'invalid_prompt',
    message: 'no',
  })
  t.throws(
    () =>
      decodeAll([
        { type: 'error', status: 429, error: { type: 'usage_limit_reached', message: 'x' } },
      ]),
    { code: 'usage_limit_reached' },
  )
})
