/** The shapes that a schema with references and branches allows, one after the other. */

import { readSchemas, readString, type Schema } from './schema.ts'
import { joinShapes, readShape, type Shape } from './shape.ts'
import { type SchemaWork, show } from './work.ts'

const MAX_DEPTH = 128
const STEPS_PER_JOIN = 20

/** Keywords that shapes know nothing of: they show only in the check. */
const ONLY_CHECKED = [
  'contains',
  'minContains',
  'maxContains',
  'patternProperties',
  'propertyNames',
  'dependentRequired',
  'dependentSchemas',
  'dependencies',
  'unevaluatedProperties',
  'unevaluatedItems',
  'if',
]

/** Where in a schema the work is. */
export interface Place {
  /** The way here from the schema's root, for messages. */
  readonly path: string
  /** The schemas on the way here. */
  readonly entered: readonly Schema[]
}

/**
 * Lists the shapes of a schema, in the order of its branches. A reference back to a schema that
 * was entered already has none: the smallest value never needs one.
 */
export function* listShapes(
  schema: Schema,
  place: Place,
  work: SchemaWork,
  depth = 0,
): Generator<Shape> {
  work.spend(1)
  const { path, entered } = place
  if (schema === false) return
  if (schema === true) {
    yield readShape({}, entered)
    return
  }
  for (const keyword of ONLY_CHECKED) if (keyword in schema) work.onlyChecked.add(keyword)
  const choices: (readonly Schema[])[] = (readSchemas(schema, 'allOf') ?? []).map(each => [each])
  const reference = readString(schema, '$ref')
  if (reference !== undefined) {
    const target = work.resolve(reference)
    if (target === undefined) return work.note(path, `there is nothing at $ref ${show(reference)}`)
    if (typeof target === 'object' && entered.includes(target)) {
      return work.note(path, 'it asks for itself without end')
    }
    choices.unshift([target])
  }
  for (const keyword of ['anyOf', 'oneOf']) {
    const branches = readSchemas(schema, keyword)
    if (branches) choices.push(branches)
  }
  yield* chooseEach(readShape(schema, entered), choices, place, work, depth)
}

function* chooseEach(
  shape: Shape,
  choices: readonly (readonly Schema[])[],
  place: Place,
  work: SchemaWork,
  depth: number,
): Generator<Shape> {
  const [options, ...rest] = choices
  if (options === undefined) {
    yield shape
    return
  }
  if (depth > MAX_DEPTH) return work.note(place.path, 'it is composed of too many schemas')
  for (const option of options) {
    // What its siblings entered does not count: two of them may share a base.
    const inner = { ...place, entered: [...place.entered, option] }
    for (const chosen of listShapes(option, inner, work, depth + 1)) {
      work.spend(STEPS_PER_JOIN)
      const joined = joinShapes(shape, chosen)
      if (joined) yield* chooseEach(joined, rest, place, work, depth + 1)
    }
  }
}
