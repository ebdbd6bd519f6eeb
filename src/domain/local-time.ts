/** Times as people read them. */

/** Writes a Unix time in seconds as local time: "2026-11-22 14:05". */
export function localTime(unixSeconds: number): string {
  // Swedish writes dates as ISO 8601 does.
  const format: Intl.DateTimeFormatOptions = { dateStyle: 'short', timeStyle: 'short' }
  return new Date(unixSeconds * 1000).toLocaleString('sv-SE', format)
}
