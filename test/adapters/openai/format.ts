import t from 'tap'
import { decodeResponseFormat, decodeTextFormat } from '../../../src/adapters/openai/format.ts'

const schema = { type: 'object', properties: {} }
const FULL = { name: 'answer-1', description: 'd', schema, strict: true }

t.test('a format of text, and none, ask for no format', async t => {
  for (const format of [undefined, null, { type: 'text' }]) {
    t.equal(decodeTextFormat(format, 'text.format'), undefined)
    t.equal(decodeResponseFormat(format, 'response_format'), undefined)
  }
  t.equal(decodeResponseFormat('text', 'response_format'), undefined)
})

t.test('a JSON object is asked for by an object or by its name', async t => {
  const format = { type: 'json-object' }
  t.strictSame(decodeTextFormat({ type: 'json_object' }, 'text.format'), format)
  t.strictSame(decodeResponseFormat({ type: 'json_object' }, 'response_format'), format)
  t.strictSame(decodeResponseFormat('json_object', 'response_format'), format)
})

t.test('a schema is flat in one API and nested in the other', async t => {
  const format = { type: 'json-schema', ...FULL }
  t.strictSame(decodeTextFormat({ type: 'json_schema', ...FULL }, 'text.format'), format)
  t.strictSame(
    decodeResponseFormat({ type: 'json_schema', json_schema: FULL }, 'response_format'),
    format,
  )
  t.strictSame(
    decodeResponseFormat({ type: 'json_schema', json_schema: { name: 'x', schema } }, 'f'),
    { type: 'json-schema', name: 'x', description: undefined, schema, strict: false },
  )
})

const nested = (json_schema: unknown) => ({ type: 'json_schema', json_schema })
const REFUSED: readonly (readonly [string, unknown, string, string])[] = [
  ['a number', 5, 'invalid_type', ''],
  ['no type', {}, 'missing_required_parameter', '.type'],
  ['an unknown type', { type: 'yaml' }, 'invalid_value', '.type'],
  ['a grammar', { type: 'grammar', grammar: 'x' }, 'invalid_value', '.type'],
  ['Python', { type: 'python' }, 'invalid_value', '.type'],
  ['an unknown word', 'json', 'invalid_value', ''],
  ['a word that needs a schema', 'json_schema', 'invalid_value', ''],
  ['no schema', { type: 'json_schema' }, 'missing_required_parameter', '.json_schema'],
  [
    'a schema without content',
    nested({ name: 'x' }),
    'missing_required_parameter',
    '.json_schema.schema',
  ],
  [
    'a schema that is null',
    nested({ name: 'x', schema: null }),
    'invalid_type',
    '.json_schema.schema',
  ],
  [
    'a schema that is a list',
    nested({ name: 'x', schema: [] }),
    'invalid_type',
    '.json_schema.schema',
  ],
  ['no name', nested({ schema }), 'missing_required_parameter', '.json_schema.name'],
  ['a name with a space', nested({ name: 'a b', schema }), 'invalid_value', '.json_schema.name'],
  ['a long name', nested({ name: 'x'.repeat(65), schema }), 'invalid_value', '.json_schema.name'],
  [
    'a strictness of words',
    nested({ ...FULL, strict: 'yes' }),
    'invalid_type',
    '.json_schema.strict',
  ],
]

for (const [title, format, code, path] of REFUSED) {
  t.test(`a response format of ${title} is refused by name`, async t => {
    t.throws(() => decodeResponseFormat(format, 'response_format'), {
      name: 'ProxyError',
      code,
      param: `response_format${path}`,
    })
  })
}

t.test('a flat format is refused by its own paths', async t => {
  const refusal = (format: unknown, code: string, param: string) =>
    t.throws(() => decodeTextFormat(format, 'text.format'), { code, param })
  refusal('json_object', 'invalid_type', 'text.format')
  refusal({ type: 'json_schema', name: 'x' }, 'missing_required_parameter', 'text.format.schema')
  refusal({ type: 'json_schema', schema }, 'missing_required_parameter', 'text.format.name')
  refusal({ type: 'yaml' }, 'invalid_value', 'text.format.type')
})
