/** A JSON Schema without references and branches: what remains is all keywords of one shape. */

import type { JsonSchema } from '../../../domain/conversation.ts'
import {
  readItems,
  readList,
  readNumber,
  readPrefix,
  readProperties,
  readRequired,
  readSchema,
  readString,
  readTypes,
  readValues,
  type Schema,
} from './schema.ts'

/** All keywords that hold for one value. */
export interface Shape {
  readonly types: readonly string[] | undefined
  readonly nullable: boolean
  /** What `enum` or `const` allows. */
  readonly values: readonly unknown[] | undefined
  /** What `default` and `examples` suggest, which need not satisfy the schema. */
  readonly suggestions: readonly unknown[]
  readonly minimum: number | undefined
  readonly exclusiveMinimum: number | undefined
  readonly maximum: number | undefined
  readonly exclusiveMaximum: number | undefined
  readonly multiples: readonly number[]
  readonly minLength: number | undefined
  readonly maxLength: number | undefined
  readonly patterns: readonly string[]
  readonly formats: readonly string[]
  readonly prefix: readonly Schema[]
  readonly items: Schema | undefined
  readonly minItems: number | undefined
  readonly maxItems: number | undefined
  readonly unique: boolean
  readonly properties: ReadonlyMap<string, Schema>
  readonly additional: Schema | undefined
  readonly required: readonly string[]
  readonly minProperties: number | undefined
  readonly maxProperties: number | undefined
  /** The schemas that were gone through on the way here: coming to one again is a recursion. */
  readonly entered: readonly Schema[]
}

/** Reads a schema's own keywords. */
export function readShape(schema: JsonSchema, entered: readonly Schema[]): Shape {
  const multiple = readNumber(schema, 'multipleOf')
  const pattern = readString(schema, 'pattern')
  const format = readString(schema, 'format')
  return {
    types: readTypes(schema),
    nullable: schema['nullable'] === true,
    values: readValues(schema),
    suggestions: [
      ...('default' in schema ? [schema['default']] : []),
      ...(readList(schema, 'examples') ?? []),
    ],
    minimum: readNumber(schema, 'minimum'),
    exclusiveMinimum: readNumber(schema, 'exclusiveMinimum'),
    maximum: readNumber(schema, 'maximum'),
    exclusiveMaximum: readNumber(schema, 'exclusiveMaximum'),
    multiples: multiple === undefined || multiple <= 0 ? [] : [multiple],
    minLength: readNumber(schema, 'minLength'),
    maxLength: readNumber(schema, 'maxLength'),
    patterns: pattern === undefined ? [] : [pattern],
    formats: format === undefined ? [] : [format],
    prefix: readPrefix(schema),
    items: readItems(schema),
    minItems: readNumber(schema, 'minItems'),
    maxItems: readNumber(schema, 'maxItems'),
    unique: schema['uniqueItems'] === true,
    properties: readProperties(schema),
    additional: readSchema(schema, 'additionalProperties'),
    required: readRequired(schema),
    minProperties: readNumber(schema, 'minProperties'),
    maxProperties: readNumber(schema, 'maxProperties'),
    entered,
  }
}

/** Joins two shapes to one that asks for both; `undefined` if their types exclude each other. */
export function joinShapes(one: Shape, other: Shape): Shape | undefined {
  const types = joinTypes(one.types, other.types)
  if (types?.length === 0 && !(one.nullable && other.nullable)) return undefined
  return {
    types,
    nullable: one.nullable || other.nullable,
    // What both allow is for the check to find out.
    values: one.values ?? other.values,
    suggestions: [...one.suggestions, ...other.suggestions],
    minimum: larger(one.minimum, other.minimum),
    exclusiveMinimum: larger(one.exclusiveMinimum, other.exclusiveMinimum),
    maximum: smaller(one.maximum, other.maximum),
    exclusiveMaximum: smaller(one.exclusiveMaximum, other.exclusiveMaximum),
    multiples: [...one.multiples, ...other.multiples],
    minLength: larger(one.minLength, other.minLength),
    maxLength: smaller(one.maxLength, other.maxLength),
    patterns: [...one.patterns, ...other.patterns],
    formats: [...one.formats, ...other.formats],
    prefix: Array.from(
      { length: Math.max(one.prefix.length, other.prefix.length) },
      (_, index) =>
        both(one.prefix[index] ?? one.items, other.prefix[index] ?? other.items) ?? true,
    ),
    items: both(one.items, other.items),
    minItems: larger(one.minItems, other.minItems),
    maxItems: smaller(one.maxItems, other.maxItems),
    unique: one.unique || other.unique,
    properties: new Map(
      [...one.properties.keys(), ...other.properties.keys()].map(key => [
        key,
        both(propertyOf(one, key), propertyOf(other, key)) ?? true,
      ]),
    ),
    additional: both(one.additional, other.additional),
    required: [...one.required, ...other.required],
    minProperties: larger(one.minProperties, other.minProperties),
    maxProperties: smaller(one.maxProperties, other.maxProperties),
    entered: [...new Set([...one.entered, ...other.entered])],
  }
}

function propertyOf(shape: Shape, key: string): Schema | undefined {
  return shape.properties.get(key) ?? shape.additional
}

function both(one: Schema | undefined, other: Schema | undefined): Schema | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return { allOf: [one, other] }
}

function joinTypes(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other
  const allows = (types: readonly string[], type: string) =>
    types.includes(type) || (type === 'integer' && types.includes('number'))
  return [...new Set([...one, ...other])].filter(type => allows(one, type) && allows(other, type))
}

function larger(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}

function smaller(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.min(one, other)
}
