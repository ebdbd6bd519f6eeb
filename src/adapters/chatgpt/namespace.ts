/** The namespace that the tools of a client have in the lite form, and of which it knows nothing. */

import type { JsonObject } from '../../domain/json.ts'

/** Its name. */
export const FUNCTIONS = 'functions'

/** Tells whether an item is a call in that namespace. */
export function isInNamespace(item: JsonObject): boolean {
  return item['namespace'] === FUNCTIONS
}

/** Returns a call without that namespace; any other item as it is. */
export function withoutNamespace(item: JsonObject): JsonObject {
  if (!isInNamespace(item)) return item
  const { namespace: _, ...rest } = item
  return rest
}
