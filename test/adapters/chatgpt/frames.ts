import fc from 'fast-check'
import t from 'tap'
import { createFrameDecoder } from '../../../src/adapters/chatgpt/frames.ts'
import type { JsonObject } from '../../../src/domain/json.ts'

function decoder(hidesNamespace = false) {
  const limits: JsonObject[] = []
  const { decode, isLast } = createFrameDecoder({
    now: () => 0,
    onLimits: event => limits.push(event),
    hidesNamespace,
  })
  return { decode, isLast, limits }
}

/** Counts what is parsed while something runs. */
function parses(run: () => void): number {
  const { parse } = JSON
  let count = 0
  JSON.parse = (...args) => {
    count++
    return parse(...args)
  }
  try {
    run()
  } finally {
    JSON.parse = parse
  }
  return count
}

const DELTAS = [
  '{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_1","output_index":0,"content_index":0,"delta":"a\\"\\u20ac\\n","logprobs":[],"obfuscation":"xyz"}',
  '{"type":"response.reasoning_summary_text.delta","item_id":"rs_1","output_index":0,"summary_index":0,"delta":"€ 😀","sequence_number":10}',
  '{"type":"response.function_call_arguments.delta","output_index":1,"delta":"{\\"a\\":","item_id":"fc_1"}',
  '{"type":"response.custom_tool_call_input.delta","output_index":1,"delta":""}',
  '{"type":"response.mcp_call.arguments.delta","delta":null}',
]

t.test('a delta is passed on as it is, without being parsed', async t => {
  const { decode } = decoder()
  for (const data of DELTAS) {
    const type = JSON.parse(data).type as string
    const count = parses(() => t.strictSame(decode(data), [{ type, data }]))
    t.equal(count, 0, type)
  }
})

t.test('a delta in any other spelling is passed on as it is, too', async t => {
  const spellings = [
    '{"output_index":0,"type":"response.output_text.delta","delta":"a"}',
    '{ "type": "response.output_text.delta", "delta": "a" }',
    '{"type":"response.output_text.delta","delta":"a","logprobs":[{"token":"a"}]}',
    `{"type":"response.output_text.delta","delta":"${'x'.repeat(70_000)}"}`,
  ]
  const { decode } = decoder()
  for (const data of spellings) {
    t.strictSame(decode(data), [{ type: 'response.output_text.delta', data }])
  }
})

t.test('what is no event is told apart, in the usual spelling of a delta too', async t => {
  const { decode } = decoder()
  const bad = [
    '',
    '[DONE]',
    '7',
    'null',
    '[]',
    '{}',
    '{"type":7}',
    '{"type":""}',
    '{"type":"a\\nevent: b"}',
    '{"type":"response.output_text.delta","delta":"a}',
    '{"type":"response.output_text.delta","delta":"\\x"}',
    '{"type":"response.output_text.delta","delta":"\t"}',
    '{"type":"response.output_text.delta","output_index":01}',
    '{"type":"response.output_text.delta","delta":"a\nb"}',
    '{"type":"response.output_text.done","text":',
  ]
  for (const data of bad) t.equal(decode(data), undefined, data)
})

t.test('a mismatch in a long delta is found fast', async t => {
  const { decode } = decoder()
  const data = `{"type":"response.output_text.delta","delta":"${'\\n'.repeat(30_000)}`
  const start = performance.now()
  t.equal(decode(data), undefined)
  t.ok(performance.now() - start < 2000)
})

t.test('events that we know nothing of are passed on', async t => {
  const data = '{"sequence_number":9,"type":"response.future.thing","x":{"namespace":"functions"}}'
  t.strictSame(decoder(true).decode(data), [{ type: 'response.future.thing', data }])
})

t.test('what is between the backend and its own client is left out, unparsed', async t => {
  const { decode, limits } = decoder()
  const types = ['codex.response.metadata', 'keepalive', 'responsesapi.websocket_timing']
  for (const type of [...types, 'response.metadata']) {
    const count = parses(() => t.strictSame(decode(`{"type":"${type}","a":1}`), []))
    t.equal(count, 0, type)
    t.strictSame(decode(`{"a":1,"type":"${type}"}`), [], `${type}, spelt otherwise`)
  }
  t.strictSame(limits, [])
  t.equal(decode('{"type":"response.metadata_2"}')?.length, 1)
})

t.test('what is told of usage is handed on, not passed on', async t => {
  const { decode, limits } = decoder()
  t.strictSame(decode('{"type":"codex.rate_limits","plan_type":"plus"}'), [])
  t.strictSame(decode('{"plan_type":"pro","type":"codex.rate_limits"}'), [])
  t.strictSame(limits, [
    { type: 'codex.rate_limits', plan_type: 'plus' },
    { plan_type: 'pro', type: 'codex.rate_limits' },
  ])
})

t.test('an event that came in several lines is told in one', async t => {
  const data = '{\n"type": "response.created",\n\n"response": {"id": "a\\nb"}\n}'
  t.strictSame(decoder().decode(data), [
    {
      type: 'response.created',
      data: '{ "type": "response.created",  "response": {"id": "a\\nb"} }',
    },
  ])
})

t.test(
  'an answer ends with response.completed, by either name, or response.incomplete',
  async t => {
    const { decode, isLast } = decoder()
    const last = (data: string) => decode(data)?.map(frame => [frame.type, isLast(frame)])
    t.strictSame(last('{"type":"response.completed"}'), [['response.completed', true]])
    t.strictSame(last('{"type":"response.incomplete"}'), [['response.incomplete', true]])
    t.strictSame(last('{"type":"response.output_item.done"}'), [
      ['response.output_item.done', false],
    ])
    t.strictSame(decode('{"type":"response.done","response":{"id":"resp_1"}}'), [
      {
        type: 'response.completed',
        data: '{"type":"response.completed","response":{"id":"resp_1"}}',
      },
    ])
  },
)

t.test('a failure is thrown', async t => {
  const { decode } = decoder()
  const error = { code: 'server_is_overloaded', message: 'busy' }
  const failures = [
    { type: 'response.failed', response: { error } },
    { type: 'error', ...error },
    { type: 'error', error, status: 503 },
  ]
  for (const event of failures) t.throws(() => decode(JSON.stringify(event)), error)
  t.throws(() => decode('{"type":"response.failed"}'), { code: 'upstream_error' })
})

const wrapped = '{"type":"function_call","name":"look","namespace":"functions","arguments":"{}"}'
const bare = '{"type":"function_call","name":"look","arguments":"{}"}'
const other = '{"type":"function_call","name":"look","namespace":"files","arguments":"{}"}'

t.test(
  'the namespace that the client does not know is taken off calls, wherever they are',
  async t => {
    const frames: [string, string][] = [
      [
        `{"type":"response.output_item.added","output_index":0,"item":${wrapped}}`,
        `{"type":"response.output_item.added","output_index":0,"item":${bare}}`,
      ],
      [
        `{"type":"response.output_item.done","output_index":0,"item":${wrapped}}`,
        `{"type":"response.output_item.done","output_index":0,"item":${bare}}`,
      ],
      [
        `{"type":"response.completed","response":{"id":"r","output":[${wrapped},${other}],"a":1}}`,
        `{"type":"response.completed","response":{"id":"r","output":[${bare},${other}],"a":1}}`,
      ],
      [
        `{"type":"response.done","response":{"output":[${wrapped}]}}`,
        `{"type":"response.completed","response":{"output":[${bare}]}}`,
      ],
    ]
    for (const [data, expected] of frames) {
      t.equal(decoder(true).decode(data)?.[0]?.data, expected)
    }
  },
)

t.test('calls that are in no namespace of ours stay byte for byte', async t => {
  const done = (item: string) => `{ "type": "response.output_item.done", "item": ${item} }`
  t.equal(decoder(true).decode(done(other))?.[0]?.data, done(other))
  t.equal(decoder(true).decode(done(bare))?.[0]?.data, done(bare))
  t.equal(decoder(false).decode(done(wrapped))?.[0]?.data, done(wrapped), 'a namespace of theirs')
})

t.test('a delta comes out as it is in any order of its keys', async () => {
  const values = fc.record(
    {
      sequence_number: fc.nat(),
      item_id: fc.string(),
      delta: fc.string({ unit: 'binary' }),
      logprobs: fc.constantFrom([], [{}]),
      output_index: fc.oneof(fc.nat(), fc.double({ noNaN: true }), fc.boolean()),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(values, fc.boolean(), (event, isTypeFirst) => {
      const type = { type: 'response.output_text.delta' }
      const data = JSON.stringify(isTypeFirst ? { ...type, ...event } : { ...event, ...type })
      const [frame] = decoder(true).decode(data) ?? []
      return frame?.data === data && frame.type === 'response.output_text.delta'
    }),
  )
})
