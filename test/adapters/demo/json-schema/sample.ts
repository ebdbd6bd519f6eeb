import { Ajv2020 } from 'ajv/dist/2020.js'
import fc from 'fast-check'
import t from 'tap'
import { createBudget } from '../../../../src/adapters/demo/json-schema/budget.ts'
import { sampleSchema } from '../../../../src/adapters/demo/json-schema/sample.ts'
import type { JsonSchema } from '../../../../src/domain/conversation.ts'
import { ProxyError } from '../../../../src/domain/errors.ts'

const sample = (schema: JsonSchema, timeLimitMs?: number) =>
  sampleSchema(schema, { name: 'value', param: 'response_format' }, createBudget(timeLimitMs))

function isValid(schema: JsonSchema, value: unknown): boolean {
  // A fresh one per schema: `$id`s of different schemas must not meet.
  const ajv = new Ajv2020({
    strict: false,
    validateFormats: false,
    validateSchema: false,
    meta: false,
    logger: false,
  })
  // What a client reads is the JSON text.
  return ajv.validate(schema, JSON.parse(JSON.stringify(value)))
}

const node = {
  type: 'object',
  properties: {
    value: { type: 'integer' },
    next: { anyOf: [{ $ref: '#/$defs/node' }, { type: 'null' }] },
    children: { type: 'array', items: { $ref: '#/$defs/node' } },
    parent: { $ref: '#/$defs/node' },
  },
  required: ['value', 'next', 'children'],
  additionalProperties: false,
}

/** Each schema with the value that is made up for it. */
const SAMPLES: readonly (readonly [string, JsonSchema, unknown])[] = [
  ['an empty schema', {}, 'value'],
  ['a text', { type: 'string' }, 'value'],
  ['an integer', { type: 'integer' }, 1],
  ['a number', { type: 'number' }, 1],
  ['a boolean', { type: 'boolean' }, true],
  ['null', { type: 'null' }, null],
  ['the first of several types', { type: ['string', 'null'] }, 'value'],
  ['the first value of an enum', { enum: ['celsius', 'kelvin'] }, 'celsius'],
  ['the first value of an enum that has the type', { type: 'integer', enum: ['a', 7] }, 7],
  ['a const', { const: { a: [1, null] } }, { a: [1, null] }],
  ['a default', { type: 'string', default: 'Rome' }, 'Rome'],
  ['an example', { type: 'string', default: 4, examples: [false, 'Oslo'] }, 'Oslo'],
  ['no default that is not valid', { type: 'integer', default: 'Rome' }, 1],
  [
    'all properties, by name',
    {
      type: 'object',
      properties: { city: { type: 'string' }, days: { type: 'integer' } },
      required: ['city'],
    },
    { city: 'city', days: 1 },
  ],
  ['an object that only its properties tell', { properties: { a: {} } }, { a: 'a' }],
  ['a required property that is not declared', { required: ['id'] }, { id: 'id' }],
  [
    'additional properties up to the least number',
    {
      type: 'object',
      properties: { property1: { type: 'null' } },
      additionalProperties: { type: 'integer' },
      minProperties: 3,
    },
    { property1: null, property2: 1, property3: 1 },
  ],
  [
    'no more properties than allowed',
    { properties: { a: {}, b: {}, c: {} }, required: ['c'], maxProperties: 2 },
    { a: 'a', c: 'c' },
  ],
  [
    'no optional property that cannot have a value',
    { properties: { a: false, b: { type: 'null', enum: [1] }, c: {} } },
    { c: 'c' },
  ],
  [
    'properties named like those of every object',
    JSON.parse('{"properties":{"__proto__":{"type":"integer"},"constructor":{"type":"null"}}}'),
    JSON.parse('{"__proto__":1,"constructor":null}'),
  ],
  ['one item', { type: 'array', items: { type: 'integer' } }, [1]],
  [
    'the least number of items',
    { type: 'array', items: { const: 'x' }, minItems: 3 },
    ['x', 'x', 'x'],
  ],
  ['no item where none may be', { type: 'array', maxItems: 0 }, []],
  ['no item where none can be', { type: 'array', items: false }, []],
  [
    'a tuple',
    { type: 'array', prefixItems: [{ type: 'integer' }, { enum: ['a'] }], items: false },
    [1, 'a'],
  ],
  [
    'a tuple with more items',
    { prefixItems: [{ type: 'null' }], items: { type: 'boolean' }, minItems: 3 },
    [null, true, true],
  ],
  [
    'texts that differ',
    { type: 'array', items: { type: 'string' }, uniqueItems: true, minItems: 3 },
    ['value', 'value2', 'value3'],
  ],
  [
    'values of an enum that differ',
    { type: 'array', items: { enum: [1, 2, 3] }, uniqueItems: true, minItems: 3 },
    [1, 2, 3],
  ],
  [
    'objects that differ',
    {
      type: 'array',
      items: { properties: { a: { type: 'boolean' }, b: { enum: ['x', 'y'] } }, type: 'object' },
      uniqueItems: true,
      minItems: 4,
    },
    [
      { a: true, b: 'x' },
      { a: false, b: 'x' },
      { a: true, b: 'y' },
      { a: false, b: 'y' },
    ],
  ],
  [
    'values of several types that differ',
    { type: 'array', items: { type: ['boolean', 'null'] }, uniqueItems: true, minItems: 3 },
    [true, null, false],
  ],
  ['an integer with a least value', { type: 'integer', minimum: 18, maximum: 99 }, 18],
  ['an integer with a greatest value', { type: 'integer', maximum: -5 }, -5],
  ['an integer between', { type: 'integer', exclusiveMinimum: 3, exclusiveMaximum: 5 }, 4],
  ['an integer after a fraction', { type: 'integer', minimum: 2.5 }, 3],
  ['a number between', { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 0.4 }, 0.2],
  ['a number above', { type: 'number', exclusiveMinimum: 3 }, 4],
  ['a number below', { type: 'number', exclusiveMaximum: -3 }, -4],
  [
    'numbers that differ',
    { type: 'array', items: { type: 'number', minimum: 9 }, uniqueItems: true, minItems: 5 },
    [9, 10, 10.5, 11.5, 12.5],
  ],
  [
    'numbers that differ, below a bound',
    { type: 'array', items: { type: 'number', maximum: -9 }, uniqueItems: true, minItems: 4 },
    [-9, -10, -10.5, -11.5],
  ],
  [
    'integers that differ, on both sides of 1',
    {
      type: 'array',
      items: { type: 'integer', minimum: -1, maximum: 2 },
      uniqueItems: true,
      minItems: 4,
    },
    [1, 2, 0, -1],
  ],
  [
    'a reference with a stray percent sign',
    { $ref: '#/$defs/50%', $defs: { '50%': { const: 5 } } },
    5,
  ],
  ['a multiple', { type: 'integer', multipleOf: 15, minimum: 50 }, 60],
  ['a multiple of a fraction', { type: 'number', multipleOf: 0.01, minimum: 0.29 }, 0.3],
  ['a multiple that is rounded once', { multipleOf: 0.7, minimum: 11.8 }, 11.9],
  ['a whole multiple of a fraction', { type: 'integer', multipleOf: 1.5 }, 3],
  ['a common multiple', { allOf: [{ multipleOf: 4 }, { multipleOf: 6 }] }, 12],
  ['a long text', { type: 'string', minLength: 14 }, 'value value va'],
  ['a short text', { type: 'string', maxLength: 3 }, 'val'],
  ['a text whose length counts characters', { const: '😀', maxLength: 1 }, '😀'],
  ['the name where it matches', { type: 'string', pattern: '^[a-z]+$' }, 'value'],
  ['a match', { type: 'string', pattern: '^[A-Z]{3}-\\d{4}$' }, 'AAA-0000'],
  ['a match of some length', { pattern: '^\\d+$', minLength: 6 }, '000000'],
  ['a match that is padded', { pattern: '^#', minLength: 4 }, '#aaa'],
  [
    'matches that differ',
    { type: 'array', items: { pattern: '^[A-C]$' }, uniqueItems: true, minItems: 3 },
    ['A', 'B', 'C'],
  ],
  ['the first branch of anyOf', { anyOf: [{ type: 'integer' }, { type: 'string' }] }, 1],
  [
    'the first branch that can be',
    { anyOf: [false, { type: 'null', enum: [1] }, { const: 2 }] },
    2,
  ],
  ['exactly one branch of oneOf', { oneOf: [{ type: 'number' }, { type: 'integer' }] }, 0.5],
  [
    'a branch that requires what another does not',
    {
      type: 'object',
      properties: { id: { type: 'integer' }, name: { type: 'string' } },
      oneOf: [{ required: ['id'] }, { required: ['name'] }],
    },
    { id: 1 },
  ],
  [
    'all of allOf',
    {
      allOf: [
        { properties: { a: { type: 'string' } }, required: ['a'] },
        { properties: { b: { type: 'integer' }, a: { minLength: 4 } }, required: ['b'] },
      ],
    },
    { a: 'a a ', b: 1 },
  ],
  [
    'allOf of branches',
    {
      allOf: [
        { anyOf: [{ type: 'string' }, { type: 'integer' }] },
        { anyOf: [{ type: 'integer' }, { type: 'null' }] },
      ],
    },
    1,
  ],
  ['allOf of values', { allOf: [{ enum: [1, 2] }, { enum: [2, 3] }] }, 2],
  [
    'allOf of tuples',
    {
      allOf: [{ prefixItems: [{ type: 'null' }] }, { items: { enum: [1, null] } }],
      type: 'array',
      minItems: 2,
    },
    [null, 1],
  ],
  [
    'branches closed to additional properties',
    {
      allOf: [
        { properties: { a: {} }, additionalProperties: false },
        { properties: { a: {}, b: {} } },
      ],
    },
    { a: 'a' },
  ],
  [
    'two branches with the same base',
    {
      allOf: [{ $ref: '#/$defs/a' }, { $ref: '#/$defs/b' }, { $ref: '#/$defs/b' }],
      $defs: {
        base: { type: 'object', properties: { id: { type: 'integer' } } },
        a: { allOf: [{ $ref: '#/$defs/base' }], properties: { a: {} } },
        b: { allOf: [{ $ref: '#/$defs/base' }], properties: { b: {} } },
      },
    },
    { id: 1, a: 'a', b: 'b' },
  ],
  ['not', { type: 'boolean', not: { const: true } }, false],
  ['nullable', { type: 'string', nullable: true }, 'value'],
  ['null where only nullable can be', { type: 'string', nullable: true, maxLength: -1 }, null],
  [
    'a reference',
    { properties: { at: { $ref: '#/$defs/a~1b%25' } }, $defs: { 'a/b%': { type: 'integer' } } },
    { at: 1 },
  ],
  [
    'a reference with more keywords',
    {
      $ref: '#/definitions/age',
      minimum: 18,
      definitions: { age: { type: 'integer', maximum: 99 } },
    },
    18,
  ],
  [
    'a list with an end',
    { $ref: '#/$defs/node', $defs: { node } },
    { value: 1, next: null, children: [] },
  ],
  [
    'an expression that is a leaf',
    {
      $ref: '#/$defs/expression',
      $defs: {
        expression: {
          anyOf: [
            {
              type: 'object',
              properties: {
                left: { $ref: '#/$defs/expression' },
                right: { $ref: '#/$defs/expression' },
              },
              required: ['left', 'right'],
            },
            { type: 'number' },
          ],
        },
      },
    },
    1,
  ],
  [
    'two schemas that need each other',
    {
      $ref: '#/$defs/a',
      $defs: {
        a: { properties: { b: { $ref: '#/$defs/b' } }, required: ['b'] },
        b: { type: 'object', properties: { a: { $ref: '#/$defs/a' }, c: {} } },
      },
    },
    { b: { c: 'c' } },
  ],
  ['the root again', { properties: { me: { $ref: '#' }, a: {} } }, { a: 'a' }],
  ['no keyword of the wrong form', { type: 'integer', minimum: '9', required: 7, enum: 'x' }, 1],
]

/** Schemas that bend the rules, which ajv refuses to read. */
const UNREADABLE = [
  'a reference with a stray percent sign',
  'null where only nullable can be',
  'no keyword of the wrong form',
]

for (const [title, schema, value] of SAMPLES) {
  t.test(`makes up ${title}`, async t => {
    t.same(JSON.parse(JSON.stringify(sample(schema))), value)
    if (!UNREADABLE.includes(title)) t.ok(isValid(schema, value), 'as another validator sees it')
  })
}

const FORMATS: readonly (readonly [string, string, RegExp])[] = [
  ['date', '2024-01-01', /^\d{4}-\d\d-\d\d$/],
  ['date-time', '2024-01-01T00:00:00Z', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/],
  ['time', '12:00:00Z', /^\d\d:\d\d:\d\dZ$/],
  ['duration', 'PT1H', /^PT\d+H$/],
  ['email', 'demo@example.com', /^[^@\s]+@[\w-]+(\.[\w-]+)+$/],
  ['hostname', 'demo.example.com', /^[a-z\d]+(\.[a-z\d]+)+$/],
  ['ipv4', '192.0.0.1', /^(\d{1,3}\.){3}\d{1,3}$/],
  ['ipv6', '2001:db8::1', /^2001:db8::[\da-f]{1,4}$/],
  ['uri', 'https://example.com/demo', /^https:\/\/\S+$/],
  ['uuid', '00000000-0000-4000-8000-000000000000', /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/],
]

for (const [format, value, form] of FORMATS) {
  t.test(`makes up texts in the format ${format}, as many as are asked for`, async t => {
    t.equal(sample({ type: 'string', format }), value)
    const items = { type: 'string', format }
    const values = sample({ type: 'array', items, uniqueItems: true, minItems: 200 }) as string[]
    t.equal(new Set(values).size, 200)
    t.same(
      values.filter(each => !form.test(each)),
      [],
    )
    if (format.startsWith('date')) t.notOk(values.some(each => Number.isNaN(Date.parse(each))))
  })
}

t.test('an unknown format asks for nothing, and a known one can be lengthened', async t => {
  t.equal(sample({ type: 'string', format: 'phone' }), 'value')
  t.equal(sample({ type: 'string', format: 'email', minLength: 20 }), 'demoaaaa@example.com')
})

t.test('a password rule made of lookaheads is met', async t => {
  const schema = { type: 'string', pattern: '^(?=.*[A-Z])(?=.*\\d)(?=.*[a-z]).{8,}$' }
  t.ok(isValid(schema, sample(schema)))
})

const IMPOSSIBLE: readonly (readonly [string, JsonSchema, string, RegExp])[] = [
  ['an empty enum', { enum: [] }, '', /nothing satisfies it/],
  ['a contradictory enum', { type: 'integer', enum: ['a'] }, '', /nothing satisfies it/],
  ['an unknown type', { type: 'file' }, '', /nothing satisfies it/],
  [
    'a required property that cannot be',
    { type: 'object', properties: { a: false }, required: ['a'] },
    'properties.a',
    /nothing satisfies it/,
  ],
  ['bounds that cross', { type: 'integer', minimum: 3, maximum: 2 }, '', /nothing/],
  ['no integer between', { type: 'integer', minimum: 0.1, maximum: 0.9 }, '', /nothing/],
  [
    'too few values that differ',
    { type: 'array', items: { type: 'boolean' }, uniqueItems: true, minItems: 3 },
    '',
    /nothing satisfies it/,
  ],
  [
    'a pattern that nothing matches',
    {
      type: 'object',
      properties: { id: { type: 'string', pattern: '^a(?<!a)$' } },
      required: ['id'],
    },
    'properties.id',
    /no text was found for the pattern \/\^a\(\?<!a\)\$\//,
  ],
  ['what is no pattern', { type: 'string', pattern: '(' }, '', /the pattern \/\(\//],
  ['a reference to nothing', { $ref: '#/$defs/none' }, '', /nothing at \$ref #\/\$defs\/none/],
  ['a reference out of the document', { $ref: 'https://example.com/a' }, '', /nothing at/],
  ['a reference to itself', { $ref: '#' }, '', /it asks for itself without end/],
  [
    'a value without end',
    { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] },
    'properties.a',
    /it asks for itself without end/,
  ],
  ['too many items', { type: 'array', minItems: 1e9 }, '', /more than 1000 items/],
  ['too many properties', { type: 'object', minProperties: 1e9 }, '', /1000 properties/],
  ['too long a text', { type: 'string', minLength: 1e9 }, '', /more than 10000 characters/],
]

for (const [title, schema, path, message] of IMPOSSIBLE) {
  t.test(`refuses ${title}`, async t => {
    t.throws(() => sample(schema), {
      code: 'unsupported_value',
      param: 'response_format',
      message: new RegExp(`this schema${path && ` at ${path}`}: .*${message.source}`),
    })
  })
}

/** Keywords that are only checked, with what satisfies them anyway. */
const CHECKED: readonly (readonly [string, JsonSchema, unknown])[] = [
  ['contains', { items: { enum: [1, 2] }, contains: { const: 1 } }, [1]],
  ['minContains of 0', { type: 'array', contains: { const: 7 }, minContains: 0 }, ['value']],
  [
    'maxContains',
    { type: 'array', items: { const: 1 }, minItems: 2, contains: { const: 1 }, maxContains: 2 },
    [1, 1],
  ],
  [
    'patternProperties',
    {
      properties: { x_a: { type: 'integer' } },
      patternProperties: { '^x_': { minimum: 0 }, '^y_': false },
      additionalProperties: false,
    },
    { x_a: 1 },
  ],
  ['propertyNames', { properties: { a: {} }, propertyNames: { pattern: '^[a-z]$' } }, { a: 'a' }],
  [
    'dependentRequired',
    { properties: { a: {}, b: {} }, dependentRequired: { a: ['b'], c: ['d'] } },
    { a: 'a', b: 'b' },
  ],
  [
    'dependentSchemas',
    { properties: { a: {}, b: {} }, dependentSchemas: { a: { required: ['b'] }, c: false } },
    { a: 'a', b: 'b' },
  ],
  [
    'dependencies',
    { properties: { a: {}, b: {} }, dependencies: { a: ['b'], b: { required: ['a'] }, c: false } },
    { a: 'a', b: 'b' },
  ],
  [
    'if and then',
    {
      properties: { kind: { const: 'card' }, number: { type: 'integer' } },
      if: { properties: { kind: { const: 'card' } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword
      then: { required: ['number'] },
      else: false,
    },
    { kind: 'card', number: 1 },
  ],
  ['if and else', { type: 'integer', if: { maximum: 0 }, else: { minimum: 1 } }, 1],
  [
    'unevaluatedProperties that may be',
    { required: ['a'], unevaluatedProperties: true },
    { a: 'a' },
  ],
  [
    'unevaluatedProperties of what is declared',
    {
      allOf: [{ $ref: '#/$defs/base' }],
      properties: { a: {} },
      unevaluatedProperties: false,
      $defs: { base: { properties: { id: { type: 'integer' } } } },
    },
    { a: 'a', id: 1 },
  ],
  [
    'unevaluatedItems of what is declared',
    { type: 'array', prefixItems: [{ type: 'integer' }], unevaluatedItems: false },
    [1],
  ],
]

for (const [title, schema, value] of CHECKED) {
  t.test(`makes up what satisfies ${title}`, async t => {
    t.same(sample(schema), value)
    if (title !== 'dependencies') t.ok(isValid(schema, value), 'as another validator sees it')
  })
}

/** Keywords that the demo cannot follow. */
const REFUSED: readonly (readonly [string, JsonSchema])[] = [
  ['contains', { type: 'array', contains: { const: 5 } }],
  ['minContains', { type: 'array', items: { const: 5 }, contains: { const: 5 }, minContains: 2 }],
  [
    'maxContains',
    { type: 'array', items: { const: 5 }, minItems: 3, contains: { const: 5 }, maxContains: 2 },
  ],
  [
    'patternProperties',
    { type: 'object', required: ['x_a'], patternProperties: { '^x_': { type: 'integer' } } },
  ],
  [
    'patternProperties',
    {
      type: 'object',
      required: ['x_a'],
      patternProperties: { '^x_': {} },
      additionalProperties: false,
    },
  ],
  ['propertyNames', { type: 'object', minProperties: 1, propertyNames: { maxLength: 3 } }],
  ['dependentRequired', { type: 'object', required: ['a'], dependentRequired: { a: ['b'] } }],
  [
    'dependentSchemas',
    { type: 'object', required: ['a'], dependentSchemas: { a: { required: ['b'] } } },
  ],
  ['dependencies', { type: 'object', required: ['a'], dependencies: { a: ['b'] } }],
  ['dependencies', { type: 'object', required: ['a'], dependencies: { a: { required: ['b'] } } }],
  [
    'unevaluatedProperties',
    { type: 'object', required: ['a'], unevaluatedProperties: { type: 'integer' } },
  ],
  [
    'unevaluatedProperties',
    {
      type: 'object',
      anyOf: [{ properties: { a: {} } }],
      required: ['a'],
      unevaluatedProperties: false,
    },
  ],
  ['unevaluatedItems', { type: 'array', minItems: 1, unevaluatedItems: false }],
  // biome-ignore lint/suspicious/noThenProperty: a keyword
  ['if', { type: 'string', if: { minLength: 1 }, then: { maxLength: 0 } }],
  ['if', { type: 'string', if: { minLength: 50 }, else: { maxLength: 0 } }],
  ['$ref', { $ref: '#node', $defs: { node: { $anchor: 'node', type: 'integer' } } }],
  ['$ref', { type: 'integer', not: { $ref: '#node' } }],
  ['$dynamicRef', { $dynamicRef: '#node', $defs: { node: { $dynamicAnchor: 'node' } } }],
]

for (const [keyword, schema] of REFUSED) {
  t.test(`refuses by name the ${keyword} of ${JSON.stringify(schema)}`, async t => {
    t.throws(() => sample({ type: 'object', properties: { deep: schema }, required: ['deep'] }), {
      code: 'unsupported_value',
      message: new RegExp(keyword.replace('$', '\\$')),
    })
  })
}

t.test('properties may be named like keywords', async t => {
  t.same(sample({ properties: { contains: {}, if: {} } }), { contains: 'contains', if: 'if' })
})

t.test('a part that is impossible does not matter where there is another way', async t => {
  const hard = { type: 'string', pattern: '^a(?<!a)$' }
  const properties = { a: { anyOf: [hard, { type: 'integer' }] }, b: false }
  t.same(sample({ type: 'object', properties }), { a: 1 })
  t.throws(() => sample({ type: 'object', properties, required: ['b'] }), {
    message: /at properties\.b: nothing satisfies it/,
  })
})

function nest(depth: number, wrap: (inner: JsonSchema) => JsonSchema): JsonSchema {
  let schema: JsonSchema = { type: 'string' }
  for (let level = 0; level < depth; level++) schema = wrap(schema)
  return schema
}

function chain(length: number, link: (next: JsonSchema) => JsonSchema): JsonSchema {
  const $defs: Record<string, JsonSchema> = { [`a${length}`]: { type: 'string' } }
  for (let at = 0; at < length; at++) $defs[`a${at}`] = link({ $ref: `#/$defs/a${at + 1}` })
  return { $ref: '#/$defs/a0', $defs }
}

const HOSTILE: readonly (readonly [string, JsonSchema, RegExp])[] = [
  [
    'required properties 2000 deep',
    nest(2_000, inner => ({ type: 'object', properties: { a: inner }, required: ['a'] })),
    /nested too deeply/,
  ],
  ['allOf 2000 deep', nest(2_000, inner => ({ allOf: [inner] })), /composed of too many/],
  [
    'allOf 2000 wide',
    { allOf: Array.from({ length: 2_000 }, () => ({ type: 'string' })) },
    /composed of too many/,
  ],
  [
    'a value that doubles 40 times',
    chain(40, next => ({ type: 'object', properties: { a: next, b: next }, required: ['a', 'b'] })),
    /asks for too much/,
  ],
  [
    'a check that doubles 40 times',
    chain(40, next => ({ allOf: [next, next] })),
    /asks for too much/,
  ],
  [
    'branches that all fail',
    { allOf: Array.from({ length: 60 }, () => ({ anyOf: [{ enum: [] }, { not: true }] })) },
    /asks for too much/,
  ],
  ['a pattern that is huge', { pattern: '^(((a{1000}){1000}){1000})$', type: 'string' }, /no text/],
]

for (const [title, schema, message] of HOSTILE) {
  t.test(`gives up on ${title}`, async t => {
    t.throws(() => sample(schema, 500), { code: 'unsupported_value', message })
  })
}

t.test('a search for a pattern ends with the time that there is', async t => {
  const schema = { pattern: `^(${'(a|a?)+'.repeat(30)})+$(?<!a{5})`, minLength: 60 }
  const start = performance.now()
  t.throws(() => sample(schema, 50), { code: 'unsupported_value' })
  t.ok(performance.now() - start < 400)
})

const objects = Array.from({ length: 3000 }, (_, index) => ({ id: index, tags: ['a', 'b'] }))
const many = Array.from({ length: 3000 }, (_, index) => [`property${index}`, true])

const EXPENSIVE: readonly (readonly [string, JsonSchema])[] = [
  ['values that are all excluded', { enum: objects, not: { enum: [...objects].reverse() } }],
  [
    'a long text many times',
    { type: 'array', items: { const: 'x'.repeat(100_000) }, minItems: 1000 },
  ],
  [
    'a long default many times',
    { type: 'array', items: { default: { text: 'x'.repeat(100_000) } }, minItems: 1000 },
  ],
  [
    'many properties in many branches',
    {
      anyOf: Array.from({ length: 3000 }, () => ({ $ref: '#/$defs/many' })),
      not: {},
      $defs: { many: { properties: Object.fromEntries(many) } },
    },
  ],
]

for (const [title, schema] of EXPENSIVE) {
  t.test(`gives up soon on ${title}`, async t => {
    const start = performance.now()
    t.throws(() => sample(schema, 10_000), { message: /asks for too much/ })
    t.ok(performance.now() - start < 2000)
  })
}

t.test('what is optional or may be empty ends where it would be too deep', async t => {
  const value = sample(nest(2_000, inner => ({ type: 'array', items: inner })))
  t.match(JSON.stringify(value), /^\[{49}\]{49}$/)
})

/** Schemas that some value satisfies, by construction. */
const { schema: satisfiable } = fc.letrec<{ schema: JsonSchema; object: JsonSchema }>(tie => ({
  schema: fc.oneof(
    { maxDepth: 4, depthSize: 'small' },
    fc.constantFrom<JsonSchema>(
      {},
      { type: 'boolean' },
      { type: 'null' },
      { type: ['null', 'integer'] },
    ),
    fc.record({ enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 1 }) }),
    fc
      .record({
        type: fc.constantFrom('integer', 'number'),
        minimum: fc.integer({ min: -1000, max: 1000 }),
        span: fc.integer({ min: 20, max: 50 }),
        multipleOf: fc.constantFrom(1, 2, 5, 0.5, 0.25, 10),
      })
      .map(({ span, ...rest }): JsonSchema => ({ ...rest, exclusiveMaximum: rest.minimum + span })),
    fc.tuple(fc.nat(20), fc.nat(20)).map(
      ([least, more]): JsonSchema => ({
        type: 'string',
        minLength: least,
        maxLength: least + more,
      }),
    ),
    fc
      .constantFrom('^[a-f0-9]{8}$', '^(yes|no)$', '\\.json$', '^\\+?\\d{3,}', '^[^aeiou]+$')
      .map((pattern): JsonSchema => ({ type: 'string', pattern })),
    fc.tuple(tie('schema'), fc.nat(3), fc.nat(3)).map(
      ([items, least, more]): JsonSchema => ({
        type: 'array',
        items,
        minItems: least,
        maxItems: least + more,
      }),
    ),
    fc.tuple(fc.array(tie('schema'), { maxLength: 3 }), tie('schema')).map(
      ([prefixItems, items]): JsonSchema => ({
        type: 'array',
        ...(prefixItems.length > 0 && { prefixItems }),
        items,
      }),
    ),
    tie('object'),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf): JsonSchema => ({ anyOf })),
    tie('schema').map((inner): JsonSchema => ({ allOf: [inner, {}] })),
    tie('schema').map((inner): JsonSchema => ({ anyOf: [false, inner] })),
  ),
  object: fc
    .record({
      properties: fc.dictionary(fc.string(), tie('schema'), { maxKeys: 4 }),
      additionalProperties: fc.oneof(fc.boolean(), tie('schema')),
      nullable: fc.boolean(),
    })
    .map(
      ({ properties, ...rest }): JsonSchema => ({
        type: 'object',
        properties,
        required: Object.keys(properties).slice(1),
        ...rest,
      }),
    ),
}))

t.test('whatever the schema, the value satisfies it and is always the same', async () => {
  fc.assert(
    fc.property(satisfiable, schema => {
      const value = sample(schema)
      return isValid(schema, value) && JSON.stringify(value) === JSON.stringify(sample(schema))
    }),
    { numRuns: 60 },
  )
})

t.test('whatever two schemas ask for together, it is given or refused', async () => {
  fc.assert(
    fc.property(satisfiable, satisfiable, satisfiable, (one, other, third) => {
      const schema = { allOf: [one], oneOf: [other, third] }
      try {
        return isValid(schema, sample(schema))
      } catch (error) {
        return error instanceof ProxyError && error.code === 'unsupported_value'
      }
    }),
    { numRuns: 60 },
  )
})
