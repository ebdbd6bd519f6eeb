/** Durations as people read them. */

/**
 * Writes a duration in its two largest units: "1h 6m", "2d 3h". Rounded up to whole minutes, so
 * that after that time it is over.
 */
export function roughDuration(seconds: number): string {
  const minutes = Math.max(1, Math.ceil(seconds / 60))
  const units = [
    { count: Math.floor(minutes / 1440), name: 'd' },
    { count: Math.floor(minutes / 60) % 24, name: 'h' },
    { count: minutes % 60, name: 'm' },
  ]
  const largest = units.findIndex(({ count }) => count > 0)
  return units
    .slice(largest, largest + 2)
    .filter(({ count }) => count > 0)
    .map(({ count, name }) => `${count}${name}`)
    .join(' ')
}

/** Writes a duration to the second: "14:32". */
export function clockDuration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds))
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`
}
