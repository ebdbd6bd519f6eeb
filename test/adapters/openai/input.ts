import t from 'tap'
import { decodeInput } from '../../../src/adapters/openai/input.ts'
import { developerSays, userSays } from '../../fakes/chat-request.ts'

const PNG = 'data:image/png;base64,AA=='
const decode = (...input: readonly unknown[]) => decodeInput(input, 'input')

t.test('a text is what the user says', async t => {
  t.strictSame(decodeInput('hi', 'input'), [userSays('hi')])
  t.strictSame(decodeInput('', 'input'), [])
  t.strictSame(decode(), [])
})

t.test('messages may come without their type, and with string or part content', async t => {
  t.strictSame(
    decode(
      { type: 'message', role: 'system', content: 'A', id: 'msg_1', status: 'completed' },
      { role: 'developer', content: [{ type: 'input_text', text: 'B' }] },
      {
        type: null,
        role: 'user',
        content: [
          { type: 'input_text', text: 'q' },
          { type: 'input_image', image_url: PNG },
          { type: 'input_file', filename: 'a.pdf', file_data: 'AA==' },
        ],
      },
      {
        type: 'message',
        role: 'assistant',
        phase: 'commentary',
        content: [
          { type: 'output_text', text: 'a', annotations: [] },
          { type: 'refusal', refusal: 'no' },
        ],
      },
      { role: 'assistant', content: [] },
      { role: 'user', content: '' },
    ),
    [
      developerSays('A'),
      developerSays('B'),
      {
        type: 'message',
        role: 'user',
        parts: [
          { type: 'text', text: 'q' },
          { type: 'image', url: PNG, detail: 'auto' },
          { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,AA==' },
        ],
      },
      {
        type: 'message',
        role: 'assistant',
        parts: [
          { type: 'text', text: 'a' },
          { type: 'refusal', text: 'no' },
        ],
      },
    ],
  )
})

t.test('calls and outputs of both kinds are paired, reasoning is left out', async t => {
  t.strictSame(
    decode(
      { role: 'user', content: 'hi' },
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'x' },
      {
        type: 'function_call',
        call_id: 'a',
        name: 'f',
        arguments: '{"x":1}',
        namespace: 'functions',
      },
      { type: 'reasoning', summary: [] },
      { type: 'custom_tool_call', call_id: 'b', name: 'c', input: 'text' },
      { type: 'function_call', call_id: 'd', name: 'f', arguments: '' },
      {
        type: 'custom_tool_call_output',
        call_id: 'b',
        output: [
          { type: 'input_text', text: '1' },
          { type: 'input_text', text: '2' },
        ],
      },
      {
        type: 'function_call_output',
        call_id: 'a',
        output: [{ type: 'input_image', image_url: PNG }],
      },
    ),
    [
      userSays('hi'),
      { type: 'tool-call', kind: 'function', callId: 'a', name: 'f', arguments: '{"x":1}' },
      { type: 'tool-call', kind: 'custom', callId: 'b', name: 'c', arguments: 'text' },
      { type: 'tool-call', kind: 'function', callId: 'd', name: 'f', arguments: '{}' },
      { type: 'tool-result', kind: 'custom', callId: 'b', output: '12' },
      {
        type: 'tool-result',
        kind: 'function',
        callId: 'a',
        output: [{ type: 'image', url: PNG, detail: 'auto' }],
      },
      {
        type: 'tool-result',
        kind: 'function',
        callId: 'd',
        output: '[no output: the call was interrupted]',
      },
    ],
  )
})

const call = { type: 'function_call', call_id: 'a', name: 'f', arguments: '{}' }
const REFUSED: readonly (readonly [string, readonly unknown[], string, string])[] = [
  ['an item that is no object', ['hi'], 'invalid_type', 'input[0]'],
  ['an item without a type', [{}], 'missing_required_parameter', 'input[0].type'],
  ['a type that is no text', [{ type: 5 }], 'invalid_type', 'input[0].type'],
  [
    'a reference',
    [call, { type: 'item_reference', id: 'x' }],
    'unsupported_value',
    'input[1].type',
  ],
  ['a search call', [{ type: 'web_search_call' }], 'unsupported_value', 'input[0].type'],
  ['an unknown role', [{ role: 'alien', content: 'x' }], 'invalid_value', 'input[0].role'],
  ['a role that is no text', [{ role: 5, content: 'x' }], 'invalid_value', 'input[0].role'],
  [
    'a message without a role',
    [{ type: 'message', content: 'x' }],
    'missing_required_parameter',
    'input[0].role',
  ],
  [
    'a message without content',
    [{ role: 'user' }],
    'missing_required_parameter',
    'input[0].content',
  ],
  [
    'an unknown part',
    [{ role: 'user', content: [{ type: 'video' }] }],
    'invalid_value',
    'input[0].content[0].type',
  ],
  [
    'an image of the developer',
    [{ role: 'system', content: [{ type: 'input_image', image_url: PNG }] }],
    'invalid_value',
    'input[0].content[0].type',
  ],
  [
    'a stored image',
    [{ role: 'user', content: [{ type: 'input_image', file_id: 'x' }] }],
    'unsupported_value',
    'input[0].content[0].file_id',
  ],
  [
    'a call without an id',
    [{ type: 'function_call', name: 'f' }],
    'missing_required_parameter',
    'input[0].call_id',
  ],
  [
    'a call with an empty id',
    [{ ...call, call_id: '' }],
    'missing_required_parameter',
    'input[0].call_id',
  ],
  [
    'a call without a name',
    [{ type: 'custom_tool_call', call_id: 'a' }],
    'missing_required_parameter',
    'input[0].name',
  ],
  [
    'arguments that are an object',
    [{ ...call, arguments: {} }],
    'invalid_type',
    'input[0].arguments',
  ],
  [
    'an output without its call',
    [{ type: 'function_call_output', call_id: 'a', output: 'x' }],
    'invalid_value',
    'input[0].call_id',
  ],
  [
    'an output without an id',
    [call, { type: 'function_call_output', output: 'x' }],
    'missing_required_parameter',
    'input[1].call_id',
  ],
  [
    'an output that is a number',
    [call, { type: 'function_call_output', call_id: 'a', output: 5 }],
    'invalid_type',
    'input[1].output',
  ],
  [
    'audio in an output',
    [call, { type: 'function_call_output', call_id: 'a', output: [{ type: 'input_audio' }] }],
    'unsupported_value',
    'input[1].output[0].type',
  ],
]

for (const [title, input, code, param] of REFUSED) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decode(...input), { name: 'ProxyError', code, param })
  })
}
