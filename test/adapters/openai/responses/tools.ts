import t from 'tap'
import { normalizeToolChoice } from '../../../../src/adapters/openai/responses/tool-choice.ts'
import { normalizeTools } from '../../../../src/adapters/openai/responses/tools.ts'
import type { JsonObject } from '../../../../src/domain/json.ts'

t.test('keys that are not known go along with a tool', async t => {
  const parameters = { type: 'object' }
  const tools = [
    { type: 'function', name: 'f', parameters, strict: true, defer_loading: true },
    { type: 'custom', name: 'c', description: null, defer_loading: true },
    { type: 'web_search', external_web_access: false, search_content_types: ['text'] },
    {
      type: 'namespace',
      name: 'n',
      description: '',
      tools: [
        { type: 'function', name: 'f', parameters, strict: true, output_schema: {} },
        { type: 'local_shell' },
      ],
    },
    { type: 'tool_search', execution: 'client', description: 5 },
  ]
  t.strictSame(normalizeTools(tools), tools)
})

t.test('the place of a search is flat upstream', async t => {
  const search = (user_location: unknown) =>
    normalizeTools([{ type: 'web_search_preview', user_location }])
  const flat = { type: 'approximate', city: 'Paris', country: 'FR' }
  t.strictSame(search({ type: 'approximate', approximate: { city: 'Paris', country: 'FR' } }), [
    { type: 'web_search', user_location: flat },
  ])
  t.strictSame(search({ approximate: { city: 'Paris', country: 'FR' } }), [
    { type: 'web_search', user_location: flat },
  ])
  t.strictSame(search(flat), [{ type: 'web_search', user_location: flat }])
  t.strictSame(search(null), [{ type: 'web_search', user_location: null }])
})

const MISSING = 'missing_required_parameter'
const f = { type: 'function', name: 'f' }
const namespace = { type: 'namespace', name: 'n', tools: [f] }
const BAD_TOOLS: readonly (readonly [tool: JsonObject, code: string, param: string])[] = [
  [{ type: 5 }, 'invalid_type', 'tools[0].type'],
  [{ type: '' }, MISSING, 'tools[0].type'],
  [{ ...f, name: 5 }, 'invalid_type', 'tools[0].name'],
  [{ ...f, name: 'a\n' }, 'invalid_value', 'tools[0].name'],
  [{ ...f, strict: 'yes' }, 'invalid_type', 'tools[0].strict'],
  [{ ...f, description: 5 }, 'invalid_type', 'tools[0].description'],
  [{ ...f, parameters: 'canary' }, 'invalid_type', 'tools[0].parameters'],
  [
    { type: 'function', function: { name: 'f', strict: 'yes' } },
    'invalid_type',
    'tools[0].function.strict',
  ],
  [{ type: 'function', function: 'canary' }, 'invalid_type', 'tools[0].function'],
  [{ type: 'custom' }, MISSING, 'tools[0].name'],
  [
    { type: 'custom', name: 'c', format: { type: 'canary' } },
    'invalid_value',
    'tools[0].format.type',
  ],
  [
    { type: 'custom', name: 'c', format: { type: 'grammar', syntax: 'lark' } },
    MISSING,
    'tools[0].format.definition',
  ],
  [
    { type: 'web_search', search_context_size: 'canary' },
    'invalid_value',
    'tools[0].search_context_size',
  ],
  [{ type: 'web_search', user_location: 'canary' }, 'invalid_type', 'tools[0].user_location'],
  [
    { type: 'web_search', user_location: { approximate: { city: 5 } } },
    'invalid_type',
    'tools[0].user_location.approximate.city',
  ],
  [
    { type: 'web_search', filters: { allowed_domains: 'canary' } },
    'invalid_type',
    'tools[0].filters.allowed_domains',
  ],
  [{ type: 'namespace' }, MISSING, 'tools[0].name'],
  [{ ...namespace, name: 5 }, 'invalid_type', 'tools[0].name'],
  [{ ...namespace, tools: undefined }, MISSING, 'tools[0].tools'],
  [{ ...namespace, tools: ['canary'] }, 'invalid_type', 'tools[0].tools[0]'],
  [{ ...namespace, tools: [{ type: 'function' }] }, MISSING, 'tools[0].tools[0].name'],
  [{ ...namespace, tools: [{ type: 'mcp' }] }, 'unsupported_value', 'tools[0].tools[0].type'],
]

t.test('tools that are known and wrong are refused by the field to blame', async t => {
  for (const [tool, code, param] of BAD_TOOLS) {
    const title = JSON.stringify(tool)
    t.throws(() => normalizeTools([tool]), { code, param, message: /^(?!.*canary)/ }, title)
  }
})

t.test('a name that two tools have is shown short and plain', async t => {
  const named = (name: string) => () => normalizeTools([f, { ...f, name }, { ...f, name }])
  t.throws(named('g'), { param: 'tools[2].name', message: "Two tools are named 'g'." })
  t.throws(named(`a\u202e${'b'.repeat(500)}`), {
    message: `Two tools are named 'a${'b'.repeat(62)}…'.`,
  })
})

const BAD_CHOICES: readonly (readonly [choice: unknown, code: string, param: string])[] = [
  [{}, MISSING, 'tool_choice.type'],
  [{ type: '' }, MISSING, 'tool_choice.type'],
  [{ type: 5 }, 'invalid_type', 'tool_choice.type'],
  ['canary', 'invalid_value', 'tool_choice'],
  ...['file_search', 'code_interpreter', 'mcp', 'computer_use_preview'].map(
    type => [{ type }, 'unsupported_value', 'tool_choice.type'] as const,
  ),
  [{ type: 'web_search' }, 'invalid_value', 'tool_choice'],
  [{ type: 'allowed_tools' }, MISSING, 'tool_choice.mode'],
  [{ type: 'allowed_tools', tools: [f] }, MISSING, 'tool_choice.mode'],
  [{ type: 'allowed_tools', mode: 'canary', tools: [f] }, 'invalid_value', 'tool_choice.mode'],
  [{ type: 'allowed_tools', mode: 'auto' }, MISSING, 'tool_choice.tools'],
  [{ type: 'allowed_tools', mode: 'auto', tools: [] }, 'invalid_value', 'tool_choice.tools'],
  [{ type: 'allowed_tools', mode: 'auto', tools: [{}] }, MISSING, 'tool_choice.tools[0].type'],
  [
    { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [{ type: 'mcp' }] } },
    'unsupported_value',
    'tool_choice.allowed_tools.tools[0].type',
  ],
  [
    { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'web_search' }] },
    'invalid_value',
    'tool_choice',
  ],
]

t.test('choices that make no sense are refused by the field to blame', async t => {
  for (const [choice, code, param] of BAD_CHOICES) {
    const title = JSON.stringify(choice)
    const message = /^(?!.*canary)/
    t.throws(() => normalizeToolChoice(choice, [f]), { code, param, message }, title)
  }
})

t.test('a mode may come as an object, and other keys stay behind', async t => {
  t.equal(normalizeToolChoice({ type: 'auto' }, [f]), 'auto')
  t.equal(normalizeToolChoice({ type: 'any' }, [f]), 'required')
  const choice = { type: 'allowed_tools', mode: 'auto', tools: [f] }
  t.strictSame(normalizeToolChoice({ ...choice, extra: 1 }, [f]), choice)
})
