/** A run of literals that is kept for long: its memory is that of its characters. */

import type { JsonString } from './events.ts'

/**
 * How many characters are joined at a time. Each piece by itself costs an entry of an array, and may
 * keep alive the whole text that it was cut from.
 */
const JOIN_LENGTH = 64 * 1024

/** Literals in their order. */
export interface LiteralRun {
  push(literal: JsonString): void
  /** Empties the run and returns what was in it, in fewer literals where it is long. */
  take(): readonly JsonString[]
}

/** Creates an empty run. */
export function createLiteralRun(): LiteralRun {
  let joined: JsonString[] = []
  let recent: JsonString[] = []
  let recentLength = 0

  function reset(): void {
    recent = []
    recentLength = 0
  }

  return {
    push(literal) {
      recent.push(literal)
      recentLength += literal.length
      if (recentLength < JOIN_LENGTH) return
      joined.push(join(recent))
      reset()
    },
    take() {
      const all = joined.length > 0 ? [...joined, ...recent] : recent
      joined = []
      reset()
      return all
    },
  }
}

/** Joining an array copies the characters; adding texts up would only refer to them. */
function join(literals: readonly JsonString[]): JsonString {
  return ['"', ...literals.map(literal => literal.slice(1, -1)), '"'].join('') as JsonString
}
