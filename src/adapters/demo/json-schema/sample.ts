/** Makes up values for JSON Schemas. */

import type { JsonSchema } from '../../../domain/conversation.ts'
import { listShapes, type Place } from './branches.ts'
import { countSteps, createBudget } from './budget.ts'
import { satisfies } from './check.ts'
import { sampleNumbers } from './number.ts'
import type { Schema } from './schema.ts'
import type { Shape } from './shape.ts'
import { sampleStrings } from './string.ts'
import { createSchemaWork, type SchemaWork, unsupported } from './work.ts'

const MAX_DEPTH = 48
/** Most items and properties that a schema may insist on. */
const MAX_SIZE = 1000
/** How often to try for an item that differs from the ones before. */
const MAX_TURNS = 64

/** What a value is for. */
export interface SampleFor {
  /** What a text says where the schema does not: the name of the value. */
  readonly name: string
  /** The request field that the schema came in, to blame it. */
  readonly param: string
}

interface Spot extends Place {
  readonly name: string
  readonly depth: number
}

/**
 * Makes up a value that satisfies a schema, always the same one.
 *
 * It understands `$ref` with a JSON pointer, `allOf`, `anyOf`, `oneOf` and `not`, and the keywords
 * of draft 2020-12 for types, values, numbers, texts (`pattern` and the usual `format`s), items
 * and properties. `contains`, `patternProperties`, `propertyNames`, `dependent*`, `if` and the
 * simple uses of `unevaluated*` are only checked: a value that is made up without them may satisfy
 * them, or else the schema is refused. Every declared property gets a value unless it is optional
 * and recurs or cannot have one.
 *
 * @throws ProxyError `unsupported_value` if no value was found, if it would be too large, or if
 *   it cannot be checked.
 */
export function sampleSchema(
  schema: JsonSchema,
  { name, param }: SampleFor,
  budget = createBudget(),
): unknown {
  const work = createSchemaWork(schema, param, budget)
  const sample = sampleAt(schema, { name, path: '', entered: [], depth: 0 }, work)
  if (sample) return sample.value
  const { path, message } = work.problem ?? { path: '', message: NOTHING }
  const onlyChecked = [...work.onlyChecked].join(', ')
  const hint = onlyChecked && ` (it checks ${onlyChecked}, but does not make up what they ask for)`
  throw unsupported(param, { path, message: message + hint })
}

const NOTHING = 'nothing satisfies it'

/** The box tells "no value" from the value `undefined` would be. */
interface Sample {
  readonly value: unknown
}

function sampleAt(schema: Schema, spot: Spot, work: SchemaWork): Sample | undefined {
  work.spend(1)
  const { path } = spot
  if (spot.depth > MAX_DEPTH) {
    work.note(path, 'it is nested too deeply')
    return undefined
  }
  const place = { path, entered: [...spot.entered, schema] }
  const problemBefore = work.problem
  for (const shape of work.rotate(listShapes(schema, place, work))) {
    for (const value of listValues(shape, { ...spot, entered: shape.entered }, work)) {
      work.spend(countSteps(value))
      if (!satisfies(schema, value, work)) continue
      work.problem = problemBefore
      return { value }
    }
  }
  work.note(path, NOTHING)
  return undefined
}

function* listValues(shape: Shape, spot: Spot, work: SchemaWork): Generator<unknown> {
  if (shape.values) {
    yield* work.rotate(shape.values)
    return
  }
  if (work.variant === 0) yield* shape.suggestions
  for (const type of shape.types ? work.rotate(shape.types) : guessTypes(shape)) {
    switch (type) {
      case 'null':
        yield null
        break
      case 'boolean':
        yield* work.rotate([true, false])
        break
      case 'integer':
      case 'number':
        yield* sampleNumbers(shape, type, work)
        break
      case 'string':
        yield* sampleStrings(shape, spot, work)
        break
      case 'array':
        yield* listArrays(shape, spot, work)
        break
      case 'object':
        yield* listObjects(shape, spot, work)
        break
    }
  }
  if (shape.nullable) yield null
}

/** A schema without `type` allows all: first the ones that its keywords speak of. */
function guessTypes(shape: Shape): readonly string[] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = shape
  const spoken: readonly (readonly [string, readonly unknown[]])[] = [
    ['object', [...shape.properties, ...shape.required, shape.additional, shape.minProperties]],
    ['array', [...shape.prefix, shape.items, shape.minItems]],
    ['number', [minimum, maximum, exclusiveMinimum, exclusiveMaximum, ...shape.multiples]],
  ]
  const guesses = spoken.filter(([, keywords]) => keywords.some(value => value !== undefined))
  const all = ['string', 'number', 'boolean', 'null', 'object', 'array']
  return [...new Set([...guesses.map(([type]) => type), ...all])]
}

function* listArrays(shape: Shape, spot: Spot, work: SchemaWork): Generator<unknown> {
  const { prefix, items = true, minItems = 0, maxItems = Number.POSITIVE_INFINITY } = shape
  if (minItems > MAX_SIZE) {
    work.note(spot.path, `it asks for more than ${MAX_SIZE} items`)
    return
  }
  const wanted = Math.min(maxItems, Math.max(minItems, prefix.length, items === false ? 0 : 1))
  const pick = shape.unique
    ? createUniquePick(work)
    : (sample: () => Sample | undefined) => sample()
  const values: unknown[] = []
  while (values.length < wanted) {
    const index = values.length
    const place = index < prefix.length ? `prefixItems[${index}]` : 'items'
    const inner = { ...spot, path: extend(spot.path, place), depth: spot.depth + 1 }
    const sample = pick(() => sampleAt(prefix[index] ?? items, inner, work))
    if (!sample) break
    values.push(sample.value)
  }
  if (values.length < minItems) return
  yield values
  yield values.slice(0, minItems)
}

/** Creates a function that samples until it gets a value that it did not get before. */
function createUniquePick(
  work: SchemaWork,
): (sample: () => Sample | undefined) => Sample | undefined {
  const seen = new Set<string>()
  let turn = work.choose(Number.POSITIVE_INFINITY)
  return sample => {
    for (const end = turn + MAX_TURNS; turn < end; turn++) {
      work.variant = turn
      const found = sample()
      work.variant = 0
      const text = found && JSON.stringify(found.value)
      if (text === undefined || seen.has(text)) continue
      seen.add(text)
      return found
    }
    return undefined
  }
}

function* listObjects(shape: Shape, spot: Spot, work: SchemaWork): Generator<unknown> {
  const { properties, additional = true, minProperties = 0 } = shape
  if (minProperties > MAX_SIZE) {
    work.note(spot.path, `it asks for more than ${MAX_SIZE} properties`)
    return
  }
  const entries = new Map<string, unknown>()
  const add = (name: string) => {
    const path = extend(spot.path, `properties.${name}`)
    const inner = { ...spot, name, path, depth: spot.depth + 1 }
    const sample = sampleAt(properties.get(name) ?? additional, inner, work)
    if (sample) entries.set(name, sample.value)
    return sample !== undefined
  }
  const required = new Set(shape.required)
  for (const name of new Set([...properties.keys(), ...required])) {
    if (!add(name) && required.has(name)) return
  }
  for (let number = 1; entries.size < minProperties; number++) {
    const name = `property${number}`
    if (!properties.has(name) && !add(name)) return
  }
  const optional = [...entries.keys()].filter(name => !required.has(name))
  while (entries.size > (shape.maxProperties ?? entries.size) && optional.length > 0) {
    entries.delete(optional.pop() ?? '')
  }
  yield Object.fromEntries(entries)
  // Branches may tell each other apart by what is absent.
  yield Object.fromEntries([...entries].filter(([name]) => required.has(name)))
}

function extend(path: string, place: string): string {
  return path === '' ? place : `${path}.${place}`
}
