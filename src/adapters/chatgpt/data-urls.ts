/** Base64 in `data:` URLs, which the backend takes in its strict form only. */

/** Scheme, media type and parameters of a URL whose data is Base64; RFC 2397. */
const BASE64_HEAD = /^data:[^,]{0,1024};base64,/i

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
  const digits = readEscapes(data).replace(/\s/g, '').replace(/-/g, '+').replace(/_/g, '/')
  const end = digitsEnd(digits)
  const isPadding = digits.length - end <= 2 && /^=*$/.test(digits.slice(end))
  // One digit more than whole groups stands for six bits, which are no byte.
  if (!isPadding || end % 4 === 1) return url
  return head + digits.slice(0, end) + '='.repeat((4 - (end % 4)) % 4)
}

function isStrict(data: string): boolean {
  if (data.length % 4 !== 0) return false
  const end = digitsEnd(data)
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

/** Returns how many digits a text begins with. */
function digitsEnd(data: string): number {
  const end = data.search(/[^A-Za-z0-9+/]/)
  return end === -1 ? data.length : end
}
