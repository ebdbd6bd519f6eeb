/** Base64 in `data:` URLs, which the backend takes in its strict form only. */

/** Scheme, media type and parameters of a URL whose data is Base64; RFC 2397. */
const BASE64_HEAD = /^data:[^,]{0,1024};base64,/i
const STRICT_END = /[^A-Za-z0-9+/]/
/** The white space is that of ASCII, which is all that the decoder is sure to skip. */
const LOOSE_END = /[^A-Za-z0-9+/_\-\t\n\f\r ]/
const SPACE = 0x20

/**
 * Returns a `data:` URL with its Base64 as RFC 4648 section 4 has it: percent escapes read, white
 * space left out, the alphabet that is safe in URLs replaced, padding put right. Any other URL, and
 * data that is no Base64 in any spelling, comes back as it is.
 */
export function normaliseDataUrl(url: string): string {
  const head = BASE64_HEAD.exec(url)?.[0]
  if (head === undefined) return url
  const data = url.slice(head.length)
  if (isStrict(data)) return url
  const read = readEscapes(data)
  const end = endOf(read, LOOSE_END)
  const digits = read.slice(0, end)
  // One digit more than whole groups stands for six bits, which are no byte.
  if (!isPadding(read.slice(end)) || countDigits(digits) % 4 === 1) return url
  // The decoder takes both alphabets and skips white space. Replacing takes seconds where every
  // other character is to be replaced.
  return head + Buffer.from(digits, 'base64url').toString('base64')
}

function isStrict(data: string): boolean {
  if (data.length % 4 !== 0) return false
  const end = endOf(data, STRICT_END)
  return data.length - end <= 2 && /^=*$/.test(data.slice(end))
}

/** Reads percent escapes; a text with escapes that are none stays as it is. */
function readEscapes(data: string): string {
  if (!data.includes('%')) return data
  try {
    return decodeURIComponent(data)
  } catch {
    return data
  }
}

function endOf(data: string, end: RegExp): number {
  const found = data.search(end)
  return found === -1 ? data.length : found
}

function countDigits(data: string): number {
  let digits = 0
  for (let i = 0; i < data.length; i++) if (data.charCodeAt(i) > SPACE) digits++
  return digits
}

/** Tells whether a text is two signs of padding at most, with white space or without. */
function isPadding(text: string): boolean {
  const signs = text.trimEnd()
  if (signs.length <= 1) return signs === '' || signs === '='
  return signs.startsWith('=') && signs.endsWith('=') && signs.slice(1, -1).trim() === ''
}
