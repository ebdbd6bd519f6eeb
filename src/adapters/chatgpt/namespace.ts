/** The namespaces of tools; that of a client's own tools in the lite form is one it knows nothing of. */

import type { JsonObject } from '../../domain/json.ts'

/** Name of the namespace that the tools of a client have in the lite form. */
export const FUNCTIONS = 'functions'

/** Tells whether an item is a call in that namespace. */
export function isInFunctions(item: JsonObject): boolean {
  return item['namespace'] === FUNCTIONS
}

/** Tells whether an item is a call in any namespace. */
export function hasNamespace(item: JsonObject): boolean {
  return item['namespace'] !== undefined
}

/** Returns a call in that namespace without it; any other item as it is. */
export function withoutFunctions(item: JsonObject): JsonObject {
  return isInFunctions(item) ? withoutNamespace(item) : item
}

/** Returns a call without its namespace, whichever it is; any other item as it is. */
export function withoutNamespace(item: JsonObject): JsonObject {
  if (!hasNamespace(item)) return item
  const { namespace: _, ...rest } = item
  return rest
}
