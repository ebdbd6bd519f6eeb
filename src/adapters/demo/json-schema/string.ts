/** Makes up texts. */

import { sampleFormat } from './format.ts'
import { type Pick, writeMatch } from './pattern-text.ts'
import type { Shape } from './shape.ts'
import { type SchemaWork, show } from './work.ts'

/** Longest text that a schema may insist on. */
const MAX_LENGTH = 10_000
/** How often to try a pattern: its lookarounds and the other keywords show only in the check. */
const MAX_ATTEMPTS = 40
const STEPS_PER_ATTEMPT = 10
const STEPS_PER_FAILURE = 500

/** Lists texts that a shape allows, pleasant ones first: in its format, its name, its pattern. */
export function* sampleStrings(
  shape: Shape,
  { name, path }: { readonly name: string; readonly path: string },
  work: SchemaWork,
): Generator<string> {
  const { minLength = 0, maxLength = Number.POSITIVE_INFINITY, patterns } = shape
  if (minLength > MAX_LENGTH) {
    work.note(path, `it asks for more than ${MAX_LENGTH} characters`)
    return
  }
  const variant = work.choose(Number.POSITIVE_INFINITY)
  for (const format of shape.formats) {
    const text = sampleFormat(format, variant, minLength)
    if (text !== undefined) yield text
  }
  yield fitText(name, variant, minLength, maxLength)
  for (const pattern of patterns) yield* sampleMatches(pattern, variant, minLength, work)
  // Whoever comes back for more was not content.
  for (const pattern of patterns) {
    work.note(path, `no text was found for the pattern /${show(pattern)}/`)
  }
}

/** Repeats or cuts a text to a length in characters; a variant ends in a number of its own. */
function fitText(text: string, variant: number, least: number, most: number): string {
  const suffix = Array.from(variant === 0 ? '' : String(variant + 1))
  const word = Array.from(text === '' ? 'text' : text)
  const characters = Array.from(text)
  while (characters.length + suffix.length < least) characters.push(' ', ...word)
  const length = Math.max(Array.from(text).length, least - suffix.length)
  return [...characters.slice(0, Math.min(length, most - suffix.length)), ...suffix].join('')
}

function* sampleMatches(
  source: string,
  variant: number,
  minLength: number,
  work: SchemaWork,
): Generator<string> {
  const pattern = work.parse(source)
  if (pattern === undefined) return
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const createPick = () =>
      attempt === 0 ? pickByDigits(variant) : pickAtRandom(variant * MAX_ATTEMPTS + attempt)
    const text = writeMatch(pattern, createPick, minLength)
    work.spend(text === undefined ? STEPS_PER_FAILURE : STEPS_PER_ATTEMPT)
    if (text === undefined) continue
    yield text
    if (text.length < minLength) yield text.padEnd(minLength, 'a')
  }
}

/** Counts through all picks, variant by variant. */
function pickByDigits(variant: number): Pick {
  let rest = variant
  return options => {
    const digit = rest % options
    rest = Math.floor(rest / options)
    return digit
  }
}

/** Random in looks only: the same seed gives the same picks (the generator of Numerical Recipes). */
function pickAtRandom(seed: number): Pick {
  let state = seed
  return options => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor((state / 2 ** 32) * options)
  }
}
