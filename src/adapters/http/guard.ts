/** Who may call at all: decided from the head, before a byte of the body is read. */

import type { IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import { hostname as machineName } from 'node:os'
import { ProxyError } from '../../domain/errors.ts'

/** Names that mean this machine; a page that rebinds its own name to 127.0.0.1 has another. */
const LOCAL_NAMES = [
  'localhost',
  'host.docker.internal',
  'gateway.docker.internal',
  'host.containers.internal',
]

/**
 * Lets a request pass or throws.
 *
 * @throws ProxyError `host_not_allowed`; `invalid_value` for two Host headers or none.
 */
export type Guard = (request: IncomingMessage) => void

/** Creates the rule; `extra` names are added to the built-in ones. */
export function createGuard(extra: readonly string[]): Guard {
  const names = new Set([...LOCAL_NAMES, machineName(), ...extra].map(name => name.toLowerCase()))
  return request => {
    if (request.rawHeaders.filter((name, i) => i % 2 === 0 && /^host$/i.test(name)).length > 1) {
      throw new ProxyError('invalid_value', 'The request has two Host headers.')
    }
    const authority = /^https?:\/\/([^/?#]*)/i.exec(request.url ?? '')?.[1] ?? request.headers.host
    if (authority === undefined) {
      // No browser speaks HTTP/1.0.
      if (request.httpVersion === '1.0') return
      throw new ProxyError('invalid_value', 'The request has no Host header.')
    }
    const name = hostOf(authority)
    if (isIP(name) || names.has(name) || name.endsWith('.localhost')) return
    throw new ProxyError(
      'host_not_allowed',
      `chatmock does not answer to the host name ${JSON.stringify(name.slice(0, 100))}. To allow it, start it with --allowed-hosts or CHATGPT_LOCAL_ALLOWED_HOSTS naming it.`,
    )
  }
}

function hostOf(authority: string): string {
  const host = authority.toLowerCase().replace(/:\d*$/, '')
  return host.startsWith('[') ? host.slice(1, -1) : host
}
