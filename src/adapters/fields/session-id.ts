/** The name of a conversation, where a client sends one. */

import type { Exchange } from '../http/exchange.ts'

/** Reads the headers `X-Session-Id` and `session_id`. */
export function sessionIdOf({ request }: Exchange): string | undefined {
  const value = request.headers['x-session-id'] ?? request.headers['session_id']
  return typeof value === 'string' && value !== '' ? value : undefined
}
