/** JSON, one value a line. */

/** Headers of a stream of lines that no proxy on the way may hold back or rewrite. */
export const NDJSON_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/x-ndjson',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** Whatever ends a line for some reader: Python's clients take the last three for line ends too. */
const LINE_END = /[\n\r\u0085\u2028\u2029]/
const LINE_ENDS = new RegExp(LINE_END, 'g')

/** Returns JSON text with the same meaning and without a character that ends a line. */
export function oneLine(json: string): string {
  return LINE_END.test(json) ? json.replace(LINE_ENDS, escapeLineEnd) : json
}

/** The first two stand between tokens, where JSON has spaces; the others in strings. */
function escapeLineEnd(character: string): string {
  return character <= '\r' ? ' ' : `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}
