import t from 'tap'
import { decodeToolChoice, decodeTools } from '../../../src/adapters/fields/tools.ts'
import type { Tool } from '../../../src/domain/conversation.ts'

const functionTool = (name: string): Tool => ({
  type: 'function',
  name,
  description: undefined,
  parameters: { type: 'object', properties: {} },
  strict: false,
})
const customTool = (name: string): Tool => ({
  type: 'custom',
  name,
  description: undefined,
  grammar: undefined,
})
const SEARCH: Tool = {
  type: 'web-search',
  contextSize: undefined,
  location: undefined,
  allowedDomains: [],
}

const TOOLS: readonly (readonly [string, unknown, Tool])[] = [
  [
    'a nested function',
    {
      type: 'function',
      function: { name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
      cache_control: { type: 'ephemeral' },
    },
    { type: 'function', name: 'f', description: 'd', parameters: { type: 'object' }, strict: true },
  ],
  [
    'a flat function',
    { type: 'function', name: 'f', description: 'd', parameters: { $defs: {} }, strict: true },
    { type: 'function', name: 'f', description: 'd', parameters: { $defs: {} }, strict: true },
  ],
  ['a bare nested function', { type: 'function', function: { name: 'f' } }, functionTool('f')],
  [
    'a flat function full of null',
    {
      type: 'function',
      function: null,
      name: 'f',
      description: null,
      parameters: null,
      strict: null,
    },
    functionTool('f'),
  ],
  [
    'a nested custom tool with a nested grammar',
    {
      type: 'custom',
      custom: {
        name: 'c',
        description: 'd',
        format: { type: 'grammar', grammar: { syntax: 'lark', definition: 'start: "x"' } },
      },
    },
    {
      type: 'custom',
      name: 'c',
      description: 'd',
      grammar: { syntax: 'lark', definition: 'start: "x"' },
    },
  ],
  [
    'a flat custom tool with a flat grammar',
    {
      type: 'custom',
      name: 'c',
      format: { type: 'grammar', syntax: 'regex', definition: 'x+' },
    },
    {
      type: 'custom',
      name: 'c',
      description: undefined,
      grammar: { syntax: 'regex', definition: 'x+' },
    },
  ],
  [
    'a custom tool of free text',
    { type: 'custom', custom: { name: 'c', format: { type: 'text' } } },
    customTool('c'),
  ],
  ['a custom tool without a format', { type: 'custom', name: 'c' }, customTool('c')],
  ['a web search', { type: 'web_search', external_web_access: true }, SEARCH],
  ['a web search of old', { type: 'web_search_preview' }, SEARCH],
  ['a dated web search', { type: 'web_search_preview_2025_03_11', user_location: null }, SEARCH],
  [
    'a web search with all that it takes',
    {
      type: 'web_search',
      search_context_size: 'low',
      user_location: { type: 'approximate', city: 'Bern', country: 'CH', timezone: '' },
      filters: { allowed_domains: ['example.com'] },
    },
    {
      type: 'web-search',
      contextSize: 'low',
      location: { city: 'Bern', country: 'CH', region: undefined, timezone: undefined },
      allowedDomains: ['example.com'],
    },
  ],
  [
    'a web search from a nested place',
    {
      type: 'web_search',
      user_location: {
        type: 'approximate',
        approximate: { region: 'BE', timezone: 'Europe/Zurich' },
      },
    },
    {
      type: 'web-search',
      contextSize: undefined,
      location: { city: undefined, country: undefined, region: 'BE', timezone: 'Europe/Zurich' },
      allowedDomains: [],
    },
  ],
  [
    'a web search from nowhere',
    { type: 'web_search', user_location: { type: 'approximate', city: '' } },
    SEARCH,
  ],
]

for (const [title, wire, tool] of TOOLS) {
  t.test(`${title} is decoded`, async t => {
    t.strictSame(decodeTools([wire], 'tools'), [tool])
  })
}

t.test('a name may be long and of any characters but control ones', async t => {
  for (const name of ['a b', 'mcp__server.io/tool', 'x'.repeat(512), 'é😀']) {
    t.strictSame(decodeTools([{ type: 'function', name }], 'tools'), [functionTool(name)])
  }
})

t.test('of several web searches the first remains', async t => {
  const tools = [
    { type: 'web_search', search_context_size: 'high' },
    { type: 'function', name: 'f' },
    { type: 'web_search_preview' },
  ]
  t.strictSame(decodeTools(tools, 'tools'), [{ ...SEARCH, contextSize: 'high' }, functionTool('f')])
})

const fn = (over: object) => ({ type: 'function', function: { name: 'f', ...over } })
const custom = (format: unknown) => ({ type: 'custom', name: 'c', format })
const search = (over: object) => ({ type: 'web_search', ...over })
const BAD_TOOLS: readonly (readonly [string, readonly unknown[], string, string])[] = [
  ['a tool that is no object', ['f'], 'invalid_type', 'tools[0]'],
  ['a tool that is null', [null], 'invalid_type', 'tools[0]'],
  ['a tool without a type', [{ name: 'f' }], 'missing_required_parameter', 'tools[0].type'],
  ['a type that is no text', [{ type: 5 }], 'invalid_type', 'tools[0].type'],
  ['an MCP server', [{ type: 'mcp' }], 'unsupported_value', 'tools[0].type'],
  ['a file search', [fn({}), { type: 'file_search' }], 'unsupported_value', 'tools[1].type'],
  ['a computer', [{ type: 'computer_use_preview' }], 'unsupported_value', 'tools[0].type'],
  ['a search by a longer name', [{ type: 'web_searches' }], 'unsupported_value', 'tools[0].type'],
  ['a function of nothing', [{ type: 'function' }], 'missing_required_parameter', 'tools[0].name'],
  [
    'a nested function without a name',
    [{ type: 'function', function: {} }],
    'missing_required_parameter',
    'tools[0].function.name',
  ],
  [
    'a function that is no object',
    [{ type: 'function', function: 'f' }],
    'invalid_type',
    'tools[0].function',
  ],
  ['an empty name', [fn({ name: '' })], 'invalid_value', 'tools[0].function.name'],
  ['a name of two lines', [fn({ name: 'a\nb' })], 'invalid_value', 'tools[0].function.name'],
  ['an endless name', [fn({ name: 'x'.repeat(513) })], 'invalid_value', 'tools[0].function.name'],
  ['a name that is no text', [fn({ name: 5 })], 'invalid_type', 'tools[0].function.name'],
  [
    'a description that is no text',
    [fn({ description: {} })],
    'invalid_type',
    'tools[0].function.description',
  ],
  [
    'parameters that are no schema',
    [fn({ parameters: [] })],
    'invalid_type',
    'tools[0].function.parameters',
  ],
  ['a strictness of words', [fn({ strict: 'yes' })], 'invalid_type', 'tools[0].function.strict'],
  [
    'a custom tool without a name',
    [{ type: 'custom' }],
    'missing_required_parameter',
    'tools[0].name',
  ],
  ['a format of another kind', [custom({ type: 'json' })], 'invalid_value', 'tools[0].format.type'],
  [
    'a grammar without a definition',
    [custom({ type: 'grammar', grammar: { syntax: 'lark' } })],
    'missing_required_parameter',
    'tools[0].format.grammar.definition',
  ],
  [
    'a flat grammar in another notation',
    [custom({ type: 'grammar', syntax: 'ebnf', definition: 'x' })],
    'invalid_value',
    'tools[0].format.syntax',
  ],
  [
    'a nested custom tool with a bad format',
    [{ type: 'custom', custom: { name: 'c', format: 'text' } }],
    'invalid_type',
    'tools[0].custom.format',
  ],
  [
    'a search of unknown size',
    [search({ search_context_size: 'huge' })],
    'invalid_value',
    'tools[0].search_context_size',
  ],
  [
    'a search from an exact place',
    [search({ user_location: { type: 'exact' } })],
    'invalid_value',
    'tools[0].user_location.type',
  ],
  [
    'a search from a place that is a number',
    [search({ user_location: { approximate: { city: 5 } } })],
    'invalid_type',
    'tools[0].user_location.approximate.city',
  ],
  [
    'a search of a domain that is none',
    [search({ filters: { allowed_domains: ['a', 5] } })],
    'invalid_type',
    'tools[0].filters.allowed_domains[1]',
  ],
  [
    'a search of too many domains',
    [search({ filters: { allowed_domains: Array(1001).fill('a') } })],
    'invalid_value',
    'tools[0].filters.allowed_domains',
  ],
  ['two functions of one name', [fn({}), fn({})], 'invalid_value', 'tools[1].function.name'],
  [
    'a flat function of the same name',
    [fn({}), { type: 'function', name: 'f' }],
    'invalid_value',
    'tools[1].name',
  ],
  [
    'a function and a custom tool of one name',
    [
      { type: 'function', name: 'f' },
      { type: 'custom', custom: { name: 'f' } },
    ],
    'invalid_value',
    'tools[1].custom.name',
  ],
]

for (const [title, tools, code, param] of BAD_TOOLS) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decodeTools(tools, 'tools'), { name: 'ProxyError', code, param })
  })
}

t.test('a bad name is told by the rule for names', async t => {
  t.throws(() => decodeTools([fn({ name: '' })], 'tools'), {
    message:
      "Invalid value for 'tools[0].function.name': expected 1 to 512 characters, none of them a control character.",
  })
})

t.test('a name that two tools have is shown short and plain', async t => {
  const name = `a\u202e${'b'.repeat(500)}`
  t.throws(() => decodeTools([fn({ name }), fn({ name })], 'tools'), {
    message: `Two tools are named 'a${'b'.repeat(62)}…'.`,
  })
})

const ALL = [functionTool('f'), customTool('c'), SEARCH]
const CHOICES: readonly (readonly [string, unknown, readonly Tool[], unknown])[] = [
  ['no choice', undefined, ALL, 'auto'],
  ['null', null, ALL, 'auto'],
  ['auto', 'auto', ALL, 'auto'],
  ['none', 'none', ALL, 'none'],
  ['required', 'required', ALL, 'required'],
  ['any', 'any', ALL, 'required'],
  ['auto without tools', 'auto', [], 'auto'],
  ['none without tools', 'none', [], 'none'],
  ['an object of type any', { type: 'any' }, ALL, 'required'],
  ['an object of type auto', { type: 'auto' }, ALL, 'auto'],
  [
    'a nested function',
    { type: 'function', function: { name: 'f' } },
    ALL,
    { type: 'tool', name: 'f' },
  ],
  ['a flat function', { type: 'function', name: 'f' }, ALL, { type: 'tool', name: 'f' }],
  [
    'a nested custom tool',
    { type: 'custom', custom: { name: 'c' } },
    ALL,
    { type: 'tool', name: 'c' },
  ],
  ['a flat custom tool', { type: 'custom', name: 'c' }, ALL, { type: 'tool', name: 'c' }],
  ['a tool of no kind', { type: 'tool', name: 'c' }, ALL, { type: 'tool', name: 'c' }],
  [
    'nested allowed tools',
    {
      type: 'allowed_tools',
      allowed_tools: {
        mode: 'required',
        tools: [
          { type: 'function', function: { name: 'f' } },
          { type: 'custom', custom: { name: 'c' } },
          { type: 'function', name: 'f' },
        ],
      },
    },
    ALL,
    { type: 'allowed', mode: 'required', names: ['f', 'c'] },
  ],
  [
    'flat allowed tools',
    { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'f' }] },
    ALL,
    { type: 'allowed', mode: 'auto', names: ['f'] },
  ],
  [
    'allowed tools that are all there are',
    {
      type: 'allowed_tools',
      mode: 'required',
      tools: [
        { type: 'function', name: 'f' },
        { type: 'custom', name: 'c' },
        { type: 'web_search' },
      ],
    },
    ALL,
    'required',
  ],
  ['a web search that is all there is', { type: 'web_search_preview' }, [SEARCH], 'required'],
]

for (const [title, choice, tools, expected] of CHOICES) {
  t.test(`the choice of ${title} is decoded`, async t => {
    t.strictSame(decodeToolChoice(choice, tools, 'tool_choice'), expected)
  })
}

const allowed = (over: object) => ({
  type: 'allowed_tools',
  allowed_tools: { mode: 'auto', tools: [{ type: 'function', name: 'f' }], ...over },
})
const BAD_CHOICES: readonly (readonly [string, unknown, readonly Tool[], string, string])[] = [
  ['an unknown word', 'maybe', ALL, 'invalid_value', 'tool_choice'],
  ['a number', 5, ALL, 'invalid_type', 'tool_choice'],
  ['a list', ['f'], ALL, 'invalid_type', 'tool_choice'],
  ['required without tools', 'required', [], 'invalid_value', 'tool_choice'],
  ['any without tools', { type: 'any' }, [], 'invalid_value', 'tool_choice'],
  [
    'an object without a type',
    { name: 'f' },
    ALL,
    'missing_required_parameter',
    'tool_choice.type',
  ],
  ['an object of another type', { type: 'mcp' }, ALL, 'invalid_value', 'tool_choice'],
  [
    'a nested function without a name',
    { type: 'function', function: {} },
    ALL,
    'missing_required_parameter',
    'tool_choice.function.name',
  ],
  [
    'a function without a name',
    { type: 'function' },
    ALL,
    'missing_required_parameter',
    'tool_choice.name',
  ],
  [
    'a tool that is not there',
    { type: 'function', name: 'g' },
    ALL,
    'invalid_value',
    'tool_choice',
  ],
  [
    'an allowed tool that is not there',
    allowed({ tools: [{ type: 'function', function: { name: 'g' } }] }),
    ALL,
    'invalid_value',
    'tool_choice',
  ],
  [
    'no allowed tools',
    allowed({ tools: [] }),
    ALL,
    'invalid_value',
    'tool_choice.allowed_tools.tools',
  ],
  [
    'allowed tools without a mode',
    allowed({ mode: undefined }),
    ALL,
    'missing_required_parameter',
    'tool_choice.allowed_tools.mode',
  ],
  [
    'allowed tools in another mode',
    allowed({ mode: 'none' }),
    ALL,
    'invalid_value',
    'tool_choice.allowed_tools.mode',
  ],
  [
    'an allowed tool without a name',
    allowed({ tools: [{ type: 'function', function: {} }] }),
    ALL,
    'missing_required_parameter',
    'tool_choice.allowed_tools.tools[0].function.name',
  ],
  ['a web search that is not there', { type: 'web_search' }, [], 'invalid_value', 'tool_choice'],
  ['a web search among others', { type: 'web_search' }, ALL, 'unsupported_value', 'tool_choice'],
  [
    'an allowed web search beside a tool that is not allowed',
    allowed({ tools: [{ type: 'function', name: 'f' }, { type: 'web_search' }] }),
    ALL,
    'unsupported_value',
    'tool_choice',
  ],
  [
    'an allowed web search that is not there',
    allowed({ tools: [{ type: 'web_search' }] }),
    [functionTool('f')],
    'invalid_value',
    'tool_choice',
  ],
]

for (const [title, choice, tools, code, param] of BAD_CHOICES) {
  t.test(`the choice of ${title} is refused by name`, async t => {
    t.throws(() => decodeToolChoice(choice, tools, 'tool_choice'), {
      name: 'ProxyError',
      code,
      param,
    })
  })
}

t.test(
  'what an allowed tool says of itself is not told back, and is no key to look under',
  async t => {
    for (const entry of [
      { type: 'CANARY', CANARY: 5 },
      { type: 'constructor' },
      { type: 'mcp', name: 'f' },
    ]) {
      const choice = { type: 'allowed_tools', mode: 'auto', tools: [entry] }
      t.throws(() => decodeToolChoice(choice, [functionTool('f')], 'tool_choice'), {
        code: 'invalid_value',
        param: 'tool_choice',
        message: "Invalid value for 'tool_choice': it allows what is no tool here.",
      })
    }
  },
)
