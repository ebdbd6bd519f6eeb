import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request that the fake backend has got, with its body parsed. */
export interface UpstreamRequest {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  // biome-ignore lint/suspicious/noExplicitAny: tests read it as the JSON that it is
  readonly body: any
  /** Resolves when the connection of this request has been closed. */
  readonly closed: Promise<unknown>
}

/** Plays one answer, at the level of bytes. */
export type Answer = (response: ServerResponse, request: UpstreamRequest) => Promise<void> | void

export interface UpstreamServer {
  /** Base URL, to which the client adds `/codex/responses`. */
  readonly url: string
  readonly requests: readonly UpstreamRequest[]
  /** Sets what is played next; each answer once, the last one for ever. */
  play(...answers: [Answer, ...Answer[]]): void
  close(): Promise<void>
}

/** Starts a backend on loopback that plays scripted answers and keeps what it was asked. */
export async function startUpstream(...answers: Answer[]): Promise<UpstreamServer> {
  const requests: UpstreamRequest[] = []
  let script = answers
  const server = createServer(async (incoming, response) => {
    response.on('error', () => {})
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const request: UpstreamRequest = {
      method: incoming.method ?? '',
      path: incoming.url ?? '',
      headers: incoming.headers,
      body: text === '' ? undefined : JSON.parse(text),
      closed: once(response, 'close'),
    }
    requests.push(request)
    const answer = script.length > 1 ? script.shift() : script[0]
    if (answer === undefined) throw new Error('The fake backend has nothing to play.')
    await answer(response, request)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    play: (...next) => {
      script = next
    },
    async close() {
      if (!server.listening) return
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

/** Plays an event stream: the text whole, then the end. */
export function stream(text: string | Uint8Array): Answer {
  return response => {
    openStream(response)
    response.end(text)
  }
}

/** Plays an event stream in pieces, each of them in a write of its own. */
export function streamInPieces(pieces: Iterable<string | Uint8Array>): Answer {
  return async response => {
    openStream(response)
    for (const piece of pieces) {
      await new Promise(resolve => response.write(piece, resolve))
      await new Promise(resolve => setImmediate(resolve))
    }
    response.end()
  }
}

/** Plays a JSON answer. */
export function json(status: number, body: unknown, headers: Record<string, string> = {}): Answer {
  return response => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }
}

/** Sends the head of an event stream. */
export function openStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.flushHeaders()
}

/** Frames events as the backend does. */
export function frames(...events: readonly { readonly type: string }[]): string {
  return events.map(event => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join('')
}
