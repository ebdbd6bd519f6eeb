/** How the callback answers, and whom: rules for a port that every page in the browser can reach. */

import type { IncomingMessage, ServerResponse } from 'node:http'

/** A whole answer. */
export interface Reply {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** On every answer. Each connection ends with it, so that none is left over for a later login. */
const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  connection: 'close',
  'content-security-policy':
    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
}

/** Answers with a page. */
export function pageReply(html: string): Reply {
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body: html }
}

/** Answers with a sentence. */
export function textReply(status: number, text: string): Reply {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: `${text}\n` }
}

/** Sends the browser on, so that what it came with leaves its address bar (RFC 9110, 15.4.4). */
export function redirectReply(location: string): Reply {
  return { status: 303, headers: { location }, body: '' }
}

/** Sends an answer and ends its connection. */
export function sendReply(response: ServerResponse, { status, headers, body }: Reply): void {
  const bytes = Buffer.from(body)
  response.writeHead(status, { ...HEADERS, ...headers, 'content-length': bytes.length })
  response.end(bytes)
}

/**
 * Tells whether a request was meant for this port of this machine. A page that has made its own
 * name lead here brings that name along.
 */
export function isForLoopback({ rawHeaders, headers, socket }: IncomingMessage): boolean {
  const hosts = rawHeaders.filter((name, i) => i % 2 === 0 && /^host$/i.test(name))
  const names = ['localhost', '127.0.0.1', '[::1]']
  const host = headers.host?.toLowerCase()
  return hosts.length === 1 && names.some(name => host === `${name}:${socket.localPort}`)
}

/** Tells whether a page in a browser may be behind a request: browsers always say so. */
export function isFromPage({ headers }: IncomingMessage): boolean {
  return Object.keys(headers).some(
    name => name === 'origin' || name === 'referer' || name.startsWith('sec-fetch-'),
  )
}
