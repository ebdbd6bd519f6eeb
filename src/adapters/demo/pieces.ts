/** How the demo cuts its answers into deltas. */

const MAX_SLICE_LENGTH = 8

/** Cuts a text into its words, each with the whitespace before it. The pieces spell the text. */
export function cutIntoWords(text: string): readonly string[] {
  return text.match(/\s*\S+|\s+$/g) ?? []
}

/**
 * Cuts a text into short slices without regard to its words, two at least where it has two
 * characters. The pieces spell the text, and none ends inside a surrogate pair.
 */
export function cutIntoSlices(text: string): readonly string[] {
  const characters = Array.from(text)
  const length = Math.min(MAX_SLICE_LENGTH, Math.max(1, Math.ceil(characters.length / 4)))
  const slices: string[] = []
  for (let start = 0; start < characters.length; start += length) {
    slices.push(characters.slice(start, start + length).join(''))
  }
  return slices
}

/** The last code unit that counts as whitespace here. */
const SPACE = 0x20

/**
 * Counts the words of a text, which the demo takes for its tokens. Made for whole requests: it
 * keeps nothing of what it counts.
 */
export function countWords(text: string): number {
  let words = 0
  let inWord = false
  for (let index = 0; index < text.length; index++) {
    const isSpace = text.charCodeAt(index) <= SPACE
    if (inWord && isSpace) words++
    inWord = !isSpace
  }
  return inWord ? words + 1 : words
}

/** Returns the first code units of a text, without half of a surrogate pair at the end. */
export function takeStart(text: string, length: number): string {
  if (text.length <= length) return text
  return text.slice(0, length).replace(/[\ud800-\udbff]$/, '')
}
