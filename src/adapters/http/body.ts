/** Request bodies. */

import { on } from 'node:events'
import type { IncomingMessage } from 'node:http'
import { ProxyError } from '../../domain/errors.ts'
import { ACCEPTED_ENCODINGS, bodyTooLarge, decodeContent, isReadable } from './content-encoding.ts'
import { isProgram } from './cors.ts'
import type { Exchange } from './exchange.ts'

/** What a body without anything in it is answered, where the protocol has no words of its own. */
const EMPTY_BODY = 'The body is empty; send a JSON object.'

/** Deepest nesting that a body may have; more would overflow the stack when it is written out again. */
const MAX_DEPTH = 100

/**
 * Reads a body that must be a JSON object of at most `limitBytes`, which may come compressed. An
 * empty one is refused with the message `emptyBody`.
 *
 * @throws ProxyError `unsupported_media_type`, `request_too_large`, `invalid_json`,
 *   `json_too_deep`, `invalid_type`; `client_closed` or `server_shutting_down` if the client
 *   leaves or the server stops meanwhile.
 */
export async function readJsonObject(
  exchange: Exchange,
  limitBytes: number,
  emptyBody = EMPTY_BODY,
): Promise<Record<string, unknown>> {
  const encoding = contentEncoding(exchange)
  checkMediaType(exchange.request)
  const bytes = await readBytes(exchange, limitBytes)
  const value = parseJson(await decodeContent(bytes, encoding, limitBytes), emptyBody)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ProxyError('invalid_type', 'The body must be a JSON object.')
  }
  checkDepth(value)
  return value as Record<string, unknown>
}

function contentEncoding({ request, response }: Exchange): string {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (isReadable(encoding)) return encoding
  const accepted = ACCEPTED_ENCODINGS.join(', ')
  response.setHeader('accept-encoding', accepted)
  throw new ProxyError(
    'unsupported_media_type',
    `This content-encoding is not read. Send the JSON as it is, or in one of ${accepted}.`,
  )
}

/**
 * A page may send text or a form to any address without asking first (a "simple" request),
 * so from a page only JSON is read. Scripts and programs often send no type or the wrong one.
 */
function checkMediaType({ headers }: IncomingMessage): void {
  const [type = '', ...parameters] = (headers['content-type'] ?? '').toLowerCase().split(';')
  const charset = parameters.map(text => text.trim()).find(text => text.startsWith('charset='))
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) {
    throw new ProxyError('unsupported_media_type', 'The body must be in UTF-8.')
  }
  const media = type.trim()
  if (media === '' || media === 'application/json' || media.endsWith('+json')) return
  const { origin, 'sec-fetch-site': site } = headers
  const isFromPage = origin === undefined ? site !== undefined : !isProgram(origin)
  const tolerated = media === 'text/plain' || media === 'application/x-www-form-urlencoded'
  if (tolerated && !isFromPage) return
  throw new ProxyError(
    'unsupported_media_type',
    'Send the header "content-type: application/json".',
  )
}

async function readBytes(
  { request, response, signal }: Exchange,
  limitBytes: number,
): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw bodyTooLarge(limitBytes)
  // The client waits for leave to send (RFC 9110, section 10.1.1); HTTP/1.0 has no such thing.
  if (request.headers.expect !== undefined && request.httpVersion !== '1.0') {
    response.writeContinue()
  }
  const chunks: Buffer[] = []
  let length = 0
  try {
    // Not the stream's own iterator: that one destroys the connection, and the answer with it.
    for await (const [chunk] of on(request, 'data', { signal, close: ['end'] })) {
      length += (chunk as Buffer).length
      if (length > limitBytes) throw bodyTooLarge(limitBytes)
      chunks.push(chunk as Buffer)
    }
  } catch (error) {
    if (error instanceof ProxyError) throw error
    if (signal.aborted) throw signal.reason
    throw new ProxyError('client_closed', 'The client left while it was sending.', { cause: error })
  }
  return Buffer.concat(chunks)
}

function parseJson(bytes: Uint8Array, emptyBody: string): unknown {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ProxyError('invalid_json', 'The body is not valid UTF-8.')
  }
  try {
    return JSON.parse(text)
  } catch (error) {
    if (text.trim() === '') {
      throw new ProxyError('invalid_json', emptyBody)
    }
    // The engine's own message quotes the text, which may be a prompt: only the position is passed
    // on, and only from the end of the message, where no quotation stands.
    const position = /at position (\d+)(?: \(line \d+ column \d+\))?$/.exec(
      error instanceof Error ? error.message : '',
    )?.[1]
    const where = position === undefined ? '' : ` The fault is at character ${position}.`
    throw new ProxyError('invalid_json', `The body is not valid JSON.${where}`)
  }
}

function checkDepth(value: object): void {
  let level: object[] = [value]
  for (let depth = 1; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) {
      throw new ProxyError(
        'json_too_deep',
        `The body is nested more than ${MAX_DEPTH} levels deep.`,
      )
    }
    const next: object[] = []
    for (const parent of level) {
      for (const child of Object.values(parent)) {
        if (typeof child === 'object' && child !== null) next.push(child)
      }
    }
    level = next
  }
}
