import t, { type Test } from 'tap'
import type { Json } from '../fakes/api-client.ts'
import { answer, message } from '../fakes/backend-events.ts'
import { functionTool, PLAIN_SENT, plays, says } from '../fakes/chat-service.ts'
import { CHAT, type OllamaService, startOllama } from '../fakes/ollama-service.ts'

const hi = { role: 'user', content: 'hi' }
const start = (t: Test, environment: Record<string, string> = {}) =>
  startOllama(t, CHAT, environment)

const tools = [functionTool('f'), functionTool('g')]
/** Base64 of the first bytes of images, as far as they tell what they are. */
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ'
const JPEG = '/9j/4AAQSkZJRgABAQAAAQABAAD/'
const GIF = 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAA'
const WEBP = 'UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQA'

t.test('a question goes up as any other chat', async t => {
  const { sent } = await start(t)
  const body = await sent({})
  t.ok(body.instructions)
  t.match(body.prompt_cache_key, /./)
  t.strictSame({ ...body, instructions: '', prompt_cache_key: '' }, PLAIN_SENT)
  const session = await sent({}, { 'x-session-id': 'session-1' })
  t.equal(session.prompt_cache_key, 'session-1')
})

t.test('every role is understood in any letter case', async t => {
  const { sent } = await start(t)
  const { instructions, input } = await sent({
    messages: [
      { role: 'System', content: 'A' },
      { role: 'developer', content: 'B' },
      { role: 'USER', content: 'q' },
      { role: 'Assistant', content: 'a', thinking: 'dropped' },
      { role: 'system', content: 'C' },
      { role: 'user', content: 'r', name: 'ann', extra: {} },
    ],
  })
  t.equal(instructions, 'A\n\nB')
  t.strictSame(input, [
    says('user', 'q'),
    says('assistant', 'a'),
    says('developer', 'C'),
    says('user', 'r'),
  ])
})

t.test('a message without anything is left out', async t => {
  const { sent } = await start(t)
  for (const content of ['', null, undefined, []]) {
    const { input } = await sent({
      messages: [hi, { role: 'assistant', content }, { role: 'user', content: 'still there?' }],
    })
    t.strictSame(input, [says('user', 'hi'), says('user', 'still there?')], JSON.stringify(content))
  }
})

/** The calls of two turns ago, as clients without ids keep them. */
const calls = (...names: readonly string[]) => ({
  role: 'assistant',
  content: '',
  tool_calls: names.map(name => ({ function: { name, arguments: { to: name } } })),
})
/** What goes up for calls and their results, by the names of the tools. */
function paired(input: readonly Json[]) {
  const names = new Map(
    input.flatMap(({ type, call_id, name }) => (type === 'function_call' ? [[call_id, name]] : [])),
  )
  return input.flatMap(({ type, call_id, output }) =>
    type === 'function_call_output' ? [[names.get(call_id), output]] : [],
  )
}

t.test('results find their calls by id', async t => {
  const { sent } = await start(t)
  const { input } = await sent({
    tools,
    messages: [
      hi,
      {
        role: 'assistant',
        content: 'Wait.',
        tool_calls: [
          {
            id: 'call_1',
            type: 'function',
            function: { index: 0, name: 'f', arguments: { a: 1 } },
          },
          { id: 'call_2', type: 'function', function: { index: 1, name: 'g', arguments: null } },
        ],
      },
      { role: 'tool', tool_call_id: 'call_2', content: 'two' },
      { role: 'tool', tool_call_id: 'call_1', content: 'one' },
    ],
  })
  t.strictSame(input, [
    says('user', 'hi'),
    says('assistant', 'Wait.'),
    { type: 'function_call', call_id: 'call_1', name: 'f', arguments: '{"a":1}' },
    { type: 'function_call', call_id: 'call_2', name: 'g', arguments: '{}' },
    { type: 'function_call_output', call_id: 'call_2', output: 'two' },
    { type: 'function_call_output', call_id: 'call_1', output: 'one' },
  ])
})

t.test('results without ids find their calls by name, else by order', async t => {
  const { sent } = await start(t)
  const result = (content: string, over: object = {}) => ({ role: 'tool', content, ...over })
  for (const [title, messages, expected] of [
    [
      'tool_name',
      [calls('f', 'g'), result('of g', { tool_name: 'g' }), result('of f', { tool_name: 'f' })],
      [
        ['g', 'of g'],
        ['f', 'of f'],
      ],
    ],
    [
      'name',
      [calls('f', 'g'), result('of g', { name: 'g' }), result('of f', { name: 'f' })],
      [
        ['g', 'of g'],
        ['f', 'of f'],
      ],
    ],
    [
      'order',
      [calls('f', 'g'), result('first'), result('second')],
      [
        ['f', 'first'],
        ['g', 'second'],
      ],
    ],
    [
      'order among calls of one name',
      [calls('f', 'f'), result('1', { tool_name: 'f' }), result('2', { tool_name: 'f' })],
      [
        ['f', '1'],
        ['f', '2'],
      ],
    ],
    [
      'a name that no call has',
      [calls('f', 'g'), result('first', { tool_name: 'x' }), result('second', { tool_name: 'y' })],
      [
        ['f', 'first'],
        ['g', 'second'],
      ],
    ],
    [
      'an id that no call has',
      [calls('f', 'g'), result('of g', { tool_call_id: 'nope', tool_name: 'g' }), result('of f')],
      [
        ['g', 'of g'],
        ['f', 'of f'],
      ],
    ],
    [
      'two turns',
      [calls('f'), result('1'), hi, calls('f'), result('2')],
      [
        ['f', '1'],
        ['f', '2'],
      ],
    ],
    [
      'the role of old',
      [calls('f'), { role: 'function', name: 'f', content: 'of f' }],
      [['f', 'of f']],
    ],
  ] as const) {
    const body = { tools, messages: [hi, ...messages] }
    const { input } = await sent(body)
    t.strictSame(paired(input), expected, title)
    const ids = input.flatMap(({ type, call_id }: Json) =>
      type === 'function_call' ? call_id : [],
    )
    t.equal(new Set(ids).size, ids.length, title)
    // Ids that were made up are part of the prompt: another time they must be the same.
    t.strictSame((await sent(body)).input, input, title)
  }
})

t.test('made-up ids stay as they are when the conversation goes on', async t => {
  const { sent } = await start(t)
  const messages = [
    hi,
    calls('f', 'g'),
    { role: 'tool', content: '1' },
    { role: 'tool', content: '2' },
  ]
  const { input } = await sent({ messages })
  const longer = await sent({
    messages: [...messages, { role: 'user', content: 'and?' }, calls('f')],
  })
  t.strictSame(longer.input.slice(0, input.length), input)
})

t.test('a call that nobody answered gets an answer, a result without a call a call', async t => {
  const { sent } = await start(t)
  const unanswered = await sent({
    messages: [hi, calls('f', 'g'), { role: 'tool', tool_name: 'g', content: 'x' }, hi],
  })
  t.match(
    paired(unanswered.input).sort((a, b) => String(a[0]).localeCompare(String(b[0]))),
    [
      ['f', /interrupted/],
      ['g', 'x'],
    ],
  )
  const cut = await sent({
    messages: [
      { role: 'tool', content: 'old' },
      { role: 'tool', tool_name: 'f', content: 'older' },
      hi,
    ],
  })
  t.strictSame(
    cut.input.map(({ type, name, arguments: text, output, role }: Json) => [
      type,
      name ?? output ?? role,
      text,
    ]),
    [
      ['function_call', 'unknown_tool', '{}'],
      ['function_call_output', 'old', undefined],
      ['function_call', 'f', '{}'],
      ['function_call_output', 'older', undefined],
      ['message', 'user', undefined],
    ],
  )
  t.strictSame(paired(cut.input), [
    ['unknown_tool', 'old'],
    ['f', 'older'],
  ])
})

t.test('images are told by their bytes, in Base64 or as a data URL', async t => {
  const { sent } = await start(t)
  for (const [image, url] of [
    [PNG, `data:image/png;base64,${PNG}`],
    [JPEG, `data:image/jpeg;base64,${JPEG}`],
    [GIF, `data:image/gif;base64,${GIF}`],
    [WEBP, `data:image/webp;base64,${WEBP}`],
    [`data:image/png;base64,${PNG}`, `data:image/png;base64,${PNG}`],
    [`${PNG.slice(0, 20)}\n${PNG.slice(20)}`, `data:image/png;base64,${PNG}`],
  ] as const) {
    const { input } = await sent({ messages: [{ ...hi, images: [image] }] })
    const parts = input[0].content
    t.equal(input.length, 1)
    t.equal(parts.length, 2)
    t.strictSame(
      parts.find((part: Json) => part.type === 'input_image'),
      { type: 'input_image', image_url: url, detail: 'auto' },
      url.slice(0, 30),
    )
    t.ok(parts.some((part: Json) => part.type === 'input_text' && part.text === 'hi'))
  }
  const padding = await sent({ messages: [{ ...hi, images: [`${PNG}AA==`, `${PNG}AA`] }] })
  t.strictSame(
    padding.input[0].content.flatMap(({ image_url }: Json) => image_url ?? []),
    [`data:image/png;base64,${PNG}AA==`, `data:image/png;base64,${PNG}AA==`],
  )
})

t.test('an image may come alone, and from a tool', async t => {
  const { sent } = await start(t)
  const shown = { type: 'input_image', image_url: `data:image/png;base64,${PNG}`, detail: 'auto' }
  for (const content of [[], '', null]) {
    const { input } = await sent({ messages: [{ role: 'user', content, images: [PNG, PNG] }] })
    t.strictSame(input, [{ type: 'message', role: 'user', content: [shown, shown] }])
  }
  const { input } = await sent({
    messages: [hi, calls('f'), { role: 'tool', content: 'shot', images: [PNG] }],
  })
  t.strictSame(
    [...input.at(-1).output].sort((a, b) => a.type.localeCompare(b.type)),
    [shown, { type: 'input_text', text: 'shot' }],
  )
  for (const images of [[], null, undefined]) {
    t.strictSame((await sent({ messages: [{ ...hi, images }] })).input, [says('user', 'hi')])
  }
})

t.test('tools go up flat', async t => {
  const { sent } = await start(t)
  const parameters = { type: 'object', properties: { a: { type: ['string', 'null'] } } }
  const body = await sent({
    tools: [
      { type: 'function', function: { name: 'f', description: 'd', parameters } },
      { function: { name: 'g' } },
    ],
  })
  t.strictSame(body.tools, [
    { type: 'function', name: 'f', description: 'd', parameters, strict: false },
    {
      type: 'function',
      name: 'g',
      parameters: { type: 'object', properties: {} },
      strict: false,
    },
  ])
  t.equal(body.tool_choice, 'auto')
  t.equal(body.parallel_tool_calls, true)
  t.notOk('tools' in (await sent({ tools: [] })))
})

t.test('what the original took besides is taken here too', async t => {
  const { sent } = await start(t)
  const named = { type: 'function', function: { name: 'g' } }
  t.strictSame((await sent({ tools, tool_choice: named })).tool_choice, {
    type: 'function',
    name: 'g',
  })
  t.equal((await sent({ tools, tool_choice: 'required' })).tool_choice, 'required')
  t.equal((await sent({ tools, tool_choice: 'none' })).tool_choice, 'none')
  t.equal((await sent({ tools, parallel_tool_calls: false })).parallel_tool_calls, false)
  t.strictSame((await sent({ responses_tools: [{ type: 'web_search' }] })).tools, [
    { type: 'web_search' },
  ])
  t.strictSame((await sent({ tools: [{ type: 'web_search' }] })).tools, [{ type: 'web_search' }])
  const both = await sent({
    tools,
    responses_tools: [{ type: 'web_search' }],
    responses_tool_choice: 'none',
  })
  t.equal(both.tools.length, 3)
  t.equal(both.tool_choice, 'none')
  t.equal((await sent({ fast_mode: true })).service_tier, 'priority')
  t.equal((await sent({ service_tier: 'fast' })).service_tier, 'priority')
  t.notOk('service_tier' in (await sent({ fast_mode: false })))
})

t.test('a search of the web in every request is a setting', async t => {
  const { sent } = await start(t, { CHATGPT_LOCAL_ENABLE_WEB_SEARCH: 'on' })
  t.strictSame((await sent({})).tools, [{ type: 'web_search' }])
  t.notOk('tools' in (await sent({ responses_tool_choice: 'none' })))
})

t.test('the form of an answer goes up', async t => {
  const { sent } = await start(t)
  t.strictSame((await sent({ format: 'json' })).text, { format: { type: 'json_object' } })
  const schema = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'] }
  t.strictSame((await sent({ format: schema })).text, {
    format: { type: 'json_schema', name: 'response', schema, strict: false },
  })
  for (const format of ['', null, undefined]) {
    t.notOk('text' in (await sent({ format })), JSON.stringify(format))
  }
})

async function ignoredBy({ ask, upstream }: OllamaService, body: object): Promise<string[]> {
  upstream.play(plays(answer(message(0, ['ok']))))
  const response = await ask(body)
  await response.arrayBuffer()
  if (response.status !== 200) throw new Error(`${response.status}`)
  return response.headers.get('x-chatmock-ignored')?.split(', ').sort() ?? []
}

t.test('options without effect are not sent on, and are named', async t => {
  const service = await start(t)
  const plain = await service.sent({})
  const options = {
    num_predict: 100,
    temperature: 0.7,
    top_k: 40,
    top_p: 0.9,
    min_p: 0,
    typical_p: 1,
    repeat_last_n: 64,
    repeat_penalty: 1.1,
    presence_penalty: 0,
    frequency_penalty: 0,
    seed: 42,
    num_keep: 4,
    num_ctx: 32_768,
    num_batch: 512,
    num_gpu: -1,
    main_gpu: 0,
    use_mmap: true,
    num_thread: 4,
    mirostat: 1,
    brand_new: { a: 1 },
  }
  t.strictSame(await service.sent({ options }), plain)
  for (const stream of [true, false]) {
    t.strictSame(
      await ignoredBy(service, { options, stream }),
      Object.keys(options)
        .map(name => `options.${name}`)
        .sort(),
    )
  }
})

t.test('options that ask for nothing are not named', async t => {
  const service = await start(t)
  const plain = await service.sent({})
  for (const body of [
    { options: {} },
    { options: null },
    { options: { num_predict: -1 } },
    { options: { num_predict: 0 } },
    { options: { temperature: null, stop: null, num_ctx: null } },
    { options: { stop: [] } },
    { options: { stop: '' } },
    { keep_alive: '5m' },
    { keep_alive: -1 },
    { keep_alive: 0 },
    { keep_alive: '1h30m' },
    { keep_alive: null },
    { think: null, format: null, tools: null, stream: null },
    { logprobs: false, top_logprobs: 0, truncate: true, shift: true },
  ]) {
    t.strictSame(await service.sent(body), plain, JSON.stringify(body))
    t.strictSame(await ignoredBy(service, body), [], JSON.stringify(body))
  }
})

t.test('fields without effect are not sent on, and are named', async t => {
  const service = await start(t)
  const plain = await service.sent({})
  // What the AI SDK's provider puts beside the options is no more to be had there.
  const fields = {
    temperature: 0.7,
    top_p: 0.9,
    max_output_tokens: 100,
    truncate: false,
    shift: false,
    _debug_render_only: true,
    brand_new: 1,
  }
  t.strictSame(await service.sent(fields), plain)
  t.strictSame(await ignoredBy(service, fields), Object.keys(fields).sort())
  t.strictSame(await ignoredBy(service, { ...fields, messages: [] }), Object.keys(fields).sort())
})
