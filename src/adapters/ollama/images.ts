/** Images, which come in Base64 and without a word about their type. */

import type { Part } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'

/** Head of a `data:` URL whose data is Base64; RFC 2397. */
const BASE64_HEAD = /^data:[^,]{0,1024};base64,/i
const END_OF_DIGITS = /[^A-Za-z0-9+/]/
const END_OF_LINES = /[^A-Za-z0-9+/\r\n]/
/** Digits that spell whole bytes together. */
const GROUP = 4
const PADDING = /^={0,2}$/

/** Digits whose bytes tell the type. */
const TELLING_DIGITS = 16

/** The types that the backend takes, by what stands at a place among their first bytes. */
const SIGNATURES: readonly {
  readonly media: string
  readonly marks: readonly (readonly [at: number, text: string])[]
}[] = [
  { media: 'image/png', marks: [[0, '\x89PNG\r\n\x1a\n']] },
  { media: 'image/jpeg', marks: [[0, '\xff\xd8\xff']] },
  {
    media: 'image/webp',
    marks: [
      [0, 'RIFF'],
      [8, 'WEBP'],
    ],
  },
  { media: 'image/gif', marks: [[0, 'GIF8']] },
]

/**
 * Decodes the images that stand at `path`. Nothing is ever fetched.
 *
 * @throws ProxyError `invalid_value` for what is no image of a type that the backend takes, in
 *   Base64 or as a `data:` URL.
 */
export function decodeImages(
  images: readonly string[] | null | undefined,
  path: string,
): readonly Part[] {
  return (images ?? []).map((image, j) => decodeImage(image, `${path}[${j}]`))
}

function decodeImage(image: string, param: string): Part {
  const head = BASE64_HEAD.exec(image)?.[0] ?? ''
  const data = inOneLine(image.slice(head.length))
  const media = data && mediaTypeOf(data)
  if (!media) {
    throw new ProxyError(
      'invalid_value',
      `Invalid value for '${param}': expected a PNG, JPEG, WebP or GIF image, in Base64 or as a data: URL. Nothing is fetched.`,
      { param },
    )
  }
  return { type: 'image', url: `data:${media};base64,${data}`, detail: 'auto' }
}

/**
 * Returns Base64 of RFC 4648 section 4, with its padding or without, in one line; `undefined` for what
 * is none.
 */
function inOneLine(text: string): string | undefined {
  const padding = restFrom(END_OF_DIGITS, text)
  const digitsTooMany = text.length % GROUP
  if (PADDING.test(padding) && digitsTooMany === 0) return text
  // One digit is less than a byte: something is missing.
  if (padding === '' && digitsTooMany === 1) return undefined
  if (!PADDING.test(restFrom(END_OF_LINES, text).replace(/[\r\n]/g, ''))) return undefined
  // The decoder skips line ends. Replacing them takes seconds where every other character is one.
  return Buffer.from(text, 'base64').toString('base64')
}

function restFrom(start: RegExp, text: string): string {
  const at = text.search(start)
  return at === -1 ? '' : text.slice(at)
}

function mediaTypeOf(data: string): string | undefined {
  const start = Buffer.from(data.slice(0, TELLING_DIGITS), 'base64').toString('latin1')
  return SIGNATURES.find(({ marks }) => marks.every(([at, text]) => start.startsWith(text, at)))
    ?.media
}
