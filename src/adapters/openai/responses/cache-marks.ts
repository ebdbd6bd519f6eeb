/** Marks that tell some services what to cache; the upstream refuses them. */

import type { JsonObject } from '../../../domain/json.ts'

/** Returns an object without such marks. */
export function withoutCacheMarks(object: JsonObject): JsonObject {
  const { prompt_cache_breakpoint: _breakpoint, cache_control: _control, ...rest } = object
  return rest
}
