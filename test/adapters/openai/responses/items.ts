import { maybeParseResponse } from 'openai/lib/ResponsesParser'
import type { Response as ApiResponse } from 'openai/resources/responses/responses'
import t from 'tap'
import {
  inputItems,
  listedItem,
  normalizeItems,
} from '../../../../src/adapters/openai/responses/items.ts'
import type { JsonObject } from '../../../../src/domain/json.ts'

const PNG = 'data:image/png;base64,AA=='
const normalize = (...items: readonly JsonObject[]) => normalizeItems(items, 'input')
const says = (...content: readonly unknown[]) => ({ role: 'user', content })
const answers = (...content: readonly unknown[]) => ({ role: 'assistant', content })
/** The parts that a message of one part is sent with. */
const sentParts = (message: JsonObject) => normalize(message)[0]?.['content']

t.test('input may be a text, a list, or a single item', async t => {
  const item = { role: 'user', content: 'hi' }
  t.strictSame(inputItems('hi'), [{ type: 'message', ...item }])
  t.strictSame(inputItems([item]), [item])
  t.strictSame(inputItems(item), [item])
  for (const nothing of ['', [], null, undefined]) t.strictSame(inputItems(nothing), [])
})

t.test('known items lose what the official client adds to an output', async t => {
  t.strictSame(
    normalize(
      {
        type: 'message',
        id: 'msg_1',
        status: 'completed',
        role: 'assistant',
        phase: 'final_answer',
        content: [
          {
            type: 'output_text',
            text: '{"a":1}',
            annotations: [{ type: 'url_citation', url: 'https://a.example/' }],
            logprobs: [],
            parsed: { a: 1 },
          },
          { type: 'refusal', refusal: 'no', parsed: null },
        ],
        parsed: { a: 1 },
      },
      {
        type: 'function_call',
        id: 'fc_1',
        call_id: 'c1',
        name: 'f',
        arguments: '{}',
        parsed_arguments: {},
        status: 'completed',
        namespace: 'n',
      },
      {
        type: 'custom_tool_call',
        id: 'ctc_1',
        call_id: 'c2',
        name: 'g',
        input: 'i',
        namespace: null,
        parsed_arguments: null,
      },
      { type: 'function_call_output', call_id: 'c1', output: 'o', name: 'f', parsed: 1 },
      { type: 'custom_tool_call_output', call_id: 'c2', output: 'o', name: 'g' },
    ),
    [
      {
        type: 'message',
        role: 'assistant',
        phase: 'final_answer',
        content: [
          {
            type: 'output_text',
            text: '{"a":1}',
            annotations: [{ type: 'url_citation', url: 'https://a.example/' }],
          },
          { type: 'refusal', refusal: 'no' },
        ],
      },
      { type: 'function_call', call_id: 'c1', name: 'f', namespace: 'n', arguments: '{}' },
      { type: 'custom_tool_call', call_id: 'c2', name: 'g', input: 'i' },
      { type: 'function_call_output', call_id: 'c1', output: 'o' },
      { type: 'custom_tool_call_output', call_id: 'c2', output: 'o' },
    ],
  )
})

t.test('what the official client makes of an output can be sent back', async t => {
  const output = [
    {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: '{"a":1}', annotations: [] }],
    },
    { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' },
  ]
  const format = { type: 'json_schema' as const, name: 'n', schema: {} }
  const tools = [
    { type: 'function' as const, name: 'f', parameters: { type: 'object' }, strict: true },
  ]
  for (const parameters of [{}, { text: { format }, tools }]) {
    const response = { status: 'completed', output } as unknown as ApiResponse
    const parsed = maybeParseResponse(response, parameters)
    t.match(JSON.stringify(parsed.output), /"parsed":.*"parsed_arguments":/)
    const replayed = normalizeItems(parsed.output as unknown as readonly JsonObject[], 'input')
    t.strictSame(replayed, output)
  }
})

const PARTS: readonly (readonly [told: JsonObject, sent: JsonObject])[] = [
  [
    { type: 'text', text: 'a', annotations: [], extra: 1 },
    { type: 'input_text', text: 'a' },
  ],
  [
    { type: 'input_image', image_url: PNG, file_id: null, detail: 'original', extra: 1 },
    { type: 'input_image', image_url: PNG, detail: 'original' },
  ],
  [
    { type: 'input_image', image_url: PNG, detail: null },
    { type: 'input_image', image_url: PNG },
  ],
  [
    { type: 'image_url', image_url: { url: PNG, detail: 'low' } },
    { type: 'input_image', image_url: PNG, detail: 'low' },
  ],
  [
    { type: 'image_url', image_url: 'https://a.example/' },
    { type: 'input_image', image_url: 'https://a.example/' },
  ],
  [
    { type: 'input_file', filename: 'a.txt', file_data: 'AA==', file_id: '', extra: 1 },
    { type: 'input_file', filename: 'a.txt', file_data: 'data:text/plain;base64,AA==' },
  ],
  [
    { type: 'file', file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' } },
    { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' },
  ],
  [
    { type: 'input_file', filename: 'a.pdf', file_url: 'https://a.example/a.pdf', extra: 1 },
    { type: 'input_file', filename: 'a.pdf', file_url: 'https://a.example/a.pdf' },
  ],
  [
    { type: 'input_file', file_data: PNG, file_url: 'https://a.example/a.pdf' },
    { type: 'input_file', file_data: PNG, file_url: 'https://a.example/a.pdf' },
  ],
  [
    { type: 'input_video', url: 'x', extra: { a: 1 }, cache_control: {} },
    { type: 'input_video', url: 'x', extra: { a: 1 } },
  ],
]

t.test('parts keep the keys that the backend knows, in messages and in outputs', async t => {
  for (const [told, sent] of PARTS) {
    const title = JSON.stringify(told)
    t.strictSame(sentParts(says(told)), [sent], title)
    const output = { type: 'function_call_output', call_id: 'c', output: [told] }
    t.strictSame(normalize(output), [{ ...output, output: [sent] }], title)
  }
})

t.test('annotations stay with what the assistant said only', async t => {
  const part = { type: 'output_text', text: 'a', annotations: [] }
  t.strictSame(sentParts(answers(part)), [part])
  t.strictSame(sentParts(answers({ ...part, annotations: null })), [
    { type: 'output_text', text: 'a' },
  ])
  t.strictSame(sentParts(says(part)), [{ type: 'input_text', text: 'a' }])
})

t.test('objects become JSON text where the backend takes text', async t => {
  const call = { type: 'function_call', call_id: 'c', name: 'f' }
  const args = (given: unknown) => normalize({ ...call, arguments: given })[0]?.['arguments']
  t.equal(args({ a: [1] }), '{"a":[1]}')
  for (const nothing of ['', null, undefined]) t.equal(args(nothing), '{}')
  const result = { type: 'function_call_output', call_id: 'c' }
  const output = (given: unknown) => normalize({ ...result, output: given })[0]?.['output']
  t.equal(output({ a: 1 }), '{"a":1}')
  t.equal(output(''), '')
  t.equal(output([]), '')
  t.equal(output([{ type: 'input_text', text: '' }]), '')
  const custom = { type: 'custom_tool_call', call_id: 'c', name: 'f' }
  t.strictSame(normalize(custom), [{ ...custom, input: '' }])
})

t.test('messages that say nothing are left out', async t => {
  const nothing = [
    { role: 'assistant' },
    { role: 'assistant', content: null },
    { role: 'assistant', content: '' },
    answers(),
    answers({ type: 'output_text', text: '' }),
    { role: 'user', content: '' },
    says(),
    says({ type: 'input_text', text: '' }),
  ]
  t.strictSame(normalize(...nothing, says({ type: 'input_text', text: 'x' })), [
    { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'x' }] },
  ])
  t.strictSame(listedItem({ id: 'msg_1', role: 'assistant', content: null }), {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    content: [],
  })
})

const part = (part: unknown) => says(part)
const PLACE = 'input[0].content[0]'
const MISSING = 'missing_required_parameter'
const call = { type: 'function_call', call_id: 'c', name: 'f', arguments: '{}' }
const customCall = { type: 'custom_tool_call', call_id: 'c', name: 'f', input: '' }
const result = { type: 'function_call_output', call_id: 'c', output: '' }

const REFUSED: readonly (readonly [item: JsonObject, code: string, param: string])[] = [
  [{}, MISSING, 'input[0].type'],
  [{ type: 5, role: 'user', content: 'x' }, 'invalid_type', 'input[0].type'],
  [{ type: '' }, MISSING, 'input[0].type'],
  [{ type: 'message', content: 'x' }, MISSING, 'input[0].role'],
  [{ role: 'canary', content: 'x' }, 'invalid_value', 'input[0].role'],
  [{ role: 'user' }, MISSING, 'input[0].content'],
  [{ role: 'developer', content: null }, MISSING, 'input[0].content'],
  [{ role: 'user', content: 5 }, 'invalid_type', 'input[0].content'],
  [{ role: 'user', content: { canary: 1 } }, 'invalid_type', 'input[0].content'],
  [{ role: 'assistant', content: 5 }, 'invalid_type', 'input[0].content'],
  [{ role: 'assistant', content: 'x', phase: 5 }, 'invalid_type', 'input[0].phase'],
  [
    { role: 'user', content: Array.from({ length: 10_001 }, () => 'canary') },
    'invalid_value',
    'input[0].content',
  ],
  [part(5), 'invalid_type', PLACE],
  [part('canary'), 'invalid_type', PLACE],
  [part({}), MISSING, `${PLACE}.type`],
  [part({ text: 'canary' }), MISSING, `${PLACE}.type`],
  [part({ type: 5 }), 'invalid_type', `${PLACE}.type`],
  [part({ type: '' }), MISSING, `${PLACE}.type`],
  [part({ type: 'input_text' }), MISSING, `${PLACE}.text`],
  [part({ type: 'input_text', text: 5 }), 'invalid_type', `${PLACE}.text`],
  [answers({ type: 'output_text', text: null }), MISSING, `${PLACE}.text`],
  [
    answers({ type: 'output_text', text: 'x', annotations: 'canary' }),
    'invalid_type',
    `${PLACE}.annotations`,
  ],
  [part({ type: 'input_image' }), 'invalid_value', `${PLACE}.image_url`],
  [part({ type: 'input_image', image_url: null }), 'invalid_value', `${PLACE}.image_url`],
  [
    part({ type: 'input_image', image_url: 'file:///etc/canary' }),
    'invalid_value',
    `${PLACE}.image_url`,
  ],
  [part({ type: 'input_image', image_url: { url: PNG } }), 'invalid_type', `${PLACE}.image_url`],
  [
    part({ type: 'input_image', image_url: PNG, detail: 'canary' }),
    'invalid_value',
    `${PLACE}.detail`,
  ],
  [part({ type: 'input_image', file_id: 'canary' }), 'unsupported_value', `${PLACE}.file_id`],
  [part({ type: 'unknown', file_id: 'canary' }), 'unsupported_value', `${PLACE}.file_id`],
  [
    part({ type: 'file', file: { file_id: 'canary' } }),
    'unsupported_value',
    `${PLACE}.file.file_id`,
  ],
  [part({ type: 'input_file', filename: 'canary' }), MISSING, `${PLACE}.file_data`],
  [part({ type: 'input_file', file_data: 5 }), 'invalid_type', `${PLACE}.file_data`],
  [part({ type: 'input_file', file_url: 'file:///canary' }), 'invalid_value', `${PLACE}.file_url`],
  [part({ type: 'input_audio', data: 'canary' }), 'unsupported_value', `${PLACE}.type`],
  [part({ type: 'refusal', refusal: 'canary' }), 'invalid_value', `${PLACE}.type`],
  [answers({ type: 'refusal' }), MISSING, `${PLACE}.refusal`],
  [answers({ type: 'input_image', image_url: PNG }), 'invalid_value', `${PLACE}.type`],
  [answers({ type: 'input_file', file_data: PNG }), 'invalid_value', `${PLACE}.type`],
  [{ type: 'reasoning', summary: 'canary' }, 'invalid_type', 'input[0].summary'],
  [{ type: 'reasoning', encrypted_content: 5 }, 'invalid_type', 'input[0].encrypted_content'],
  [{ type: 'function_call' }, MISSING, 'input[0].call_id'],
  [{ ...call, call_id: '' }, MISSING, 'input[0].call_id'],
  [{ ...call, call_id: 5 }, 'invalid_type', 'input[0].call_id'],
  [{ ...call, name: undefined }, MISSING, 'input[0].name'],
  [{ ...call, name: { canary: 1 } }, 'invalid_type', 'input[0].name'],
  [{ ...call, arguments: ['canary'] }, 'invalid_type', 'input[0].arguments'],
  [{ ...call, namespace: 5 }, 'invalid_type', 'input[0].namespace'],
  [{ ...customCall, call_id: undefined }, MISSING, 'input[0].call_id'],
  [{ ...customCall, name: '' }, MISSING, 'input[0].name'],
  [{ ...customCall, input: { canary: 1 } }, 'invalid_type', 'input[0].input'],
  [{ ...result, call_id: undefined }, MISSING, 'input[0].call_id'],
  [{ ...result, output: undefined }, MISSING, 'input[0].output'],
  [{ ...result, output: null }, MISSING, 'input[0].output'],
  [{ ...result, output: 5 }, 'invalid_type', 'input[0].output'],
  [{ ...result, output: ['canary'] }, 'invalid_type', 'input[0].output[0]'],
  [{ ...result, output: [{ type: 'input_text' }] }, MISSING, 'input[0].output[0].text'],
  [{ ...result, type: 'custom_tool_call_output', output: undefined }, MISSING, 'input[0].output'],
]

t.test('items that are known and wrong are refused by the field to blame', async t => {
  for (const [item, code, param] of REFUSED) {
    const title = JSON.stringify(item).slice(0, 100)
    t.throws(() => normalize(item), { code, param, message: /^(?!.*canary)/i }, title)
  }
})
