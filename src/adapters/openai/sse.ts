/** Server-sent events, written (HTML standard, section 9.2). */

/** Headers of an event stream that no proxy on the way may hold back or rewrite. */
export const SSE_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** A comment, which every reader skips: a sign of life. */
export const KEEP_ALIVE = ': keep-alive\n\n'

/** Frames text that has no line ends, which JSON never has. */
export function sseData(text: string): string {
  return `data: ${text}\n\n`
}
