import { readFileSync } from 'node:fs'
import t from 'tap'
import { createEventDecoder } from '../../../src/adapters/chatgpt/decode.ts'
import { createSseReader } from '../../../src/adapters/chatgpt/sse.ts'
import type { ModelEvent } from '../../../src/domain/events.ts'

function decodeAll(events: readonly (string | object)[]): ModelEvent[] {
  const decoder = createEventDecoder(
    () => 0,
    () => {},
  )
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
    { type: 'reasoning', text: '"First "' },
    { type: 'reasoning', text: '"thought."' },
    { type: 'reasoning', text: '"\\n\\n"' },
    { type: 'reasoning', text: '"Second thought."' },
    { type: 'text', text: '"Looking."' },
    { type: 'text', text: '"\\n\\n"' },
    { type: 'text', text: '"It is 42."' },
    finished(),
  ])
})

t.test('parallel calls that interleave are told one after the other', async t => {
  t.strictSame(decodeRecording('parallel-calls'), [
    { type: 'started', id: 'resp_calls', createdAt: 1795346783, serviceTier: undefined },
    { type: 'tool-call', index: 0, callId: 'call_1', name: 'get_weather' },
    { type: 'tool-arguments', index: 0, text: '"{\\"ci"' },
    { type: 'tool-arguments', index: 0, text: '"ty\\":\\"Paris\\"}"' },
    { type: 'tool-call', index: 1, callId: 'call_2', name: 'get_time' },
    { type: 'tool-arguments', index: 1, text: '"{\\"zone\\":"' },
    { type: 'tool-arguments', index: 1, text: '"\\"UTC\\"}"' },
    finished({
      usage: {
        inputTokens: 11,
        cachedTokens: 0,
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
      { type: 'tool-call', index: 0, callId: 'call_a', name: 'a' },
      { type: 'tool-arguments', index: 0, text: '"{}"' },
      { type: 'tool-call', index: 1, callId: 'call_b', name: 'b' },
      { type: 'tool-arguments', index: 1, text: '"{"' },
      { type: 'tool-arguments', index: 1, text: '"}"' },
      { type: 'tool-call', index: 2, callId: 'call_c', name: 'c' },
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

t.test('a delta that is no valid JSON is no event, however it is spelled', async t => {
  const decoder = createEventDecoder(
    () => 0,
    () => {},
  )
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
  const decoder = createEventDecoder(
    () => 0,
    () => {},
  )
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
  const decoder = createEventDecoder(
    () => 0,
    event => told.push(event['plan_type']),
  )
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
      { type: 'tool-call', index: 0, callId: 'call_1', name: 'f' },
      { type: 'tool-arguments', index: 0, text: '"{}"' },
      finished(),
    ],
  )
})

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
      { type: 'reasoning', text: '"a"' },
      { type: 'reasoning', text: '"\\n\\n"' },
      { type: 'reasoning', text: '"b"' },
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

t.test('raw reasoning is told like a summary', async t => {
  t.strictSame(
    decodeAll([
      {
        type: 'response.reasoning_summary_text.delta',
        output_index: 0,
        summary_index: 0,
        delta: 's',
      },
      { type: 'response.reasoning_text.delta', output_index: 0, content_index: 0, delta: 'r' },
    ]),
    [
      { type: 'reasoning', text: '"s"' },
      { type: 'reasoning', text: '"\\n\\n"' },
      { type: 'reasoning', text: '"r"' },
    ],
  )
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
    { type: 'tool-call', index: 0, callId: 'call_1', name: 'f' },
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
    { type: 'tool-call', index: 0, callId: 'call_1', name: 'f' },
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
      { type: 'tool-call', index: 0, callId: 'call_1', name: 'delete_all' },
      finished({ reason: 'length' }),
    ],
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
      { type: 'tool-call', index: 0, callId: 'call_0', name: 'f' },
      { type: 'tool-arguments', index: 0, text: '"{}"' },
      { type: 'tool-call', index: 1, callId: 'call_1', name: 'g' },
      { type: 'tool-arguments', index: 1, text: '"{}"' },
    ],
  )
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

t.test('numbers that are none count as zero', async t => {
  const usage = '{"input_tokens":1e999,"output_tokens":"7","total_tokens":null}'
  t.strictSame(decodeAll([`{"type":"response.completed","response":{"usage":${usage}}}`]), [
    finished({
      usage: {
        inputTokens: 0,
        cachedTokens: 0,
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
