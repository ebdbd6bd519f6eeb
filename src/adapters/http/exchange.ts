/** The types that the server, the router and the protocols share. */

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { ProxyError } from '../../domain/errors.ts'

/** One request and its response, on their way through the service. */
export interface Exchange {
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** What `x-request-id` says: the client's own id where it is a plain token. */
  readonly id: string
  /** The decoded value of the `:parameter` of the route, if it has one. */
  readonly parameter: string | undefined
  readonly query: URLSearchParams
  /** Aborts when the client leaves (`client_closed`) or the server stops (`server_shutting_down`). */
  readonly signal: AbortSignal
}

/** Answers one request. Whatever it throws before the head is out becomes the protocol's error. */
export type Handler = (exchange: Exchange) => Promise<void> | void

/** One line of a protocol's table. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /**
   * Exact path without a trailing slash; one segment may be a parameter: `/v1/models/:id`. A last
   * segment `*` stands for whatever follows, where nothing else fits: `/v1/files/*`.
   */
  readonly path: string
  readonly handle: Handler
}

/** An answer with a body that is known whole: a JSON value, or plain text. */
export type Reply = {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
} & ({ readonly body: unknown } | { readonly text: string })

/** A driving adapter as the server sees it: its routes, and errors in its own dialect. */
export interface Protocol {
  readonly routes: readonly Route[]
  /** First segment of all its paths, if they have one in common: it answers for unknown ones there. */
  readonly root?: string
  readonly encodeError: (error: ProxyError) => Reply
}
