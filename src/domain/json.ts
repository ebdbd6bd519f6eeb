/** JSON that somebody else wrote. */

/** Parses JSON text; `undefined`, which no JSON text means, if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
