/** Answers whose body is known whole. */

import type { ServerResponse } from 'node:http'
import type { Reply } from './exchange.ts'

/** Sends a JSON answer with its length. */
export function sendJson(
  response: ServerResponse,
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): void {
  sendReply(response, { status, headers, body: value })
}

/** Sends a {@link Reply}. */
export function sendReply(response: ServerResponse, reply: Reply): void {
  writeReply(response, reply)
  response.end()
}

/** Writes all of a {@link Reply} and leaves the response open: ending it is up to the caller. */
export function writeReply(response: ServerResponse, reply: Reply): void {
  const isText = 'text' in reply
  const body = Buffer.from(isText ? reply.text : JSON.stringify(reply.body))
  response.writeHead(reply.status, {
    'content-type': `${isText ? 'text/plain' : 'application/json'}; charset=utf-8`,
    'content-length': body.length,
    ...reply.headers,
  })
  response.write(body)
}

/** Sends a 204 with headers only. */
export function sendEmpty(
  response: ServerResponse,
  headers: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(204, headers)
  response.end()
}
