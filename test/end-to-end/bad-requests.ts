import t, { type Test } from 'tap'
import { post, readJson } from '../fakes/api-client.ts'
import { type BadRequest, functionTool, refusesAll, startScripted } from '../fakes/chat-service.ts'
import { startSignedIn } from '../fakes/service.ts'

const hi = { role: 'user', content: 'hi' }
const says = (part: object) => ({ messages: [{ role: 'user', content: [part] }] })
const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }
/** Codes that all name a value as the fault. */
const VALUE = /^(?:invalid_(?:value|type)|unsupported_value|missing_required_parameter)$/
const UNSUPPORTED = /^unsupported_(?:value|parameter)$/

/** What both endpoints of one mind refuse. */
const ANY_GENERATION: readonly BadRequest[] = [
  [{ model: undefined }, 'model', 'missing_required_parameter'],
  [{ model: null }, 'model', 'missing_required_parameter'],
  [{ model: ['CANARY'] }, 'model', 'invalid_type'],
  [{ model: '' }, 'model', VALUE],
  [{ n: 2 }, 'n', 'unsupported_value'],
  [{ n: 'CANARY' }, 'n', VALUE],
  [{ stop: ['CANARY', 'b', 'c', 'd', 'e'] }, 'stop', VALUE],
  [{ stop: { a: 'CANARY' } }, 'stop', VALUE],
  [{ stop: ['a', { b: 'CANARY' }] }, /^stop/, VALUE],
  [{ max_tokens: 0 }, 'max_tokens', 'invalid_value'],
  [{ max_tokens: 1.5 }, 'max_tokens', VALUE],
  [{ max_tokens: 'CANARY' }, 'max_tokens', 'invalid_type'],
  [{ temperature: 'CANARY' }, 'temperature', 'invalid_type'],
  [{ temperature: 3 }, 'temperature', 'invalid_value'],
  [{ top_p: 1.1 }, 'top_p', 'invalid_value'],
  [{ stream_options: 'CANARY' }, 'stream_options', 'invalid_type'],
  [{ logit_bias: { 50256: -100 } }, 'logit_bias', UNSUPPORTED],
]

const CHAT: readonly BadRequest[] = [
  ...ANY_GENERATION,
  [{ messages: undefined }, 'messages', 'missing_required_parameter'],
  [{ messages: [] }, 'messages', VALUE],
  [{ messages: [{ role: 'user', content: '' }] }, 'messages', VALUE],
  [{ messages: 'CANARY' }, 'messages', 'invalid_type'],
  [{ messages: ['CANARY'] }, 'messages[0]', 'invalid_type'],
  [{ messages: [{ role: 'CANARY', content: 'CANARY' }] }, 'messages[0].role', 'invalid_value'],
  [{ messages: [{ content: 'CANARY' }] }, 'messages[0].role', VALUE],
  [{ messages: [{ role: 'user', content: { a: 'CANARY' } }] }, 'messages[0].content', VALUE],
  [{ messages: [{ role: 'user', content: ['CANARY'] }] }, 'messages[0].content[0]', VALUE],
  [says({ type: 'CANARY', text: 'CANARY' }), 'messages[0].content[0].type', VALUE],
  [says({ text: 'CANARY' }), 'messages[0].content[0].type', VALUE],
  [says({ type: 'text', text: { a: 'CANARY' } }), 'messages[0].content[0].text', VALUE],
  [
    says({ type: 'image_url', image_url: { url: 'file:///CANARY' } }),
    /^messages\[0\]\.content\[0\]\.image_url/,
    VALUE,
  ],
  [
    says({ type: 'image_url', image_url: 'CANARY.png' }),
    /^messages\[0\]\.content\[0\]\.image_url/,
    VALUE,
  ],
  [
    says({ type: 'image_url', image_url: { url: 'https://a/', detail: 'CANARY' } }),
    /^messages\[0\]\.content\[0\]\.image_url/,
    VALUE,
  ],
  [
    says({ type: 'file', file: { file_id: 'CANARY' } }),
    /^messages\[0\]\.content\[0\]/,
    'unsupported_value',
  ],
  [
    says({ type: 'input_audio', input_audio: { data: 'CANARY', format: 'wav' } }),
    /^messages\[0\]\.content\[0\]/,
    'unsupported_value',
  ],
  [
    { messages: [hi, { role: 'assistant', audio: { id: 'CANARY' } }] },
    'messages[1].audio',
    'unsupported_value',
  ],
  [
    { messages: [hi, { role: 'assistant', tool_calls: 'CANARY' }] },
    'messages[1].tool_calls',
    VALUE,
  ],
  [
    { messages: [hi, { role: 'tool', tool_call_id: 'call_0', content: 'CANARY' }] },
    'messages[1].tool_call_id',
    'invalid_value',
  ],
  [
    {
      messages: [
        hi,
        { role: 'assistant', tool_calls: [call] },
        { role: 'tool', tool_call_id: 'call_0', content: 'CANARY' },
      ],
    },
    'messages[2].tool_call_id',
    'invalid_value',
  ],
  [{ messages: [hi, { role: 'function', name: 'f', content: 'CANARY' }] }, /^messages\[1\]/, VALUE],
  [{ logprobs: true }, 'logprobs', 'unsupported_parameter'],
  [{ top_logprobs: 3 }, 'top_logprobs', 'unsupported_parameter'],
  [{ modalities: ['text', 'audio'] }, 'modalities', 'unsupported_value'],
  [{ moderation: { model: 'CANARY' } }, 'moderation', 'unsupported_parameter'],
  [{ tools: 'CANARY' }, 'tools', 'invalid_type'],
  [{ tools: ['CANARY'] }, 'tools[0]', 'invalid_type'],
  [{ tools: [{ type: 'CANARY' }] }, 'tools[0].type', VALUE],
  [
    { tools: [functionTool('f'), { type: 'mcp', server_label: 'CANARY' }] },
    'tools[1].type',
    'unsupported_value',
  ],
  [
    { tools: [{ type: 'file_search', vector_store_ids: ['CANARY'] }] },
    'tools[0].type',
    'unsupported_value',
  ],
  [{ tools: [{ type: 'code_interpreter' }] }, 'tools[0].type', 'unsupported_value'],
  [{ tools: [{ type: 'computer_use_preview' }] }, 'tools[0].type', 'unsupported_value'],
  [{ tools: [{ type: 'function', function: { description: 'CANARY' } }] }, /^tools\[0\]/, VALUE],
  [
    { tools: [{ type: 'function', function: { name: 'f', parameters: 'CANARY' } }] },
    /^tools\[0\]/,
    VALUE,
  ],
  [{ tools: [functionTool('f'), functionTool('f')] }, /^tools/, VALUE],
  [{ tool_choice: 'CANARY' }, 'tool_choice', 'invalid_value'],
  [{ tool_choice: 'required' }, 'tool_choice', VALUE],
  [{ tools: [functionTool('f')], tool_choice: functionTool('g') }, /^tool_choice/, VALUE],
  [{ parallel_tool_calls: 'CANARY' }, 'parallel_tool_calls', 'invalid_type'],
  [{ functions: 'CANARY' }, 'functions', 'invalid_type'],
  [{ functions: [{ name: 'f' }], function_call: 'CANARY' }, 'function_call', VALUE],
  [{ response_format: { type: 'CANARY' } }, 'response_format.type', VALUE],
  [{ response_format: { type: 'grammar', grammar: 'CANARY' } }, 'response_format.type', VALUE],
  [{ response_format: { type: 'python' } }, 'response_format.type', VALUE],
  [
    { response_format: { type: 'json_schema', json_schema: { name: 'n' } } },
    'response_format.json_schema.schema',
    'missing_required_parameter',
  ],
  [{ response_format: { type: 'json_schema' } }, 'response_format.json_schema', VALUE],
  [{ verbosity: 'CANARY' }, 'verbosity', VALUE],
  [{ web_search_options: 'CANARY' }, 'web_search_options', 'invalid_type'],
  [{ fast_mode: 'CANARY' }, 'fast_mode', VALUE],
  [{ responses_tools: [{ type: 'CANARY' }] }, /^responses_tools/, 'unsupported_value'],
  [
    { responses_tools: [{ type: 'web_search', x: 'CANARY '.repeat(6000) }] },
    /^responses_tools/,
    VALUE,
  ],
  [{ responses_tool_choice: 'CANARY' }, 'responses_tool_choice', VALUE],
  [{ messages: undefined, input: [{ type: 'item_reference', id: 'CANARY' }] }, /^input/, VALUE],
]

const COMPLETIONS: readonly BadRequest[] = [
  ...ANY_GENERATION,
  [{ prompt: [1, 2, 3] }, 'prompt', 'unsupported_value'],
  [{ prompt: [[1, 2], [3]] }, 'prompt', 'unsupported_value'],
  [{ prompt: { a: 'CANARY' } }, 'prompt', VALUE],
  [{ prompt: ['CANARY', 'CANARY'] }, 'prompt', VALUE],
  [{ best_of: 2 }, 'best_of', UNSUPPORTED],
  [{ logprobs: 3 }, 'logprobs', 'unsupported_parameter'],
  [{ echo: 'CANARY' }, 'echo', 'invalid_type'],
  [{ suffix: ['CANARY'] }, 'suffix', 'invalid_type'],
]

const item = (value: object) => ({ input: [value] })
const tells = (part: object) => item({ role: 'user', content: [part] })

const RESPONSES: readonly BadRequest[] = [
  [{ model: undefined }, 'model', 'missing_required_parameter'],
  [{ model: ['CANARY'] }, 'model', 'invalid_type'],
  [{ input: undefined }, 'input', 'missing_required_parameter'],
  [{ input: 5 }, 'input', 'invalid_type'],
  [{ input: ['CANARY'] }, 'input[0]', 'invalid_type'],
  [{ input: [{ role: 'CANARY', content: 'CANARY' }] }, 'input[0].role', VALUE],
  [item({ role: 'user' }), 'input[0].content', 'missing_required_parameter'],
  [item({ role: 'user', content: 5 }), 'input[0].content', 'invalid_type'],
  [item({ role: 'user', content: null }), 'input[0].content', VALUE],
  [item({ role: 'user', content: [] }), 'input', VALUE],
  [item({ role: 'user', content: ['CANARY'] }), 'input[0].content[0]', 'invalid_type'],
  [tells({}), 'input[0].content[0].type', 'missing_required_parameter'],
  [tells({ text: 'CANARY' }), 'input[0].content[0].type', 'missing_required_parameter'],
  [tells({ type: 'input_text' }), 'input[0].content[0].text', 'missing_required_parameter'],
  [tells({ type: 'input_text', text: 5 }), 'input[0].content[0].text', 'invalid_type'],
  [tells({ type: 'input_image' }), 'input[0].content[0].image_url', VALUE],
  [
    tells({ type: 'input_image', image_url: 'file:///etc/CANARY' }),
    'input[0].content[0].image_url',
    'invalid_value',
  ],
  [tells({ type: 'input_audio', input_audio: {} }), 'input[0].content[0].type', UNSUPPORTED],
  [item({ type: 'function_call' }), 'input[0].call_id', 'missing_required_parameter'],
  [
    item({ type: 'function_call', call_id: 'c', arguments: '{}' }),
    'input[0].name',
    'missing_required_parameter',
  ],
  [
    item({ type: 'function_call_output', call_id: 'c' }),
    'input[0].output',
    'missing_required_parameter',
  ],
  [{ n: 2 }, 'n', 'unsupported_value'],
  [{ logprobs: true }, 'logprobs', 'unsupported_parameter'],
  [{ modalities: ['audio'] }, 'modalities', 'unsupported_value'],
  [{ include: ['message.output_text.logprobs'] }, 'include[0]', 'unsupported_value'],
  [{ tool_choice: {} }, 'tool_choice.type', 'missing_required_parameter'],
  [{ tool_choice: { type: 5 } }, 'tool_choice.type', 'invalid_type'],
  [{ tool_choice: { type: 'file_search' } }, 'tool_choice.type', 'unsupported_value'],
  [{ tool_choice: { type: 'allowed_tools', mode: 'CANARY' } }, 'tool_choice.mode', VALUE],
  [
    { tools: [{ type: 'function', name: 'f', strict: 'CANARY' }] },
    'tools[0].strict',
    'invalid_type',
  ],
  [{ tools: [{ type: 'namespace' }] }, 'tools[0].name', 'missing_required_parameter'],
  [
    { tools: [{ type: 'web_search', search_context_size: 'CANARY' }] },
    'tools[0].search_context_size',
    'invalid_value',
  ],
  [{ input: [{ type: 'item_reference', id: 'CANARY' }] }, /^input/, VALUE],
  [
    { input: [{ role: 'user', content: [{ type: 'input_file', file_id: 'CANARY' }] }] },
    /^input\[0\]\.content\[0\]/,
    'unsupported_value',
  ],
  [
    { input: [{ role: 'user', content: [{ type: 'input_image', file_id: 'CANARY' }] }] },
    /^input\[0\]\.content\[0\]/,
    'unsupported_value',
  ],
  [{ instructions: { a: 'CANARY' } }, 'instructions', 'invalid_type'],
  [{ background: true }, 'background', UNSUPPORTED],
  [{ conversation: 'CANARY' }, 'conversation', UNSUPPORTED],
  [{ prompt: { id: 'CANARY' } }, 'prompt', UNSUPPORTED],
  [{ top_logprobs: 3 }, 'top_logprobs', UNSUPPORTED],
  [{ moderation: { model: 'CANARY' } }, 'moderation', 'unsupported_parameter'],
  [{ tools: 'CANARY' }, 'tools', 'invalid_type'],
  [
    { tools: [{ type: 'file_search', vector_store_ids: ['CANARY'] }] },
    'tools[0].type',
    'unsupported_value',
  ],
  [{ tools: [{ type: 'code_interpreter' }] }, 'tools[0].type', 'unsupported_value'],
  [{ tools: [{ type: 'mcp', server_label: 'CANARY' }] }, 'tools[0].type', 'unsupported_value'],
  [{ reasoning: { effort: 'CANARY' } }, 'reasoning.effort', VALUE],
  [{ reasoning: { summary: 'CANARY' } }, 'reasoning.summary', VALUE],
  [{ text: { format: { type: 'CANARY' } } }, 'text.format.type', VALUE],
  [{ text: { format: { type: 'json_schema', name: 'n' } } }, 'text.format.schema', VALUE],
  [{ parallel_tool_calls: 'CANARY' }, 'parallel_tool_calls', 'invalid_type'],
  [{ previous_response_id: 'resp_0' }, 'previous_response_id', 'previous_response_not_found'],
]

t.test('bad chats are refused by name, in silence, and sent to nobody', async t => {
  const common = { model: 'gpt-5.5', messages: [hi], user: 'CANARY', metadata: { a: 'CANARY' } }
  await refusesAll(t, await startScripted(t, '/v1/chat/completions', common), CHAT)
})

t.test('bad completions are refused by name, in silence, and sent to nobody', async t => {
  const common = { model: 'gpt-5.5', prompt: 'CANARY' }
  await refusesAll(t, await startScripted(t, '/v1/completions', common), COMPLETIONS)
})

t.test(
  'bad requests for responses are refused by name, in silence, and sent to nobody',
  async t => {
    const common = { model: 'gpt-5.5', input: 'CANARY', metadata: { a: 'CANARY' } }
    await refusesAll(t, await startScripted(t, '/v1/responses', common), RESPONSES)
  },
)

t.test('bodies that are no JSON object are refused by all alike', async t => {
  const { url, upstream, log } = await startSignedIn(t, { CHATGPT_LOCAL_BODY_LIMIT: '1KiB' })
  for (const path of [
    '/v1/chat/completions',
    '/v1/completions',
    '/v1/responses',
    '/v1/responses/input_tokens',
    '/v1/responses/compact',
  ]) {
    for (const [body, status, code] of [
      ['{"messages": "CANARY" oops}', 400, 'invalid_json'],
      ['', 400, 'invalid_json'],
      ['["CANARY"]', 400, 'invalid_type'],
      ['"CANARY"', 400, 'invalid_type'],
      [`{"input": "${'CANARY '.repeat(200)}"}`, 413, 'request_too_large'],
    ] as const) {
      const response = await post(`${url}${path}`, body)
      const text = await response.text()
      t.equal(response.status, status, path)
      t.match(JSON.parse(text).error, { type: 'invalid_request_error', param: null, code })
      t.notMatch(text, 'CANARY')
    }
  }
  t.equal(upstream.requests.length, 0)
  t.notMatch(JSON.stringify(log.entries), 'CANARY')
})

t.test('a field without effect is refused where the service is strict', async t => {
  const strict = { CHATGPT_LOCAL_STRICT: 'on' }
  const chat = await startScripted(
    t,
    '/v1/chat/completions',
    { model: 'gpt-5.5', messages: [hi] },
    strict,
  )
  const ignored = (name: string, value: unknown): BadRequest => [
    { [name]: value },
    name,
    'unsupported_parameter',
  ]
  await refusesAll(t, chat, [
    ignored('temperature', 0.7),
    ignored('seed', 1),
    ignored('user', 'CANARY'),
    ignored('metadata', { a: 'CANARY' }),
    ignored('max_completion_tokens', 10),
    ignored('top_k', 40),
    ignored('service_tier', 'flex'),
    [
      { stream_options: { include_obfuscation: true } },
      'stream_options.include_obfuscation',
      'unsupported_parameter',
    ],
  ])
  await chat.sent({ stop: 'x', reasoning_effort: 'low', service_tier: 'fast', n: null, seed: null })

  const completions = { model: 'gpt-5.5', prompt: 'hi' }
  await refusesAll(t, await startScripted(t, '/v1/completions', completions, strict), [
    ignored('temperature', 0.7),
    ignored('user', 'CANARY'),
  ])
  const responses = { model: 'gpt-5.5', input: 'hi' }
  await refusesAll(t, await startScripted(t, '/v1/responses', responses, strict), [
    ignored('temperature', 0.7),
    ignored('max_output_tokens', 10),
    ignored('metadata', { a: 'CANARY' }),
    ignored('truncation', 'auto'),
  ])
  await refusesAll(t, await startScripted(t, '/v1/responses/compact', responses, strict), [
    [{ tools: [] }, /^(?:stream|tools)$/, 'unsupported_parameter'],
  ])
})

async function refusalOf(t: Test, method: string, path: string) {
  const { url } = await startSignedIn(t)
  const response = await fetch(url + path, { method })
  const { error } = await readJson(response)
  t.strictSame(Object.keys(error).sort(), ['code', 'message', 'param', 'type'])
  return { response, error }
}

t.test('known parts of the API that are not here say so', async t => {
  const { url, upstream } = await startSignedIn(t)
  for (const path of [
    'embeddings',
    'audio/speech',
    'audio/transcriptions',
    'audio/translations',
    'images/generations',
    'images/edits',
    'images/variations',
    'moderations',
    'files',
    'files/file_1',
    'files/file_1/content',
    'batches',
    'batches/b/cancel',
    'assistants',
    'threads',
    'threads/t/runs',
    'fine_tuning/jobs',
    'fine_tuning/jobs/j/events',
  ]) {
    for (const prefix of ['/', '/v1/']) {
      const response = await post(url + prefix + path, {})
      t.equal(response.status, 404, path)
      t.match(
        (await readJson(response)).error,
        { type: 'invalid_request_error', param: null, code: 'unsupported_endpoint' },
        path,
      )
    }
  }
  t.equal(upstream.requests.length, 0)
})

t.test('an unknown path, a wrong method: each says what it is', async t => {
  const unknown = await refusalOf(t, 'GET', '/v1/nope')
  t.equal(unknown.response.status, 404)
  t.match(unknown.error, { type: 'invalid_request_error', code: 'unknown_url' })
  for (const path of ['/v1/completions', '/v1/responses', '/v1/responses/compact']) {
    const { response, error } = await refusalOf(t, 'PUT', path)
    t.equal(response.status, 405, path)
    t.match(response.headers.get('allow'), /\bPOST\b|\bGET\b/, path)
    t.match(error, { code: 'method_not_allowed' }, path)
  }
})
