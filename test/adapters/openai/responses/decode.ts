import t from 'tap'
import {
  decodeResponse,
  type ResponseDecodeOptions,
} from '../../../../src/adapters/openai/responses/decode.ts'
import type { JsonObject } from '../../../../src/domain/json.ts'
import { relayRequest } from '../../../fakes/relay-request.ts'

const kept = {
  response: {
    id: 'resp_1',
    output: [
      { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'secret', status: null },
      {
        type: 'message',
        id: 'msg_1',
        status: 'completed',
        role: 'assistant',
        phase: 'final_answer',
        content: [{ type: 'output_text', text: 'Hello', annotations: [], logprobs: [] }],
      },
    ],
  },
  input: [
    { type: 'message', id: 'msg_0', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
  ],
}

const options: ResponseDecodeOptions = {
  purpose: 'answer',
  sessionId: undefined,
  strict: false,
  webSearch: false,
  memory: {
    recall: id => (id === 'resp_1' ? kept : undefined),
    recallItem: id =>
      [...kept.input, ...kept.response.output].find(item => item.id === id) as JsonObject,
  },
}

const decode = (body: JsonObject, over: Partial<ResponseDecodeOptions> = {}) =>
  decodeResponse({ model: 'gpt-5.5', input: 'hi', ...body }, { ...options, ...over })
const request = (body: JsonObject, over: Partial<ResponseDecodeOptions> = {}) =>
  decode(body, over).request
const user = (text: string) => ({
  type: 'message',
  role: 'user',
  content: [{ type: 'input_text', text }],
})

t.test('a bare request leaves everything open', async t => {
  t.strictSame(decode({}), {
    stream: false,
    ignored: [],
    keeps: true,
    historyLength: 0,
    input: [user('hi')],
    echo: {},
    request: relayRequest(),
  })
})

t.test('every field with an effect is read', async t => {
  const decoded = decode({
    instructions: 'Be brief.',
    stream: true,
    store: false,
    parallel_tool_calls: false,
    reasoning: { effort: 'high', summary: 'concise', context: 'all_turns' },
    text: { verbosity: 'low' },
    include: ['reasoning.encrypted_content', 'web_search_call.action.sources'],
    prompt_cache_key: 'key',
    client_metadata: { session_id: 's' },
    background: false,
    top_logprobs: 0,
    logprobs: false,
    n: 1,
    modalities: ['text'],
    truncation: 'disabled',
    service_tier: 'auto',
    stream_options: { include_obfuscation: false },
  })
  t.equal(decoded.stream, true)
  t.equal(decoded.keeps, false)
  t.strictSame(decoded.ignored, [])
  t.strictSame(
    decoded.request,
    relayRequest({
      instructions: 'Be brief.',
      parallelToolCalls: false,
      effort: 'high',
      summary: 'concise',
      text: { verbosity: 'low' },
      include: ['reasoning.encrypted_content', 'web_search_call.action.sources'],
      cacheKey: 'key',
      clientMetadata: { session_id: 's' },
    }),
  )
})

t.test('null is the same as absent', async t => {
  const names = [
    ...['instructions', 'previous_response_id', 'stream', 'store', 'tools', 'tool_choice'],
    ...['parallel_tool_calls', 'reasoning', 'text', 'include', 'service_tier', 'fast_mode'],
    ...['prompt_cache_key', 'client_metadata', 'background', 'conversation', 'prompt'],
    ...['top_logprobs', 'moderation', 'temperature', 'top_p', 'max_output_tokens', 'metadata'],
    ...['user', 'truncation', 'safety_identifier', 'max_tool_calls', 'stream_options', 'other'],
  ]
  t.strictSame(decode(Object.fromEntries(names.map(name => [name, null]))), decode({}))
})

t.test('fields without effect are named, and repeated where the API repeats them', async t => {
  const echo = {
    temperature: 0.7,
    top_p: 1,
    max_output_tokens: 8000,
    max_tool_calls: 3,
    metadata: { a: 'b' },
    user: 'u',
    safety_identifier: 's',
    truncation: 'auto',
  }
  const decoded = decode({
    ...echo,
    prompt_cache_retention: '24h',
    context_management: [],
    service_tier: 'flex',
    include: ['file_search_call.results'],
    stream_options: { include_obfuscation: true },
    reasoning: { mode: 'x' },
    text: { other: 1 },
  })
  t.strictSame(decoded.ignored, [
    'temperature',
    'top_p',
    'max_output_tokens',
    'max_tool_calls',
    'metadata',
    'user',
    'safety_identifier',
    'truncation',
    'prompt_cache_retention',
    'context_management',
    'reasoning.mode',
    'text.other',
    'stream_options.include_obfuscation',
    'service_tier',
    'include[0]',
  ])
  t.strictSame(decoded.echo, echo)
  t.strictSame(decoded.request, relayRequest({ priority: 'never' }))
})

t.test('a strict service refuses what would have no effect', async t => {
  t.throws(() => decode({ temperature: 1 }, { strict: true }), {
    code: 'unsupported_parameter',
    param: 'temperature',
  })
  t.throws(() => decode({ include: ['canary'] }, { strict: true }), {
    code: 'unsupported_parameter',
    param: 'include[0]',
  })
  t.doesNotThrow(() => decode({ store: true, truncation: 'disabled' }, { strict: true }))
})

t.test('blank instructions are none', async t => {
  t.equal(request({ instructions: ' \n' }).instructions, undefined)
})

t.test('the older name of the summary is read too', async t => {
  t.equal(request({ reasoning: { generate_summary: 'auto' } }).summary, 'auto')
  const both = { generate_summary: 'auto', summary: 'detailed' }
  t.equal(request({ reasoning: both }).summary, 'detailed')
})

t.test('the fast tier is wished for by its names, ordered by fast_mode', async t => {
  t.equal(request({ service_tier: 'priority' }).priority, 'wished')
  t.equal(request({ service_tier: 'Fast' }).priority, 'wished')
  t.equal(request({ fast_mode: true }).priority, 'required')
  t.equal(request({ fast_mode: 'off', service_tier: 'default' }).priority, 'never')
  t.throws(() => decode({ fast_mode: 'maybe' }), { code: 'invalid_value', param: 'fast_mode' })
})

t.test('the session of a header is the cache key where the body has none', async t => {
  t.equal(request({}, { sessionId: 's' }).cacheKey, 's')
  t.equal(request({ prompt_cache_key: 'k' }, { sessionId: 's' }).cacheKey, 'k')
  t.equal(request({ prompt_cache_key: '' }, { sessionId: 's' }).cacheKey, 's')
})

t.test('the format of the text is checked and passed on', async t => {
  const schema = { type: 'object', properties: {} }
  const given = { type: 'json_schema', name: 'n', schema }
  t.strictSame(request({ text: { format: given, verbosity: 'high' } }).text, {
    verbosity: 'high',
    format: { type: 'json_schema', name: 'n', schema, strict: false },
  })
  const described = { ...given, description: 'd', strict: true }
  t.strictSame(request({ text: { format: described } }).text, {
    format: { type: 'json_schema', name: 'n', description: 'd', schema, strict: true },
  })
  t.strictSame(request({ text: { format: { type: 'json_object' } } }).text, {
    format: { type: 'json_object' },
  })
  t.equal(request({ text: { format: { type: 'text' } } }).text, undefined)
  t.throws(() => decode({ text: { format: { type: 'json_schema', name: 'n' } } }), {
    code: 'missing_required_parameter',
    param: 'text.format.schema',
  })
})

t.test('messages are typed, spoken by those whom the backend knows, and made of parts', async t => {
  const input = [
    { role: 'system', content: 'A' },
    { type: 'message', role: 'developer', content: 'B', id: 'msg_1', status: 'completed' },
    { role: 'assistant', content: 'C', phase: 'commentary', name: 'ada' },
    { role: 'assistant', content: [{ type: 'input_text', text: 'D' }] },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'E', prompt_cache_breakpoint: {}, cache_control: {} },
        { type: 'output_text', text: 'F', logprobs: [], annotations: [] },
        { type: 'input_image', image_url: 'https://a.example/', detail: 'low', cache_control: {} },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:,', file_id: null },
      ],
      cache_control: {},
    },
  ]
  t.strictSame(request({ input }).input, [
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'A' }] },
    { type: 'message', role: 'developer', content: [{ type: 'input_text', text: 'B' }] },
    {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'C' }],
      phase: 'commentary',
    },
    { type: 'message', role: 'assistant', content: [{ type: 'output_text', text: 'D' }] },
    {
      type: 'message',
      role: 'user',
      content: [
        { type: 'input_text', text: 'E' },
        { type: 'input_text', text: 'F' },
        { type: 'input_image', image_url: 'https://a.example/', detail: 'low' },
        { type: 'input_file', filename: 'a.pdf', file_data: 'data:,' },
      ],
    },
  ])
  t.strictSame(decode({ input }).input.slice(0, 3), [
    { type: 'message', role: 'system', content: [{ type: 'input_text', text: 'A' }] },
    {
      id: 'msg_1',
      type: 'message',
      role: 'developer',
      content: [{ type: 'input_text', text: 'B' }],
    },
    {
      type: 'message',
      role: 'assistant',
      content: [{ type: 'output_text', text: 'C' }],
      phase: 'commentary',
    },
  ])
})

t.test('reasoning is reduced to what can be read again, or left out', async t => {
  const input = [
    {
      type: 'reasoning',
      id: 'rs_1',
      summary: [],
      content: null,
      encrypted_content: 'e',
      status: 1,
    },
    { type: 'reasoning', encrypted_content: 'f' },
    { type: 'reasoning', id: 'rs_2', summary: [{ type: 'summary_text', text: 's' }] },
    { type: 'reasoning', summary: [], encrypted_content: null },
    { type: 'reasoning', summary: [], encrypted_content: '' },
  ]
  t.strictSame(request({ input }).input, [
    { type: 'reasoning', summary: [], encrypted_content: 'e' },
    { type: 'reasoning', summary: [], encrypted_content: 'f' },
  ])
})

t.test('calls and their outputs lose ids and states', async t => {
  const input = [
    {
      type: 'function_call',
      id: 'fc_1',
      status: 'completed',
      call_id: 'c1',
      name: 'f',
      arguments: '{}',
      namespace: 'functions',
    },
    { type: 'function_call', call_id: 'c2', name: 'f', arguments: '{}', namespace: 'mcp' },
    { type: 'function_call_output', id: 'fco_1', status: 'completed', call_id: 'c1', output: 'o' },
    {
      type: 'function_call_output',
      call_id: 'c2',
      output: [
        { type: 'output_text', text: 'o', cache_control: {} },
        { type: 'input_image', image_url: 'data:image/png;base64,AA==' },
        { type: 'odd', status: 'x', cache_control: {} },
      ],
    },
    { type: 'custom_tool_call', id: 'ctc_1', call_id: 'c3', name: 'g', input: 'i', status: 'x' },
    { type: 'custom_tool_call_output', id: 'ctco_1', call_id: 'c3', output: 'o' },
  ]
  t.strictSame(request({ input }).input, [
    {
      type: 'function_call',
      call_id: 'c1',
      name: 'f',
      arguments: '{}',
      namespace: 'functions',
    },
    { type: 'function_call', call_id: 'c2', name: 'f', arguments: '{}', namespace: 'mcp' },
    { type: 'function_call_output', call_id: 'c1', output: 'o' },
    {
      type: 'function_call_output',
      call_id: 'c2',
      output: [
        { type: 'input_text', text: 'o' },
        { type: 'input_image', image_url: 'data:image/png;base64,AA==' },
        { type: 'odd', status: 'x' },
      ],
    },
    { type: 'custom_tool_call', call_id: 'c3', name: 'g', input: 'i' },
    { type: 'custom_tool_call_output', call_id: 'c3', output: 'o' },
  ])
})

t.test('items that are not known pass as they are', async t => {
  const input = [
    { type: 'web_search_call', id: 'ws_1', status: 'completed', action: { type: 'search' } },
    { type: 'compaction', id: 'cmp_1', encrypted_content: 'e' },
    { type: 'agent_message', anything: [1] },
  ]
  t.strictSame(request({ input }).input, input)
})

t.test('an earlier response is put before the new input', async t => {
  const decoded = decode({ previous_response_id: 'resp_1', input: 'more' })
  t.strictSame(decoded.request.input, [
    user('hi'),
    { type: 'reasoning', summary: [], encrypted_content: 'secret' },
    {
      type: 'message',
      role: 'assistant',
      phase: 'final_answer',
      content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
    },
    user('more'),
  ])
  t.strictSame(decoded.input, [...kept.input, ...kept.response.output, user('more')])
  t.strictSame(decoded.echo, { previous_response_id: 'resp_1' })
  t.strictSame(decoded.ignored, [])
  t.equal(decoded.request.instructions, undefined)
  const alone = decode({ previous_response_id: 'resp_1', input: undefined })
  t.equal(alone.request.input.length, 3)
  t.throws(() => decode({ previous_response_id: 'resp_canary' }), {
    code: 'previous_response_not_found',
    param: 'previous_response_id',
    message: /^(?!.*canary)/,
  })
})

t.test('references become the items that they mean', async t => {
  const input = [
    { type: 'item_reference', id: 'rs_1' },
    { id: 'msg_1' },
    { role: 'user', content: 'x' },
  ]
  t.strictSame(request({ input }).input, [
    { type: 'reasoning', summary: [], encrypted_content: 'secret' },
    {
      type: 'message',
      role: 'assistant',
      phase: 'final_answer',
      content: [{ type: 'output_text', text: 'Hello', annotations: [] }],
    },
    user('x'),
  ])
  for (const id of ['canary', 1, undefined]) {
    t.throws(() => decode({ input: [{ type: 'item_reference', id }] }), {
      code: 'invalid_value',
      param: 'input',
      message: /^(?!.*canary)/,
    })
  }
})

t.test('tools are flat and say whether they are strict', async t => {
  const parameters = { type: 'object', properties: { a: {} } }
  const tools = [
    { type: 'function', function: { name: 'a', description: 'd', parameters, strict: true } },
    { type: 'function', name: 'b', parameters: null, output_schema: {}, cache_control: {} },
    {
      type: 'custom',
      custom: {
        name: 'c',
        format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'x' } },
      },
    },
    { type: 'custom', name: 'd', format: { type: 'text' } },
    { type: 'web_search_preview_2025_03_11', search_context_size: 'low' },
    {
      type: 'namespace',
      name: 'n',
      tools: [{ type: 'function', function: { name: 'e' }, cache_control: {} }],
    },
    { type: 'image_generation' },
  ]
  t.strictSame(request({ tools }).tools, [
    { type: 'function', name: 'a', description: 'd', parameters, strict: true },
    {
      type: 'function',
      name: 'b',
      parameters: { type: 'object', properties: {} },
      output_schema: {},
      strict: false,
    },
    { type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark', definition: 'x' } },
    { type: 'custom', name: 'd', format: { type: 'text' } },
    { type: 'web_search', search_context_size: 'low' },
    {
      type: 'namespace',
      name: 'n',
      tools: [
        {
          type: 'function',
          name: 'e',
          parameters: { type: 'object', properties: {} },
          strict: false,
        },
      ],
    },
    { type: 'image_generation' },
  ])
})

t.test('bad tools are refused by name', async t => {
  const refusals: readonly (readonly [tools: readonly unknown[], code: string, param: string])[] = [
    ...['file_search', 'code_interpreter', 'computer', 'computer_use_preview', 'mcp'].map(
      type => [[{ type }], 'unsupported_value', 'tools[0].type'] as const,
    ),
    [[{ name: 'a' }], 'missing_required_parameter', 'tools[0].type'],
    [[{ type: 'function' }], 'missing_required_parameter', 'tools[0].name'],
    [[{ type: 'function', function: { name: '' } }], 'invalid_value', 'tools[0].function.name'],
    [
      [
        { type: 'function', name: 'a' },
        { type: 'custom', name: 'a' },
      ],
      'invalid_value',
      'tools[1].name',
    ],
    [[{ type: 'function', name: 'a', parameters: [] }], 'invalid_type', 'tools[0].parameters'],
    [[1], 'invalid_type', 'tools[0]'],
    [Array.from({ length: 513 }, () => ({ type: 'web_search' })), 'invalid_value', 'tools'],
  ]
  for (const [tools, code, param] of refusals) t.throws(() => decode({ tools }), { code, param })
})

t.test('tool choices are flat and name tools that are there', async t => {
  const tools = [
    { type: 'function', name: 'f' },
    { type: 'custom', name: 'c' },
    { type: 'namespace', name: 'n', tools: [{ type: 'function', name: 'inner' }] },
    { type: 'web_search' },
  ]
  const choose = (tool_choice: unknown) => request({ tools, tool_choice }).toolChoice
  const choices: readonly (readonly [given: unknown, sent: unknown])[] = [
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    ['any', 'required'],
    [
      { type: 'function', name: 'f' },
      { type: 'function', name: 'f' },
    ],
    [
      { type: 'function', function: { name: 'f' } },
      { type: 'function', name: 'f' },
    ],
    [
      { type: 'function', name: 'inner' },
      { type: 'function', name: 'inner' },
    ],
    [
      { type: 'custom', custom: { name: 'c' } },
      { type: 'custom', name: 'c' },
    ],
    [
      { type: 'tool', name: 'c' },
      { type: 'custom', name: 'c' },
    ],
    [
      { type: 'tool', name: 'f' },
      { type: 'function', name: 'f' },
    ],
    [{ type: 'web_search_preview' }, { type: 'web_search' }],
    [{ type: 'image_generation' }, { type: 'image_generation' }],
    [
      {
        type: 'allowed_tools',
        allowed_tools: { mode: 'auto', tools: [{ type: 'function', function: { name: 'f' } }] },
      },
      { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
    ],
    [
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'web_search_preview' }] },
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'web_search' }] },
    ],
  ]
  for (const [given, sent] of choices) t.strictSame(choose(given), sent, JSON.stringify(given))
  const bad = { code: 'invalid_value', param: 'tool_choice', message: /^(?!.*canary)/ }
  for (const given of [
    'canary',
    { type: 'function', name: 'canary' },
    { type: 'function' },
    { type: 'tool', name: 'canary' },
    { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'custom', name: 'canary' }] },
  ]) {
    t.throws(() => choose(given), bad, JSON.stringify(given))
  }
  t.throws(() => request({ tool_choice: 'required' }), bad)
})

t.test('tools may stand in the input, as clients of lite models send them', async t => {
  const tools = [{ type: 'namespace', name: 'functions', tools: [{ type: 'custom', name: 'c' }] }]
  const input = [{ type: 'additional_tools', role: 'developer', tools }, user('hi')]
  const tool_choice = { type: 'custom', name: 'c' }
  const decoded = request({ input, tool_choice }, { webSearch: true })
  t.strictSame(decoded.input, input)
  t.strictSame(decoded.tools, [])
  t.strictSame(decoded.toolChoice, tool_choice)
})

t.test('a search is offered where the service says so and the request brings no tools', async t => {
  const webSearch = true
  t.strictSame(request({}, { webSearch }).tools, [{ type: 'web_search' }])
  t.strictSame(request({ tool_choice: 'none' }, { webSearch }).tools, [])
  const tools = [{ type: 'custom', name: 'c' }]
  t.strictSame(request({ tools }, { webSearch }).tools, tools)
  const forced = request({ tool_choice: 'required' }, { webSearch })
  t.strictSame([forced.tools, forced.toolChoice], [[{ type: 'web_search' }], 'required'])
  const named = request({ tool_choice: { type: 'web_search' } }, { webSearch })
  t.strictSame([named.tools, named.toolChoice], [[{ type: 'web_search' }], { type: 'web_search' }])
})

t.test('a conversation to be made shorter is all that is read of such a request', async t => {
  const compact = (body: JsonObject, strict = false) =>
    decode(body, { purpose: 'compact', webSearch: true, sessionId: 's', strict })
  const wishes = {
    tools: [{ type: 'mcp' }],
    tool_choice: 'required',
    parallel_tool_calls: false,
    reasoning: { effort: 'high' },
    text: { verbosity: 'low' },
    include: ['message.output_text.logprobs'],
    service_tier: 'priority',
    fast_mode: true,
    client_metadata: {},
    stream: true,
    temperature: 1,
  }
  const decoded = compact({
    ...wishes,
    instructions: 'I',
    previous_response_id: 'resp_1',
    prompt_cache_key: 'k',
    store: true,
  })
  t.strictSame(decoded.ignored, Object.keys(wishes))
  t.strictSame(
    { ...decoded.request, input: decoded.request.input.slice(-1) },
    relayRequest({ instructions: 'I', cacheKey: 'k' }),
  )
  t.equal(decoded.request.input.length, 4)
  t.throws(() => compact({ fast_mode: true }, true), {
    code: 'unsupported_parameter',
    param: 'fast_mode',
  })
  const harmless = { store: false, stream: false, truncation: 'disabled', service_tier: 'auto' }
  t.strictSame(compact({ ...harmless, background: false, n: 1, tools: null }, true).ignored, [])
  t.throws(() => compact({ background: true }), { code: 'unsupported_value', param: 'background' })
})

t.test('a single item is a conversation of one', async t => {
  t.strictSame(request({ input: { role: 'user', content: 'hi' } }).input, [user('hi')])
})

t.test('an empty id of an earlier response is none', async t => {
  t.strictSame(decode({ previous_response_id: '' }), decode({}))
})

t.test('what says nothing may stand beside something, not alone', async t => {
  const nothing = [{ role: 'user', content: [] }, { role: 'assistant' }, { type: 'reasoning' }]
  t.strictSame(request({ input: [...nothing, user('x')] }).input, [user('x')])
  const after = request({ previous_response_id: 'resp_1', input: nothing })
  t.equal(after.input.length, 3)
  for (const item of nothing) {
    t.throws(() => decode({ input: [item] }), { code: 'invalid_value', param: 'input' })
  }
})

t.test('an item is counted as the client sent it, whatever stands before it', async t => {
  const input = [{ role: 'user', content: [{ type: 'input_text' }] }]
  t.throws(() => decode({ previous_response_id: 'resp_1', input }), {
    code: 'missing_required_parameter',
    param: 'input[0].content[0].text',
  })
  const response = { output: [{ type: 'function_call' }] }
  const memory = { ...options.memory, recall: () => ({ response, input: [] }) }
  t.throws(() => decode({ previous_response_id: 'resp_2' }, { memory }), {
    code: 'missing_required_parameter',
    param: 'previous_response_id[0].call_id',
  })
})

t.test('bad bodies are refused by the field to blame, and quoted never', async t => {
  const item = (item: object) => ({ input: [user('hi'), item] })
  const part = (part: object) => item({ role: 'user', content: [part] })
  const refusals: readonly (readonly [body: JsonObject, code: string, param: string])[] = [
    [{ model: undefined }, 'missing_required_parameter', 'model'],
    [{ model: '' }, 'missing_required_parameter', 'model'],
    [{ model: 1 }, 'invalid_type', 'model'],
    [{ input: undefined }, 'missing_required_parameter', 'input'],
    [{ input: null }, 'missing_required_parameter', 'input'],
    [{ input: [] }, 'invalid_value', 'input'],
    [{ input: '' }, 'invalid_value', 'input'],
    [{ input: { canary: 1 } }, 'missing_required_parameter', 'input[0].type'],
    [{ input: 5 }, 'invalid_type', 'input'],
    [{ input: ['canary'] }, 'invalid_type', 'input[0]'],
    [{ input: Array.from({ length: 10_001 }, () => user('canary')) }, 'invalid_value', 'input'],
    [item({ content: 'canary' }), 'missing_required_parameter', 'input[1].type'],
    [item({ role: 'canary', content: 'x' }), 'invalid_value', 'input[1].role'],
    [item({ type: 'message', content: 'canary' }), 'missing_required_parameter', 'input[1].role'],
    [
      part({ type: 'input_image', file_id: 'canary' }),
      'unsupported_value',
      'input[1].content[0].file_id',
    ],
    [
      part({ type: 'input_audio', data: 'canary' }),
      'unsupported_value',
      'input[1].content[0].type',
    ],
    [
      item({
        type: 'function_call_output',
        call_id: 'c',
        output: [{ type: 'x', file_id: 'canary' }],
      }),
      'unsupported_value',
      'input[1].output[0].file_id',
    ],
    [{ background: true }, 'unsupported_value', 'background'],
    [{ conversation: 'canary' }, 'unsupported_parameter', 'conversation'],
    [{ prompt: { id: 'canary' } }, 'unsupported_parameter', 'prompt'],
    [{ n: 2 }, 'unsupported_value', 'n'],
    [{ modalities: ['text', 'audio'] }, 'unsupported_value', 'modalities'],
    [{ logprobs: true }, 'unsupported_parameter', 'logprobs'],
    [{ logit_bias: { canary: 1 } }, 'unsupported_parameter', 'logit_bias'],
    [{ include: ['canary', 'message.output_text.logprobs'] }, 'unsupported_value', 'include[1]'],
    [{ top_logprobs: 2 }, 'unsupported_parameter', 'top_logprobs'],
    [{ moderation: { model: 'canary' } }, 'unsupported_parameter', 'moderation'],
    [{ reasoning: { effort: 'canary' } }, 'invalid_value', 'reasoning.effort'],
    [{ reasoning: { summary: 'canary' } }, 'invalid_value', 'reasoning.summary'],
    [{ reasoning: 'canary' }, 'invalid_type', 'reasoning'],
    [{ text: { verbosity: 'canary' } }, 'invalid_value', 'text.verbosity'],
    [{ stream: 'canary' }, 'invalid_type', 'stream'],
    [{ store: 'canary' }, 'invalid_type', 'store'],
    [{ include: [1] }, 'invalid_type', 'include[0]'],
    [{ client_metadata: ['canary'] }, 'invalid_type', 'client_metadata'],
    [{ temperature: 3 }, 'invalid_value', 'temperature'],
    [{ temperature: 'canary' }, 'invalid_type', 'temperature'],
    [{ max_output_tokens: 0 }, 'invalid_value', 'max_output_tokens'],
    [{ max_output_tokens: 1.5 }, 'invalid_type', 'max_output_tokens'],
    [{ metadata: 'canary' }, 'invalid_type', 'metadata'],
  ]
  for (const [body, code, param] of refusals) {
    const title = JSON.stringify(body)?.slice(0, 100)
    t.throws(() => decode(body), { code, param, message: /^(?!.*canary)/i }, title)
  }
})

t.test('a call that was cut is not part of the conversation that goes on', async t => {
  const call = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{}' }
  const output = [
    { ...call, status: 'completed' },
    { ...call, call_id: 'call_2', arguments: '{"a', status: 'incomplete' },
  ]
  const memory = { ...options.memory, recall: () => ({ ...kept, response: { output } }) }
  const { input } = request({ previous_response_id: 'resp_1', input: 'go on' }, { memory })
  t.strictSame(input, [
    user('hi'),
    { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
    user('go on'),
  ])
})

t.test('an item that is there already, or is named twice, is not there twice', async t => {
  const reference = (id: string) => ({ type: 'item_reference', id })
  const twice = [reference('msg_0'), reference('msg_0')]
  t.strictSame(request({ input: twice }).input, [user('hi')])
  const after = request({ previous_response_id: 'resp_1', input: [reference('msg_1'), user('x')] })
  t.equal(after.input.length, 4)
})
