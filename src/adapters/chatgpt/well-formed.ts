/** JSON text that is well-formed Unicode. */

/** A lone surrogate as `JSON.stringify` spells it; any other escape is matched to be passed over. */
const ESCAPE = /\\(?:ud[89a-f][0-9a-f]{2}|.)/g

/**
 * Encodes a value as JSON text. A lone surrogate is not a character and would come out as an escape
 * that the backend refuses: U+FFFD takes its place.
 */
export function encodeWellFormed(value: unknown): string {
  const text = JSON.stringify(value)
  if (!/\\ud[89a-f]/.test(text)) return text
  return text.replace(ESCAPE, spelling => (spelling.length > 2 ? '\ufffd' : spelling))
}
