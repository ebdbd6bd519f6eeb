/** Answers to what never became a request: no route, so no protocol's dialect and no exchange. */

import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import type { Log } from '../../domain/ports.ts'

/** How long a client that was refused may go on sending before the connection is cut. */
const LINGER_MS = 1000
/** The first byte of a TLS record that carries a handshake (RFC 8446, section 5.1). */
const TLS_HANDSHAKE = 0x16

interface Refusal {
  readonly status: number
  readonly reason: string
  readonly code: string
  readonly message: string
}

/** What `clientError` brings: the parser's error comes with the bytes that it could not read. */
export interface ClientError extends NodeJS.ErrnoException {
  readonly rawPacket?: Uint8Array
}

/**
 * Creates the listener for the server's `clientError`. `isAnswering` tells whether the head of an
 * answer is on the wire already; a second one in its midst would be taken for content.
 */
export function createBadRequestAnswerer(
  isAnswering: (socket: Duplex) => boolean,
  log: Log,
): (error: ClientError, socket: Duplex) => void {
  const answered = new WeakSet<Duplex>()
  return (error, socket) => {
    // The parser fails again on each packet that follows.
    if (answered.has(socket)) return
    if (!socket.writable || error.code === 'ECONNRESET' || isAnswering(socket)) {
      socket.destroy()
      return
    }
    answered.add(socket)
    const refusal = refusalOf(error)
    const id = `req_${randomUUID()}`
    log.info('bad request', { request_id: id, status: refusal.status, error_code: refusal.code })
    socket.end(answer(refusal, id))
    const patience = setTimeout(() => socket.destroy(), LINGER_MS)
    socket.once('close', () => clearTimeout(patience))
  }
}

function refusalOf({ code, rawPacket }: ClientError): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return {
      status: 431,
      reason: 'Request Header Fields Too Large',
      code: 'headers_too_large',
      message: 'The headers of the request are too large.',
    }
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return {
      status: 408,
      reason: 'Request Timeout',
      code: 'request_timeout',
      message: 'The request took too long to arrive.',
    }
  }
  const hint = rawPacket?.[0] === TLS_HANDSHAKE ? ' Use http://, not https://.' : ''
  return {
    status: 400,
    reason: 'Bad Request',
    code: 'invalid_request',
    message: `The request is not valid HTTP.${hint}`,
  }
}

function answer({ status, reason, code, message }: Refusal, id: string): string {
  const error = { message, type: 'invalid_request_error', param: null, code }
  const body = JSON.stringify({ error })
  const head = [
    `HTTP/1.1 ${status} ${reason}`,
    `x-request-id: ${id}`,
    'content-type: application/json; charset=utf-8',
    `content-length: ${body.length}`,
    'connection: close',
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}
