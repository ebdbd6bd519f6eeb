/** Breaks text into lines and puts it in columns. Escape sequences of a paint take no room. */

import { stripVTControlCharacters } from 'node:util'

/** Below this the last column would be one word a line. */
const MIN_LAST_WIDTH = 16

const GAP = 2

/**
 * Breaks a text at its spaces into lines of at most `width` characters. A longer word stays whole,
 * for it may be an address to copy.
 */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    const longer = line === '' ? word : `${line} ${word}`
    if (line !== '' && visibleLength(longer) > width) {
      lines.push(line)
      line = word
    } else {
      line = longer
    }
  }
  return [...lines, line]
}

/** Returns a paragraph, wrapped and indented. */
export function paragraph(text: string, columns: number, indent = 2): readonly string[] {
  return wrap(text, columns - indent).map(line => `${' '.repeat(indent)}${line}`)
}

/** Lays rows out in columns, indented by two. What has no room in the last one goes on below. */
export function table(rows: readonly (readonly string[])[], columns: number): readonly string[] {
  const widths = (rows[0] ?? []).map((_, index) =>
    Math.max(...rows.map(row => visibleLength(row[index] ?? ''))),
  )
  const lastStart = widths.slice(0, -1).reduce((sum, width) => sum + width + GAP, 2)
  const lastWidth = Math.max(MIN_LAST_WIDTH, columns - lastStart)
  return rows.flatMap(row => {
    const before = row.slice(0, -1).map((cell, index) => pad(cell, (widths[index] ?? 0) + GAP))
    return wrap(row.at(-1) ?? '', lastWidth).map((line, index) =>
      (index === 0 ? `  ${before.join('')}${line}` : ' '.repeat(lastStart) + line).trimEnd(),
    )
  })
}

function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - visibleLength(text)))
}

function visibleLength(text: string): number {
  return stripVTControlCharacters(text).length
}
