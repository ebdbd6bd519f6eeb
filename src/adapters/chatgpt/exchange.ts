/** An exchange with the backend that is over when its answer has been read. */

import { ProxyError } from '../../domain/errors.ts'
import { connectionFailure } from './connection.ts'
import { createTimeLimit, type TimeLimit } from './time-limit.ts'

/**
 * Runs an exchange under a time limit, which ends with it. `describe` words what is said when the
 * limit runs out.
 *
 * @throws ProxyError what `run` throws; `upstream_timeout`; `upstream_connection_error` for what
 *   `fetch` throws. The signal's reason if it aborts.
 */
export async function runExchange<T>(
  signal: AbortSignal,
  describe: (milliseconds: number) => string,
  run: (limit: TimeLimit) => Promise<T>,
): Promise<T> {
  const limit = createTimeLimit(signal, describe)
  try {
    return await run(limit)
  } catch (error) {
    if (signal.aborted) throw signal.reason
    if (error instanceof ProxyError) throw error
    throw limit.signal.aborted ? limit.signal.reason : connectionFailure(error)
  } finally {
    limit.end()
  }
}
