/** The length of a text as upstreams count it where they point into one. */

import type { JsonString } from './events.ts'

const BACKSLASH = 0x5c
const ESCAPED_SECOND_HALF = /^u[dD][c-fC-F]/

/**
 * Counts the characters (code points) that a literal spells, without decoding it. The second half
 * of a surrogate pair counts nothing, so a pair may be cut between two literals.
 */
export function countCharacters(literal: JsonString): number {
  let count = 0
  for (let i = 1; i < literal.length - 1; i++) {
    const unit = literal.charCodeAt(i)
    if (unit !== BACKSLASH) {
      if (unit < 0xdc00 || unit >= 0xe000) count++
      continue
    }
    if (!ESCAPED_SECOND_HALF.test(literal.slice(i + 1, i + 4))) count++
    i += literal[i + 1] === 'u' ? 5 : 1
  }
  return count
}
