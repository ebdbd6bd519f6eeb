/** How full a usage window is, as a bar. */

import type { Paint } from './paint.ts'

/** As many as fit on every usual terminal with the words beside them. */
const MAX_SEGMENTS = 30
const MIN_SEGMENTS = 5

/** What else is in the line: the indent, a gap, and "100.0% used, 0.0% left". */
const WORDS_WIDTH = 2 + 2 + 22

/**
 * Returns the bar with its words: "███▓░░░░░░  34.5% used, 65.5% left". 30 segments, fewer where
 * the terminal has no room for them. A segment that is used in part is ▓, so that a little does
 * not look like nothing, nor nearly all like all.
 */
export function usageBar(usedPercent: number, paint: Paint, columns: number): string {
  const used = Math.min(100, Math.max(0, usedPercent))
  const segments = Math.max(MIN_SEGMENTS, Math.min(MAX_SEGMENTS, columns - WORDS_WIDTH))
  const exact = (used / 100) * segments
  const filled = '█'.repeat(Math.floor(exact)) + (Number.isInteger(exact) ? '' : '▓')
  // Only what is used up reads as used up.
  const tenths = used < 100 ? Math.min(999, Math.round(used * 10)) : 1000
  const words = `${(tenths / 10).toFixed(1)}% used, ${((1000 - tenths) / 10).toFixed(1)}% left`
  return `${colour(used, paint)(filled)}${paint.dim('░'.repeat(segments - filled.length))}  ${words}`
}

function colour(used: number, paint: Paint): (text: string) => string {
  if (used >= 90) return paint.red
  if (used >= 75) return paint.yellow
  return used >= 50 ? paint.blue : paint.green
}
