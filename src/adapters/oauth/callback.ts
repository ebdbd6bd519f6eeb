/** Waits on loopback for the browser that comes back from signing in (RFC 8252 section 7.3). */

import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { lateCallbackPage } from './callback-pages.ts'
import {
  isForLoopback,
  isFromPage,
  pageReply,
  type Reply,
  redirectReply,
  sendReply,
  textReply,
} from './callback-replies.ts'
import { listenOnLoopback } from './loopback.ts'
import {
  type Conclusion,
  conclude,
  type LastPage,
  type LoginOutcome,
  lastPageOf,
} from './outcome.ts'
import { type Decision, readRedirect } from './redirect.ts'

/** What waiting for the browser depends on. */
export interface CallbackOptions<Result> {
  /** The one that the issuer was sent; whoever does not know it changes nothing. */
  readonly state: string
  /**
   * Redeems the code and stores the login, while the browser waits. It is called once at most.
   * What it throws ends the login; the browser shows the message of a `ProxyError`.
   */
  readonly onGrant: (code: string, redirectUri: string) => Promise<Result>
  /** The ports to try, in this order. Default: the two that the issuer knows, 1455 and 1457. */
  readonly ports?: readonly number[]
  /** How long the browser may take to fetch the last page. Default 2 s. */
  readonly pageTimeoutMs?: number
}

/** Listens for the browser. */
export interface CallbackListener<Result> {
  readonly port: number
  /** `http://localhost:PORT/auth/callback`. */
  readonly redirectUri: string
  /**
   * Resolves once the login is over, the last page is out and nothing listens any more. Rejects
   * with the reason of the signal, unless `onGrant` is running by then: it is awaited.
   */
  readonly outcome: Promise<LoginOutcome<Result>>
  /** Takes a decision that came by another way, as if the browser had brought it. */
  deliver(decision: Decision): void
  /** Ends the wait, as `cancelled` if nothing came before; awaits `onGrant` if that runs. */
  close(): Promise<void>
}

/** The browser sends its cookies for `localhost` along, whichever port they are from. */
const HEADER_LIMIT_BYTES = 32 * 1024
const CONNECTION_LIMIT = 32

/**
 * Listens on both loopback addresses until the login is over. The first answer that knows the
 * state decides; whatever else comes decides nothing. The limit of time is the signal's.
 *
 * @throws PortsInUseError; else the system's error, or the reason of `signal`.
 */
export async function listenForCallback<Result>(
  options: CallbackOptions<Result>,
  signal: AbortSignal,
): Promise<CallbackListener<Result>> {
  const { state, onGrant, ports = [1455, 1457], pageTimeoutMs = 2000 } = options
  signal.throwIfAborted()
  /** What the first decision comes to; from then on no other counts. */
  let taken: Promise<LoginOutcome<Result>> | undefined
  let lastPage: LastPage | undefined
  let patience: NodeJS.Timeout | undefined
  let end = () => {}
  const ended = new Promise<void>(resolve => {
    end = resolve
  })

  function createListener(): Server {
    const server = createServer({
      headersTimeout: 10_000,
      requestTimeout: 15_000,
      connectionsCheckingInterval: 2000,
      maxHeaderSize: HEADER_LIMIT_BYTES,
    })
    server.maxConnections = CONNECTION_LIMIT
    return server.on('request', serve)
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { next, ...reply } = await answer(request)
    if (!response.destroyed) sendReply(response, reply)
    // Each connection closes after its answer: only then is that out.
    if (next === 'end') afterClose(request.socket, end)
    if (next !== 'page') return
    // Who has left will not fetch the page.
    if (response.destroyed) end()
    else patience = setTimeout(end, pageTimeoutMs)
  }

  function answer(request: IncomingMessage): Answer | Promise<Answer> {
    if (!isForLoopback(request)) return textReply(403, 'This port answers to localhost only.')
    const [, path, query] = /^([^?]*)\??(.*)$/s.exec(request.url ?? '') ?? []
    if (request.method === 'GET') {
      if (path === '/auth/callback') return answerCallback(new URLSearchParams(query))
      if (path === '/cancel' && !isFromPage(request)) return answerCancel()
      if (lastPage && path === lastPage.path) return { ...pageReply(lastPage.html), next: 'end' }
    }
    return textReply(404, 'Nothing is here.')
  }

  async function answerCallback(query: URLSearchParams): Promise<Answer> {
    const decision = readRedirect(query, state)
    if (decision.type === 'foreign') {
      return textReply(
        400,
        decision.reason === 'no-code'
          ? 'This answer brings no code: go back and try again.'
          : 'State mismatch: chatmock waits for the answer to another sign-in.',
      )
    }
    const conclusion = await decide(decision)
    if (conclusion === undefined) return pageReply(lateCallbackPage())
    lastPage = lastPageOf(conclusion)
    return { ...redirectReply(lastPage.path), next: 'page' }
  }

  function answerCancel(): Answer {
    if (taken) return textReply(409, 'Too late: the sign-in is being finished.')
    taken = Promise.resolve({ type: 'cancelled' })
    return { ...textReply(200, 'Login cancelled.'), next: 'end' }
  }

  /** Returns `undefined` for all decisions but the first. */
  function decide(decision: Decision): Promise<Conclusion<Result>> | undefined {
    if (taken) return undefined
    const conclusion = conclude(decision, code => onGrant(code, redirectUri))
    taken = conclusion
    return conclusion
  }

  function abort(): void {
    if (taken === undefined) {
      taken = Promise.reject(signal.reason)
      // It is handed on only when everything is closed.
      taken.catch(() => {})
    }
    end()
  }

  async function close(): Promise<void> {
    taken ??= Promise.resolve({ type: 'cancelled' })
    end()
    await outcome.catch(() => {})
  }

  async function finish(): Promise<LoginOutcome<Result>> {
    await ended
    clearTimeout(patience)
    signal.removeEventListener('abort', abort)
    await Promise.all(servers.map(stop))
    return (await taken) ?? { type: 'cancelled' }
  }

  const { port, servers } = await listenOnLoopback(ports, createListener)
  const redirectUri = `http://localhost:${port}/auth/callback`
  const outcome = finish()
  // Whoever only wants it closed need not look at how it ended.
  outcome.catch(() => {})
  signal.addEventListener('abort', abort, { once: true })
  if (signal.aborted) {
    abort()
    await outcome
  }
  return {
    port,
    redirectUri,
    outcome,
    deliver: decision => void decide(decision)?.then(end),
    close,
  }
}

/** What is sent, and what follows: the last page is fetched, or nothing does. */
interface Answer extends Reply {
  readonly next?: 'page' | 'end'
}

function afterClose(socket: Socket, act: () => void): void {
  if (socket.destroyed) act()
  else socket.once('close', act)
}

async function stop(server: Server): Promise<void> {
  server.close()
  server.closeAllConnections()
  await once(server, 'close')
}
