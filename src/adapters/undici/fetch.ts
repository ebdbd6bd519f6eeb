/** `fetch` without hidden limits: the global one cuts a silent stream after 300 s and ignores proxies. */

import { rootCertificates } from 'node:tls'
import { EnvHttpProxyAgent, fetch } from 'undici'

/** How to reach the outside. */
export interface FetchOptions {
  readonly connectTimeoutMs: number
  /** Proxy URLs; '' for none. */
  readonly httpProxy: string
  readonly httpsProxy: string
  /** Hosts that are reached without a proxy, as in `NO_PROXY`. */
  readonly noProxy: string
  /** PEM texts of authorities to trust beside the built-in ones. */
  readonly extraAuthorities: readonly string[]
}

/** A `fetch` and the connections it holds. */
export interface OutboundFetch {
  readonly fetch: (url: string, init: OutboundInit) => Promise<Response>
  /** Closes idle connections; resolves when the last is gone. */
  close(): Promise<void>
}

/** The part of a request's options that is used. */
export interface OutboundInit {
  readonly method: string
  readonly headers: Record<string, string>
  readonly body?: string
  readonly redirect: 'manual'
  readonly signal: AbortSignal
}

/** Creates a `fetch` with its own connections. Limits of time are its callers' to set. */
export function createFetch(options: FetchOptions): OutboundFetch {
  const { httpProxy, httpsProxy, noProxy, extraAuthorities } = options
  const isExtended = extraAuthorities.length > 0
  const tls = isExtended ? { ca: [...rootCertificates, ...extraAuthorities] } : {}
  const dispatcher = new EnvHttpProxyAgent({
    httpProxy,
    httpsProxy,
    noProxy,
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: options.connectTimeoutMs, ...tls },
    requestTls: { timeout: options.connectTimeoutMs, ...tls },
    proxyTls: { timeout: options.connectTimeoutMs, ...tls },
  })
  return {
    // Its Response is the global one in all but the name of the type.
    fetch: (url, init) => fetch(url, { ...init, dispatcher }) as unknown as Promise<Response>,
    close: () => dispatcher.close(),
  }
}
