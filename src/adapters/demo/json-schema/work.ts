/** What the making of one value carries along: its schema's root, its limits, its choices. */

import type { JsonSchema } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import type { SchemaBudget } from './budget.ts'
import { type Pattern, parsePattern } from './pattern.ts'
import { resolvePointer, type Schema } from './schema.ts'

const STEPS_PER_MATCH = 20
const STEPS_PER_PATTERN = 300
/** Most options to take turns with, of those that are made as they are asked for. */
const MAX_TURNS = 32
/** Most characters that a message shows of the client's schema in one place. */
const MAX_SHOWN = 100

/** Why no value was found, and where in the schema. */
export interface Problem {
  /** Such as `properties.city`; empty for the schema itself. */
  readonly path: string
  readonly message: string
}

/** The state of making one value. */
export interface SchemaWork {
  /** The first thing that could not be done; cleared when another way was found. */
  problem: Problem | undefined
  /** Which of the values that satisfy the schema to make, from 0; used up by `choose`. */
  variant: number
  /** Keywords that were met and are only checked: what they ask for is not made up. */
  readonly onlyChecked: Set<string>
  /** Keeps a problem if it is the first. */
  note(path: string, message: string): void
  /** Returns what a `$ref` points at. */
  resolve(reference: string): Schema | undefined
  /** @throws ProxyError `unsupported_value` when the work has become too much. */
  spend(steps: number): void
  /** @throws ProxyError `unsupported_value`, for what cannot even be checked. */
  refuse(message: string): never
  /** Takes a number below `options` out of the variant; `Infinity` takes all of it. */
  choose(options: number): number
  /** Moves the option that the variant chooses to the front. */
  rotate<Option>(options: Iterable<Option>): Iterable<Option>
  /** Returns a parsed pattern. */
  parse(pattern: string): Pattern | undefined
  /** Tells whether a text contains a match of a pattern. `false` if it is no pattern. */
  matches(pattern: string, text: string): boolean
}

/** Creates the work on one schema. `param` names the request field it came in. */
export function createSchemaWork(
  root: JsonSchema,
  param: string,
  budget: SchemaBudget,
): SchemaWork {
  const parsed = new Map<string, Pattern | undefined>()
  const matched = new Map<string, boolean>()
  const work: SchemaWork = {
    problem: undefined,
    variant: 0,
    onlyChecked: new Set(),
    note(path, message) {
      work.problem ??= { path, message }
    },
    resolve: reference => resolvePointer(root, reference),
    spend(steps) {
      if (!budget.spend(steps)) work.refuse('it asks for too much')
    },
    refuse(message) {
      throw unsupported(param, { path: '', message })
    },
    choose(options) {
      const choice = options === Number.POSITIVE_INFINITY ? work.variant : work.variant % options
      work.variant = options === Number.POSITIVE_INFINITY ? 0 : Math.floor(work.variant / options)
      return choice
    },
    rotate(options) {
      if (work.variant === 0) return options
      const list = Array.isArray(options) ? options : takeFirst(options, MAX_TURNS)
      if (list.length === 0) return list
      const start = work.choose(list.length)
      return [...list.slice(start), ...list.slice(0, start)]
    },
    parse(pattern) {
      if (!parsed.has(pattern)) {
        work.spend(STEPS_PER_PATTERN)
        parsed.set(pattern, parsePattern(pattern))
      }
      return parsed.get(pattern)
    },
    matches(pattern, text) {
      const key = JSON.stringify([pattern, text])
      const known = matched.get(key)
      if (known !== undefined) return known
      work.spend(STEPS_PER_MATCH)
      const found = budget.search(pattern, text)
      if (found === undefined) work.refuse(`the pattern /${show(pattern)}/ takes too long to match`)
      matched.set(key, found)
      return found
    },
  }
  return work
}

/** Creates the error for a schema that the demo cannot satisfy. */
export function unsupported(param: string, { path, message }: Problem): ProxyError {
  const place = path === '' ? '' : ` at ${show(path)}`
  return new ProxyError(
    'unsupported_value',
    `The demo cannot make up a value for this schema${place}: ${message}.`,
    { param },
  )
}

/** Returns a text of the client's as messages show it. */
export function show(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text
}

function takeFirst<Option>(options: Iterable<Option>, most: number): Option[] {
  const taken: Option[] = []
  for (const option of options) {
    taken.push(option)
    if (taken.length === most) break
  }
  return taken
}
