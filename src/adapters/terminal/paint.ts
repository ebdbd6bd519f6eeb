/** Colours and weights for a terminal. They only repeat what the words already say. */

/** SGR codes (ECMA-48, section 8.3.117): what begins a style and what ends it. */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [91, 39],
  yellow: [93, 39],
  green: [92, 39],
  blue: [94, 39],
} as const

/** Dresses texts up; each function returns its text in one style. */
export type Paint = Readonly<Record<keyof typeof STYLES, (text: string) => string>>

/** Creates a paint; one that is not colourful returns every text as it is. */
export function createPaint(isColourful: boolean): Paint {
  // `styleText` of node:util asks the environment of the process itself in newer versions of Node.
  const style = ([begin, end]: readonly [number, number]) =>
    isColourful
      ? (text: string) => (text === '' ? '' : `\u001b[${begin}m${text}\u001b[${end}m`)
      : (text: string) => text
  return {
    bold: style(STYLES.bold),
    dim: style(STYLES.dim),
    red: style(STYLES.red),
    yellow: style(STYLES.yellow),
    green: style(STYLES.green),
    blue: style(STYLES.blue),
  }
}

/**
 * Tells whether colours are welcome: on a terminal only, not if `NO_COLOR` has any value
 * (no-color.org), and not on a terminal that calls itself dumb.
 */
export function isColourful(
  stream: { readonly isTTY?: boolean | undefined },
  environment: Readonly<Record<string, string | undefined>>,
): boolean {
  return stream.isTTY === true && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
}
