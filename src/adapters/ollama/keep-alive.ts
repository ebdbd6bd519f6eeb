/** `keep_alive`: how long to keep a model in memory. There is nothing to keep, but 0 is an order. */

import { ProxyError } from '../../domain/errors.ts'
import { plainText } from '../../domain/plain-text.ts'

/** Nanoseconds of each unit that Go's durations have; the micro sign is there twice in Unicode. */
const UNITS: ReadonlyMap<string, number> = new Map([
  ['ns', 1],
  ['us', 1e3],
  ['\u00b5s', 1e3],
  ['\u03bcs', 1e3],
  ['ms', 1e6],
  ['s', 1e9],
  ['m', 60e9],
  ['h', 3600e9],
])

/** Go counts nanoseconds in 64 bits. */
const MAX_NANOSECONDS = 2 ** 63

/** Longest duration that is looked at. */
const MAX_LENGTH = 100
/** Longest one that is told back. */
const MAX_TOLD_LENGTH = 40

/**
 * Tells whether the field asks to have the model out of memory: 0 in any form.
 *
 * @throws ProxyError `invalid_type`, `invalid_value` for what is neither a number of seconds nor one of
 *   Go's durations, in Go's words.
 */
export function asksToUnload(keepAlive: unknown): boolean {
  if (keepAlive === null || keepAlive === undefined) return false
  if (typeof keepAlive === 'number') return keepAlive === 0
  if (typeof keepAlive === 'string') return nanosecondsOf(keepAlive) === 0
  throw new ProxyError(
    'invalid_type',
    'Invalid type for \'keep_alive\': expected a number of seconds or a duration such as "5m".',
    { param: 'keep_alive' },
  )
}

/** Reads the length of a duration, whatever its sign. */
function nanosecondsOf(text: string): number {
  const unsigned = text.replace(/^[+-]/, '')
  // The only number that needs no unit.
  if (unsigned === '0') return 0
  if (unsigned === '' || text.length > MAX_LENGTH) throw bad('invalid duration', text)
  let nanoseconds = 0
  for (const [, number = '', unit = ''] of unsigned.matchAll(/(\d*(?:\.\d*)?)([^\d.]*)/g)) {
    if (number === '' && unit === '') continue
    if (!/\d/.test(number)) throw bad('invalid duration', text)
    if (unit === '') throw bad('missing unit in duration', text)
    const scale = UNITS.get(unit)
    if (scale === undefined) throw bad(`unknown unit "${told(unit)}" in duration`, text)
    nanoseconds += Number(number) * scale
  }
  if (nanoseconds > MAX_NANOSECONDS) throw bad('invalid duration', text)
  return nanoseconds
}

function bad(what: string, text: string): ProxyError {
  return new ProxyError('invalid_value', `time: ${what} "${told(text)}"`, { param: 'keep_alive' })
}

function told(text: string): string {
  return plainText(text, MAX_TOLD_LENGTH)
}
