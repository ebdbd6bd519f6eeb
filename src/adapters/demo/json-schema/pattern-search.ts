/** Matches patterns that came from outside. */

import { type Context, createContext, Script } from 'node:vm'
import { patternFlags } from './pattern.ts'

/**
 * Creates a function that tells whether a text contains a match of a pattern. It answers
 * `false` if the pattern does not compile, and `undefined` if it was not done within
 * `timeLeftMs`: one hostile pattern alone could take years.
 */
export function createPatternSearch(
  timeLeftMs: () => number,
): (pattern: string, text: string) => boolean | undefined {
  let script: Script | undefined
  let context: Context | undefined
  return (pattern, text) => {
    const flags = patternFlags(pattern)
    if (flags === undefined) return false
    script ??= new Script('new RegExp(pattern, flags).test(text)')
    context ??= createContext({})
    Object.assign(context, { pattern, flags, text })
    try {
      // Only a script has a time limit: a search on its own cannot be interrupted.
      const timeout = Math.max(1, Math.ceil(timeLeftMs()))
      return script.runInContext(context, { timeout }) === true
    } catch {
      return undefined
    }
  }
}
