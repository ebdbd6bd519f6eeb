/** Request bodies of the Ollama API. */

import type { JsonObject } from '../../domain/json.ts'
import { readJsonObject } from '../http/body.ts'
import type { Exchange } from '../http/exchange.ts'

/** Limit of a body that does no more than name a model. */
export const SMALL_BODY_BYTES = 1024 * 1024

/** Reads a body as `readJsonObject` does; an empty one is refused in Ollama's own words. */
export function readBody(exchange: Exchange, limitBytes: number): Promise<JsonObject> {
  return readJsonObject(exchange, limitBytes, 'missing request body')
}
