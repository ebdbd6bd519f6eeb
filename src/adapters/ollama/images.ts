/** Images, which come in Base64 and without a word about their type. */

import type { Part } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'

/** Head of a `data:` URL whose data is Base64; RFC 2397. */
const BASE64_HEAD = /^data:[^,]{0,1024};base64,/i
const END_OF_DIGITS = /[^A-Za-z0-9+/\r\n]/

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
  const data = image.slice(head.length)
  const bytes = Buffer.from(isBase64(data) ? data : '', 'base64')
  const media = mediaTypeOf(bytes)
  if (media === undefined) {
    throw new ProxyError(
      'invalid_value',
      `Invalid value for '${param}': expected a PNG, JPEG, WebP or GIF image, in Base64 or as a data: URL. Nothing is fetched.`,
      { param },
    )
  }
  return { type: 'image', url: `data:${media};base64,${bytes.toString('base64')}`, detail: 'auto' }
}

/** Tells Base64 of RFC 4648 section 4, in one line or in several, with its padding or without. */
function isBase64(text: string): boolean {
  const end = text.search(END_OF_DIGITS)
  return end === -1 || /^==?$/.test(text.slice(end).replace(/[\r\n]/g, ''))
}

function mediaTypeOf(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, 16)
  return SIGNATURES.find(({ marks }) => marks.every(([at, text]) => start.startsWith(text, at)))
    ?.media
}
