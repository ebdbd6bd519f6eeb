/** Times as programs read them. */

/** Writes a Unix time in milliseconds as ISO 8601; `null` for none, and for what no calendar has. */
export function isoTime(unixMs: number | undefined): string | null {
  const date = new Date(unixMs ?? Number.NaN)
  return Number.isNaN(date.getTime()) ? null : date.toISOString()
}

/** The same for a Unix time in seconds. */
export function isoTimeOfSeconds(unixSeconds: number | undefined): string | null {
  return isoTime(unixSeconds === undefined ? undefined : unixSeconds * 1000)
}
