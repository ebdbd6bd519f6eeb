/** Ollama's error dialect: `{"error":"text"}`, always a string. */

import type { ProxyError } from '../../domain/errors.ts'
import { errorStatus, retryHeaders } from '../http/error-status.ts'

/** Encodes an error. */
export function encodeError(error: ProxyError) {
  return {
    status: errorStatus(error),
    headers: retryHeaders(error),
    body: { error: error.message },
  }
}
