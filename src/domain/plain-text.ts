/** Words of others, made safe to show. */

/** Room for a sentence or two; whoever sends more wants to push something off the screen. */
const MAX_LENGTH = 500

/** What steers a terminal (ECMA-48): strings such as titles and links, then CSI, then any escape. */
const SEQUENCES =
  /\u001b[\]PX^_][^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)?|(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]?|\u001b[ -/]*[0-~]?/g

/**
 * Returns a text as one line without anything that steers a terminal or misleads the eye:
 * escape sequences, control characters, invisible ones and those that turn the line around.
 * Cut to `maxLength` characters, 500 if not said.
 */
export function plainText(text: string, maxLength = MAX_LENGTH): string {
  const characters = [
    ...text
      .replace(SEQUENCES, '')
      .replace(/\s+/gu, ' ')
      .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Cn}]/gu, '')
      .trim(),
  ]
  return characters.length > maxLength
    ? `${characters.slice(0, maxLength - 1).join('')}…`
    : characters.join('')
}
