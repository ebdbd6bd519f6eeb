/** How long the upstream asks to wait. */

/** Reads `retry-after-ms` and `retry-after` (RFC 9110, section 10.2.3) as seconds; `now` is in ms. */
export function retryAfterOf(headers: Headers, now: number): number | undefined {
  const milliseconds = readNumber(headers.get('retry-after-ms'))
  if (milliseconds !== undefined) return milliseconds / 1000
  const text = headers.get('retry-after')
  const seconds = readNumber(text)
  if (seconds !== undefined || text === null) return seconds
  const date = / GMT$/.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000)
}

/** Reads "try again in 1.5s", "300ms" and "2m30s" out of a message, as seconds. */
export function retryHint(message: string | undefined): number | undefined {
  const [, span] =
    /try again in ((?:\d+(?:\.\d+)?\s*(?:ms|s|m|h)[a-z]*\s*)+)/i.exec(message ?? '') ?? []
  if (span === undefined) return undefined
  let seconds = 0
  for (const [, amount, unit] of span.matchAll(/(\d+(?:\.\d+)?)\s*(ms|s|m|h)/gi)) {
    seconds += Number(amount) * (SECONDS[unit?.toLowerCase() ?? ''] ?? 0)
  }
  return seconds
}

const SECONDS: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 }

function readNumber(text: string | null): number | undefined {
  return text !== null && /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : undefined
}
