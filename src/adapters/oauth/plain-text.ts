/** Words of others, made safe to show. */

import { stripVTControlCharacters } from 'node:util'

/** The longest that is shown, in characters. */
const LONGEST = 300

/**
 * Returns text that steers neither a terminal nor a reader's eye: without escape sequences,
 * control characters and invisible ones, on one line, cut at 300 characters.
 */
export function plainText(text: string): string {
  const visible = stripVTControlCharacters(text)
    .replace(/\s+/gu, ' ')
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
    .trim()
  return [...visible].slice(0, LONGEST).join('')
}
