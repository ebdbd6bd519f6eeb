/** What was answered lately: the backend stores nothing, so what refers to it is looked up here. */

import { LRUCache } from 'lru-cache'
import { asString, type JsonObject, objectsOf } from '../../../domain/json.ts'
import type { Clock } from '../../../domain/ports.ts'
import { itemType } from './items.ts'

const MAX_RESPONSES = 256
/** Characters of JSON, over all that is kept. */
const MAX_TOTAL_LENGTH = 64 * 1024 * 1024
const MAX_AGE_MS = 24 * 60 * 60 * 1000

/** A response and the whole conversation that it answers; each item has an id. */
export interface KeptResponse {
  readonly response: JsonObject
  readonly input: readonly JsonObject[]
}

/** Keeps responses: the latest 256 of a day, at most 64 MiB in all. It forgets when the service ends. */
export interface ResponseMemory {
  /** Keeps a response by its `id`. Input items without an id are given one. */
  keep(response: JsonObject, input: readonly JsonObject[]): void
  recall(id: string): KeptResponse | undefined
  /** Finds an item of a kept response, told or answered, by its id. */
  recallItem(id: string): JsonObject | undefined
  /** Returns whether there was one. */
  forget(id: string): boolean
}

/** Creates a memory that has nothing in it. */
export function createResponseMemory(clock: Clock): ResponseMemory {
  const kept = new LRUCache<string, KeptResponse & { readonly items: ItemsById }>({
    max: MAX_RESPONSES,
    maxSize: MAX_TOTAL_LENGTH,
    sizeCalculation: ({ response, input }) => JSON.stringify([response, input]).length,
    ttl: MAX_AGE_MS,
    // Else the time is remembered for a moment, by a timer.
    ttlResolution: 0,
    perf: { now: () => clock.monotonic() },
  })
  return {
    keep(response, told) {
      const id = asString(response['id'])
      if (id === undefined) return
      const input = told.map((item, i) => withId(item, `${id.replace(/^resp_/, '')}_in${i}`))
      const items = new Map(
        [...input, ...objectsOf(response['output'])].map(item => [asString(item['id']), item]),
      )
      kept.set(id, { response, input, items })
    },
    recall: id => kept.get(id),
    recallItem(id) {
      for (const { items } of kept.values()) {
        const item = items.get(id)
        if (item !== undefined) return item
      }
      return undefined
    },
    forget: id => kept.delete(id),
  }
}

type ItemsById = ReadonlyMap<string | undefined, JsonObject>

/** What the API begins the ids of such items with. */
const PREFIXES: ReadonlyMap<string | undefined, string> = new Map([
  ['message', 'msg'],
  ['reasoning', 'rs'],
  ['function_call', 'fc'],
  ['function_call_output', 'fco'],
  ['custom_tool_call', 'ctc'],
  ['custom_tool_call_output', 'ctco'],
])

function withId(item: JsonObject, tail: string): JsonObject {
  if (asString(item['id'])) return item
  return { ...item, id: `${PREFIXES.get(itemType(item)) ?? 'item'}_${tail}` }
}
