/** Compressed request bodies (RFC 9110, section 8.4). */

import { promisify } from 'node:util'
import * as zlib from 'node:zlib'
import { ProxyError } from '../../domain/errors.ts'

type Decompress = (
  bytes: Uint8Array,
  options: { readonly maxOutputLength: number },
) => Promise<Uint8Array>

/** Low half of the first byte of a zlib stream that is deflated (RFC 1950, section 2.2). */
const ZLIB_DEFLATED = 8

/** Some clients leave out the zlib header that belongs to `deflate` (RFC 9110, section 8.4.1.2). */
const inflate: Decompress = async (bytes, options) =>
  ((bytes[0] ?? 0) & 0x0f) === ZLIB_DEFLATED
    ? await promisify(zlib.inflate)(bytes, options)
    : await promisify(zlib.inflateRaw)(bytes, options)

/** Zstandard came to Node in 22.15. */
const { zstdDecompress } = zlib as { zstdDecompress?: typeof zlib.gunzip }

const DECOMPRESSORS: ReadonlyMap<string, Decompress> = new Map<string, Decompress>([
  ['gzip', promisify(zlib.gunzip)],
  ['x-gzip', promisify(zlib.gunzip)],
  ['deflate', inflate],
  ['br', promisify(zlib.brotliDecompress)],
  ...(zstdDecompress ? ([['zstd', promisify(zstdDecompress)]] as const) : []),
])

/** The encodings that are read, for `Accept-Encoding`. */
export const ACCEPTED_ENCODINGS = [...DECOMPRESSORS.keys()].filter(name => name !== 'x-gzip')

/** Tells whether a body so encoded can be read: in one of {@link ACCEPTED_ENCODINGS}, once, or not at all. */
export function isReadable(encoding: string): boolean {
  return encoding === 'identity' || DECOMPRESSORS.has(encoding)
}

/**
 * Returns what was encoded, of at most `limitBytes`.
 *
 * @throws ProxyError `invalid_value` for bytes that are not so encoded, `request_too_large`.
 */
export async function decodeContent(
  bytes: Uint8Array,
  encoding: string,
  limitBytes: number,
): Promise<Uint8Array> {
  const decompress = DECOMPRESSORS.get(encoding)
  if (decompress === undefined) return bytes
  try {
    return await decompress(bytes, { maxOutputLength: limitBytes })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') {
      throw bodyTooLarge(limitBytes)
    }
    throw new ProxyError(
      'invalid_value',
      `The body is not valid ${encoding}, though its content-encoding says so.`,
    )
  }
}

/** Says that a body, compressed or not, is too large. */
export function bodyTooLarge(limitBytes: number): ProxyError {
  return new ProxyError(
    'request_too_large',
    `The body is larger than ${limitBytes} bytes. CHATGPT_LOCAL_BODY_LIMIT sets the limit.`,
  )
}
