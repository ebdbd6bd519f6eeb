import t from 'tap'
import { decodeChat } from '../../../src/adapters/openai/decode.ts'
import { chatRequest, developerSays, userSays } from '../../fakes/chat-request.ts'

const decode = (body: object) => decodeChat({ model: 'm', ...body }, undefined)
const hi = { role: 'user', content: 'hi' }
const weather = {
  type: 'function',
  function: { name: 'get_weather', description: 'd', parameters: { type: 'object' } },
}
const call = (id: string, name = 'get_weather', text: string | null = '{"city":"Paris"}') => ({
  id,
  type: 'function',
  function: { name, arguments: text },
})

t.test('a plain request leaves every choice open', async t => {
  t.strictSame(decode({ messages: [hi] }), {
    stream: false,
    includeUsage: false,
    ignored: [],
    request: chatRequest({ model: 'm' }),
  })
})

t.test('every field that has an effect is read', async t => {
  t.strictSame(
    decode({
      messages: [hi],
      stream: true,
      stream_options: { include_usage: true },
      tools: [weather],
      tool_choice: { type: 'function', function: { name: 'get_weather' } },
      parallel_tool_calls: false,
      response_format: {
        type: 'json_schema',
        json_schema: { name: 'answer', schema: { type: 'object' }, strict: true, description: 'x' },
      },
      reasoning_effort: 'high',
      reasoning: { effort: 'low', summary: 'detailed' },
      verbosity: 'low',
      service_tier: 'fast',
      prompt_cache_key: 'chat-1',
    }),
    {
      stream: true,
      includeUsage: true,
      ignored: [],
      request: chatRequest({
        model: 'm',
        tools: [
          {
            name: 'get_weather',
            description: 'd',
            parameters: { type: 'object' },
            strict: false,
          },
        ],
        toolChoice: { name: 'get_weather' },
        parallelToolCalls: false,
        format: {
          type: 'json-schema',
          name: 'answer',
          description: 'x',
          schema: { type: 'object' },
          strict: true,
        },
        effort: 'high',
        summary: 'detailed',
        verbosity: 'low',
        priority: true,
        cacheKey: 'chat-1',
      }),
    },
  )
})

t.test('the session header names the conversation unless the body does', async t => {
  const body = { model: 'm', messages: [hi] }
  t.equal(decodeChat(body, 's-1').request.cacheKey, 's-1')
  t.equal(decodeChat({ ...body, prompt_cache_key: 'k' }, 's-1').request.cacheKey, 'k')
  t.equal(decodeChat({ ...body, prompt_cache_key: '' }, 's-1').request.cacheKey, 's-1')
})

t.test('small spellings mean what their users mean', async t => {
  t.equal(decode({ messages: [hi], reasoning_effort: 'ultra' }).request.effort, 'ultra')
  t.equal(decode({ messages: [hi], reasoning: { effort: 'none' } }).request.effort, 'none')
  t.equal(decode({ messages: [hi], response_format: { type: 'text' } }).request.format, undefined)
  t.strictSame(
    decode({ messages: [hi], response_format: { type: 'json_object' } }).request.format,
    {
      type: 'json-object',
    },
  )
  const bare = decode({ messages: [hi], tools: [{ type: 'function', function: { name: 'f' } }] })
  t.strictSame(bare.request.tools[0]?.parameters, { type: 'object', properties: {} })
})

t.test('null is the same as absent', async t => {
  const nothing = Object.fromEntries(
    [
      'stream',
      'stream_options',
      'tools',
      'tool_choice',
      'parallel_tool_calls',
      'response_format',
      'reasoning_effort',
      'reasoning',
      'verbosity',
      'service_tier',
      'prompt_cache_key',
      'n',
      'logprobs',
      'temperature',
      'moderation',
    ].map(name => [name, null]),
  )
  t.strictSame(decode({ messages: [hi], ...nothing }), decode({ messages: [hi] }))
})

t.test('what has no effect is named, what asks for nothing is not refused', async t => {
  t.strictSame(
    decode({
      messages: [hi],
      temperature: 0.7,
      top_p: 0.9,
      max_tokens: 8000,
      presence_penalty: 0,
      frequency_penalty: 0,
      seed: 1,
      user: 'u',
      metadata: {},
      store: true,
      logit_bias: {},
      n: 1,
      stream_options: { include_obfuscation: true },
      service_tier: 'flex',
      top_k: 40,
    }).ignored,
    [
      'temperature',
      'top_p',
      'max_tokens',
      'presence_penalty',
      'frequency_penalty',
      'seed',
      'user',
      'metadata',
      'store',
      'logit_bias',
      'top_k',
      'service_tier',
      'stream_options.include_obfuscation',
    ],
  )
})

t.test('system and developer messages keep their places', async t => {
  const { items } = decode({
    messages: [
      { role: 'system', content: 'A' },
      { role: 'developer', content: [{ type: 'text', text: 'B' }] },
      { role: 'user', content: 'q', name: 'ann' },
      { role: 'system', content: 'C' },
      { role: 'user', content: 'r' },
    ],
  }).request
  t.strictSame(items, [
    developerSays('A'),
    developerSays('B'),
    userSays('q'),
    developerSays('C'),
    userSays('r'),
  ])
})

t.test('a tool round trip becomes calls and results without empty messages', async t => {
  const { items } = decode({
    messages: [
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
    ],
  }).request
  t.strictSame(items, [
    userSays('hi'),
    { type: 'tool-call', callId: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
    { type: 'tool-call', callId: 'call_2', name: 'f', arguments: '{}' },
    { type: 'tool-result', callId: 'call_2', output: '' },
    { type: 'tool-result', callId: 'call_1', output: '22C' },
    { type: 'message', role: 'assistant', parts: [{ type: 'text', text: 'done' }] },
  ])
})

t.test('a call that was interrupted gets a placeholder for its result', async t => {
  const { items } = decode({
    messages: [
      hi,
      { role: 'assistant', content: null, tool_calls: [call('call_1'), call('call_2')] },
      { role: 'tool', tool_call_id: 'call_1', content: 'x' },
      { role: 'user', content: 'never mind' },
    ],
  }).request
  t.strictSame(items.slice(3), [
    { type: 'tool-result', callId: 'call_1', output: 'x' },
    { type: 'tool-result', callId: 'call_2', output: '[no output: the call was interrupted]' },
    userSays('never mind'),
  ])
})

t.test('a result may come after a message in between', async t => {
  const { items } = decode({
    messages: [
      hi,
      { role: 'assistant', tool_calls: [call('call_1'), call('call_2')] },
      { role: 'tool', tool_call_id: 'call_1', content: 'x' },
      { role: 'user', content: 'the image of x' },
      { role: 'tool', tool_call_id: 'call_2', content: 'y' },
    ],
  }).request
  t.strictSame(items.slice(3), [
    { type: 'tool-result', callId: 'call_1', output: 'x' },
    userSays('the image of x'),
    { type: 'tool-result', callId: 'call_2', output: 'y' },
  ])
})

t.test('a second result for one call is refused', async t => {
  const result = { role: 'tool', tool_call_id: 'call_1', content: 'x' }
  const messages = [hi, { role: 'assistant', tool_calls: [call('call_1')] }, result, result]
  t.throws(() => decode({ messages }), { code: 'invalid_value', param: 'messages[3].tool_call_id' })
})

t.test('an id may be used again in a later turn', async t => {
  const turn = [
    { role: 'assistant', tool_calls: [call('call_0')] },
    { role: 'tool', tool_call_id: 'call_0', content: 'x' },
  ]
  t.equal(decode({ messages: [hi, ...turn, hi, ...turn] }).request.items.length, 6)
})

t.test('images, files and refusals are parts', async t => {
  const { items } = decode({
    messages: [
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
    ],
  }).request
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
    { type: 'tool-call', callId: 'call_1', name: 'get_weather', arguments: '{"city":"Paris"}' },
    {
      type: 'tool-result',
      callId: 'call_1',
      output: [
        { type: 'text', text: 'shot' },
        { type: 'image', url: 'data:image/png;base64,AA==', detail: 'auto' },
      ],
    },
  ])
})

const userPart = (part: unknown) => ({ messages: [{ role: 'user', content: [part] }] })
const REFUSED: readonly (readonly [string, object, string, string])[] = [
  ['no model', { model: undefined, messages: [hi] }, 'missing_required_parameter', 'model'],
  ['an empty model', { model: '', messages: [hi] }, 'invalid_value', 'model'],
  ['a model that is no text', { model: 5, messages: [hi] }, 'invalid_type', 'model'],
  ['a model that is null', { model: null, messages: [hi] }, 'invalid_type', 'model'],
  ['no messages', {}, 'missing_required_parameter', 'messages'],
  ['no message', { messages: [] }, 'invalid_value', 'messages'],
  ['messages that are no list', { messages: 'hi' }, 'invalid_type', 'messages'],
  ['a message that is no object', { messages: ['hi'] }, 'invalid_type', 'messages[0]'],
  ['too many messages', { messages: Array(10_001).fill(hi) }, 'invalid_value', 'messages'],
  [
    'messages without content',
    { messages: [{ role: 'user', content: '' }] },
    'invalid_value',
    'messages',
  ],
  [
    'a message without a role',
    { messages: [{ content: 'x' }] },
    'missing_required_parameter',
    'messages[0].role',
  ],
  [
    'an unknown role',
    { messages: [{ role: 'alien', content: 'x' }] },
    'invalid_value',
    'messages[0].role',
  ],
  [
    'no content',
    { messages: [{ role: 'user' }] },
    'missing_required_parameter',
    'messages[0].content',
  ],
  [
    'content of a wrong type',
    { messages: [hi, { role: 'user', content: 5 }] },
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
    { messages: [hi, { role: 'tool', tool_call_id: 'x', content: 'y' }] },
    'invalid_value',
    'messages[1].tool_call_id',
  ],
  [
    'a result without an id',
    { messages: [hi, { role: 'tool', content: 'y' }] },
    'missing_required_parameter',
    'messages[1].tool_call_id',
  ],
  [
    'a call without a name',
    { messages: [{ role: 'assistant', tool_calls: [{ id: 'a', function: {} }] }] },
    'missing_required_parameter',
    'messages[0].tool_calls[0].function.name',
  ],
  ['stream as a text', { messages: [hi], stream: 'yes' }, 'invalid_type', 'stream'],
  [
    'a tool of another kind',
    { messages: [hi], tools: [{ type: 'mcp' }] },
    'invalid_value',
    'tools[0].type',
  ],
  [
    'a tool with a bad name',
    { messages: [hi], tools: [{ type: 'function', function: { name: 'a b' } }] },
    'invalid_value',
    'tools[0].function.name',
  ],
  [
    'parameters that are no schema',
    { messages: [hi], tools: [{ type: 'function', function: { name: 'f', parameters: [] } }] },
    'invalid_type',
    'tools[0].function.parameters',
  ],
  [
    'two tools of one name',
    { messages: [hi], tools: [weather, weather] },
    'invalid_value',
    'tools[1].function.name',
  ],
  [
    'an unknown tool choice',
    { messages: [hi], tools: [weather], tool_choice: 'maybe' },
    'invalid_value',
    'tool_choice',
  ],
  [
    'a choice that names no tool',
    {
      messages: [hi],
      tools: [weather],
      tool_choice: { type: 'function', function: { name: 'nope' } },
    },
    'invalid_value',
    'tool_choice',
  ],
  [
    'a required call without tools',
    { messages: [hi], tool_choice: 'required' },
    'invalid_value',
    'tool_choice',
  ],
  [
    'a choice without a name',
    { messages: [hi], tools: [weather], tool_choice: { type: 'function', function: {} } },
    'missing_required_parameter',
    'tool_choice.function.name',
  ],
  [
    'an unknown format',
    { messages: [hi], response_format: { type: 'yaml' } },
    'invalid_value',
    'response_format.type',
  ],
  [
    'a format without a schema',
    { messages: [hi], response_format: { type: 'json_schema', json_schema: { name: 'x' } } },
    'missing_required_parameter',
    'response_format.json_schema.schema',
  ],
  [
    'an unknown effort',
    { messages: [hi], reasoning_effort: 'huge' },
    'invalid_value',
    'reasoning_effort',
  ],
  [
    'an unknown summary',
    { messages: [hi], reasoning: { summary: 'long' } },
    'invalid_value',
    'reasoning.summary',
  ],
  ['an unknown verbosity', { messages: [hi], verbosity: 'loud' }, 'invalid_value', 'verbosity'],
  ['several answers', { messages: [hi], n: 2 }, 'unsupported_value', 'n'],
  ['log probabilities', { messages: [hi], logprobs: true }, 'unsupported_parameter', 'logprobs'],
  [
    'top log probabilities',
    { messages: [hi], top_logprobs: 3 },
    'unsupported_parameter',
    'top_logprobs',
  ],
  [
    'a bias',
    { messages: [hi], logit_bias: { 50256: -100 } },
    'unsupported_parameter',
    'logit_bias',
  ],
  ['audio', { messages: [hi], modalities: ['text', 'audio'] }, 'unsupported_value', 'modalities'],
  [
    'moderation',
    { messages: [hi], moderation: { model: 'x' } },
    'unsupported_parameter',
    'moderation',
  ],
]

for (const [title, body, code, param] of REFUSED) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decode(body), { name: 'ProxyError', code, param })
  })
}

t.test('a bad name is told by the rule for names', async t => {
  t.throws(
    () => decode({ messages: [hi], tools: [{ type: 'function', function: { name: 'a b' } }] }),
    {
      message:
        "Invalid value for 'tools[0].function.name': expected 1 to 64 of a-z, A-Z, 0-9, _ and -.",
    },
  )
})

t.test('a refusal says what was expected and nothing of what was sent', async t => {
  const message = (body: object) => {
    try {
      decode(body)
      return 'not refused'
    } catch (error) {
      return (error as Error).message
    }
  }
  t.equal(
    message({ messages: 'CANARY' }),
    "Invalid type for 'messages': expected an array, got string.",
  )
  t.equal(
    message({ messages: [hi], reasoning_effort: 'CANARY' }),
    "Invalid value for 'reasoning_effort': expected 'none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max' or 'ultra'.",
  )
  t.equal(
    message({ messages: [hi], tools: [weather], tool_choice: 'CANARY' }),
    "Invalid value for 'tool_choice': expected 'none', 'auto', 'required' or an object.",
  )
  t.equal(
    message({ messages: [{ role: 'CANARY' }] }),
    "Invalid value for 'messages[0].role': expected 'system', 'developer', 'user', 'assistant' or 'tool'.",
  )
  t.equal(
    message({ messages: [{ role: 'user', content: 5 }] }),
    "Invalid type for 'messages[0].content': expected a string or an array, got number.",
  )
  t.equal(message({ messages: [] }), "Invalid value for 'messages': it must not be empty.")
  t.equal(
    message({ messages: Array(10_001).fill(hi) }),
    "Invalid value for 'messages': it may have 10000 entries at most.",
  )
  t.notMatch(message(userPart({ type: 'image_url', image_url: 'CANARY' })), 'CANARY')
  t.equal(message({ messages: undefined }), "Missing required parameter: 'messages'.")
})

t.test('a field named like one of Object.prototype is only ignored', async t => {
  const body = JSON.parse(
    '{"model":"__proto__","messages":[{"role":"user","content":"hi","__proto__":{"role":"evil"}}],"__proto__":{"stream":true},"constructor":{"prototype":{"x":1}}}',
  )
  const decoded = decodeChat(body, undefined)
  t.equal(decoded.request.model, '__proto__')
  t.equal(decoded.stream, false)
  t.strictSame(decoded.request.items, [userSays('hi')])
  t.notOk('x' in {})
})
