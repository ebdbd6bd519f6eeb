import t from 'tap'
import {
  askedCalls,
  type CallWishes,
  createCalls,
  encodeCalls,
  forcedCalls,
  type PlannedCall,
  undeclaredCalls,
} from '../../../src/adapters/demo/calls.ts'
import type {
  ChatRequest,
  CustomTool,
  FunctionTool,
  Grammar,
  ToolChoice,
} from '../../../src/domain/conversation.ts'
import { chatRequest } from '../../fakes/chat-request.ts'

const tool = (name: string): FunctionTool => ({
  type: 'function',
  name,
  description: undefined,
  parameters: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
  strict: false,
})

const plan = (name: string, text?: string): PlannedCall => ({ tool: tool(name), arguments: text })

const withTools = (toolChoice: ToolChoice, parallelToolCalls = true): ChatRequest =>
  chatRequest({
    tools: [tool('get_weather'), tool('get_time'), tool('get')],
    toolChoice,
    parallelToolCalls,
  })

const names = (calls: readonly PlannedCall[]) => calls.map(call => call.tool.name)

const wishes = (prompt: string, ...calls: CallWishes['calls']): CallWishes => ({ prompt, calls })

/** Each call as `name arguments`. */
const spell = (calls: readonly PlannedCall[]) =>
  calls.map(call => `${call.tool.name} ${call.arguments ?? '-'}`)

t.test('a free choice calls the tools that the prompt names, in the order of mention', async t => {
  const asked = (prompt: string) => names(askedCalls(withTools('auto'), wishes(prompt)))
  t.same(asked('call get_weather'), ['get_weather'])
  t.same(asked('use get_time, get_weather and get_time'), ['get_time', 'get_weather'])
  t.same(asked('GET_TIME'), [])
})

t.test('only a whole word names a tool', async t => {
  const asked = (prompt: string) => names(askedCalls(withTools('auto'), wishes(prompt)))
  t.same(asked('get_weathers, my_get_time, get-weather and éget'), [])
  t.same(asked('budget, forget, then "get".'), ['get'])
})

t.test('without parallel calls only the first mentioned tool is called', async t => {
  t.same(names(askedCalls(withTools('auto', false), wishes('get_time get_weather'))), ['get_time'])
  t.same(names(forcedCalls(withTools('required', false), wishes('get_time get_weather'))), [
    'get_time',
  ])
})

t.test('a required call goes to the mentioned tools, else to the first', async t => {
  t.same(names(forcedCalls(withTools('required'), wishes('get_time, please'))), ['get_time'])
  t.same(names(forcedCalls(withTools('required'), wishes('hello'))), ['get_weather'])
  t.same(askedCalls(withTools('required'), wishes('get_time')), [])
})

t.test('a named choice calls that tool whatever the prompt says', async t => {
  t.same(names(forcedCalls(withTools({ type: 'tool', name: 'get_time' }), wishes('get_weather'))), [
    'get_time',
  ])
})

t.test('without a choice no call is forced, and with "none" no call is made', async t => {
  t.same(forcedCalls(withTools('auto'), wishes('get_time')), [])
  t.same(forcedCalls(withTools('none'), wishes('get_time')), [])
  t.same(askedCalls(withTools('none'), wishes('get_time')), [])
})

const spelledOut = wishes(
  'get',
  { name: 'get_time', arguments: '{"zone":"UTC"}' },
  { name: 'get_weather', arguments: undefined },
  { name: 'get_time', arguments: '{}' },
)

t.test('calls that are spelled out take the place of what the prompt mentions', async t => {
  const expected = ['get_time {"zone":"UTC"}', 'get_weather -', 'get_time {}']
  t.same(spell(askedCalls(withTools('auto'), spelledOut)), expected)
  t.same(spell(forcedCalls(withTools('required'), spelledOut)), expected)
  t.same(askedCalls(withTools('none'), spelledOut), [])
  t.same(forcedCalls(withTools('none'), spelledOut), [])
})

t.test('of the calls that are spelled out only the first is made if not parallel', async t => {
  const expected = ['get_time {"zone":"UTC"}']
  t.same(spell(askedCalls(withTools('auto', false), spelledOut)), expected)
  t.same(spell(forcedCalls(withTools('required', false), spelledOut)), expected)
})

t.test('a named choice takes the calls of that tool only', async t => {
  t.same(spell(forcedCalls(withTools({ type: 'tool', name: 'get_weather' }), spelledOut)), [
    'get_weather -',
  ])
  t.same(spell(forcedCalls(withTools({ type: 'tool', name: 'get' }), spelledOut)), ['get -'])
})

t.test(
  'of the allowed tools only one is called, and one must be where the mode says so',
  async t => {
    const allowed = (mode: 'auto' | 'required') =>
      withTools({ type: 'allowed', mode, names: ['get_time', 'get'] })
    t.same(names(askedCalls(allowed('auto'), wishes('get_weather get_time'))), ['get_time'])
    t.same(forcedCalls(allowed('auto'), wishes('get_time')), [])
    t.same(askedCalls(allowed('auto'), wishes('hello')), [])
    t.same(names(forcedCalls(allowed('required'), wishes('get_weather'))), ['get_time'])
    t.same(names(forcedCalls(allowed('required'), wishes('get_weather, get'))), ['get'])
  },
)

t.test('calls of what is not declared are told apart, where calls may be made', async t => {
  const wished = wishes('', { name: 'get', arguments: '{}' }, { name: 'put', arguments: '{}' })
  t.same(undeclaredCalls(withTools('auto'), wished), ['put'])
  t.same(undeclaredCalls(withTools('none'), wished), [])
  t.same(spell(forcedCalls(withTools('required'), wished)), ['get {}'])
})

t.test('a call of a tool that is not declared is refused', async t => {
  const expected = { code: 'invalid_value', param: 'tool_choice' }
  t.throws(() => forcedCalls(withTools({ type: 'tool', name: 'other' }), wishes('')), expected)
  t.throws(() => forcedCalls({ ...withTools('required'), tools: [] }, wishes('')), expected)
})

t.test(
  'calls get an id for their place in the conversation, and arguments by the schema if none',
  async t => {
    t.same(
      createCalls(withTools('auto'), [plan('get_weather'), plan('get_time', '{ "at": 1.0 }')]),
      [
        {
          kind: 'function',
          callId: 'call_demo_1_0',
          name: 'get_weather',
          arguments: '{"city":"city"}',
        },
        { kind: 'function', callId: 'call_demo_1_1', name: 'get_time', arguments: '{ "at": 1.0 }' },
      ],
    )
  },
)

t.test('arguments are an object even where the schema does not say so', async t => {
  const anything: FunctionTool = { ...tool('ping'), parameters: {} }
  t.equal(
    createCalls(withTools('auto'), [{ tool: anything, arguments: undefined }])[0]?.arguments,
    '{}',
  )
})

t.test('a schema that cannot be satisfied is blamed on its tool', async t => {
  const broken: FunctionTool = {
    ...tool('broken'),
    parameters: { type: 'object', properties: { id: { enum: [] } }, required: ['id'] },
  }
  const request = { ...withTools('auto'), tools: [tool('get'), broken] }
  t.throws(() => createCalls(request, [{ tool: broken, arguments: undefined }]), {
    code: 'unsupported_value',
    param: 'tools[1]',
    message:
      'The demo cannot make up a value for this schema at properties.id: nothing satisfies it.',
  })
})

t.test('parallel calls come one after the other, their arguments cut inside the JSON', async t => {
  const events = encodeCalls([
    { kind: 'function', callId: 'a', name: 'one', arguments: '{"x":1}' },
    { kind: 'custom', callId: 'b', name: 'two', arguments: '{}' },
  ])
  t.same(events, [
    { type: 'tool-call', index: 0, kind: 'function', callId: 'a', name: 'one' },
    { type: 'tool-arguments', index: 0, text: '"{\\""' },
    { type: 'tool-arguments', index: 0, text: '"x\\""' },
    { type: 'tool-arguments', index: 0, text: '":1"' },
    { type: 'tool-arguments', index: 0, text: '"}"' },
    { type: 'tool-call', index: 1, kind: 'custom', callId: 'b', name: 'two' },
    { type: 'tool-arguments', index: 1, text: '"{"' },
    { type: 'tool-arguments', index: 1, text: '"}"' },
  ])
})

t.test('all calls of an answer share one budget', async t => {
  const costly: FunctionTool = {
    ...tool('costly'),
    parameters: { properties: { ids: { type: 'array', items: {}, minItems: 1000 } } },
  }
  const request = { ...withTools('auto'), tools: [costly] }
  const calls = (count: number) =>
    Array<PlannedCall>(count).fill({ tool: costly, arguments: undefined })
  t.equal(createCalls(request, calls(1)).length, 1)
  t.throws(() => createCalls(request, calls(100)), { code: 'unsupported_value', param: 'tools[0]' })
})

const custom = (grammar?: Grammar): CustomTool => ({
  type: 'custom',
  name: 'write',
  description: undefined,
  grammar,
})

t.test('a custom tool is called with free text, by its grammar if that is a pattern', async t => {
  const text = (tool: CustomTool) =>
    createCalls({ ...withTools('auto'), tools: [tool] }, [{ tool, arguments: undefined }])
  t.same(text(custom()), [
    { kind: 'custom', callId: 'call_demo_1_0', name: 'write', arguments: 'a text for write' },
  ])
  t.match(text(custom({ syntax: 'regex', definition: 'a{3}|b+' }))[0]?.arguments, /^(?:a{3}|b+)$/)
  t.throws(() => text(custom({ syntax: 'lark', definition: 'start: "a"' })), {
    code: 'unsupported_value',
    param: 'tools[0]',
    message:
      'The demo makes up no text for a Lark grammar. Say what to call the tool with: call:write {…}',
  })
})

t.test('a web search is no tool to call', async t => {
  const tools = [
    {
      type: 'web-search',
      contextSize: undefined,
      location: undefined,
      allowedDomains: [],
    } as const,
    tool('get'),
  ]
  const request = { ...withTools('required'), tools }
  t.same(names(forcedCalls(request, wishes('hello'))), ['get'])
})

t.test('a call that only a web search can meet is left to the model', async t => {
  const tools = [
    {
      type: 'web-search',
      contextSize: undefined,
      location: undefined,
      allowedDomains: [],
    } as const,
  ]
  t.same(forcedCalls({ ...withTools('required'), tools }, wishes('hello')), [])
  t.throws(() => forcedCalls({ ...withTools({ type: 'tool', name: 'get' }), tools }, wishes('')), {
    code: 'invalid_value',
    param: 'tool_choice',
  })
})
