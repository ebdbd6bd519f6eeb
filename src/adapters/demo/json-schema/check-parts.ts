/** What a JSON Schema says of the parts of arrays and objects. */

import type { JsonSchema } from '../../../domain/conversation.ts'
import {
  isObject,
  readItems,
  readNumber,
  readPrefix,
  readProperties,
  readRequired,
  readSchema,
  readSchemas,
  readString,
  type Schema,
} from './schema.ts'
import type { SchemaWork } from './work.ts'

/** How many references and branches deep to look for what speaks of a property. */
const MAX_DEPTH = 64

/** Checks a part of the value; without one, the value itself. */
export type Check = (schema: Schema, part?: unknown) => boolean

type JsonObject = Readonly<Record<string, unknown>>

/** Tells whether an array satisfies the keywords for arrays. */
export function isArrayInside(
  schema: JsonSchema,
  value: readonly unknown[],
  check: Check,
  work: SchemaWork,
): boolean {
  const prefix = readPrefix(schema)
  const items = readItems(schema)
  const contained = readSchema(schema, 'contains')
  if (items === undefined && value.length > prefix.length) {
    refuseUnevaluated(schema, 'unevaluatedItems', work)
  }
  return (
    isBetween(schema, 'minItems', value.length, 'maxItems') &&
    value.every((item, index) => check(prefix[index] ?? items ?? true, item)) &&
    (contained === undefined ||
      isBetween(
        { minContains: 1, ...schema },
        'minContains',
        value.filter(item => check(contained, item)).length,
        'maxContains',
      )) &&
    (schema['uniqueItems'] !== true ||
      new Set(value.map(item => JSON.stringify(item))).size === value.length)
  )
}

/** Tells whether an object satisfies the keywords for objects. */
export function isObjectInside(
  schema: JsonSchema,
  value: JsonObject,
  check: Check,
  work: SchemaWork,
): boolean {
  const entries = Object.entries(value)
  const names = readSchema(schema, 'propertyNames') ?? true
  return (
    isBetween(schema, 'minProperties', entries.length, 'maxProperties') &&
    readRequired(schema).every(key => Object.hasOwn(value, key)) &&
    entries.every(([key]) => check(names, key)) &&
    arePropertiesInside(schema, entries, check, work) &&
    isWithDependents(schema, value, check)
  )
}

function arePropertiesInside(
  schema: JsonSchema,
  entries: readonly (readonly [string, unknown])[],
  check: Check,
  work: SchemaWork,
): boolean {
  const properties = readProperties(schema)
  const patterns = [...readProperties(schema, 'patternProperties')]
  const additional = readSchema(schema, 'additionalProperties') ?? true
  const hasUnevaluated = 'unevaluatedProperties' in schema
  return entries.every(([key, part]) => {
    const declared = patterns.filter(([each]) => work.matches(each, key)).map(([, each]) => each)
    const own = properties.get(key)
    if (own !== undefined) declared.push(own)
    if (declared.length > 0) return declared.every(each => check(each, part))
    if (hasUnevaluated && !isEvaluated(schema, key, work)) {
      refuseUnevaluated(schema, 'unevaluatedProperties', work)
    }
    return check(additional, part)
  })
}

/** The older `dependencies` holds both kinds. */
function isWithDependents(schema: JsonSchema, value: JsonObject, check: Check): boolean {
  return ['dependentRequired', 'dependentSchemas', 'dependencies'].every(keyword => {
    const dependents = schema[keyword]
    if (!isObject(dependents)) return true
    return Object.entries(dependents).every(([key, needed]) => {
      if (!Object.hasOwn(value, key)) return true
      if (Array.isArray(needed)) return needed.every(each => Object.hasOwn(value, String(each)))
      return check(readSchema({ needed }, 'needed') ?? true)
    })
  })
}

/** Whether the schema itself, or one that always holds with it, speaks of a property. */
function isEvaluated(schema: Schema, key: string, work: SchemaWork, depth = 0): boolean {
  work.spend(1)
  if (typeof schema === 'boolean' || depth > MAX_DEPTH) return false
  const reference = readString(schema, '$ref')
  const joined = readSchemas(schema, 'allOf') ?? []
  const target = reference === undefined ? undefined : work.resolve(reference)
  return (
    'additionalProperties' in schema ||
    (isObject(schema['properties']) && Object.hasOwn(schema['properties'], key)) ||
    [...joined, target ?? false].some(each => isEvaluated(each, key, work, depth + 1))
  )
}

/** Any other branch may have spoken of it: telling which would take a validator of its own. */
function refuseUnevaluated(schema: JsonSchema, keyword: string, work: SchemaWork): void {
  if (keyword in schema && schema[keyword] !== true) {
    work.refuse(`it uses ${keyword} in a way that the demo does not understand`)
  }
}

/** Tells whether a count is within two keywords; without them any is. */
export function isBetween(schema: JsonSchema, least: string, count: number, most: string): boolean {
  return count >= (readNumber(schema, least) ?? 0) && count <= (readNumber(schema, most) ?? count)
}
