import t from 'tap'
import { decodeChat } from '../../../../src/adapters/openai/chat/decode.ts'
import { chatRequest, developerSays, userSays } from '../../../fakes/chat-request.ts'

const OPTIONS = { sessionId: undefined, strict: false, webSearch: false }
const decode = (body: object, options: object = {}) =>
  decodeChat({ model: 'm', ...body }, { ...OPTIONS, ...options })
const hi = { role: 'user', content: 'hi' }
const weather = {
  type: 'function',
  function: { name: 'get_weather', description: 'd', parameters: { type: 'object' } },
}
t.test('a plain request leaves every choice open', async t => {
  t.strictSame(decode({ messages: [hi] }), {
    stream: false,
    includeUsage: false,
    ignored: [],
    legacyFunctions: false,
    hidesReasoning: false,
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
      stop: 'END',
    }),
    {
      stream: true,
      includeUsage: true,
      ignored: [],
      legacyFunctions: false,
      hidesReasoning: false,
      request: chatRequest({
        model: 'm',
        tools: [
          {
            type: 'function',
            name: 'get_weather',
            description: 'd',
            parameters: { type: 'object' },
            strict: false,
          },
        ],
        toolChoice: { type: 'tool', name: 'get_weather' },
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
        priority: 'wished',
        cacheKey: 'chat-1',
        stop: ['END'],
      }),
    },
  )
})

t.test('the session header names the conversation unless the body does', async t => {
  const options = { sessionId: 's-1' }
  t.equal(decode({ messages: [hi] }, options).request.cacheKey, 's-1')
  t.equal(decode({ messages: [hi], prompt_cache_key: 'k' }, options).request.cacheKey, 'k')
  t.equal(decode({ messages: [hi], prompt_cache_key: '' }, options).request.cacheKey, 's-1')
})

t.test('null is the same as absent', async t => {
  const nothing = Object.fromEntries(
    [
      'stream',
      'stream_options',
      'stop',
      'max_tokens',
      'max_completion_tokens',
      'top_p',
      'store',
      'functions',
      'function_call',
      'web_search_options',
      'responses_tools',
      'responses_tool_choice',
      'fast_mode',
      'text',
      'thinking',
      'think',
      'enable_thinking',
      'reasoningEffort',
      'include_reasoning',
      'modalities',
      'logit_bias',
      'input',
      'prompt',
      'instructions',
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

t.test('what has no effect is named, and what asks for nothing is not refused', async t => {
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
      'stream_options.include_obfuscation',
      'service_tier',
    ],
  )
})

t.test('what happens anyway is not named', async t => {
  t.strictSame(
    decode({
      messages: [hi],
      n: 1,
      logprobs: false,
      top_logprobs: 0,
      modalities: ['text'],
      store: false,
      service_tier: 'auto',
      stream_options: { include_obfuscation: false },
      reasoning: { summary: null },
    }).ignored,
    [],
  )
})

t.test('keys without effect inside of objects are named with their object, once', async t => {
  t.strictSame(
    decode({
      messages: [{ role: 'user', name: 'ann', content: 'hi', cache_control: {} }],
      reasoning: { effort: 'low', context: 'all' },
      thinking: { type: 'adaptive', display: 'x' },
      text: { verbosity: 'low', color: 1 },
      web_search_options: { depth: 3 },
      stream_options: { include_usage: true, include_obfuscation: true, x: 1 },
    }).ignored,
    [
      'stream_options.include_obfuscation',
      'stream_options.x',
      'reasoning.context',
      'thinking.display',
      'text.color',
      'web_search_options.depth',
    ],
  )
})

t.test('a strict service refuses what has no effect, by its first name', async t => {
  const strict = { strict: true }
  t.throws(() => decode({ messages: [hi], seed: 1, user: 'u' }, strict), {
    code: 'unsupported_parameter',
    param: 'seed',
    message:
      "Unsupported parameter: 'seed' would have no effect. Leave it out, or start chatmock without --strict.",
  })
  t.throws(
    () => decode({ messages: [hi], stream_options: { include_obfuscation: true } }, strict),
    { code: 'unsupported_parameter', param: 'stream_options.include_obfuscation' },
  )
  t.throws(() => decode({ messages: [hi], service_tier: 'flex' }, strict), {
    code: 'unsupported_parameter',
    param: 'service_tier',
  })
  t.equal(decode({ messages: [hi], stop: 'x', n: 1, store: false }, strict).ignored.length, 0)
})

t.test('stop texts are one or up to four, and an empty one is none', async t => {
  const stop = (stop: unknown) => decode({ messages: [hi], stop }).request.stop
  t.strictSame(stop('a'), ['a'])
  t.strictSame(stop(''), [])
  t.strictSame(stop([]), [])
  t.strictSame(stop(['a', '', 'b', 'c']), ['a', 'b', 'c'])
})

t.test('sampling fields in their range are only ignored', async t => {
  for (const [name, value] of [
    ['temperature', 0],
    ['temperature', 2],
    ['top_p', 0],
    ['top_p', 1],
    ['max_tokens', 1],
    ['max_completion_tokens', 128_000],
  ] as const) {
    t.strictSame(decode({ messages: [hi], [name]: value }).ignored, [name], `${name} ${value}`)
  }
})

t.test('verbosity and format are read under text as well, after their own names', async t => {
  const text = { verbosity: 'high', format: { type: 'json_object' } }
  const { request, ignored } = decode({ messages: [hi], text })
  t.equal(request.verbosity, 'high')
  t.strictSame(request.format, { type: 'json-object' })
  t.strictSame(ignored, [])
  t.equal(decode({ messages: [hi], text, verbosity: 'low' }).request.verbosity, 'low')
  const schema = { type: 'json_schema', json_schema: { name: 'x', schema: {} } }
  t.equal(
    decode({ messages: [hi], text, response_format: schema }).request.format?.type,
    'json-schema',
  )
})

t.test('a body of the Responses API is read where there are no messages', async t => {
  const { request, ignored } = decode({
    instructions: 'Be brief.',
    input: [
      { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'D' }] },
      { role: 'user', content: 'q' },
    ],
    tools: [{ type: 'function', name: 'f', parameters: { type: 'object' } }],
    tool_choice: { type: 'function', name: 'f' },
    reasoning: { effort: 'high', summary: 'auto' },
    text: { verbosity: 'low' },
    include: ['reasoning.encrypted_content'],
    max_output_tokens: 9,
    store: false,
    stream: true,
  })
  t.strictSame(
    request,
    chatRequest({
      model: 'm',
      items: [developerSays('Be brief.'), developerSays('D'), userSays('q')],
      tools: [
        {
          type: 'function',
          name: 'f',
          description: undefined,
          parameters: { type: 'object' },
          strict: false,
        },
      ],
      toolChoice: { type: 'tool', name: 'f' },
      effort: 'high',
      summary: 'auto',
      verbosity: 'low',
    }),
  )
  t.strictSame(ignored, ['include', 'max_output_tokens'])
})

t.test('without messages a prompt or a text as input is what the user says', async t => {
  const items = (body: object) => decode(body).request.items
  t.strictSame(items({ prompt: 'p' }), [userSays('p')])
  t.strictSame(items({ input: 'i' }), [userSays('i')])
  t.strictSame(items({ prompt: 'p', input: 'i' }), [userSays('p')])
  t.strictSame(items({ messages: [], input: 'i' }), [userSays('i')])
  t.strictSame(items({ messages: null, input: 'i', instructions: '' }), [userSays('i')])
  t.strictSame(decode({ prompt: 'p', input: 'i', instructions: 'x' }).ignored, [])
})

t.test('beside messages the other forms have no effect, whatever they are', async t => {
  const { request, ignored } = decode({
    messages: [hi],
    input: 5,
    prompt: { id: 'x' },
    instructions: [],
  })
  t.strictSame(request.items, [userSays('hi')])
  t.strictSame(ignored, ['input', 'prompt', 'instructions'])
})

const REFUSED: readonly (readonly [string, object, string, string])[] = [
  ['no model', { model: undefined, messages: [hi] }, 'missing_required_parameter', 'model'],
  ['an empty model', { model: '', messages: [hi] }, 'missing_required_parameter', 'model'],
  ['a model that is no text', { model: 5, messages: [hi] }, 'invalid_type', 'model'],
  ['a model that is null', { model: null, messages: [hi] }, 'missing_required_parameter', 'model'],
  ['no messages', {}, 'missing_required_parameter', 'messages'],
  ['no message', { messages: [] }, 'invalid_value', 'messages'],
  ['messages that are no list', { messages: 'hi' }, 'invalid_type', 'messages'],
  ['too many messages', { messages: Array(10_001).fill(hi) }, 'invalid_value', 'messages'],
  ['stream as a text', { messages: [hi], stream: 'yes' }, 'invalid_type', 'stream'],
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
  ['messages that are null', { messages: null }, 'missing_required_parameter', 'messages'],
  [
    'an effort that is unknown',
    { messages: [hi], reasoning_effort: 'huge' },
    'invalid_value',
    'reasoning_effort',
  ],
  [
    'log probabilities of a wrong type',
    { messages: [hi], logprobs: 'x' },
    'unsupported_parameter',
    'logprobs',
  ],
  [
    'a bias that is no object',
    { messages: [hi], logit_bias: 'x' },
    'unsupported_parameter',
    'logit_bias',
  ],
  [
    'modalities of a wrong type',
    { messages: [hi], modalities: 'text' },
    'unsupported_value',
    'modalities',
  ],
  [
    'an unknown verbosity in text',
    { messages: [hi], text: { verbosity: 'loud' } },
    'invalid_value',
    'text.verbosity',
  ],
  ['a text that is no object', { messages: [hi], text: 'x' }, 'invalid_type', 'text'],
  [
    'an unknown format in text',
    { messages: [hi], text: { format: { type: 'x' } } },
    'invalid_value',
    'text.format.type',
  ],
  [
    'an unknown response format',
    { messages: [hi], response_format: { type: 'yaml' } },
    'invalid_value',
    'response_format.type',
  ],
  [
    'too many stop texts',
    { messages: [hi], stop: ['a', 'b', 'c', 'd', 'e'] },
    'invalid_value',
    'stop',
  ],
  ['a stop text that is none', { messages: [hi], stop: ['a', 5] }, 'invalid_type', 'stop[1]'],
  ['a stop of a wrong type', { messages: [hi], stop: 5 }, 'invalid_type', 'stop'],
  [
    'a stop text without end',
    { messages: [hi], stop: 'x'.repeat(10_001) },
    'invalid_value',
    'stop',
  ],
  ['no tokens', { messages: [hi], max_tokens: 0 }, 'invalid_value', 'max_tokens'],
  [
    'fewer tokens than none',
    { messages: [hi], max_completion_tokens: -1 },
    'invalid_value',
    'max_completion_tokens',
  ],
  ['half a token', { messages: [hi], max_tokens: 1.5 }, 'invalid_type', 'max_tokens'],
  ['tokens as a text', { messages: [hi], max_tokens: '5' }, 'invalid_type', 'max_tokens'],
  [
    'a temperature below the range',
    { messages: [hi], temperature: -0.1 },
    'invalid_value',
    'temperature',
  ],
  [
    'a temperature above the range',
    { messages: [hi], temperature: 2.1 },
    'invalid_value',
    'temperature',
  ],
  ['a temperature as a text', { messages: [hi], temperature: '1' }, 'invalid_type', 'temperature'],
  [
    'an endless temperature',
    { messages: [hi], temperature: JSON.parse('1e999') },
    'invalid_value',
    'temperature',
  ],
  ['a top_p above the range', { messages: [hi], top_p: 1.1 }, 'invalid_value', 'top_p'],
  [
    'a cache key that is no text',
    { messages: [hi], prompt_cache_key: 5 },
    'invalid_type',
    'prompt_cache_key',
  ],
  [
    'stream options that are none',
    { messages: [hi], stream_options: true },
    'invalid_type',
    'stream_options',
  ],
  [
    'a usage wish of a wrong type',
    { messages: [hi], stream_options: { include_usage: 1 } },
    'invalid_type',
    'stream_options.include_usage',
  ],
  [
    'a service tier of a wrong type',
    { messages: [hi], service_tier: 1 },
    'invalid_type',
    'service_tier',
  ],
  ['an input without content', { input: [] }, 'invalid_value', 'input'],
  ['an input of instructions only', { input: '', instructions: 'x' }, 'invalid_value', 'input'],
  ['an input of a wrong type', { input: 5 }, 'invalid_type', 'input'],
  ['too many input items', { input: Array(10_001).fill(hi) }, 'invalid_value', 'input'],
  ['a prompt without content', { prompt: '' }, 'invalid_value', 'prompt'],
  ['a prompt template', { prompt: { id: 'x' } }, 'invalid_type', 'prompt'],
  [
    'instructions that are no text',
    { input: 'x', instructions: ['y'] },
    'invalid_type',
    'instructions',
  ],
]

for (const [title, body, code, param] of REFUSED) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decode(body), { name: 'ProxyError', code, param })
  })
}

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
    "Invalid value for 'tool_choice': expected 'none', 'auto', 'required' or an object that names a tool.",
  )
  t.equal(
    message({ messages: [{ role: 'CANARY' }] }),
    "Invalid value for 'messages[0].role': expected 'system', 'developer', 'user', 'assistant', 'tool' or 'function'.",
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
  t.equal(
    message({ messages: [hi], stop: ['CANARY', '', '', '', ''] }),
    "Invalid value for 'stop': it may have 4 entries at most.",
  )
  t.equal(
    message({ messages: [hi], stop: 'CANARY'.repeat(2000) }),
    "Invalid value for 'stop': it may have 10000 characters at most.",
  )
  t.equal(
    message({ messages: [hi], temperature: 7 }),
    "Invalid value for 'temperature': it may be 2 at most.",
  )
  t.equal(
    message({ messages: [hi], max_tokens: 0 }),
    "Invalid value for 'max_tokens': it must be 1 or more.",
  )
  t.equal(
    message({ messages: [hi], max_tokens: 1.5 }),
    "Invalid type for 'max_tokens': expected an integer, got number.",
  )
  t.equal(
    message({ messages: [hi], n: 7 }),
    "Unsupported value: 'n': one answer a request is all there is.",
  )
  t.equal(message({ messages: undefined }), "Missing required parameter: 'messages'.")
})

t.test('a field named like one of Object.prototype is only ignored', async t => {
  const body = JSON.parse(
    '{"model":"__proto__","messages":[{"role":"user","content":"hi","__proto__":{"role":"evil"}}],"__proto__":{"stream":true},"constructor":{"prototype":{"x":1}}}',
  )
  const decoded = decodeChat(body, OPTIONS)
  t.equal(decoded.request.model, '__proto__')
  t.equal(decoded.stream, false)
  t.strictSame(decoded.request.items, [userSays('hi')])
  t.notOk('x' in {})
})

t.test('a chat in the form of a response refers to nothing that is kept', async t => {
  const input = [{ role: 'user', content: 'hi' }]
  const refused = (over: object, code: string, param: string) =>
    t.throws(() => decode({ input, ...over }), { code, param })
  refused({ previous_response_id: 'resp_1' }, 'unsupported_parameter', 'previous_response_id')
  refused({ conversation: 'conv_1' }, 'unsupported_parameter', 'conversation')
  refused({ background: true }, 'unsupported_value', 'background')
  t.strictSame(decode({ input, background: false }).ignored, [])
})
