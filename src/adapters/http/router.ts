/** From a request line to a handler, by exact look-up. */

import { ProxyError } from '../../domain/errors.ts'
import type { Exchange, Handler, Protocol, Route } from './exchange.ts'

/** Where a request goes. The protocol is known even where no handler is, for the error's dialect. */
export interface Match {
  readonly protocol: Protocol
  /** The path as the route table has it, for logs; never what the client typed. */
  readonly route: string
  /** What the path answers to, for `Allow`; empty for an unknown path. */
  readonly methods: readonly string[]
  readonly parameter: string | undefined
  /** @throws ProxyError `unknown_url`, `method_not_allowed`, `invalid_value` for a malformed path. */
  readonly handle: Handler
}

/** The table of all routes. */
export interface Router {
  /** Finds what a request line asks for. What it does not find has a handler that says so. */
  match(method: string, target: string): Match
}

interface Row {
  readonly protocol: Protocol
  readonly route: string
  readonly handlers: Map<string, Handler>
}

const PARAMETER = ':'
/** As the last segment it stands for one segment or more. */
const REST = '*'
/** Stands for a segment that no path of the table has; the NUL cannot come from a client. */
const OPAQUE = '\0'
const EVERY_METHOD = ['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']

/**
 * Creates a router over the routes of all protocols. Of two that have the same path and method the
 * first is taken. For an unknown path the protocol of its root answers, else the first.
 */
export function createRouter(protocols: readonly [Protocol, ...Protocol[]]): Router {
  const table = new Map<string, Row>()
  for (const protocol of protocols) {
    for (const route of protocol.routes) add(table, protocol, route)
  }
  const nowhere = (root?: string): Match => ({
    protocol:
      protocols.find(protocol => protocol.root !== undefined && protocol.root === root) ??
      protocols[0],
    route: '*',
    methods: [],
    parameter: undefined,
    handle: unknown,
  })
  return {
    match(method, target) {
      // "OPTIONS *" asks about the server as a whole (RFC 9110, section 9.3.7).
      if (target === '*') return { ...nowhere(), methods: EVERY_METHOD }
      const segments = pathSegments(target)
      if (!segments) return { ...nowhere(rawSegments(target)[0]), handle: malformed }
      const found = find(table, segments)
      if (!found) return nowhere(segments[0])
      const { protocol, route, handlers } = found.row
      const methods = [...handlers.keys()]
      if (handlers.has('GET')) methods.push('HEAD')
      methods.push('OPTIONS')
      const handle = handlers.get(method === 'HEAD' ? 'GET' : method) ?? notAllowed(methods)
      return { protocol, route, methods, parameter: found.parameter, handle }
    },
  }
}

/**
 * Cuts a request target into decoded path segments. Double and trailing slashes and a
 * repeated `/v1` (people paste it twice) are tolerated; an absolute-form target gives its path.
 *
 * Returns `undefined` for what could mean two paths: dot segments, backslashes, NUL, bad escapes.
 */
export function pathSegments(target: string): readonly string[] | undefined {
  const segments: string[] = []
  for (const raw of rawSegments(target)) {
    const segment = decodeSegment(raw)
    if (segment === undefined) return undefined
    segments.push(segment)
  }
  return segments[0] === 'v1' && segments[1] === 'v1' ? segments.slice(1) : segments
}

function rawSegments(target: string): readonly string[] {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').replace(/[?#].*$/s, '')
  return path.split('/').filter(segment => segment !== '')
}

function decodeSegment(raw: string): string | undefined {
  try {
    const segment = decodeURIComponent(raw)
    return segment === '.' || segment === '..' || /[\\\0]/.test(segment) ? undefined : segment
  } catch {
    return undefined
  }
}

function add(table: Map<string, Row>, protocol: Protocol, route: Route): void {
  const key = route.path
    .split('/')
    .map(segment => (segment.startsWith(PARAMETER) ? PARAMETER : segment))
    .join('/')
  const row = table.get(key) ?? { protocol, route: route.path, handlers: new Map() }
  if (!row.handlers.has(route.method)) row.handlers.set(route.method, route.handle)
  table.set(key, row)
}

function find(
  table: Map<string, Row>,
  segments: readonly string[],
): { row: Row; parameter: string | undefined } | undefined {
  // A decoded segment may hold a slash, or be ":" or "*" itself: none may pose as a path of the table.
  const plain = segments.map(segment => (/[/:*]/.test(segment) ? OPAQUE : segment))
  const exact = table.get(`/${plain.join('/')}`)
  if (exact) return { row: exact, parameter: undefined }
  for (let i = segments.length - 1; i >= 0; i--) {
    const row = table.get(`/${plain.with(i, PARAMETER).join('/')}`)
    if (row) return { row, parameter: segments[i] }
  }
  for (let i = plain.length - 1; i > 0; i--) {
    const row = table.get(`/${[...plain.slice(0, i), REST].join('/')}`)
    if (row) return { row, parameter: undefined }
  }
  return undefined
}

function unknown({ request }: Exchange): never {
  const hint = /\/(?:v1|api)(?:\/|$)/.test(request.url ?? '')
    ? ''
    : ' Clients want /v1 as base URL.'
  throw new ProxyError('unknown_url', `There is nothing at this URL.${hint}`)
}

function malformed(): never {
  throw new ProxyError('invalid_value', 'The path of the URL is malformed.')
}

function notAllowed(methods: readonly string[]): Handler {
  return ({ response }) => {
    response.setHeader('allow', methods.join(', '))
    throw new ProxyError('method_not_allowed', `This URL answers to ${methods.join(', ')} only.`)
  }
}
