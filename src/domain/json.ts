/** JSON that somebody else wrote, read with care: a value of another type counts as absent. */

/** Parses JSON text; `undefined`, which no JSON text means, if it is none. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A JSON object of any content. */
export type JsonObject = Readonly<Record<string, unknown>>

/** Returns an object, not an array. */
export function asObject(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as JsonObject)
    : undefined
}

/** Returns a string. */
export function asString(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** Returns a finite number; `1e999` in JSON text is Infinity, which no JSON can carry on. */
export function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** Returns the objects of an array, each at its own place; anything else becomes an empty object. */
export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.map(element => asObject(element) ?? {}) : []
}
