import t from 'tap'
import { decodeChat } from '../../../../src/adapters/openai/chat/decode.ts'

const decode = (body: object, webSearch = false) =>
  decodeChat(
    { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body },
    { sessionId: undefined, strict: false, webSearch },
  )

const f = { type: 'function', function: { name: 'f' } }
const F = {
  type: 'function',
  name: 'f',
  description: undefined,
  parameters: { type: 'object', properties: {} },
  strict: false,
}
const SEARCH = {
  type: 'web-search',
  contextSize: undefined,
  location: undefined,
  allowedDomains: [],
}

t.test('functions of old are tools, called one at a time and in the old form', async t => {
  const { request, legacyFunctions, ignored } = decode({
    functions: [{ name: 'f' }],
    function_call: { name: 'f' },
    tools: [],
  })
  t.strictSame(request.tools, [F])
  t.strictSame(request.toolChoice, { type: 'tool', name: 'f' })
  t.equal(request.parallelToolCalls, false)
  t.equal(legacyFunctions, true)
  t.strictSame(ignored, [])
})

t.test('beside functions of old the fields of tools have no effect', async t => {
  const { request, ignored } = decode({
    functions: [{ name: 'f' }],
    function_call: 'none',
    tool_choice: 'required',
    parallel_tool_calls: true,
  })
  t.equal(request.toolChoice, 'none')
  t.equal(request.parallelToolCalls, false)
  t.strictSame(ignored, ['tool_choice', 'parallel_tool_calls'])
})

t.test('no functions of old are none', async t => {
  const { request, legacyFunctions } = decode({
    functions: [],
    function_call: 'auto',
    tools: [f],
    tool_choice: 'required',
  })
  t.strictSame(request.tools, [F])
  t.equal(request.toolChoice, 'required')
  t.equal(request.parallelToolCalls, true)
  t.equal(legacyFunctions, false)
})

t.test('web search options add a search', async t => {
  const options = {
    search_context_size: 'medium',
    user_location: { type: 'approximate', approximate: { city: 'Bern' } },
  }
  const search = {
    type: 'web-search',
    contextSize: 'medium',
    location: { city: 'Bern', country: undefined, region: undefined, timezone: undefined },
    allowedDomains: [],
  }
  const { request, ignored } = decode({ tools: [f], web_search_options: options })
  t.strictSame(request.tools, [F, search])
  t.strictSame(ignored, [])
  t.strictSame(decode({ web_search_options: {} }).request.tools, [SEARCH])
})

t.test('one search remains, and the fields that gave others are named', async t => {
  const low = { search_context_size: 'low' }
  const sized = { ...SEARCH, contextSize: 'low' }
  const responses_tools = [{ type: 'web_search', search_context_size: 'high' }]
  const both = decode({
    tools: [{ type: 'web_search', ...low }],
    web_search_options: {},
    responses_tools,
  })
  t.strictSame(both.request.tools, [sized])
  t.strictSame(both.ignored, ['web_search_options', 'responses_tools'])
  const options = decode({ web_search_options: low, responses_tools }, true)
  t.strictSame(options.request.tools, [sized])
  t.strictSame(options.ignored, ['responses_tools'])
})

t.test('tools of the Responses API are searches behind the functions', async t => {
  const { request, ignored } = decode({
    responses_tools: [{ type: 'web_search_preview' }, { type: 'web_search' }],
    tools: [f],
  })
  t.strictSame(request.tools, [F, SEARCH])
  t.strictSame(ignored, [])
})

t.test('the choice beside them overrules the other', async t => {
  const body = { tools: [f], tool_choice: 'required', responses_tools: [{ type: 'web_search' }] }
  const none = decode({ ...body, responses_tool_choice: 'none' })
  t.equal(none.request.toolChoice, 'none')
  t.strictSame(none.ignored, ['tool_choice'])
  t.equal(decode({ ...body, responses_tool_choice: 'auto' }).request.toolChoice, 'auto')
  t.equal(decode({ ...body, responses_tool_choice: null }).request.toolChoice, 'required')
  t.strictSame(
    decode({ functions: [{ name: 'f' }], function_call: 'auto', responses_tool_choice: 'none' })
      .ignored,
    ['function_call'],
  )
})

t.test('a service that searches by default adds a search where there is none', async t => {
  const tools = (body: object) => decode(body, true).request.tools
  t.strictSame(tools({}), [SEARCH])
  t.strictSame(tools({ tools: [f] }), [F, SEARCH])
  t.strictSame(tools({ tools: [f], tool_choice: f }), [F, SEARCH])
  t.strictSame(tools({ functions: [{ name: 'f' }] }), [F, SEARCH])
  t.strictSame(tools({ responses_tools: [] }), [SEARCH])
  t.strictSame(tools({ tools: [{ type: 'web_search', search_context_size: 'low' }] }), [
    { ...SEARCH, contextSize: 'low' },
  ])
  t.strictSame(tools({ responses_tool_choice: 'none' }), [])
})

t.test('where a call is required, no search that nobody asked for counts as one', async t => {
  t.strictSame(decode({ tools: [f], tool_choice: 'required' }, true).request.tools, [F])
  t.throws(() => decode({ tool_choice: 'required' }, true), {
    code: 'invalid_value',
    param: 'tool_choice',
  })
})

const BIG = { type: 'web_search', filters: { allowed_domains: ['x'.repeat(32_768)] } }
const REFUSED: readonly (readonly [string, object, string, string])[] = [
  ['tools that are no list', { tools: {} }, 'invalid_type', 'tools'],
  ['too many tools', { tools: Array(513).fill(f) }, 'invalid_value', 'tools'],
  [
    'a bad tool',
    { tools: [f, { type: 'function', function: {} }] },
    'missing_required_parameter',
    'tools[1].function.name',
  ],
  [
    'a choice that names no tool',
    { tools: [f], tool_choice: { type: 'function', function: { name: 'g' } } },
    'invalid_value',
    'tool_choice',
  ],
  ['tools of both forms', { tools: [f], functions: [{ name: 'g' }] }, 'invalid_value', 'functions'],
  [
    'a function without a name',
    { functions: [{}] },
    'missing_required_parameter',
    'functions[0].name',
  ],
  ['a function that is no object', { functions: ['f'] }, 'invalid_type', 'functions[0]'],
  [
    'two functions of one name',
    { functions: [{ name: 'f' }, { name: 'f' }] },
    'invalid_value',
    'functions[1].name',
  ],
  [
    'an old choice that names no function',
    { functions: [{ name: 'f' }], function_call: { name: 'g' } },
    'invalid_value',
    'function_call',
  ],
  [
    'an old choice without functions',
    { tools: [f], function_call: { name: 'f' } },
    'invalid_value',
    'function_call',
  ],
  [
    'an old choice without a name',
    { functions: [{ name: 'f' }], function_call: {} },
    'missing_required_parameter',
    'function_call.name',
  ],
  [
    'an unknown old choice',
    { functions: [{ name: 'f' }], function_call: 'maybe' },
    'invalid_value',
    'function_call',
  ],
  ['a parallelism of words', { parallel_tool_calls: 'yes' }, 'invalid_type', 'parallel_tool_calls'],
  [
    'search options that are none',
    { web_search_options: true },
    'invalid_type',
    'web_search_options',
  ],
  [
    'search options of unknown size',
    { web_search_options: { search_context_size: 'x' } },
    'invalid_value',
    'web_search_options.search_context_size',
  ],
  [
    'another tool of the Responses API',
    { responses_tools: [{ type: 'web_search' }, { type: 'function', name: 'f' }] },
    'unsupported_value',
    'responses_tools[1].type',
  ],
  [
    'a hosted tool of the Responses API',
    { responses_tools: [{ type: 'mcp' }] },
    'unsupported_value',
    'responses_tools[0].type',
  ],
  [
    'tools of the Responses API that are no list',
    { responses_tools: 'web_search' },
    'invalid_type',
    'responses_tools',
  ],
  [
    'huge tools of the Responses API',
    { responses_tools: [BIG] },
    'invalid_value',
    'responses_tools',
  ],
  [
    'an unknown choice beside them',
    { responses_tool_choice: 'required' },
    'invalid_value',
    'responses_tool_choice',
  ],
]

for (const [title, body, code, param] of REFUSED) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decode(body), { name: 'ProxyError', code, param })
  })
}

t.test('the size of tools of the Responses API counts in bytes', async t => {
  const domains = (text: string) => [{ type: 'web_search', filters: { allowed_domains: [text] } }]
  const frame = JSON.stringify(domains('')).length
  const fits = domains('x'.repeat(32_768 - frame))
  t.equal(decode({ responses_tools: fits }).request.tools.length, 1)
  t.throws(() => decode({ responses_tools: domains('é'.repeat(16_384)) }), {
    param: 'responses_tools',
    message: "Invalid value for 'responses_tools': it may have 32768 bytes of JSON at most.",
  })
})
