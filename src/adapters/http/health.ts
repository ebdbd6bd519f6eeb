/** The liveness probe. */

import type { Handler, Route } from './exchange.ts'
import { sendJson } from './reply.ts'

const alive: Handler = ({ response }) => sendJson(response, 200, { status: 'ok' })

/** `GET /`, `GET /health` and the bare base URL `GET /v1`, which programs try to see if anybody is there. */
export const healthRoutes: readonly Route[] = ['/', '/health', '/v1'].map(path => ({
  method: 'GET',
  path,
  handle: alive,
}))
