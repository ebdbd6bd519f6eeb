import t from 'tap'
import { encodeRequest, type Form } from '../../../src/adapters/chatgpt/encode.ts'
import { createToolNames } from '../../../src/adapters/chatgpt/tool-names.ts'
import type { ChatRequest } from '../../../src/domain/conversation.ts'
import { chatRequest, developerSays, userSays } from '../../fakes/chat-request.ts'

function encodeText(over: Partial<ChatRequest>, form: Form = 'normal'): string {
  const request = chatRequest(over)
  const options = { names: createToolNames(request), recall: () => undefined }
  return encodeRequest(request, form, options).body
}

const encode = (over: Partial<ChatRequest>, form?: Form) => JSON.parse(encodeText(over, form))

const hi = { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] }
const weather = {
  type: 'function',
  name: 'get_weather',
  description: 'Tells the weather',
  parameters: { type: 'object', properties: { city: { type: 'string' } } },
  strict: false,
} as const

t.test('a plain request carries what the backend insists on and nothing else', async t => {
  t.strictSame(encode({}), {
    model: 'gpt-5.5',
    instructions: '',
    input: [hi],
    parallel_tool_calls: true,
    reasoning: {},
    store: false,
    stream: true,
    include: ['reasoning.encrypted_content'],
  })
})

t.test('system text that comes alone is the input, which must not be empty', async t => {
  const body = encode({ items: [developerSays('A'), developerSays('B')] })
  t.equal(body.instructions, '')
  t.strictSame(body.input, [
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'A' }] },
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'B' }] },
  ])
})

t.test('every choice has its place in a normal body', async t => {
  t.strictSame(
    encode({
      items: [developerSays('A'), developerSays('B'), userSays('q'), developerSays('C')],
      tools: [weather, { ...weather, name: 'other', description: undefined, strict: true }],
      toolChoice: { type: 'tool', name: 'get_weather' },
      parallelToolCalls: false,
      format: {
        type: 'json-schema',
        name: 'answer',
        description: undefined,
        schema: { type: 'object' },
        strict: true,
      },
      effort: 'high',
      summary: 'auto',
      verbosity: 'low',
      priority: 'required',
      cacheKey: 'chat-1',
    }),
    {
      model: 'gpt-5.5',
      instructions: 'A\n\nB',
      input: [
        { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'q' }] },
        { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'C' }] },
      ],
      tools: [
        weather,
        { type: 'function', name: 'other', parameters: weather.parameters, strict: true },
      ],
      tool_choice: { type: 'function', name: 'get_weather' },
      parallel_tool_calls: false,
      reasoning: { effort: 'high', summary: 'auto' },
      store: false,
      stream: true,
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: 'chat-1',
      text: {
        verbosity: 'low',
        format: { type: 'json_schema', name: 'answer', schema: { type: 'object' }, strict: true },
      },
      service_tier: 'priority',
    },
  )
})

t.test('the lite form moves tools and system text into the input', async t => {
  t.strictSame(
    encode(
      {
        items: [
          developerSays('A'),
          {
            type: 'message',
            role: 'user',
            parts: [{ type: 'image', url: 'data:image/png;base64,AA==', detail: 'high' }],
          },
        ],
        tools: [weather],
        toolChoice: 'required',
        effort: 'low',
        summary: 'detailed',
      },
      'lite',
    ),
    {
      model: 'gpt-5.5',
      input: [
        {
          type: 'additional_tools',
          role: 'developer',
          tools: [
            {
              type: 'namespace',
              name: 'functions',
              description: '',
              tools: [weather],
            },
          ],
        },
        { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'A' }] },
        {
          type: 'message',
          role: 'user',
          content: [{ type: 'input_image', image_url: 'data:image/png;base64,AA==' }],
        },
      ],
      tool_choice: 'required',
      parallel_tool_calls: false,
      reasoning: { effort: 'low', summary: 'detailed', context: 'all_turns' },
      store: false,
      stream: true,
      include: ['reasoning.encrypted_content'],
    },
  )
})

t.test('parts are named by who says them', async t => {
  const { input } = encode({
    items: [
      {
        type: 'message',
        role: 'user',
        parts: [
          { type: 'text', text: 'see' },
          { type: 'image', url: 'https://example.com/a.png', detail: 'auto' },
          { type: 'file', filename: 'a.pdf', data: 'data:application/pdf;base64,AA==' },
        ],
      },
      {
        type: 'message',
        role: 'assistant',
        parts: [
          { type: 'text', text: 'ok' },
          { type: 'refusal', text: 'no' },
        ],
      },
    ],
  })
  t.strictSame(input, [
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'see' },
        { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'auto' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:application/pdf;base64,AA==' },
      ],
    },
    {
      type: 'message',
      role: 'assistant',
      content: [
        { type: 'output_text', text: 'ok' },
        { type: 'refusal', refusal: 'no' },
      ],
    },
  ])
})

t.test('calls and results keep their ids, and images in results stay images', async t => {
  const { input } = encode({
    items: [
      userSays('hi'),
      { type: 'tool-call', kind: 'function', callId: 'call_1', name: 'shoot', arguments: '{}' },
      { type: 'tool-result', kind: 'function', callId: 'call_1', output: '22C' },
      {
        type: 'tool-result',
        kind: 'function',
        callId: 'call_2',
        output: [
          { type: 'text', text: 'shot' },
          { type: 'image', url: 'data:image/png;base64,AA==', detail: 'auto' },
        ],
      },
    ],
  })
  t.strictSame(input.slice(1), [
    { type: 'function_call', call_id: 'call_1', name: 'shoot', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_1', output: '22C' },
    {
      type: 'function_call_output',
      call_id: 'call_2',
      output: [
        { type: 'input_text', text: 'shot' },
        { type: 'input_image', image_url: 'data:image/png;base64,AA==', detail: 'auto' },
      ],
    },
  ])
})

t.test('calls and results of custom tools are told apart from those of functions', async t => {
  const { input } = encode({
    items: [
      { type: 'tool-call', kind: 'custom', callId: 'call_1', name: 'shell', arguments: 'ls "a"' },
      { type: 'tool-result', kind: 'custom', callId: 'call_1', output: 'b' },
      { type: 'tool-call', kind: 'custom', callId: 'call_2', name: 'shell', arguments: '' },
      {
        type: 'tool-result',
        kind: 'custom',
        callId: 'call_2',
        output: [{ type: 'text', text: 'c' }],
      },
    ],
  })
  t.strictSame(input, [
    { type: 'custom_tool_call', call_id: 'call_1', name: 'shell', input: 'ls "a"' },
    { type: 'custom_tool_call_output', call_id: 'call_1', output: 'b' },
    { type: 'custom_tool_call', call_id: 'call_2', name: 'shell', input: '' },
    {
      type: 'custom_tool_call_output',
      call_id: 'call_2',
      output: [{ type: 'input_text', text: 'c' }],
    },
  ])
})

t.test(
  'a call id over 64 characters is made short, the same for a call and its result',
  async t => {
    const fits = 'x'.repeat(64)
    const long = 'x'.repeat(65)
    const { input } = encode({
      items: [fits, long, `${long}y`].flatMap(callId => [
        { type: 'tool-call', kind: 'function', callId, name: 'f', arguments: '{}' },
        { type: 'tool-result', kind: 'function', callId, output: '' },
      ]),
    })
    t.strictSame(
      input.map((item: { call_id: string }) => item.call_id),
      [
        fits,
        fits,
        'call_48db1fc4b0541163beefb002169308df',
        'call_48db1fc4b0541163beefb002169308df',
        'call_bd09774f8306eaa5f38ce4c4a4ccf1ea',
        'call_bd09774f8306eaa5f38ce4c4a4ccf1ea',
      ],
    )
  },
)

t.test('the fast tier is asked for only if it is required', async t => {
  t.equal(encode({ priority: 'required' }).service_tier, 'priority')
  t.notOk('service_tier' in encode({ priority: 'never' }))
  t.notOk('service_tier' in encode({ priority: 'wished' }))
})

t.test('no summary is asked for by leaving it out', async t => {
  t.strictSame(encode({ effort: 'low', summary: 'none' }).reasoning, { effort: 'low' })
})

t.test('without tools there is no tool choice', async t => {
  t.notOk('tool_choice' in encode({ toolChoice: 'none' }))
})

t.test('JSON mode keeps the system text among the messages', async t => {
  const body = encode({
    items: [developerSays('Reply in JSON'), userSays('hi')],
    format: { type: 'json-object' },
  })
  t.equal(body.instructions, '')
  t.strictSame(body.input, [
    {
      type: 'message',
      role: 'developer',
      content: [{ type: 'input_text', text: 'Reply in JSON' }],
    },
    hi,
  ])
  t.strictSame(body.text, { format: { type: 'json_object' } })
})

t.test('JSON mode gets the word JSON if no message has it', async t => {
  for (const form of ['normal', 'lite'] as const) {
    t.strictSame(encode({ format: { type: 'json-object' } }, form).input, [
      hi,
      {
        type: 'message',
        role: 'developer',
        content: [{ type: 'input_text', text: 'Answer with one JSON object.' }],
      },
    ])
  }
})

t.test('a lone surrogate becomes U+FFFD, a pair and a written-out escape stay', async t => {
  const text = encodeText({ items: [userSays('a\ud83d b😀 c\\ud83d')] })
  t.equal(JSON.parse(text).input[0].content[0].text, 'a\ufffd b😀 c\\ud83d')
  t.notMatch(text, /[^\\]\\ud83d/)
})

t.test('names like those of Object.prototype are plain data', async t => {
  const parameters = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}}}')
  const text = encodeText({ tools: [{ ...weather, parameters }] })
  t.match(text, '"properties":{"__proto__":{"type":"string"}}')
})
