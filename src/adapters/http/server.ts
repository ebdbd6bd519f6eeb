/** The HTTP server: one exchange a request, one place that catches. */

import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  type AddressInfo,
  createServer as createNetServer,
  Server as NetServer,
  type Socket,
} from 'node:net'
import { ProxyError } from '../../domain/errors.ts'
import type { Log } from '../../domain/ports.ts'
import { createBadRequestAnswerer } from './bad-request.ts'
import type { Cors } from './cors.ts'
import type { Exchange } from './exchange.ts'
import { sendFailure } from './failure.ts'
import type { Guard } from './guard.ts'
import { sendEmpty } from './reply.ts'
import type { Match, Router } from './router.ts'

/** How long a client may take to send; answers have no limit. */
export interface ServerTimeouts {
  readonly headersMs: number
  readonly requestMs: number
  readonly keepAliveMs: number
  /** How often the first two are looked at. */
  readonly checkIntervalMs: number
}

/** A server that can be started once and stopped once. */
export interface HttpServer {
  /** Starts listening; rejects with the system's error. Port 0 takes any free one. */
  listen(port: number, host: string): Promise<AddressInfo>
  /** Listens at another address too, if that can be had. */
  listenToo(port: number, host: string): Promise<void>
  /** Requests that are being answered. */
  inFlight(): number
  /**
   * Stops taking requests, lets the running ones finish for `graceMs`, then ends them with
   * `server_shutting_down`. Resolves when every connection is closed.
   */
  close(graceMs: number): Promise<void>
}

/** What the server is built from. */
export interface ServerParts {
  readonly router: Router
  readonly guard: Guard
  readonly cors: Cors
  readonly timeouts: ServerTimeouts
  readonly log: Log
}

/** A request that is being answered. */
interface Running {
  readonly socket: Socket
  readonly response: ServerResponse
  readonly controller: AbortController
}

/** After the grace, how long the last words of a stream may take to leave. */
const LAST_WORDS_MS = 1000
/** Most connections at one address. */
const MAX_CONNECTIONS = 512
/** After how much silence the kernel asks whether the client is still there. */
const PROBE_DELAY_MS = 30_000

/** Creates the server; it does not listen yet. */
export function createHttpServer({ router, guard, cors, timeouts, log }: ServerParts): HttpServer {
  const running = new Set<Running>()
  const connections = new Set<Socket>()
  /** All that listen: a server has one address. */
  const listeners: NetServer[] = []
  let draining = false

  const accepting = { noDelay: true, keepAlive: true, keepAliveInitialDelay: PROBE_DELAY_MS }
  const server = createServer({
    ...accepting,
    headersTimeout: timeouts.headersMs,
    requestTimeout: timeouts.requestMs,
    keepAliveTimeout: timeouts.keepAliveMs,
    connectionsCheckingInterval: timeouts.checkIntervalMs,
    maxHeaderSize: 32 * 1024,
    // The guard refuses a missing Host itself, with a body that says so.
    requireHostHeader: false,
  })
  server.maxConnections = MAX_CONNECTIONS
  server.on('request', serve)
  // Leave to send a body is given by who reads it, so a request that is refused never gets it.
  server.on('checkContinue', serve)
  server.on('connection', watch)
  server.on(
    'clientError',
    createBadRequestAnswerer(
      socket => runningOn(socket).some(({ response }) => response.headersSent),
      log,
    ),
  )

  function watch(socket: Socket): void {
    connections.add(socket)
    socket.once('close', () => {
      connections.delete(socket)
      // A pipelined request still waiting for its turn to answer is told nothing by Node.
      for (const each of runningOn(socket)) finish(each)
    })
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const startedAt = performance.now()
    const controller = new AbortController()
    const entry = { socket: request.socket, response, controller }
    running.add(entry)
    response.on('close', () => finish(entry))

    const id = requestId(request)
    response.setHeader('x-request-id', id)
    response.setHeader('x-content-type-options', 'nosniff')
    response.setHeader('cross-origin-resource-policy', 'same-origin')
    if (draining) response.setHeader('connection', 'close')

    const { signal } = controller
    const match = router.match(request.method ?? '', request.url ?? '')
    let failure: ProxyError | undefined
    try {
      await answer(match, {
        request,
        response,
        id,
        parameter: match.parameter,
        query: new URLSearchParams(/\?([^#]*)/.exec(request.url ?? '')?.[1]),
        signal,
      })
    } catch (thrown) {
      failure = ProxyError.from(signal.aborted ? signal.reason : thrown)
      if (failure.code === 'internal') {
        log.error('request crashed', { request_id: id, stack: stackOf(failure.cause ?? failure) })
      }
      if (failure.code === 'client_closed') response.destroy()
      else sendFailure(request, response, match.protocol.encodeError(failure))
    }
    log.info('request', {
      request_id: id,
      method: request.method,
      route: match.route,
      status: failure?.code === 'client_closed' ? 499 : response.statusCode,
      ms: Math.round(performance.now() - startedAt),
      error_code: failure?.code,
      // The upstream's own words may quote the request, so they are for the client alone.
      error: failure?.upstream?.message === undefined ? failure?.message : undefined,
      upstream_status: failure?.upstream?.status,
      upstream_code: failure?.upstream?.code,
    })
  }

  async function answer({ methods, handle }: Match, exchange: Exchange): Promise<void> {
    const { request, response } = exchange
    guard(request)
    cors.admit(request, response)
    if (draining) throw shuttingDown()
    if (request.method === 'OPTIONS' && methods.length > 0) {
      const isPreflight = request.headers['access-control-request-method'] !== undefined
      const allow = { allow: methods.join(', ') }
      sendEmpty(response, isPreflight ? cors.preflight(request, methods) : allow)
    } else {
      await handle(exchange)
    }
  }

  async function listenToo(port: number, host: string): Promise<void> {
    const listener = createNetServer(accepting, socket => server.emit('connection', socket))
    listener.maxConnections = MAX_CONNECTIONS
    try {
      listener.listen(port, host)
      await once(listener, 'listening')
      listeners.push(listener)
    } catch (error) {
      // Not every machine has the address; another program there is worth a word.
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EADDRINUSE') log.warn('another program listens here', { host, port })
    }
  }

  function finish(entry: Running): void {
    if (!running.delete(entry)) return
    if (!entry.response.writableFinished) entry.controller.abort(clientClosed())
    if (draining) closeIfIdle(entry.socket)
  }

  function runningOn(socket: unknown): readonly Running[] {
    return [...running].filter(entry => entry.socket === socket)
  }

  function closeIfIdle(socket: Socket): void {
    if (runningOn(socket).length === 0) socket.destroySoon()
  }

  return {
    inFlight: () => running.size,
    listenToo,
    async listen(port, host) {
      server.listen(port, host)
      await once(server, 'listening')
      listeners.push(server)
      return server.address() as AddressInfo
    },
    async close(graceMs) {
      draining = true
      const closed = Promise.all(listeners.map(listener => once(listener, 'close')))
      // The HTTP server's own close() would cut every answer that is written but not yet sent.
      for (const listener of listeners) NetServer.prototype.close.call(listener)
      for (const { response } of running) {
        if (!response.headersSent) response.setHeader('connection', 'close')
      }
      for (const socket of connections) closeIfIdle(socket)
      let lastWords: NodeJS.Timeout | undefined
      const grace = setTimeout(() => {
        for (const { controller } of running) controller.abort(shuttingDown())
        lastWords = setTimeout(() => server.closeAllConnections(), LAST_WORDS_MS)
      }, graceMs)
      await closed
      // The server takes a connection off its count before the requests on it are told.
      await Promise.all(
        [...connections].map(socket => new Promise(told => socket.once('close', told))),
      )
      clearTimeout(grace)
      clearTimeout(lastWords)
    },
  }
}

function requestId({ headers }: IncomingMessage): string {
  const own = headers['x-request-id']
  return typeof own === 'string' && /^[\w.-]{1,64}$/.test(own) ? own : `req_${randomUUID()}`
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)
}

function clientClosed(): ProxyError {
  return new ProxyError('client_closed', 'The client closed the connection.')
}

function shuttingDown(): ProxyError {
  return new ProxyError('server_shutting_down', 'chatmock is stopping. Try again when it is back.')
}
