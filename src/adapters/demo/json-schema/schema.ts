/** JSON Schema as data that came from outside: each keyword is read by the form it should have. */

import type { JsonSchema } from '../../../domain/conversation.ts'

/** `true` is satisfied by any value, `false` by none. */
export type Schema = boolean | JsonSchema

/** Tells whether a value is a JSON object: neither `null` nor an array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Reads a keyword that holds a number. */
export function readNumber(schema: JsonSchema, keyword: string): number | undefined {
  const value = schema[keyword]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Reads a keyword that holds a text. */
export function readString(schema: JsonSchema, keyword: string): string | undefined {
  const value = schema[keyword]
  return typeof value === 'string' ? value : undefined
}

/** Reads a keyword that holds a list of any values. */
export function readList(schema: JsonSchema, keyword: string): readonly unknown[] | undefined {
  const value = schema[keyword]
  return Array.isArray(value) ? value : undefined
}

/** Reads a keyword that holds one schema. */
export function readSchema(schema: JsonSchema, keyword: string): Schema | undefined {
  const value = schema[keyword]
  return isSchema(value) ? value : undefined
}

/** Reads a keyword that holds a list of schemas. */
export function readSchemas(schema: JsonSchema, keyword: string): readonly Schema[] | undefined {
  return readList(schema, keyword)?.filter(isSchema)
}

/** Reads `type`, which holds one name or several. */
export function readTypes(schema: JsonSchema): readonly string[] | undefined {
  const { type } = schema
  if (typeof type === 'string') return [type]
  return readList(schema, 'type')?.filter(name => typeof name === 'string')
}

/** Reads `enum` and `const`: the values to choose from. */
export function readValues(schema: JsonSchema): readonly unknown[] | undefined {
  return 'const' in schema ? [schema['const']] : readList(schema, 'enum')
}

/** Reads `required`. */
export function readRequired(schema: JsonSchema): readonly string[] {
  return readList(schema, 'required')?.filter(key => typeof key === 'string') ?? []
}

/** Reads `properties`, or another keyword that holds schemas by name. */
export function readProperties(
  schema: JsonSchema,
  keyword = 'properties',
): ReadonlyMap<string, Schema> {
  const properties = schema[keyword]
  if (!isObject(properties)) return new Map()
  return new Map(
    Object.entries(properties).filter((entry): entry is [string, Schema] => isSchema(entry[1])),
  )
}

/** Reads the schemas of the first items: `prefixItems`, or the older array form of `items`. */
export function readPrefix(schema: JsonSchema): readonly Schema[] {
  return readSchemas(schema, 'prefixItems') ?? readSchemas(schema, 'items') ?? []
}

/** Reads the schema of the items after the first ones. */
export function readItems(schema: JsonSchema): Schema | undefined {
  return readSchema(schema, Array.isArray(schema['items']) ? 'additionalItems' : 'items')
}

/** Follows a JSON pointer fragment (`#`, `#/$defs/node`; RFC 6901) from the root. */
export function resolvePointer(root: JsonSchema, reference: string): Schema | undefined {
  if (reference !== '#' && !reference.startsWith('#/')) return undefined
  let found: unknown = root
  for (const token of decodePointer(reference).split('/').slice(1)) {
    const key = token.replaceAll('~1', '/').replaceAll('~0', '~')
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key)) return undefined
    found = (found as Readonly<Record<string, unknown>>)[key]
  }
  return isSchema(found) ? found : undefined
}

function decodePointer(reference: string): string {
  try {
    return decodeURIComponent(reference)
  } catch {
    // A stray percent sign stands for itself.
    return reference
  }
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'boolean' || isObject(value)
}
