import t from 'tap'
import { decodeChatBody } from '../../../../src/adapters/ollama/chat/decode.ts'
import { chatRequest } from '../../../fakes/chat-request.ts'
import { modelEntry } from '../../../fakes/model-entry.ts'

const OPTIONS = {
  sessionId: undefined,
  strict: false,
  webSearch: false,
  models: [
    modelEntry({ slug: 'demo', efforts: ['low', 'medium', 'high'] }),
    modelEntry({ slug: 'plain', efforts: ['none'] }),
    modelEntry({ slug: 'mute', efforts: [] }),
  ],
  debugModel: undefined,
}
const hi = { role: 'user', content: 'hi' }
const decode = (body: object, options: object = {}) =>
  decodeChatBody({ model: 'demo', messages: [hi], ...body }, { ...OPTIONS, ...options })
const plan = (body: object, options: object = {}) => {
  const decoded = decode(body, options).plan
  if (decoded.type !== 'ask') throw new Error('nothing is asked')
  return decoded
}
const ignored = (body: object, options: object = {}) => decode(body, options).ignored

t.test('a plain request leaves every choice open, streams and tells what is thought', async t => {
  t.strictSame(decode({}), {
    asked: 'demo',
    remoteModel: 'demo',
    plan: {
      type: 'ask',
      stream: true,
      showsThinking: true,
      context: undefined,
      request: chatRequest({ model: 'demo' }),
    },
    ignored: [],
  })
})

t.test('every field that has an effect is read', async t => {
  const schema = { type: 'object', properties: { a: { type: ['string', 'null'] } } }
  t.strictSame(
    decode(
      {
        model: 'demo:high',
        stream: false,
        think: 'low',
        format: schema,
        keep_alive: -1,
        options: { stop: ['END', '', 'FIN'] },
        tools: [
          {
            type: 'function',
            function: { name: 'get_weather', description: 'd', parameters: schema },
          },
        ],
        tool_choice: { type: 'function', function: { name: 'get_weather' } },
        parallel_tool_calls: false,
        fast_mode: true,
        truncate: true,
        shift: true,
      },
      { sessionId: 's-1', strict: true },
    ),
    {
      asked: 'demo:high',
      remoteModel: 'demo',
      plan: {
        type: 'ask',
        stream: false,
        showsThinking: true,
        context: undefined,
        request: chatRequest({
          model: 'demo',
          tools: [
            {
              type: 'function',
              name: 'get_weather',
              description: 'd',
              parameters: schema,
              strict: false,
            },
          ],
          toolChoice: { type: 'tool', name: 'get_weather' },
          parallelToolCalls: false,
          format: {
            type: 'json-schema',
            name: 'response',
            description: undefined,
            schema,
            strict: false,
          },
          effort: 'low',
          priority: 'required',
          cacheKey: 's-1',
          stop: ['END', 'FIN'],
        }),
      },
      ignored: [],
    },
  )
})

t.test('null is the same as absent', async t => {
  const nothing = Object.fromEntries(
    [
      'stream',
      'think',
      'format',
      'options',
      'keep_alive',
      'tools',
      'tool_choice',
      'parallel_tool_calls',
      'responses_tools',
      'responses_tool_choice',
      'fast_mode',
      'service_tier',
      'truncate',
      'shift',
      'logprobs',
      'top_logprobs',
      '_debug_render_only',
      'template',
      'temperature',
    ].map(name => [name, null]),
  )
  t.strictSame(decode(nothing), decode({}))
  const options = {
    stop: null,
    temperature: null,
    num_ctx: null,
    num_predict: null,
    use_mmap: null,
  }
  t.strictSame(decode({ options }, { strict: true }), decode({}))
})

t.test('what has no effect is named: fields first, then options', async t => {
  t.strictSame(
    ignored({
      temperature: 0.2,
      max_output_tokens: 5,
      options: {
        num_predict: 128,
        temperature: 0,
        stop: 'x',
        seed: -1,
        num_ctx: 32_768,
        use_mmap: false,
        mirostat: 'any',
        num_gpu: 0,
      },
      truncate: false,
      shift: false,
      _debug_render_only: true,
      template: '{{ .Prompt }}',
      functions: 'x',
      prompt: 'p',
      service_tier: 'flex',
      responses_tool_choice: 'none',
      tool_choice: 'auto',
    }),
    [
      'temperature',
      'max_output_tokens',
      'truncate',
      'shift',
      '_debug_render_only',
      'template',
      'functions',
      'prompt',
      'options.num_predict',
      'options.temperature',
      'options.seed',
      'options.num_ctx',
      'options.use_mmap',
      'options.mirostat',
      'options.num_gpu',
      'service_tier',
      'tool_choice',
    ],
  )
})

t.test('what asks for nothing is not named', async t => {
  for (const num_predict of [-1, -2, 0]) {
    t.strictSame(ignored({ options: { num_predict } }, { strict: true }), [])
  }
  t.strictSame(
    ignored(
      {
        logprobs: false,
        top_logprobs: 0,
        template: '',
        _debug_render_only: false,
        keep_alive: '10m',
        format: '',
        think: false,
        service_tier: 'auto',
      },
      { strict: true },
    ),
    [],
  )
})

t.test('a fast tier that the model does not have is named', async t => {
  const models = [modelEntry({ slug: 'demo', priority: false })]
  const tier = (body: object) => ignored(body, { models })
  t.strictSame(tier({ service_tier: 'priority', foo: 1 }), ['foo', 'service_tier'])
  t.strictSame(tier({ service_tier: 'fast', messages: [] }), ['service_tier'])
  t.strictSame(tier({ service_tier: 'fast', fast_mode: 'off' }), ['service_tier'])
  t.strictSame(tier({ service_tier: 'default' }), [])
  t.strictSame(ignored({ service_tier: 'fast' }), [])
})

t.test('a strict service refuses what has no effect, by its first name', async t => {
  const strict = { strict: true }
  t.throws(() => decode({ options: { num_ctx: 1, seed: 1 } }, strict), {
    code: 'unsupported_parameter',
    param: 'options.num_ctx',
    message:
      "Unsupported parameter: 'options.num_ctx' would have no effect. Leave it out, or start chatmock without --strict.",
  })
  t.throws(() => decode({ top_p: 1 }, strict), { code: 'unsupported_parameter', param: 'top_p' })
})

t.test('think says whether thinking is told, and how hard to think', async t => {
  const think = (body: object) => {
    const { showsThinking, request } = plan(body)
    return [showsThinking, request.effort, request.summary]
  }
  t.strictSame(think({}), [true, undefined, undefined])
  t.strictSame(think({ think: true }), [true, undefined, undefined])
  t.strictSame(think({ think: 'low' }), [true, 'low', undefined])
  t.strictSame(think({ think: 'medium' }), [true, 'medium', undefined])
  t.strictSame(think({ think: 'high' }), [true, 'high', undefined])
  t.strictSame(think({ think: 'max' }), [true, 'max', undefined])
  t.strictSame(think({ think: false }), [false, 'none', 'none'])
  t.strictSame(think({ model: 'demo:high' }), [true, 'high', undefined])
  t.strictSame(think({ model: 'demo:high', think: true }), [true, 'high', undefined])
  t.strictSame(think({ model: 'demo-high:latest', think: 'low' }), [true, 'low', undefined])
  t.strictSame(think({ model: 'demo:high', think: false }), [false, 'high', 'none'])
})

t.test('a model that does not think may be told not to, and nothing else', async t => {
  for (const model of ['plain', 'mute:latest', 'PLAIN']) {
    t.equal(plan({ model, think: false }).showsThinking, false)
    t.equal(plan({ model }).showsThinking, true)
    for (const think of [true, 'low']) {
      t.throws(() => decode({ model, think }), {
        code: 'unsupported_value',
        param: 'think',
        message: `"${model}" does not support thinking`,
      })
    }
  }
})

t.test('a model is found under each of its names, and told back as it was sent', async t => {
  for (const model of ['DEMO', 'demo:latest', 'library/demo', ' demo ', 'demo:high']) {
    const { asked, remoteModel } = decode({ model })
    t.strictSame({ asked, remoteModel }, { asked: model, remoteModel: 'demo' })
  }
})

t.test('a debug model takes the place of any name that is well formed', async t => {
  const debug = { debugModel: 'plain' }
  const { asked, remoteModel, plan: decoded } = decode({ model: 'nope:7b' }, debug)
  t.strictSame([asked, remoteModel], ['nope:7b', 'plain'])
  t.match(decoded, { request: { model: 'plain', effort: undefined } })
  t.throws(() => decode({ model: 'demo', think: true }, debug), {
    message: '"demo" does not support thinking',
  })
  t.match(plan({ model: 'demo:low', think: false }, { debugModel: 'new-high' }).request, {
    model: 'new',
    effort: 'high',
    summary: 'none',
  })
  t.match(plan({ model: 'demo:low', think: true }, { debugModel: 'new' }).request, {
    model: 'new',
    effort: undefined,
  })
  t.throws(() => decode({ model: 'a b' }, debug), { message: 'invalid model name' })
  t.throws(() => decode({ model: '' }, debug), { message: 'model is required' })
})

t.test('the model is looked at before all the rest', async t => {
  const wrong = { messages: 5, stream: 'x', think: 'ultra', keep_alive: 'x' }
  for (const model of [undefined, null, '', '  ']) {
    t.throws(() => decode({ ...wrong, model }), {
      code: 'missing_required_parameter',
      param: 'model',
      message: 'model is required',
    })
  }
  for (const model of ['a b', 'demo:', '-demo', 'a/b/c/d', `${' '.repeat(1000)}demo`]) {
    t.throws(() => decode({ ...wrong, model }), {
      code: 'invalid_value',
      param: 'model',
      message: 'invalid model name',
    })
  }
  for (const model of ['nope', 'demo:7b', 'ollama.com/x/nope']) {
    t.throws(() => decode({ ...wrong, model }), {
      code: 'model_not_found',
      param: 'model',
      message: `model '${model}' not found`,
    })
  }
  t.throws(() => decode({ ...wrong, model: 5 }), { code: 'invalid_type', param: 'model' })
})

t.test('a body without messages asks to load the model, or to unload it', async t => {
  const load = (body: object) => decode({ messages: [], ...body })
  t.strictSame(load({ stream: true }), {
    asked: 'demo',
    remoteModel: 'demo',
    plan: { type: 'load', reason: 'load' },
    ignored: [],
  })
  for (const messages of [null, undefined]) t.equal(load({ messages }).plan.type, 'load')
  for (const keep_alive of [
    null,
    -1,
    300,
    0.5,
    '5m',
    '1h30m',
    '-1s',
    '1.5h',
    '100ms',
    '.5s',
    '1.s',
  ]) {
    t.strictSame(load({ keep_alive }).plan, { type: 'load', reason: 'load' }, String(keep_alive))
  }
  for (const keep_alive of [0, -0, '0', '0s', '+0', '-0', '0h0m0s', '0.0ms']) {
    t.strictSame(load({ keep_alive }).plan, { type: 'load', reason: 'unload' }, String(keep_alive))
  }
  for (const [keep_alive, message] of [
    ['10', 'time: missing unit in duration "10"'],
    ['-1', 'time: missing unit in duration "-1"'],
    ['1.2.3s', 'time: missing unit in duration "1.2.3s"'],
    ['x', 'time: invalid duration "x"'],
    ['', 'time: invalid duration ""'],
    ['-', 'time: invalid duration "-"'],
    ['--1s', 'time: invalid duration "--1s"'],
    ['.s', 'time: invalid duration ".s"'],
    [' 5m', 'time: invalid duration "5m"'],
    ['5x', 'time: unknown unit "x" in duration "5x"'],
    ['1h5', 'time: missing unit in duration "1h5"'],
    ['3000000h', 'time: invalid duration "3000000h"'],
    ['1'.repeat(101), `time: invalid duration "${'1'.repeat(39)}…"`],
  ] as const) {
    t.throws(() => load({ keep_alive }), { code: 'invalid_value', param: 'keep_alive', message })
  }
  for (const keep_alive of [true, false, [], {}]) {
    t.throws(() => decode({ keep_alive }), { code: 'invalid_type', param: 'keep_alive' })
  }
})

t.test('a body without messages is checked like any other', async t => {
  const load = (body: object, strict = false) => decode({ messages: [], ...body }, { strict })
  const idle = { options: { temperature: 1 }, foo: 1, service_tier: 'flex', tools: [] }
  t.strictSame(load(idle), {
    asked: 'demo',
    remoteModel: 'demo',
    plan: { type: 'load', reason: 'load' },
    ignored: ['foo', 'options.temperature', 'service_tier'],
  })
  t.throws(() => load(idle, true), { code: 'unsupported_parameter', param: 'foo' })
  for (const [body, code, param] of [
    [{ logprobs: true }, 'unsupported_parameter', 'logprobs'],
    [{ top_logprobs: 1 }, 'unsupported_parameter', 'top_logprobs'],
    [{ tools: [{ bad: 1 }] }, 'missing_required_parameter', 'tools[0].type'],
    [{ tools: [{ type: 'mcp' }] }, 'unsupported_value', 'tools[0].type'],
    [{ tool_choice: 'required' }, 'invalid_value', 'tool_choice'],
    [{ format: 'xml' }, 'invalid_value', 'format'],
  ] as const) {
    t.throws(() => load(body), { code, param })
  }
})

t.test('a format is JSON, a schema or none', async t => {
  const format = (value: unknown) => plan({ format: value }).request.format
  t.equal(format(''), undefined)
  t.strictSame(format('json'), { type: 'json-object' })
  t.match(format({}), { type: 'json-schema', name: 'response', schema: {}, strict: false })
  for (const value of ['yaml', 'JSON', 5, true, false, [], ['json']]) {
    t.throws(() => format(value), {
      code: 'invalid_value',
      param: 'format',
      message: 'invalid format: expected "json" or a JSON Schema object',
    })
  }
})

t.test('stop texts are one or many, and an empty one is none', async t => {
  const stop = (value: unknown) => plan({ options: { stop: value } }).request.stop
  t.strictSame(stop('a'), ['a'])
  t.strictSame(stop(''), [])
  t.strictSame(stop([]), [])
  t.strictSame(stop(Array(64).fill('a')), Array(64).fill('a'))
})

t.test('a tool without a type is a function', async t => {
  const { tools } = plan({
    tools: [{ function: { name: 'f' } }, { type: null, function: { name: 'g' } }],
  }).request
  t.match(tools, [
    { type: 'function', name: 'f', parameters: { type: 'object', properties: {} } },
    { type: 'function', name: 'g' },
  ])
})

t.test('the fields of the Python ChatMock add the search of the backend', async t => {
  const search = {
    type: 'web-search',
    contextSize: undefined,
    location: undefined,
    allowedDomains: [],
  }
  const tools = (body: object, webSearch = false) => plan(body, { webSearch }).request.tools
  t.strictSame(tools({ responses_tools: [{ type: 'web_search' }] }), [search])
  t.strictSame(tools({ tools: [{ type: 'web_search_preview' }] }), [search])
  t.strictSame(tools({}, true), [search])
  t.strictSame(tools({ responses_tool_choice: 'none' }, true), [])
  t.equal(plan({ responses_tool_choice: 'none' }).request.toolChoice, 'none')
  t.equal(plan({ service_tier: 'priority' }).request.priority, 'wished')
  t.equal(plan({ fast_mode: 'off' }).request.priority, 'never')
})

t.test('fields of the OpenAI API have no effect here', async t => {
  const body = {
    functions: [{ name: 'f' }],
    function_call: 'auto',
    web_search_options: {},
    reasoning_effort: 'high',
    response_format: { type: 'json_object' },
    stop: 'x',
    prompt_cache_key: 'k',
  }
  t.strictSame(plan(body).request, chatRequest({ model: 'demo' }))
  t.strictSame(ignored(body), Object.keys(body))
})

const REFUSED: readonly (readonly [string, object, string, string])[] = [
  ['a stream that is no switch', { stream: 'yes' }, 'invalid_type', 'stream'],
  ['a number as think', { think: 1 }, 'invalid_type', 'think'],
  ['an object as think', { think: {} }, 'invalid_type', 'think'],
  ['an unknown level', { think: 'ultra' }, 'invalid_value', 'think'],
  ['no level', { think: '' }, 'invalid_value', 'think'],
  ['options that are no object', { options: [] }, 'invalid_type', 'options'],
  ['options that are a text', { options: 'x' }, 'invalid_type', 'options'],
  [
    'a temperature as text',
    { options: { temperature: '1' } },
    'invalid_type',
    'options.temperature',
  ],
  ['a limit as text', { options: { num_predict: '1' } }, 'invalid_type', 'options.num_predict'],
  ['a switch as number', { options: { use_mmap: 1 } }, 'invalid_type', 'options.use_mmap'],
  ['a stop that is no text', { options: { stop: 5 } }, 'invalid_type', 'options.stop'],
  ['a stop among others', { options: { stop: ['a', 5] } }, 'invalid_type', 'options.stop[1]'],
  ['too many stops', { options: { stop: Array(65).fill('a') } }, 'invalid_value', 'options.stop'],
  [
    'a stop without end',
    { options: { stop: ['x'.repeat(10_001)] } },
    'invalid_value',
    'options.stop[0]',
  ],
  ['tools that are no list', { tools: {} }, 'invalid_type', 'tools'],
  ['a tool that is no object', { tools: ['f'] }, 'invalid_type', 'tools[0]'],
  ['a tool without anything', { tools: [{}] }, 'missing_required_parameter', 'tools[0].type'],
  [
    'a tool without a name',
    { tools: [{ type: 'function', function: {} }] },
    'missing_required_parameter',
    'tools[0].function.name',
  ],
  [
    'a custom tool',
    { tools: [{ type: 'custom', custom: { name: 'c' } }] },
    'unsupported_value',
    'tools[0].type',
  ],
  ['an unknown tool', { tools: [{ type: 'mcp' }] }, 'unsupported_value', 'tools[0].type'],
  ['a choice of no tool', { tool_choice: 'required' }, 'invalid_value', 'tool_choice'],
  ['a fast mode that is none', { fast_mode: 'x' }, 'invalid_value', 'fast_mode'],
  ['log probabilities', { logprobs: true }, 'unsupported_parameter', 'logprobs'],
  ['log probabilities as text', { logprobs: 'x' }, 'invalid_type', 'logprobs'],
  ['top log probabilities', { top_logprobs: 20 }, 'unsupported_parameter', 'top_logprobs'],
  ['half a log probability', { top_logprobs: 0.5 }, 'invalid_type', 'top_logprobs'],
  ['a cut that is no switch', { truncate: 'x' }, 'invalid_type', 'truncate'],
  ['a shift that is no switch', { shift: 0 }, 'invalid_type', 'shift'],
]

for (const [title, body, code, param] of REFUSED) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decode(body), { name: 'ProxyError', code, param })
  })
}

t.test('refusals that Ollama has words for are in its words', async t => {
  t.throws(() => decode({ think: 'ultra' }), {
    message:
      'invalid think value: "ultra" (must be "high", "medium", "low", "max", true, or false)',
  })
  for (const top_logprobs of [-1, 21]) {
    t.throws(() => decode({ top_logprobs }), {
      code: 'invalid_value',
      param: 'top_logprobs',
      message: 'top_logprobs must be between 0 and 20',
    })
  }
  t.throws(() => decode({ tools: [{ type: 'custom' }] }), {
    message: "Unsupported value: 'tools[0].type': there are function and web_search tools only.",
  })
})
