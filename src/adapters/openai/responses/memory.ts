/** What was answered lately: the backend stores nothing, so what refers to it is looked up here. */

import { LRUCache } from 'lru-cache'
import { asString, type JsonObject, objectsOf } from '../../../domain/json.ts'
import type { Clock } from '../../../domain/ports.ts'
import { itemType } from './items.ts'

const MAX_RESPONSES = 256
/** Bytes of JSON and of ids, over all that is kept. */
const MAX_TOTAL_BYTES = 64 * 1024 * 1024
/** What an id takes up beside its characters. */
const BYTES_PER_ID = 64
const MAX_AGE_MS = 24 * 60 * 60 * 1000

/** A response and the whole conversation that it answers. */
export interface KeptResponse {
  readonly response: JsonObject
  /** As it was told; items may lack an id. */
  readonly input: readonly JsonObject[]
}

/** Keeps responses: the latest 256 of a day, at most 64 MiB in all. It forgets when the service ends. */
export interface ResponseMemory {
  /** Keeps a response by its `id`. */
  keep(response: JsonObject, input: readonly JsonObject[]): void
  recall(id: string): KeptResponse | undefined
  /** Finds an item of a kept response, told or answered, by its id in {@link inputWithIds} or the output. */
  recallItem(id: string): JsonObject | undefined
  forget(id: string): void
}

interface OpenedResponse extends KeptResponse {
  readonly items: ReadonlyMap<string, JsonObject>
}

interface Entry {
  /** JSON text: parsed objects may take up twenty times as much. */
  readonly json: Buffer
  readonly itemIds: ReadonlySet<string>
  /** Lives as long as the request that asks: one that names many items has it parsed once. */
  opened?: WeakRef<OpenedResponse>
}

/** Creates a memory that has nothing in it. */
export function createResponseMemory(clock: Clock): ResponseMemory {
  const entries = new LRUCache<string, Entry>({
    max: MAX_RESPONSES,
    maxSize: MAX_TOTAL_BYTES,
    sizeCalculation: sizeOf,
    ttl: MAX_AGE_MS,
    // Else the time is remembered for a moment, by a timer.
    ttlResolution: 0,
    perf: { now: () => clock.monotonic() },
  })
  return {
    keep(response, input) {
      const id = asString(response['id'])
      if (id === undefined) return
      const kept: KeptResponse = { response, input }
      entries.set(id, {
        json: Buffer.from(JSON.stringify(kept)),
        itemIds: new Set(itemsById(kept).keys()),
      })
    },
    recall(id) {
      const entry = entries.get(id)
      return entry && open(entry)
    },
    recallItem(id) {
      for (const entry of entries.values()) {
        if (entry.itemIds.has(id)) return open(entry).items.get(id)
      }
      return undefined
    },
    forget(id) {
      entries.delete(id)
    },
  }
}

function sizeOf({ json, itemIds }: Entry): number {
  return [...itemIds].reduce((size, id) => size + id.length + BYTES_PER_ID, json.byteLength)
}

function open(entry: Entry): OpenedResponse {
  const known = entry.opened?.deref()
  if (known) return known
  const kept: KeptResponse = JSON.parse(entry.json.toString())
  const opened = { ...kept, items: itemsById(kept) }
  entry.opened = new WeakRef(opened)
  return opened
}

function itemsById(kept: KeptResponse): ReadonlyMap<string, JsonObject> {
  return new Map([
    ...kept.input.map((item, i) => [inputId(kept, item, i), item] as const),
    ...objectsOf(kept.response['output']).flatMap(item => {
      const id = asString(item['id'])
      return id ? [[id, item] as const] : []
    }),
  ])
}

/**
 * Returns the conversation with an id for each item: its own, or one that is made up for those
 * who list items. Nobody upstream knows the latter.
 */
export function inputWithIds(kept: KeptResponse): readonly JsonObject[] {
  const taken = new Set<string>()
  return kept.input.map((item, i) => {
    const own = asString(item['id'])
    // Who reads the list page by page asks for what comes after an id.
    const id = own && !taken.has(own) ? own : madeUpId(kept, item, i)
    taken.add(id)
    return { ...item, id }
  })
}

function inputId(kept: KeptResponse, item: JsonObject, place: number): string {
  return asString(item['id']) || madeUpId(kept, item, place)
}

function madeUpId({ response }: KeptResponse, item: JsonObject, place: number): string {
  const tail = asString(response['id'])?.replace(/^resp_/, '')
  return `${PREFIXES.get(itemType(item)) ?? 'item'}_${tail}_in${place}`
}

/** What the API begins the ids of such items with. */
const PREFIXES: ReadonlyMap<string | undefined, string> = new Map([
  ['message', 'msg'],
  ['reasoning', 'rs'],
  ['function_call', 'fc'],
  ['function_call_output', 'fco'],
  ['custom_tool_call', 'ctc'],
  ['custom_tool_call_output', 'ctco'],
])
