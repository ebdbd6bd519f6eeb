/** Which web pages may call the service, and what they are told (Fetch standard, CORS protocol). */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { ProxyError } from '../../domain/errors.ts'

/** Schemes that only installed programs can have as their origin. */
const PROGRAM_SCHEMES = new Set([
  'chrome-extension:',
  'moz-extension:',
  'safari-web-extension:',
  'app:',
  'tauri:',
  'vscode-webview:',
  'vscode-file:',
  'capacitor:',
  'ionic:',
])

const EXPOSED = 'x-request-id, x-chatmock-ignored, retry-after, retry-after-ms, x-should-retry'
const TOKEN_LIST = /^[\w!#$%&'*+.^`|~-]+(?:\s*,\s*[\w!#$%&'*+.^`|~-]+)*$/

/** The rule for browsers. */
export interface Cors {
  /**
   * Names the caller's origin as allowed, if it brought one. A browser that hides the origin of
   * a request that changes something is refused (Fetch Metadata, `Sec-Fetch-Site`).
   *
   * @throws ProxyError `origin_not_allowed`.
   */
  admit(request: IncomingMessage, response: ServerResponse): void
  /** Returns the headers of a preflight's answer for a path with these methods. */
  preflight(request: IncomingMessage, methods: readonly string[]): Record<string, string>
}

/** Creates the rule; `extra` origins are added to the built-in ones, `*` allows all, `none` none. */
export function createCors(extra: readonly string[]): Cors {
  const added = new Set(extra)
  const allows = (origin: string) =>
    !added.has('none') && (added.has('*') || added.has(origin) || isLocal(origin))
  return {
    admit(request, response) {
      const { origin } = request.headers
      if (origin === undefined) {
        if (isForeignWrite(request)) throw refused('another site')
        return
      }
      if (!allows(origin)) throw refused(JSON.stringify(origin.slice(0, 100)))
      response.setHeader('access-control-allow-origin', origin)
      response.setHeader('access-control-expose-headers', EXPOSED)
      response.setHeader('vary', 'Origin')
    },
    preflight({ headers }, methods) {
      const wanted = headers['access-control-request-headers'] ?? ''
      return {
        'access-control-allow-methods': methods.join(', '),
        'access-control-max-age': '600',
        ...(TOKEN_LIST.test(wanted) && { 'access-control-allow-headers': wanted }),
        ...(headers['access-control-request-private-network'] === 'true' && {
          'access-control-allow-private-network': 'true',
        }),
      }
    },
  }
}

/** Tells an origin that no web page can have. */
export function isProgram(origin: string): boolean {
  return URL.canParse(origin) && PROGRAM_SCHEMES.has(new URL(origin).protocol)
}

function isLocal(origin: string): boolean {
  if (isProgram(origin)) return true
  // Compared as parsed parts: "http://localhost.evil.com" begins like a local origin.
  if (!URL.canParse(origin)) return false
  const { protocol, hostname } = new URL(origin)
  if (protocol !== 'http:' && protocol !== 'https:') return false
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '127.0.0.1' ||
    hostname === '[::1]'
  )
}

function isForeignWrite({ method, headers }: IncomingMessage): boolean {
  const site = headers['sec-fetch-site']
  const writes = method !== 'GET' && method !== 'HEAD' && method !== 'OPTIONS'
  return writes && (site === 'cross-site' || site === 'same-site')
}

function refused(origin: string): ProxyError {
  return new ProxyError(
    'origin_not_allowed',
    `Web pages from ${origin} may not call chatmock. To allow them, start it with --cors-origins or CHATGPT_LOCAL_CORS_ORIGINS naming that origin.`,
  )
}
