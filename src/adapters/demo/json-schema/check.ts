/** Whether a value satisfies a JSON Schema (the draft 2020-12 keywords that schemas of tools use). */

import { isDeepStrictEqual } from 'node:util'
import type { JsonSchema } from '../../../domain/conversation.ts'
import { countSteps } from './budget.ts'
import { type Check, isArrayInside, isBetween, isObjectInside } from './check-parts.ts'
import {
  isObject,
  readNumber,
  readSchema,
  readSchemas,
  readString,
  readTypes,
  readValues,
  type Schema,
} from './schema.ts'
import { type SchemaWork, show } from './work.ts'

const MAX_DEPTH = 256
/** A comparison of two values costs less than the other steps. */
const STEPS_PER_COMPARED = 0.2

/**
 * Tells whether a value satisfies a schema. Annotations, `format` among them, say nothing.
 *
 * @throws ProxyError `unsupported_value` if that depends on a keyword that is not understood:
 *   references by anything but a JSON pointer, and what `unevaluated*` says of branches.
 */
export function satisfies(schema: Schema, value: unknown, work: SchemaWork, depth = 0): boolean {
  work.spend(1)
  if (typeof schema === 'boolean') return schema
  if (depth > MAX_DEPTH) return false
  const check = (inner: Schema, part = value) => satisfies(inner, part, work, depth + 1)
  return (
    hasType(schema, value) &&
    hasValue(schema, value, work) &&
    isComposed(schema, check, work) &&
    (typeof value !== 'number' || isNumberInside(schema, value)) &&
    (typeof value !== 'string' || isTextInside(schema, value, work)) &&
    (!Array.isArray(value) || isArrayInside(schema, value, check, work)) &&
    (!isObject(value) || isObjectInside(schema, value, check, work))
  )
}

const TYPES: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['null', value => value === null],
  ['boolean', value => typeof value === 'boolean'],
  ['integer', Number.isInteger],
  ['number', value => typeof value === 'number'],
  ['string', value => typeof value === 'string'],
  ['array', Array.isArray],
  ['object', isObject],
])

function hasType(schema: JsonSchema, value: unknown): boolean {
  const types = readTypes(schema)
  if (types === undefined || (value === null && schema['nullable'] === true)) return true
  return types.some(type => TYPES.get(type)?.(value) ?? false)
}

function hasValue(schema: JsonSchema, value: unknown, work: SchemaWork): boolean {
  const isValue = (allowed: unknown) => {
    work.spend(countSteps(allowed) * STEPS_PER_COMPARED)
    return isDeepStrictEqual(allowed, value)
  }
  return readValues(schema)?.some(isValue) ?? true
}

function isComposed(schema: JsonSchema, check: Check, work: SchemaWork): boolean {
  const excluded = readSchema(schema, 'not')
  const condition = readSchema(schema, 'if')
  return (
    check(readTarget(schema, work)) &&
    (readSchemas(schema, 'allOf') ?? []).every(each => check(each)) &&
    (readSchemas(schema, 'anyOf')?.some(each => check(each)) ?? true) &&
    (readSchemas(schema, 'oneOf')?.filter(each => check(each)).length ?? 1) === 1 &&
    (excluded === undefined || !check(excluded)) &&
    (condition === undefined ||
      check(readSchema(schema, check(condition) ? 'then' : 'else') ?? true))
  )
}

/** Returns what a schema refers to, `true` if to nothing. */
function readTarget(schema: JsonSchema, work: SchemaWork): Schema {
  for (const keyword of ['$dynamicRef', '$recursiveRef']) {
    if (keyword in schema) work.refuse(`it uses ${keyword}, which the demo does not follow`)
  }
  const reference = readString(schema, '$ref')
  if (reference === undefined) return true
  // Under a `not`, to take it for unsatisfied would let anything pass.
  return work.resolve(reference) ?? work.refuse(`there is nothing at $ref ${show(reference)}`)
}

function isNumberInside(schema: JsonSchema, value: number): boolean {
  const step = readNumber(schema, 'multipleOf')
  return (
    value >= (readNumber(schema, 'minimum') ?? value) &&
    value <= (readNumber(schema, 'maximum') ?? value) &&
    value > (readNumber(schema, 'exclusiveMinimum') ?? Number.NEGATIVE_INFINITY) &&
    value < (readNumber(schema, 'exclusiveMaximum') ?? Number.POSITIVE_INFINITY) &&
    (step === undefined || Number.isInteger(value / step))
  )
}

function isTextInside(schema: JsonSchema, value: string, work: SchemaWork): boolean {
  const pattern = readString(schema, 'pattern')
  return (
    isBetween(schema, 'minLength', Array.from(value).length, 'maxLength') &&
    (pattern === undefined || work.matches(pattern, value))
  )
}
