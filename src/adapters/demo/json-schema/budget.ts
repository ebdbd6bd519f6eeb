/** How much may be spent on the schemas of one request: meanwhile the service does nothing else. */

import { createPatternSearch } from './pattern-search.ts'

/** Steps after which schemas count as too much: about half a second's work. */
const MAX_STEPS = 200_000
/** Longest that all steps together may take, whatever they turn out to cost. */
const TIME_LIMIT_MS = 1000
const LETTERS_PER_STEP = 16

/** What is left to spend. Shared by all values that one answer needs. */
export interface SchemaBudget {
  /** Takes steps off; `false` when nothing is left. */
  spend(steps: number): boolean
  /** Tells whether a text contains a match of a pattern; `undefined` if time ran out. */
  readonly search: (pattern: string, text: string) => boolean | undefined
}

/** Creates a budget. Its time, a second by default, starts now. */
export function createBudget(timeLimitMs = TIME_LIMIT_MS): SchemaBudget {
  const end = performance.now() + timeLimitMs
  let steps = 0
  return {
    spend(more) {
      steps += more
      return steps <= MAX_STEPS && performance.now() < end
    },
    search: createPatternSearch(() => end - performance.now()),
  }
}

/** Counts the steps that going through a JSON value is worth: its parts, and its texts by length. */
export function countSteps(value: unknown): number {
  if (typeof value === 'string') return 1 + Math.floor(value.length / LETTERS_PER_STEP)
  if (typeof value !== 'object' || value === null) return 1
  let steps = 1
  for (const [key, part] of Object.entries(value)) {
    steps += Math.floor(key.length / LETTERS_PER_STEP) + countSteps(part)
  }
  return steps
}
