/** Makes text from outside fit for a terminal. */

import { stripVTControlCharacters } from 'node:util'

/** Room for a sentence or two; whoever sends more wants to push something off the screen. */
const MAX_LENGTH = 500

/**
 * Returns a text as one line without anything that steers a terminal or misleads the eye:
 * escape sequences, control characters, invisible ones and those that turn the line around.
 * Cut after 500 characters.
 */
export function plainText(text: string): string {
  const characters = [
    ...stripVTControlCharacters(text)
      .replace(/\s+/g, ' ')
      .replace(/[\p{Cc}\p{Cf}\p{Cs}]/gu, '')
      .trim(),
  ]
  return characters.length > MAX_LENGTH
    ? `${characters.slice(0, MAX_LENGTH - 1).join('')}…`
    : characters.join('')
}
