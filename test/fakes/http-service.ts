/**
 * A real server with a small protocol of its own, and clients for it. The extension keeps tap
 * from taking this file for a test.
 */

import { once } from 'node:events'
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import { connect as connectSocket, type Socket } from 'node:net'
import type { Test } from 'tap'
import { createCors } from '../../src/adapters/http/cors.ts'
import type { Handler, Reply, Route } from '../../src/adapters/http/exchange.ts'
import { createGuard } from '../../src/adapters/http/guard.ts'
import { createRouter } from '../../src/adapters/http/router.ts'
import {
  createHttpServer,
  type HttpServer,
  type ServerTimeouts,
} from '../../src/adapters/http/server.ts'
import type { ErrorCode, ProxyError } from '../../src/domain/errors.ts'
import { createFakeLog, type FakeLog, type LogEntry } from './log.ts'

const STATUS: Partial<Record<ErrorCode, number>> = {
  unknown_url: 404,
  method_not_allowed: 405,
  request_too_large: 413,
  unsupported_media_type: 415,
  host_not_allowed: 403,
  origin_not_allowed: 403,
  upstream_error: 502,
  server_shutting_down: 503,
  internal: 500,
}

/** The dialect of the test protocol: the status of the contract, else 400. */
export function encodeError({ code, message }: ProxyError): Reply {
  return { status: STATUS[code] ?? 400, headers: {}, body: { code, message } }
}

export interface Service {
  readonly server: HttpServer
  readonly port: number
  readonly log: FakeLog
  /** Resolves with the log line of a request once there are that many of them. */
  requestLine(number?: number): Promise<LogEntry>
}

export interface ServiceOptions {
  readonly allowedHosts?: readonly string[]
  readonly origins?: readonly string[]
  readonly timeouts?: Partial<ServerTimeouts>
  /** More addresses to listen on. */
  readonly also?: readonly string[]
}

/** Starts a server with these routes on a free port; it is closed when the test ends. */
export async function startService(
  t: Test,
  routes: readonly Route[],
  { allowedHosts = [], origins = [], timeouts = {}, also = [] }: ServiceOptions = {},
): Promise<Service> {
  const log = createFakeLog()
  const server = createHttpServer({
    router: createRouter([{ routes, encodeError }]),
    guard: createGuard(allowedHosts),
    cors: createCors(origins),
    timeouts: {
      headersMs: 15_000,
      requestMs: 30_000,
      keepAliveMs: 30_000,
      checkIntervalMs: 1000,
      ...timeouts,
    },
    log,
  })
  const { port } = await server.listen(0, '127.0.0.1')
  for (const host of also) await server.listenToo(port, host)
  let isClosed = false
  t.teardown(() => (isClosed ? undefined : server.close(0)))
  return {
    server: {
      ...server,
      close(graceMs) {
        isClosed = true
        return server.close(graceMs)
      },
    },
    port,
    log,
    async requestLine(number = 1) {
      for (;;) {
        const entry = log.entries.filter(({ message }) => message === 'request')[number - 1]
        if (entry) return entry
        await turn()
      }
    },
  }
}

/** Starts a server with one POST route, `/it`. */
export function startWith(t: Test, handle: Handler, options?: ServiceOptions): Promise<Service> {
  return startService(t, [{ method: 'POST', path: '/it', handle }], options)
}

export interface Answer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Question extends RequestOptions {
  readonly body?: string | Uint8Array
}

/** Asks with node's own client; a body is sent with its length. */
export async function ask({ port }: Service, { body, ...options }: Question = {}): Promise<Answer> {
  const sent = request({ host: '127.0.0.1', port, agent: false, ...options })
  sent.end(body)
  const [received] = await once(sent, 'response')
  const text = Buffer.concat(await received.toArray()).toString()
  return { status: received.statusCode, headers: received.headers, text }
}

/** Posts to `/it`. */
export function post(service: Service, body: string | Uint8Array, headers = {}): Promise<Answer> {
  return ask(service, { method: 'POST', path: '/it', headers, body })
}

/** Returns the `code` of an answer in the test protocol's dialect. */
export function codeOf({ text }: { readonly text: string }): string {
  return JSON.parse(text).code
}

/** A client that speaks bytes. */
export interface RawClient {
  readonly socket: Socket
  send(bytes: string | Uint8Array): void
  /** Resolves with all that has come, once it matches; rejects if the connection closes first. */
  until(pattern: RegExp): Promise<string>
  /** Resolves with all that has come, when the connection is closed. */
  readonly closed: Promise<string>
}

/** Connects; the socket is destroyed when the test ends. */
export async function connect(t: Test, { port }: Pick<Service, 'port'>): Promise<RawClient> {
  const socket = connectSocket(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const chunks: Buffer[] = []
  const text = () => Buffer.concat(chunks).toString('latin1')
  socket.on('data', chunk => chunks.push(chunk))
  // A reset is one way to be closed; the tests look at what had come by then.
  socket.on('error', () => {})
  const closed = new Promise<string>(resolve => socket.once('close', () => resolve(text())))
  return {
    socket,
    send: bytes => void socket.write(bytes),
    closed,
    async until(pattern) {
      while (!pattern.test(text())) {
        if (socket.destroyed) throw new Error(`closed after ${JSON.stringify(text())}`)
        await Promise.race([once(socket, 'data'), closed])
      }
      return text()
    },
  }
}

/** The head of a request as a browser or an SDK would write it. */
export function head(line: string, ...fields: string[]): string {
  return [`${line} HTTP/1.1`, 'Host: localhost', ...fields, '', ''].join('\r\n')
}

/** Lets the event loop go round once. */
export function turn(): Promise<void> {
  return new Promise(resolve => setImmediate(resolve))
}

/** Resolves once a number has stopped growing: when a writer waits for a reader that stalls. */
export async function stalled(count: () => number): Promise<number> {
  let last = -1
  for (let still = 0; still < 50; still++) {
    if (count() !== last) still = 0
    last = count()
    await turn()
  }
  return last
}

/** A promise and what settles it. */
export interface Gate<Value = void> {
  readonly passed: Promise<Value>
  open(value: Value): void
}

/** Creates a closed gate. */
export function createGate<Value = void>(): Gate<Value> {
  let open: (value: Value) => void = () => {}
  const passed = new Promise<Value>(resolve => {
    open = resolve
  })
  return { passed, open }
}
