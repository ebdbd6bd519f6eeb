/** JSON in the midst of a prompt. */

import { parseJson } from '../../domain/json.ts'

/** A JSON object as written, and where it ends in the prompt. */
export interface FoundObject {
  readonly text: string
  readonly end: number
}

/**
 * Finds the JSON object that begins at a place, spaces and tabs aside. `undefined` if there is
 * none, or if it is not valid.
 */
export function findJsonObject(prompt: string, place: number): FoundObject | undefined {
  let start = place
  while (prompt[start] === ' ' || prompt[start] === '\t') start++
  if (prompt[start] !== '{') return undefined
  // Braces inside of texts count for nothing. A text without an end is taken whole: trying again
  // at each of its quotes would take quadratic time.
  const token = /"(?:[^"\\]|\\.)*"?|[{}]/gs
  token.lastIndex = start
  let depth = 0
  for (let found = token.exec(prompt); found !== null; found = token.exec(prompt)) {
    if (found[0] === '{') depth++
    if (found[0] === '}') depth--
    if (depth > 0) continue
    const text = prompt.slice(start, token.lastIndex)
    return parseJson(text) !== undefined ? { text, end: token.lastIndex } : undefined
  }
  return undefined
}
