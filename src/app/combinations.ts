/** The combinations of settings that the service refuses. */

import { isIPv4 } from 'node:net'
import { RefusedConfiguration } from './exit.ts'
import type { ServeSettings } from './settings.ts'

/**
 * Checks what no setting can be blamed for alone.
 *
 * @throws RefusedConfiguration naming the settings and what to do instead.
 */
export function refuseCombinations(settings: ServeSettings): void {
  const { host, port, ollamaPort, insecureNoAuth, upstream } = settings
  const { headersTimeoutMs, requestTimeoutMs } = settings
  if (!isLoopback(host) && !insecureNoAuth && upstream !== 'demo') {
    throw new RefusedConfiguration(
      `Listening on ${host} would let everybody who can reach this machine use your ChatGPT account. Use --host 127.0.0.1, or --insecure-no-auth if that is what you want.`,
    )
  }
  if (ollamaPort === port && port !== 0) {
    throw new RefusedConfiguration(
      `--port and --ollama-port are both ${port}. Use two ports, or leave --ollama-port out: Ollama clients are answered on --port too.`,
    )
  }
  // Node refuses to create such a server; 0 means no limit.
  if (requestTimeoutMs > 0 && headersTimeoutMs > requestTimeoutMs) {
    throw new RefusedConfiguration(
      `CHATGPT_LOCAL_HEADERS_TIMEOUT (${headersTimeoutMs / 1000}s) is longer than CHATGPT_LOCAL_REQUEST_TIMEOUT (${requestTimeoutMs / 1000}s), of which it is a part.`,
    )
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'))
}
