import t, { type Test } from 'tap'
import { type Json, readJson } from '../fakes/api-client.ts'
import { answer, functionCall, message } from '../fakes/backend-events.ts'
import { functionTool, PLAIN_SENT, plays, says, startScripted } from '../fakes/chat-service.ts'

const hi = { role: 'user', content: 'hi' }
const start = (t: Test, environment: Record<string, string> = {}) =>
  startScripted(t, '/v1/chat/completions', { model: 'gpt-5.5', messages: [hi] }, environment)

const sentTool = (name: string) => ({
  type: 'function',
  name,
  parameters: { type: 'object', properties: {} },
  strict: false,
})
const call = (id: string, name = 'f', text = '{}') => ({
  id,
  type: 'function',
  function: { name, arguments: text },
})

t.test('what clients send by default is not sent on, and is named', async t => {
  const { ask, sent, upstream } = await start(t)
  const idle = {
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
    stream_options: { include_obfuscation: true },
    top_k: 40,
  }
  const plain = await sent({})
  t.strictSame(await sent({ ...idle, n: 1 }), plain)
  t.strictSame({ ...plain, instructions: '', prompt_cache_key: '' }, PLAIN_SENT)
  upstream.play(plays(answer(message(0, ['ok']))))
  for (const stream of [false, true]) {
    const response = await ask({ ...idle, n: 1, stream })
    await response.arrayBuffer()
    const names = response.headers.get('x-chatmock-ignored')?.split(', ') ?? []
    t.strictSame(names.filter(name => name !== 'n').sort(), [
      'frequency_penalty',
      'logit_bias',
      'max_tokens',
      'metadata',
      'presence_penalty',
      'seed',
      'store',
      'stream_options.include_obfuscation',
      'temperature',
      'top_k',
      'top_p',
      'user',
    ])
  }
})

t.test('null is the same as absent in every field', async t => {
  const { sent } = await start(t)
  const names =
    'stream stream_options temperature top_p presence_penalty frequency_penalty seed max_tokens max_completion_tokens stop n logprobs top_logprobs logit_bias reasoning_effort reasoning reasoningEffort thinking enable_thinking think verbosity text response_format tools tool_choice parallel_tool_calls functions function_call prompt_cache_key prompt_cache_options prompt_cache_retention service_tier store metadata user safety_identifier modalities audio prediction web_search_options moderation fast_mode responses_tools responses_tool_choice include_reasoning input prompt instructions'
  const nothing = Object.fromEntries(names.split(' ').map(name => [name, null]))
  t.strictSame(await sent(nothing), await sent({}))
})

t.test('what asks for nothing is not refused', async t => {
  const { sent } = await start(t)
  const plain = await sent({})
  for (const body of [
    { n: 1 },
    { logprobs: false },
    { top_logprobs: 0 },
    { logit_bias: {} },
    { modalities: ['text'] },
    { audio: { voice: 'alloy', format: 'wav' }, modalities: ['text'] },
    { prediction: { type: 'content', content: 'x' } },
    { tools: [] },
    { stop: ['', ''] },
    { safety_identifier: 's', prompt_cache_retention: '24h', prompt_cache_options: {} },
    { min_p: 0.1, repetition_penalty: 1, chat_template_kwargs: { a: 1 }, keep_alive: '5m' },
    { options: {}, provider: {}, transforms: [], extra_body: {}, usage: { include: true } },
  ]) {
    t.strictSame(await sent(body), plain, JSON.stringify(body))
  }
})

t.test('leading system text becomes the instructions, later text stays in its place', async t => {
  const { sent } = await start(t)
  const messages = [
    { role: 'system', content: 'A' },
    { role: 'developer', content: [{ type: 'text', text: 'B' }], name: 'ann' },
    { role: 'user', content: 'q', name: 'ann' },
    { role: 'system', content: 'C' },
    { role: 'user', content: 'r' },
  ]
  const { instructions, input } = await sent({ messages })
  t.equal(instructions, 'A\n\nB')
  t.strictSame(input, [says('user', 'q'), says('developer', 'C'), says('user', 'r')])
})

t.test('turns of one role are not merged and a last word of the assistant is kept', async t => {
  const { sent } = await start(t)
  const messages = [
    { role: 'user', content: 'a' },
    { role: 'user', content: 'b' },
    { role: 'assistant', content: 'c', reasoning_content: 'thought', thinking: 't' },
    { role: 'assistant', content: [{ type: 'text', text: 'd' }] },
    { role: 'assistant' },
    { role: 'assistant', content: null, refusal: 'no' },
  ]
  const { input } = await sent({ messages })
  t.strictSame(input, [
    says('user', 'a'),
    says('user', 'b'),
    says('assistant', 'c'),
    says('assistant', 'd'),
    { type: 'message', role: 'assistant', content: [{ type: 'refusal', refusal: 'no' }] },
  ])
})

t.test('a second turn sends calls and results without an empty message', async t => {
  const { sent } = await start(t)
  for (const content of ['', null, undefined, []]) {
    const messages = [
      hi,
      { role: 'assistant', content, tool_calls: [call('call_1', 'f', '{"a":1}')] },
      { role: 'tool', tool_call_id: 'call_1', content: '22C' },
    ]
    const { input } = await sent({ messages, tools: [functionTool('f')] })
    t.strictSame(input, [
      says('user', 'hi'),
      { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
      { type: 'function_call_output', call_id: 'call_1', output: '22C' },
    ])
  }
})

t.test('text of an assistant message comes before its calls', async t => {
  const { sent } = await start(t)
  const loose = { ...call('call_1'), function: { name: 'f', arguments: { a: 1 } } }
  const messages = [
    hi,
    { role: 'assistant', content: 'Let me see.', tool_calls: [loose, call('call_2', 'f', '')] },
    { role: 'tool', toolCallId: 'call_2', content: '' },
    {
      role: 'tool',
      call_id: 'call_1',
      content: [
        { type: 'text', text: '2' },
        { type: 'text', text: '2' },
      ],
    },
  ]
  const { input } = await sent({ messages })
  t.strictSame(input.slice(1), [
    says('assistant', 'Let me see.'),
    { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
    { type: 'function_call', call_id: 'call_2', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_2', output: '' },
    { type: 'function_call_output', call_id: 'call_1', output: '22' },
  ])
})

t.test('a result may be an image', async t => {
  const { sent } = await start(t)
  const url = 'data:image/png;base64,AAAA'
  const content = [
    { type: 'text', text: 'shot' },
    { type: 'image_url', image_url: { url } },
  ]
  const { input } = await sent({
    messages: [
      hi,
      { role: 'assistant', tool_calls: [call('call_1')] },
      { role: 'tool', tool_call_id: 'call_1', content },
    ],
  })
  t.strictSame(input.at(-1), {
    type: 'function_call_output',
    call_id: 'call_1',
    output: [
      { type: 'input_text', text: 'shot' },
      { type: 'input_image', image_url: url, detail: 'auto' },
    ],
  })
})

t.test('a call that nobody answered gets an answer', async t => {
  const { sent } = await start(t)
  const { input } = await sent({
    messages: [
      hi,
      { role: 'assistant', tool_calls: [call('call_1'), call('call_2')] },
      { role: 'tool', tool_call_id: 'call_2', content: 'x' },
      { role: 'user', content: 'never mind' },
    ],
  })
  const outputs = input.filter((item: Json) => item.type === 'function_call_output')
  t.strictSame(outputs.map((item: Json) => item.call_id).sort(), ['call_1', 'call_2'])
  t.match(
    outputs.find((item: Json) => item.call_id === 'call_1'),
    { output: /interrupted/ },
  )
  t.strictSame(input.at(-1), says('user', 'never mind'))
})

t.test('calls without ids are paired in order', async t => {
  const { sent } = await start(t)
  const { id: _, ...bare } = call('')
  const { input } = await sent({
    messages: [
      hi,
      { role: 'assistant', tool_calls: [bare, { ...bare, id: '' }] },
      { role: 'tool', content: 'first' },
      { role: 'tool', tool_call_id: '', content: 'second' },
    ],
  })
  t.strictSame(input.slice(1), [
    { type: 'function_call', call_id: 'call_m1_0', name: 'f', arguments: '{}' },
    { type: 'function_call', call_id: 'call_m1_1', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_m1_0', output: 'first' },
    { type: 'function_call_output', call_id: 'call_m1_1', output: 'second' },
  ])
})

t.test('ids that are too long are short upstream, and the same for call and result', async t => {
  const { sent } = await start(t)
  const ids = [`call_${'x'.repeat(90)}a`, `call_${'x'.repeat(90)}b`]
  const { input } = await sent({
    messages: [
      hi,
      { role: 'assistant', tool_calls: ids.map(id => call(id)) },
      ...ids.map(id => ({ role: 'tool', tool_call_id: id, content: id.at(-1) })),
    ],
  })
  const [, first, second, firstOutput, secondOutput] = input
  t.equal(first.call_id, firstOutput.call_id)
  t.equal(second.call_id, secondOutput.call_id)
  t.not(first.call_id, second.call_id)
  t.ok(first.call_id.length <= 64)
})

t.test('images and files go up in the names of the backend', async t => {
  const { sent } = await start(t)
  const pixel = 'data:image/png;base64,AAAA'
  const pdf = 'data:application/pdf;base64,AAAA'
  const { input } = await sent({
    messages: [
      {
        role: 'user',
        content: [
          { type: 'text', text: 'see', cache_control: { type: 'ephemeral' } },
          { type: 'image_url', image_url: { url: pixel } },
          { type: 'image_url', image_url: { url: 'https://example.com/a.png', detail: 'low' } },
          { type: 'image_url', image_url: pixel, prompt_cache_breakpoint: true },
          { type: 'file', file: { filename: 'a.pdf', file_data: pdf } },
          { type: 'file', file: { filename: 'b.pdf', file_data: 'AAAA' } },
          { type: 'input_text', text: 'too' },
        ],
      },
    ],
  })
  t.strictSame(input[0].content, [
    { type: 'input_text', text: 'see' },
    { type: 'input_image', image_url: pixel, detail: 'auto' },
    { type: 'input_image', image_url: 'https://example.com/a.png', detail: 'low' },
    { type: 'input_image', image_url: pixel, detail: 'auto' },
    { type: 'input_file', filename: 'a.pdf', file_data: pdf },
    { type: 'input_file', filename: 'b.pdf', file_data: pdf },
    { type: 'input_text', text: 'too' },
  ])
})

t.test('every tool goes up flat and says whether it is strict', async t => {
  const { sent } = await start(t)
  const parameters = { type: 'object', properties: { a: { type: 'string' } } }
  const grammar = { syntax: 'lark', definition: 'start: "a"' }
  const { tools, tool_choice, parallel_tool_calls } = await sent({
    parallel_tool_calls: false,
    tools: [
      functionTool('bare'),
      { type: 'function', function: { name: 'full', description: 'd', parameters, strict: true } },
      { type: 'function', name: 'flat', description: 'd', parameters },
      { type: 'custom', custom: { name: 'free', description: 'd' } },
      {
        type: 'custom',
        custom: { name: 'patch', format: { type: 'grammar', grammar } },
      },
      { type: 'web_search_preview' },
    ],
  })
  t.strictSame(tools, [
    sentTool('bare'),
    { type: 'function', name: 'full', description: 'd', parameters, strict: true },
    { type: 'function', name: 'flat', description: 'd', parameters, strict: false },
    { type: 'custom', name: 'free', description: 'd' },
    { type: 'custom', name: 'patch', format: { type: 'grammar', ...grammar } },
    { type: 'web_search' },
  ])
  t.equal(tool_choice, 'auto')
  t.equal(parallel_tool_calls, false)
})

t.test('every form of tool choice goes up flat', async t => {
  const { ask, sent } = await start(t)
  const tools = [functionTool('f'), functionTool('g'), { type: 'custom', custom: { name: 'c' } }]
  const allowed = (mode: string, ...names: string[]) => ({
    type: 'allowed_tools',
    allowed_tools: { mode, tools: names.map(functionTool) },
  })
  for (const [choice, expected] of [
    [undefined, 'auto'],
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    ['any', 'required'],
    [
      { type: 'function', function: { name: 'g' } },
      { type: 'function', name: 'g' },
    ],
    [
      { type: 'function', name: 'g' },
      { type: 'function', name: 'g' },
    ],
    [
      { type: 'tool', name: 'g' },
      { type: 'function', name: 'g' },
    ],
    [
      { type: 'custom', custom: { name: 'c' } },
      { type: 'custom', name: 'c' },
    ],
    [
      allowed('required', 'f'),
      { type: 'allowed_tools', mode: 'required', tools: [{ type: 'function', name: 'f' }] },
    ],
  ]) {
    const { tool_choice } = await sent({ tools, tool_choice: choice })
    t.strictSame(tool_choice, expected, JSON.stringify(choice))
  }
  for (const choice of ['auto', 'none']) {
    t.notOk('tool_choice' in (await sent({ tool_choice: choice })), choice)
  }
  for (const body of [
    { tool_choice: 'required' },
    { tools, tool_choice: { type: 'function', function: { name: 'h' } } },
    { tools, tool_choice: allowed('auto', 'h') },
  ]) {
    const response = await ask(body)
    t.equal(response.status, 400)
    t.match((await readJson(response)).error, { param: /^tool_choice/ }, JSON.stringify(body))
  }
})

t.test('a search of the web is asked for in four ways', async t => {
  const { sent } = await start(t)
  const near = { type: 'approximate', city: 'Ghent', country: 'BE' }
  for (const [body, expected] of [
    [{ tools: [{ type: 'web_search' }] }, { type: 'web_search' }],
    [{ responses_tools: [{ type: 'web_search_preview' }] }, { type: 'web_search' }],
    [{ web_search_options: {} }, { type: 'web_search' }],
    [
      {
        web_search_options: {
          search_context_size: 'high',
          user_location: { type: 'approximate', approximate: { city: 'Ghent', country: 'BE' } },
        },
      },
      { type: 'web_search', search_context_size: 'high', user_location: near },
    ],
  ] as const) {
    const { tools } = await sent(body)
    t.strictSame(tools, [expected], JSON.stringify(body))
  }
  const both = await sent({
    tools: [functionTool('f')],
    tool_choice: 'required',
    responses_tools: [{ type: 'web_search' }],
    responses_tool_choice: 'none',
  })
  t.strictSame(both.tools, [sentTool('f'), { type: 'web_search' }])
  t.equal(both.tool_choice, 'none')
})

t.test('a search of the web in every request is a setting', async t => {
  const { sent } = await start(t, { CHATGPT_LOCAL_ENABLE_WEB_SEARCH: 'on' })
  t.strictSame((await sent({})).tools, [{ type: 'web_search' }])
  const { tools } = await sent({ tools: [functionTool('f'), { type: 'web_search' }] })
  t.strictSame(tools, [sentTool('f'), { type: 'web_search' }])
  t.notOk('tools' in (await sent({ responses_tool_choice: 'none' })))
})

t.test('the effort may be said in every way that clients have', async t => {
  const { sent } = await start(t)
  for (const [body, effort] of [
    [{}, 'medium'],
    [{ reasoning_effort: 'high' }, 'high'],
    // What a model does not take becomes the nearest that it does.
    [{ reasoning_effort: 'minimal' }, 'low'],
    [{ reasoning_effort: 'max' }, 'xhigh'],
    [{ reasoning_effort: 'none' }, 'none'],
    [{ reasoning: { effort: 'low' } }, 'low'],
    [{ reasoningEffort: 'low' }, 'low'],
    [{ reasoning: { enabled: false } }, 'none'],
    [{ reasoning: { max_tokens: 30_000 } }, 'xhigh'],
    [{ thinking: { type: 'enabled', budget_tokens: 1024 } }, 'low'],
    [{ thinking: { type: 'enabled', budget_tokens: 20_000 } }, 'high'],
    [{ thinking: { type: 'disabled' } }, 'none'],
    [{ enable_thinking: false }, 'none'],
    [{ enable_thinking: true }, 'medium'],
    [{ think: 'high' }, 'high'],
    [{ think: false }, 'none'],
    [{ reasoning_effort: 'high', think: false }, 'high'],
    [{ model: 'gpt-5.5-high' }, 'high'],
    [{ model: 'gpt-5.5-high', reasoning_effort: 'low' }, 'low'],
  ] as const) {
    const { model, reasoning } = await sent(body)
    t.equal(model, 'gpt-5.5')
    t.strictSame(reasoning, { effort, summary: 'auto' }, JSON.stringify(body))
  }
  const { reasoning } = await sent({ reasoning: { effort: 'high', summary: 'none' } })
  t.strictSame(reasoning, { effort: 'high' })
})

t.test('an answer names the model as it was asked for', async t => {
  const { whole, sent } = await start(t)
  const body = { model: 'GPT-5.5-high' }
  t.equal((await whole(answer(message(0, ['ok'])), body)).model, 'GPT-5.5-high')
  t.equal((await sent(body)).model, 'gpt-5.5')
  t.equal((await sent({ model: 'm' })).model, 'm')
})

t.test('the fast tier is asked for where it is wished, and nothing else of its field', async t => {
  const { sent } = await start(t)
  for (const body of [
    { service_tier: 'priority' },
    { service_tier: 'fast' },
    { fast_mode: true },
    { fast_mode: 'on' },
    { fast_mode: true, service_tier: 'flex' },
  ]) {
    t.equal((await sent(body)).service_tier, 'priority', JSON.stringify(body))
  }
  for (const body of [
    { service_tier: 'auto' },
    { service_tier: 'default' },
    { service_tier: 'flex' },
    { service_tier: 'scale' },
    { fast_mode: false },
    { fast_mode: 'off', service_tier: 'priority' },
  ]) {
    t.notOk('service_tier' in (await sent(body)), JSON.stringify(body))
  }
})

t.test('the fast tier in every request is a setting', async t => {
  const { sent } = await start(t, { CHATGPT_LOCAL_FAST_MODE: 'on' })
  t.equal((await sent({})).service_tier, 'priority')
  t.notOk('service_tier' in (await sent({ fast_mode: false })))
  t.notOk('service_tier' in (await sent({ service_tier: 'default' })))
})

t.test('formats of the answer go up flat', async t => {
  const { sent } = await start(t)
  const schema = { type: 'object', properties: { a: { type: 'string' } } }
  const wrapped = { name: 'reply', schema, strict: true, description: 'd' }
  const flat = { type: 'json_schema', name: 'reply', schema }
  for (const [body, text] of [
    [{ response_format: { type: 'text' } }, undefined],
    [
      { response_format: { type: 'json_schema', json_schema: wrapped } },
      { format: { ...flat, strict: true, description: 'd' } },
    ],
    [
      { response_format: { type: 'json_schema', json_schema: { name: 'reply', schema } } },
      { format: { ...flat, strict: false } },
    ],
    [{ text: { format: { ...flat, strict: true } } }, { format: { ...flat, strict: true } }],
    [{ verbosity: 'low' }, { verbosity: 'low' }],
    [{ text: { verbosity: 'high' } }, { verbosity: 'high' }],
  ] as const) {
    t.strictSame((await sent(body)).text, text, JSON.stringify(body))
  }
})

t.test('in JSON mode the system text stays among the messages and speaks of JSON', async t => {
  const { sent } = await start(t)
  const messages = [{ role: 'system', content: 'Reply in JSON' }, hi]
  const asked = await sent({ messages, response_format: { type: 'json_object' } })
  t.strictSame(asked.text, { format: { type: 'json_object' } })
  t.equal(asked.instructions, '')
  t.strictSame(asked.input, [says('developer', 'Reply in JSON'), says('user', 'hi')])

  const silent = await sent({
    messages: [{ role: 'system', content: 'Be kind' }, hi],
    response_format: 'json_object',
  })
  t.strictSame(silent.text, { format: { type: 'json_object' } })
  t.equal(silent.instructions, '')
  t.match(JSON.stringify(silent.input), /json/i)
})

t.test('the deprecated functions are tools, and their messages calls and results', async t => {
  const { sent } = await start(t)
  const functions = [{ name: 'f', description: 'd', parameters: { type: 'object' } }, { name: 'g' }]
  const { tools, tool_choice, parallel_tool_calls, input } = await sent({
    functions,
    function_call: { name: 'f' },
    messages: [
      hi,
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
      { role: 'function', name: 'f', content: 'r' },
    ],
  })
  t.strictSame(tools, [
    {
      type: 'function',
      name: 'f',
      description: 'd',
      parameters: { type: 'object' },
      strict: false,
    },
    sentTool('g'),
  ])
  t.strictSame(tool_choice, { type: 'function', name: 'f' })
  t.equal(parallel_tool_calls, false)
  t.strictSame(input.slice(1), [
    { type: 'function_call', call_id: 'call_fc_1', name: 'f', arguments: '{"a":1}' },
    { type: 'function_call_output', call_id: 'call_fc_1', output: 'r' },
  ])
  t.equal((await sent({ functions, function_call: 'none' })).tool_choice, 'none')
})

t.test('calls of custom tools are told back as such', async t => {
  const { sent } = await start(t)
  const { input } = await sent({
    tools: [{ type: 'custom', custom: { name: 'c' } }],
    messages: [
      hi,
      {
        role: 'assistant',
        tool_calls: [{ id: 'call_1', type: 'custom', custom: { name: 'c', input: 'free text' } }],
      },
      { role: 'tool', tool_call_id: 'call_1', content: 'done' },
    ],
  })
  t.strictSame(input.slice(1), [
    { type: 'custom_tool_call', call_id: 'call_1', name: 'c', input: 'free text' },
    { type: 'custom_tool_call_output', call_id: 'call_1', output: 'done' },
  ])
})

t.test('long names of tools are short upstream and themselves in the answer', async t => {
  const { sent, whole, streamed } = await start(t)
  const names = ['a', 'b'].map(end => `mcp__server.with a long name__${'tool_'.repeat(20)}${end}`)
  const [first = '', second = ''] = names
  const body = {
    tools: names.map(functionTool),
    tool_choice: { type: 'function', function: { name: second } },
    messages: [
      hi,
      { role: 'assistant', tool_calls: [call('call_0', first)] },
      { role: 'tool', tool_call_id: 'call_0', content: 'x' },
    ],
  }
  const { tools, tool_choice, input } = await sent(body)
  const short: string[] = tools.map((tool: Json) => tool.name)
  for (const name of short) t.match(name, /^[a-zA-Z0-9_-]{1,64}$/)
  t.equal(new Set(short).size, 2)
  t.strictSame(tool_choice, { type: 'function', name: short[1] })
  t.equal(input[1].name, short[0])

  const events = answer(
    functionCall(0, 'call_1', short[0] ?? '', ['{}']),
    functionCall(1, 'call_2', short[1] ?? '', ['{}']),
  )
  const { choices } = await whole(events, body)
  t.strictSame(
    choices[0].message.tool_calls.map((each: Json) => each.function.name),
    names,
  )
  const text = await streamed(events, body)
  for (const name of names) t.ok(text.includes(`"name":${JSON.stringify(name)}`), name)
})

t.test("a body in the Responses API's form is answered as a chat", async t => {
  const { sent, upstream, ask } = await start(t)
  const body = {
    messages: undefined,
    instructions: 'Be brief',
    input: [
      { role: 'system', content: 'S' },
      { role: 'user', content: [{ type: 'input_text', text: 'q' }] },
      { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'call_1', output: 'x' },
    ],
    tools: [{ type: 'function', name: 'f', parameters: { type: 'object' }, strict: true }],
    reasoning: { effort: 'high' },
    text: { verbosity: 'low' },
    max_output_tokens: 100,
  }
  const asked = await sent(body)
  t.match(asked.instructions, /^Be brief/)
  t.strictSame(asked.input.slice(-3), [
    says('user', 'q'),
    { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_1', output: 'x' },
  ])
  t.match(JSON.stringify([asked.instructions, asked.input]), /S/)
  t.notMatch(JSON.stringify(asked.input), /"system"/)
  t.strictSame(asked.tools, body.tools)
  t.equal(asked.reasoning.effort, 'high')
  t.strictSame(asked.text, { verbosity: 'low' })
  t.strictSame((await sent({ messages: undefined, input: 'q' })).input, [says('user', 'q')])

  upstream.play(plays(answer(message(0, ['ok']))))
  const response = await ask(body)
  t.match(response.headers.get('x-chatmock-ignored'), /\bmax_output_tokens\b/)
  t.match(await readJson(response), {
    object: 'chat.completion',
    choices: [{ message: { role: 'assistant', content: 'ok' }, finish_reason: 'stop' }],
  })
})

t.test('the turns of one chat share a cache key, and other chats do not', async t => {
  const { sent } = await start(t)
  const system = { role: 'system', content: 'S' }
  const more = [
    { role: 'assistant', content: 'a' },
    { role: 'user', content: 'b' },
  ]
  const keyOf = async (messages: readonly object[], headers = {}, over = {}) =>
    (await sent({ messages, ...over }, headers)).prompt_cache_key
  const key = await keyOf([system, hi])
  t.ok(key.length <= 64)
  t.equal(await keyOf([system, hi, ...more]), key)
  t.not(await keyOf([system, { role: 'user', content: 'other' }]), key)
  t.equal(await keyOf([system, hi], { 'x-session-id': 'mine' }), 'mine')
  t.equal(await keyOf([system, hi], { session_id: 'mine' }), 'mine')
  t.equal(await keyOf([hi], { 'x-session-id': 'mine' }, { prompt_cache_key: 'k' }), 'k')
})
