import t from 'tap'
import { encodeRequest, type Form } from '../../../src/adapters/chatgpt/encode.ts'
import { createToolNames } from '../../../src/adapters/chatgpt/tool-names.ts'
import type {
  ChatRequest,
  CustomTool,
  FunctionTool,
  ToolChoice,
  WebSearchTool,
} from '../../../src/domain/conversation.ts'
import { chatRequest } from '../../fakes/chat-request.ts'

function encode(over: Partial<ChatRequest>, form: Form = 'normal') {
  const request = chatRequest(over)
  const options = { names: createToolNames(request), recall: () => undefined }
  return JSON.parse(encodeRequest(request, form, options).body)
}

const weather: FunctionTool = {
  type: 'function',
  name: 'get_weather',
  description: 'Tells the weather',
  parameters: { type: 'object' },
  strict: false,
}
const shell: CustomTool = {
  type: 'custom',
  name: 'shell',
  description: 'Runs a command',
  grammar: { syntax: 'regex', definition: '[a-z]+' },
}
const search: WebSearchTool = {
  type: 'web-search',
  contextSize: undefined,
  location: undefined,
  allowedDomains: [],
}

t.test('a custom tool has its grammar flat, and none if it takes any text', async t => {
  t.strictSame(
    encode({ tools: [shell, { ...shell, description: undefined, grammar: undefined }] }).tools,
    [
      {
        type: 'custom',
        name: 'shell',
        description: 'Runs a command',
        format: { type: 'grammar', syntax: 'regex', definition: '[a-z]+' },
      },
      { type: 'custom', name: 'shell' },
    ],
  )
})

t.test('a search of the web says what was asked of it and no more', async t => {
  const everywhere = {
    ...search,
    contextSize: 'high',
    location: { city: 'Paris', country: 'FR', region: 'Paris', timezone: 'Europe/Paris' },
    allowedDomains: ['example.com'],
  } as const
  const somewhere = {
    ...search,
    location: { city: undefined, country: 'FR', region: undefined, timezone: undefined },
  }
  t.strictSame(encode({ tools: [search, everywhere, somewhere] }).tools, [
    { type: 'web_search' },
    {
      type: 'web_search',
      search_context_size: 'high',
      user_location: {
        type: 'approximate',
        city: 'Paris',
        country: 'FR',
        region: 'Paris',
        timezone: 'Europe/Paris',
      },
      filters: { allowed_domains: ['example.com'] },
    },
    { type: 'web_search', user_location: { type: 'approximate', country: 'FR' } },
  ])
})

t.test('the lite form groups the tools of the client and puts the search beside them', async t => {
  const encodedWeather = {
    type: 'function',
    name: 'get_weather',
    description: 'Tells the weather',
    parameters: { type: 'object' },
    strict: false,
  }
  const body = encode(
    { tools: [search, weather, { ...shell, grammar: undefined }], toolChoice: 'required' },
    'lite',
  )
  t.notOk('tools' in body)
  t.strictSame(body.input[0], {
    type: 'additional_tools',
    role: 'developer',
    tools: [
      {
        type: 'namespace',
        name: 'functions',
        description: '',
        tools: [encodedWeather, { type: 'custom', name: 'shell', description: 'Runs a command' }],
      },
      { type: 'web_search' },
    ],
  })
  t.strictSame(encode({ tools: [search] }, 'lite').input[0], {
    type: 'additional_tools',
    role: 'developer',
    tools: [{ type: 'web_search' }],
  })
})

t.test('a choice refers to a tool by its type', async t => {
  const choices: [ToolChoice, unknown][] = [
    ['auto', 'auto'],
    ['none', 'none'],
    ['required', 'required'],
    [
      { type: 'tool', name: 'get_weather' },
      { type: 'function', name: 'get_weather' },
    ],
    [
      { type: 'tool', name: 'shell' },
      { type: 'custom', name: 'shell' },
    ],
    [
      { type: 'allowed', mode: 'required', names: ['shell', 'get_weather'] },
      {
        type: 'allowed_tools',
        mode: 'required',
        tools: [
          { type: 'custom', name: 'shell' },
          { type: 'function', name: 'get_weather' },
        ],
      },
    ],
    [
      { type: 'allowed', mode: 'auto', names: ['get_weather'] },
      {
        type: 'allowed_tools',
        mode: 'auto',
        tools: [{ type: 'function', name: 'get_weather' }],
      },
    ],
  ]
  for (const form of ['normal', 'lite'] as const) {
    for (const [toolChoice, expected] of choices) {
      const body = encode({ tools: [weather, shell, search], toolChoice }, form)
      t.strictSame(body.tool_choice, expected, form)
    }
  }
})

t.test('a name that the backend does not take is sent in one spelling everywhere', async t => {
  const name = 'get weather'
  const request: Partial<ChatRequest> = {
    items: [
      { type: 'tool-call', kind: 'function', callId: 'call_1', name, arguments: '{}' },
      { type: 'tool-result', kind: 'function', callId: 'call_1', output: '' },
    ],
    tools: [
      { ...weather, name },
      { ...shell, name: 'my shell' },
    ],
  }
  const sent = 'get_weather_7e72a725'
  const normal = encode({ ...request, toolChoice: { type: 'tool', name } })
  t.equal(normal.tools[0].name, sent)
  t.equal(normal.tools[1].name, 'my_shell_b215910a')
  t.equal(normal.input[0].name, sent)
  t.strictSame(normal.tool_choice, { type: 'function', name: sent })
  const lite = encode(
    { ...request, toolChoice: { type: 'allowed', mode: 'auto', names: [name] } },
    'lite',
  )
  t.equal(lite.input[0].tools[0].tools[0].name, sent)
  t.equal(lite.input[1].name, sent)
  t.strictSame(lite.tool_choice.tools, [{ type: 'function', name: sent }])
})
