import t from 'tap'
import { decodeChat } from '../../../../src/adapters/openai/chat/decode.ts'
import { developerSays, userSays } from '../../../fakes/chat-request.ts'

const decode = (...messages: readonly unknown[]) =>
  decodeChat({ model: 'm', messages }, { sessionId: undefined, strict: true, webSearch: false })
    .request.items
const hi = { role: 'user', content: 'hi' }
const call = (id: string, name = 'get_weather', text: string | null = '{"city":"Paris"}') => ({
  id,
  type: 'function',
  function: { name, arguments: text },
})
const calls = (...tool_calls: readonly unknown[]) => ({ role: 'assistant', tool_calls })
const result = (tool_call_id: string | undefined, content: unknown = 'x') => ({
  role: 'tool',
  tool_call_id,
  content,
})
const PNG = 'data:image/png;base64,AA=='

/** What a call of `f` without arguments becomes. */
const called = (callId: string, name = 'f') => ({
  type: 'tool-call',
  kind: 'function',
  callId,
  name,
  arguments: '{}',
})
const gave = (callId: string, output: unknown) => ({
  type: 'tool-result',
  kind: 'function',
  callId,
  output,
})
const INTERRUPTED = '[no output: the call was interrupted]'

t.test('system and developer messages keep their places', async t => {
  const items = decode(
    { role: 'system', content: 'A' },
    { role: 'developer', content: [{ type: 'text', text: 'B' }] },
    { role: 'user', content: 'q', name: 'ann' },
    { role: 'system', content: 'C' },
    { role: 'user', content: 'r' },
  )
  t.strictSame(items, [
    developerSays('A'),
    developerSays('B'),
    userSays('q'),
    developerSays('C'),
    userSays('r'),
  ])
})

t.test('a tool round trip becomes calls and results without empty messages', async t => {
  const items = decode(
    hi,
    { role: 'assistant', content: '', tool_calls: [call('call_1'), call('call_2', 'f', '')] },
    { role: 'tool', tool_call_id: 'call_2', content: '' },
    {
      role: 'tool',
      tool_call_id: 'call_1',
      content: [
        { type: 'text', text: '22' },
        { type: 'text', text: 'C' },
      ],
    },
    { role: 'assistant', content: 'done' },
    { role: 'assistant' },
    { role: 'user', content: [] },
  )
  t.strictSame(items, [
    userSays('hi'),
    {
      type: 'tool-call',
      kind: 'function',
      callId: 'call_1',
      name: 'get_weather',
      arguments: '{"city":"Paris"}',
    },
    { type: 'tool-call', kind: 'function', callId: 'call_2', name: 'f', arguments: '{}' },
    { type: 'tool-result', kind: 'function', callId: 'call_2', output: '' },
    { type: 'tool-result', kind: 'function', callId: 'call_1', output: '22C' },
    { type: 'message', role: 'assistant', parts: [{ type: 'text', text: 'done' }] },
  ])
})

t.test('a call that was interrupted gets a placeholder for its result', async t => {
  const items = decode(
    hi,
    { role: 'assistant', content: null, tool_calls: [call('call_1'), call('call_2')] },
    { role: 'tool', tool_call_id: 'call_1', content: 'x' },
    { role: 'user', content: 'never mind' },
  )
  t.strictSame(items.slice(3), [
    { type: 'tool-result', kind: 'function', callId: 'call_1', output: 'x' },
    {
      type: 'tool-result',
      kind: 'function',
      callId: 'call_2',
      output: '[no output: the call was interrupted]',
    },
    userSays('never mind'),
  ])
})

t.test('a result may come after a message in between', async t => {
  const items = decode(
    hi,
    { role: 'assistant', tool_calls: [call('call_1'), call('call_2')] },
    { role: 'tool', tool_call_id: 'call_1', content: 'x' },
    { role: 'user', content: 'the image of x' },
    { role: 'tool', tool_call_id: 'call_2', content: 'y' },
  )
  t.strictSame(items.slice(3), [
    { type: 'tool-result', kind: 'function', callId: 'call_1', output: 'x' },
    userSays('the image of x'),
    { type: 'tool-result', kind: 'function', callId: 'call_2', output: 'y' },
  ])
})

t.test('a second result for one call is refused', async t => {
  const result = { role: 'tool', tool_call_id: 'call_1', content: 'x' }
  const messages = [hi, { role: 'assistant', tool_calls: [call('call_1')] }, result, result]
  t.throws(() => decode(...messages), { code: 'invalid_value', param: 'messages[3].tool_call_id' })
})

t.test('an id may be used again in a later turn', async t => {
  const turn = [
    { role: 'assistant', tool_calls: [call('call_0')] },
    { role: 'tool', tool_call_id: 'call_0', content: 'x' },
  ]
  t.equal(decode(hi, ...turn, hi, ...turn).length, 6)
})

t.test('images, files and refusals are parts', async t => {
  const items = decode(
    {
      role: 'user',
      content: [
        { type: 'text', text: 'see', cache_control: { type: 'ephemeral' } },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
        { type: 'image_url', image_url: 'https://example.com/a.png' },
        {
          type: 'file',
          file: { filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' },
        },
        { type: 'file', file: { filename: 'b.CSV', file_data: 'AA==' } },
        { type: 'file', file: { file_data: 'AA==' } },
      ],
    },
    { role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }], refusal: 'never' },
    { role: 'assistant', tool_calls: [call('call_1')] },
    {
      role: 'tool',
      tool_call_id: 'call_1',
      content: [
        { type: 'text', text: 'shot' },
        { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
      ],
    },
  )
  t.strictSame(items, [
    {
      type: 'message',
      role: 'user',
      parts: [
        { type: 'text', text: 'see' },
        { type: 'image', url: 'data:image/png;base64,AA==', detail: 'low' },
        { type: 'image', url: 'https://example.com/a.png', detail: 'auto' },
        { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,AA==' },
        { type: 'file', filename: 'b.CSV', data: 'data:text/csv;base64,AA==' },
        { type: 'file', filename: 'file.pdf', data: 'data:application/pdf;base64,AA==' },
      ],
    },
    {
      type: 'message',
      role: 'assistant',
      parts: [
        { type: 'refusal', text: 'no' },
        { type: 'refusal', text: 'never' },
      ],
    },
    {
      type: 'tool-call',
      kind: 'function',
      callId: 'call_1',
      name: 'get_weather',
      arguments: '{"city":"Paris"}',
    },
    {
      type: 'tool-result',
      kind: 'function',
      callId: 'call_1',
      output: [
        { type: 'text', text: 'shot' },
        { type: 'image', url: 'data:image/png;base64,AA==', detail: 'auto' },
      ],
    },
  ])
})

t.test('texts are read under the part types of either API', async t => {
  t.strictSame(
    decode(
      { role: 'system', content: [{ type: 'input_text', text: 'A' }] },
      { role: 'user', content: [{ type: 'input_text', text: 'q' }] },
      { role: 'assistant', content: [{ type: 'output_text', text: 'a' }] },
      {
        role: 'user',
        content: [
          { type: 'input_image', image_url: PNG, detail: 'original' },
          { type: 'input_file', filename: 'a.TXT', file_data: 'AA==' },
          { type: 'text', text: '', prompt_cache_breakpoint: { mode: 'explicit' } },
        ],
      },
    ),
    [
      developerSays('A'),
      userSays('q'),
      { type: 'message', role: 'assistant', parts: [{ type: 'text', text: 'a' }] },
      {
        type: 'message',
        role: 'user',
        parts: [
          { type: 'image', url: PNG, detail: 'original' },
          { type: 'file', filename: 'a.TXT', data: 'data:text/plain;base64,AA==' },
        ],
      },
    ],
  )
})

t.test('runs of one role stay apart, and so does an answer that has been begun', async t => {
  const says = (role: string, text: string) => ({
    type: 'message',
    role,
    parts: [{ type: 'text', text }],
  })
  t.strictSame(
    decode(hi, hi, { role: 'assistant', content: 'a' }, { role: 'assistant', content: 'b' }),
    [userSays('hi'), userSays('hi'), says('assistant', 'a'), says('assistant', 'b')],
  )
})

t.test('reasoning that comes back is left out, a name and cache marks too', async t => {
  t.strictSame(
    decode(
      { ...hi, name: 'ann', cache_control: { type: 'ephemeral' } },
      {
        role: 'assistant',
        content: null,
        reasoning_content: 'r',
        reasoning: 'r',
        reasoning_details: [{ type: 'reasoning.text', text: 'r' }],
        thinking: 'r',
        annotations: [],
        audio: null,
        refusal: null,
        function_call: null,
        tool_calls: [call('a', 'f', null)],
      },
      result('a'),
    ),
    [userSays('hi'), called('a'), gave('a', 'x')],
  )
})

t.test('arguments may come as an object, and as nothing', async t => {
  const args = (given: unknown) => {
    const [, item] = decode(
      hi,
      calls({ id: 'a', function: { name: 'f', arguments: given } }),
      result('a'),
    )
    return item?.type === 'tool-call' ? item.arguments : undefined
  }
  t.equal(args({ city: 'Paris', n: [1] }), '{"city":"Paris","n":[1]}')
  t.equal(args('{"a": 1}'), '{"a": 1}')
  t.equal(args(''), '{}')
  t.equal(args(null), '{}')
  t.equal(args(undefined), '{}')
})

t.test('a custom call and its result keep their kind', async t => {
  t.strictSame(
    decode(
      hi,
      calls(
        { id: 'a', type: 'custom', custom: { name: 'shell', input: 'ls "x"' } },
        { id: 'b', custom: { name: 'shell' } },
      ),
      result('b', 'B'),
      result('a', 'A'),
    ).slice(1),
    [
      { type: 'tool-call', kind: 'custom', callId: 'a', name: 'shell', arguments: 'ls "x"' },
      { type: 'tool-call', kind: 'custom', callId: 'b', name: 'shell', arguments: '' },
      { type: 'tool-result', kind: 'custom', callId: 'b', output: 'B' },
      { type: 'tool-result', kind: 'custom', callId: 'a', output: 'A' },
    ],
  )
})

t.test('a result may name its call in other spellings, and be empty', async t => {
  const turn = calls(call('a', 'f', ''), call('b', 'f', ''))
  t.strictSame(
    decode(
      hi,
      turn,
      { role: 'tool', toolCallId: 'b', content: null },
      { role: 'tool', toolCallId: 'a' },
      turn,
      { role: 'tool', call_id: 'b', content: [] },
      { role: 'tool', tool_call_id: 'a', call_id: 'x', content: '' },
      turn,
      { role: 'tool', tool_call_id: '', call_id: 'b', content: '' },
      { role: 'tool', call_id: 'a', content: '' },
    ).filter(item => item.type === 'tool-result'),
    [gave('b', ''), gave('a', ''), gave('b', ''), gave('a', ''), gave('b', ''), gave('a', '')],
  )
})

t.test('calls without an id are given one, and results go to them by their place', async t => {
  const nameless = (name: string) => ({ function: { name } })
  t.strictSame(
    decode(
      hi,
      calls(nameless('f'), { ...nameless('g'), id: '' }),
      result(undefined, 'F'),
      result('', 'G'),
      calls(nameless('h')),
      result(undefined, 'H'),
    ).slice(1),
    [
      called('call_m1_0', 'f'),
      called('call_m1_1', 'g'),
      gave('call_m1_0', 'F'),
      gave('call_m1_1', 'G'),
      called('call_m4_0', 'h'),
      gave('call_m4_0', 'H'),
    ],
  )
})

t.test('a result without an id takes no call that another result names', async t => {
  t.strictSame(
    decode(
      hi,
      calls(call('a', 'f', ''), call('b', 'f', '')),
      result(undefined, 'B'),
      result('a', 'A'),
    ).slice(3),
    [gave('b', 'B'), gave('a', 'A')],
  )
})

t.test('an image of a result may come before the next result without an id', async t => {
  t.strictSame(
    decode(
      hi,
      calls({ function: { name: 'f' } }, { function: { name: 'f' } }),
      result(undefined, 'A'),
      { role: 'user', content: 'image' },
      result(undefined, 'B'),
      hi,
    ).slice(3),
    [gave('call_m1_0', 'A'), userSays('image'), gave('call_m1_1', 'B'), userSays('hi')],
  )
})

t.test('calls of one turn that share an id are told apart, first come first served', async t => {
  t.strictSame(
    decode(
      hi,
      calls(call('a', 'f', ''), call('a', 'g', '')),
      result('a', 'F'),
      result('a', 'G'),
    ).slice(1),
    [called('a', 'f'), called('call_m1_1', 'g'), gave('a', 'F'), gave('call_m1_1', 'G')],
  )
})

t.test('an id that is used again belongs to the later call', async t => {
  t.strictSame(
    decode(hi, calls(call('a', 'f', '')), hi, calls(call('a', 'g', '')), result('a', 'G')).slice(1),
    [called('a', 'f'), gave('a', INTERRUPTED), userSays('hi'), called('a', 'g'), gave('a', 'G')],
  )
})

t.test('interrupted calls are closed before the next message and at the end', async t => {
  t.strictSame(
    decode(
      hi,
      calls(call('a', 'f', '')),
      { role: 'assistant', content: 'sorry' },
      calls({ id: 'b', type: 'custom', custom: { name: 'c' } }),
    ).slice(1),
    [
      called('a'),
      gave('a', INTERRUPTED),
      { type: 'message', role: 'assistant', parts: [{ type: 'text', text: 'sorry' }] },
      { type: 'tool-call', kind: 'custom', callId: 'b', name: 'c', arguments: '' },
      { type: 'tool-result', kind: 'custom', callId: 'b', output: INTERRUPTED },
    ],
  )
})

t.test('text comes before the calls of its message', async t => {
  t.strictSame(
    decode(hi, { ...calls(call('a', 'f', '')), content: 'let me see' }, result('a')).slice(1),
    [
      { type: 'message', role: 'assistant', parts: [{ type: 'text', text: 'let me see' }] },
      called('a'),
      gave('a', 'x'),
    ],
  )
})

t.test('legacy calls and results meet by the name of the function, the latest first', async t => {
  const legacy = (name: string) => ({ role: 'assistant', content: null, function_call: { name } })
  t.strictSame(
    decode(
      hi,
      legacy('f'),
      { role: 'function', name: 'f', content: 'one' },
      legacy('f'),
      legacy('f'),
      { role: 'function', name: 'f', content: null },
    ).slice(1),
    [
      called('call_fc_1'),
      gave('call_fc_1', 'one'),
      called('call_fc_3'),
      called('call_fc_4'),
      gave('call_fc_4', ''),
      gave('call_fc_3', INTERRUPTED),
    ],
  )
})

t.test('images that a tool hides in JSON text are taken out', async t => {
  const output = (content: unknown) => {
    const item = decode(hi, calls(call('a')), result('a', content))[2]
    return item?.type === 'tool-result' ? item.output : undefined
  }
  const unpacked = [
    { type: 'text', text: 'shot' },
    { type: 'image', url: PNG, detail: 'auto' },
  ]
  const text = { type: 'text', text: 'shot' }
  const mcp = { type: 'image', data: 'AA==', mimeType: 'image/png' }
  t.strictSame(output(JSON.stringify([text, mcp])), unpacked)
  t.strictSame(
    output(JSON.stringify({ content: [text, mcp, { type: 'text', text: '' }] })),
    unpacked,
  )
  t.strictSame(output([{ type: 'text', text: ` ${JSON.stringify([text, mcp])}` }]), unpacked)
  t.strictSame(output(JSON.stringify([text, { type: 'input_image', image_url: PNG }])), unpacked)
  t.strictSame(
    output(
      JSON.stringify([
        { type: 'input_text', text: 'shot' },
        { type: 'image_url', image_url: { url: PNG } },
      ]),
    ),
    unpacked,
  )
  for (const left of [
    JSON.stringify([text]),
    JSON.stringify([{ type: 'text', text: 'an "image' }]),
    JSON.stringify([mcp, { type: 'resource', uri: 'x' }]),
    JSON.stringify([mcp, 'x']),
    JSON.stringify([{ ...mcp, mimeType: 'text/html' }]),
    JSON.stringify([{ type: 'image', data: 'AA==' }]),
    JSON.stringify([{ type: 'image_url', image_url: { url: 'https://example.com/a.png' } }]),
    JSON.stringify([mcp, { type: 'text', text: 5 }]),
    JSON.stringify({ type: 'image', content: 'x' }),
    JSON.stringify(Array(10_001).fill(mcp)),
    '[{"type":"image"',
    'see [{"type":"image"}]',
  ]) {
    t.equal(output(left), left)
  }
})

t.test('a long conversation with many calls is paired in one go', async t => {
  const turns = Array.from({ length: 3000 }, (_, i) => [
    calls({ function: { name: 'f' } }, call('same'), call(`call_${i}`)),
    result(undefined),
    result('same'),
  ]).flat()
  const open = calls(...Array.from({ length: 900 }, (_, i) => call(`late_${i}`)))
  const late = Array.from({ length: 900 }, (_, i) => result(`late_${i}`))
  // In each turn three calls, two results and a placeholder, but for the last turn: the calls that
  // stand before all of it get their results behind it.
  const items = decode(open, hi, ...turns.slice(0, 8000), ...late)
  t.equal(items.filter(item => item.type === 'tool-call').length, 900 + 3 * 2667)
  t.equal(items.filter(item => item.type === 'tool-result').length, 900 + 3 * 2667)
})

const userPart = (part: unknown) => [{ role: 'user', content: [part] }]
const REFUSED: readonly (readonly [string, readonly unknown[], string, string])[] = [
  ['a message that is no object', ['hi'], 'invalid_type', 'messages[0]'],
  ['messages without content', [{ role: 'user', content: '' }], 'invalid_value', 'messages'],
  [
    'a message without a role',
    [{ content: 'x' }],
    'missing_required_parameter',
    'messages[0].role',
  ],
  ['an unknown role', [{ role: 'alien', content: 'x' }], 'invalid_value', 'messages[0].role'],
  ['no content', [{ role: 'user' }], 'missing_required_parameter', 'messages[0].content'],
  [
    'content of a wrong type',
    [hi, { role: 'user', content: 5 }],
    'invalid_type',
    'messages[1].content',
  ],
  ['an unknown part', userPart({ type: 'video' }), 'invalid_value', 'messages[0].content[0].type'],
  [
    'a part without a type',
    userPart({ text: 'x' }),
    'missing_required_parameter',
    'messages[0].content[0].type',
  ],
  [
    'a text that is none',
    userPart({ type: 'text', text: 5 }),
    'invalid_type',
    'messages[0].content[0].text',
  ],
  [
    'a file URL as image',
    userPart({ type: 'image_url', image_url: { url: 'file:///etc/passwd' } }),
    'invalid_value',
    'messages[0].content[0].image_url.url',
  ],
  [
    'an unknown detail',
    userPart({ type: 'image_url', image_url: { url: 'https://a', detail: 'huge' } }),
    'invalid_value',
    'messages[0].content[0].image_url.detail',
  ],
  [
    'a stored file',
    userPart({ type: 'file', file: { file_id: 'file-1' } }),
    'unsupported_value',
    'messages[0].content[0].file.file_id',
  ],
  [
    'an empty file',
    userPart({ type: 'file', file: {} }),
    'missing_required_parameter',
    'messages[0].content[0].file.file_data',
  ],
  [
    'a result without its call',
    [hi, { role: 'tool', tool_call_id: 'x', content: 'y' }],
    'invalid_value',
    'messages[1].tool_call_id',
  ],
  [
    'a result without an id',
    [hi, { role: 'tool', content: 'y' }],
    'missing_required_parameter',
    'messages[1].tool_call_id',
  ],
  [
    'a call without a name',
    [{ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }],
    'missing_required_parameter',
    'messages[0].tool_calls[0].function.name',
  ],
  [
    'content that is null',
    [{ role: 'user', content: null }],
    'invalid_type',
    'messages[0].content',
  ],
  [
    'an image in a system message',
    [{ role: 'system', content: [{ type: 'image_url', image_url: PNG }] }],
    'invalid_value',
    'messages[0].content[0].type',
  ],
  [
    'an image in an answer',
    [
      hi,
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'a' },
          { type: 'image_url', image_url: PNG },
        ],
      },
    ],
    'invalid_value',
    'messages[1].content[1].type',
  ],
  [
    'a refusal by the user',
    userPart({ type: 'refusal', refusal: 'no' }),
    'invalid_value',
    'messages[0].content[0].type',
  ],
  [
    'audio',
    userPart({ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }),
    'unsupported_value',
    'messages[0].content[0].type',
  ],
  [
    'an answer in audio',
    [hi, { role: 'assistant', audio: { id: 'audio_1' } }],
    'unsupported_value',
    'messages[1].audio',
  ],
  [
    'a relative image',
    userPart({ type: 'image_url', image_url: 'a.png' }),
    'invalid_value',
    'messages[0].content[0].image_url',
  ],
  [
    'an image without a URL',
    userPart({ type: 'image_url', image_url: {} }),
    'missing_required_parameter',
    'messages[0].content[0].image_url.url',
  ],
  [
    'a data URL that is no image',
    userPart({ type: 'image_url', image_url: { url: 'data:text/html,x' } }),
    'invalid_value',
    'messages[0].content[0].image_url.url',
  ],
  [
    'an image that is stored',
    userPart({ type: 'input_image', file_id: 'file-1' }),
    'unsupported_value',
    'messages[0].content[0].file_id',
  ],
  [
    'a file that is stored, flat',
    userPart({ type: 'input_file', file_id: 'file-1' }),
    'unsupported_value',
    'messages[0].content[0].file_id',
  ],
  [
    'a file that must be fetched',
    userPart({ type: 'input_file', file_url: 'https://a' }),
    'unsupported_value',
    'messages[0].content[0].file_url',
  ],
  [
    'a call without a function',
    [calls({ id: 'a', type: 'function' })],
    'missing_required_parameter',
    'messages[0].tool_calls[0].function',
  ],
  [
    'a custom call without what it calls',
    [calls({ id: 'a', type: 'custom' })],
    'missing_required_parameter',
    'messages[0].tool_calls[0].custom',
  ],
  [
    'a call of another kind',
    [calls({ id: 'a', type: 'mcp' })],
    'invalid_value',
    'messages[0].tool_calls[0].type',
  ],
  [
    'a call with an empty name',
    [calls(call('a', ''))],
    'invalid_value',
    'messages[0].tool_calls[0].function.name',
  ],
  [
    'arguments that are a list',
    [calls({ id: 'a', function: { name: 'f', arguments: [] } })],
    'invalid_type',
    'messages[0].tool_calls[0].function.arguments',
  ],
  [
    'a legacy call without a name',
    [{ role: 'assistant', function_call: {} }],
    'missing_required_parameter',
    'messages[0].function_call.name',
  ],
  [
    'a legacy result without a name',
    [hi, { role: 'function', content: 'x' }],
    'missing_required_parameter',
    'messages[1].name',
  ],
  [
    'a legacy result without its call',
    [hi, { role: 'function', name: 'f', content: 'x' }],
    'invalid_value',
    'messages[1].name',
  ],
  [
    'a legacy result of a tool call',
    [calls(call('a', 'f')), { role: 'function', name: 'f', content: 'x' }],
    'invalid_value',
    'messages[1].name',
  ],
  [
    'a result before its call',
    [hi, result('a'), calls(call('a'))],
    'invalid_value',
    'messages[1].tool_call_id',
  ],
  [
    'more results without an id than calls',
    [hi, calls(call('')), result(''), result('')],
    'missing_required_parameter',
    'messages[3].tool_call_id',
  ],
  [
    'a second result, after one by its place',
    [hi, calls(call('a')), result(''), calls(call('b')), result('a')],
    'invalid_value',
    'messages[4].tool_call_id',
  ],
  [
    'an audio result',
    [calls(call('a')), result('a', [{ type: 'input_audio' }])],
    'unsupported_value',
    'messages[1].content[0].type',
  ],
  [
    'too many parts',
    [{ role: 'user', content: Array(10_001).fill({ type: 'text', text: 'x' }) }],
    'invalid_value',
    'messages[0].content',
  ],
  [
    'too many calls',
    [calls(...Array(10_001).fill(call('a')))],
    'invalid_value',
    'messages[0].tool_calls',
  ],
]

for (const [title, messages, code, param] of REFUSED) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decode(...messages), { name: 'ProxyError', code, param })
  })
}

t.test('a refusal names no id and no content', async t => {
  for (const messages of [
    [hi, result('CANARY', 'CANARY')],
    [hi, { role: 'tool', content: 'CANARY' }],
    [hi, { role: 'function', name: 'f', content: 'CANARY' }],
    userPart({ type: 'image_url', image_url: 'CANARY' }),
    userPart({ type: 'file', file: { file_id: 'CANARY' } }),
    userPart({ type: 'CANARY' }),
    [{ role: 'CANARY' }],
    [calls({ id: 'a', type: 'CANARY' })],
  ]) {
    try {
      decode(...messages)
      t.fail('it was not refused')
    } catch (error) {
      t.notMatch((error as Error).message, 'CANARY')
    }
  }
})

t.test('images that a tool gives in the form of its own protocol are images', async t => {
  const [, , result] = decode(
    { role: 'user', content: 'look' },
    { role: 'assistant', tool_calls: [call('call_1')] },
    {
      role: 'tool',
      tool_call_id: 'call_1',
      content: [{ type: 'image', data: 'AA==', mimeType: 'image/png' }],
    },
  )
  t.match(result, {
    output: [{ type: 'image', url: 'data:image/png;base64,AA==', detail: 'auto' }],
  })
})

t.test('a file without a name is named by its own type', async t => {
  const names = ['data:text/plain;base64,AA==', 'data:application/x-thing,a', 'AA=='].map(
    file_data => {
      const [item] = decode({ role: 'user', content: [{ type: 'file', file: { file_data } }] })
      return item?.type === 'message' && item.parts[0]?.type === 'file' && item.parts[0].filename
    },
  )
  t.strictSame(names, ['file.txt', 'file.pdf', 'file.pdf'])
})
