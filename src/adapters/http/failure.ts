/** How a request that failed is answered: nothing of it may leave the connection in doubt. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Reply } from './exchange.ts'
import { sendReply, writeReply } from './reply.ts'

/** How much longer, and how much more, of a refused body is read and thrown away. */
const LINGER_MS = 1000
const LINGER_BYTES = 1024 * 1024

/**
 * Sends the reply if the head is not out yet. A body that has been ended already stays as it is;
 * one that was left half written is cut, so that nobody takes it for whole.
 */
export function sendFailure(
  request: IncomingMessage,
  response: ServerResponse,
  reply: Reply,
): void {
  if (response.writableEnded) return
  if (response.headersSent || response.destroyed) {
    response.destroy()
  } else if (request.complete || !announcesBody(request)) {
    sendReply(response, reply)
  } else {
    response.setHeader('connection', 'close')
    writeReply(response, reply)
    discardRest(request, () => response.end())
  }
}

/** Even without a body, `complete` is false until the turn in which the head came is over. */
function announcesBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0
}

/**
 * Reads on for a while. Closing on a client that is still sending resets the connection, and the
 * client then loses the answer, which by now it has in full (RFC 9112, section 9.6).
 */
function discardRest(request: IncomingMessage, done: () => void): void {
  let discarded = 0
  const count = (chunk: Buffer) => {
    discarded += chunk.length
    if (discarded > LINGER_BYTES) stop()
  }
  const stop = () => {
    clearTimeout(patience)
    request.off('data', count).off('close', stop).pause()
    done()
  }
  const patience = setTimeout(stop, LINGER_MS)
  request.on('data', count).once('close', stop).resume()
}
