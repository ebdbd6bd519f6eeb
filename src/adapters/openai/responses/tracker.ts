/** Follows the frames of one response, to tell at its end what it came to. */

import { asNumber, asObject, type JsonObject, parseJson } from '../../../domain/json.ts'
import type { RelayFrame } from '../../../domain/relay-ports.ts'
import { completeResponse, mergeOutput, type ResponseFacts } from './object.ts'

/** Most characters of items that are remembered, so that a runaway upstream cannot fill the memory. */
const MAX_ITEMS_LENGTH = 64 * 1024 * 1024

/** The state of a response after each event that carries the whole object. */
const STATUS: ReadonlyMap<string, string> = new Map([
  ['response.created', 'in_progress'],
  ['response.queued', 'queued'],
  ['response.in_progress', 'in_progress'],
  ['response.completed', 'completed'],
  ['response.incomplete', 'incomplete'],
])
const ENDS: ReadonlySet<string> = new Set(['response.completed', 'response.incomplete'])

/** What is known of a response by now. */
export interface ResponseTracker {
  /** Takes note of a frame. Returns the event that the client gets in its place, if not the same. */
  note(frame: RelayFrame): JsonObject | undefined
  /** Returns the response once it is whole. */
  whole(): JsonObject | undefined
  /** Returns the response as it stands, with what has come of its output. */
  current(): JsonObject
  /** Returns whether items were forgotten, as there was too much of them. */
  isOverfull(): boolean
}

/** Creates a tracker that has seen nothing. Frames that it does not need are not parsed. */
export function createResponseTracker(facts: ResponseFacts): ResponseTracker {
  /** Whole items by `output_index`, which is the order of the output. */
  const done = new Map<number, JsonObject>()
  let length = 0
  let known: JsonObject = {}
  let whole: JsonObject | undefined

  function noteItem({ data }: RelayFrame): void {
    length += data.length
    if (length > MAX_ITEMS_LENGTH) {
      done.clear()
      return
    }
    const event = asObject(parseJson(data))
    const item = asObject(event?.['item'])
    if (item) done.set(asNumber(event?.['output_index']) ?? done.size, item)
  }

  function noteResponse({ type, data }: RelayFrame, status: string): JsonObject {
    const event = asObject(parseJson(data)) ?? { type }
    const response = asObject(event['response'])
    const told: JsonObject = { ...known, ...response, status: response?.['status'] ?? status }
    const isEnd = ENDS.has(type)
    const keeps = facts.keeps && length <= MAX_ITEMS_LENGTH
    known = completeResponse(
      isEnd ? { ...told, output: mergeOutput(told['output'], done) } : told,
      { ...facts, keeps },
    )
    if (isEnd) whole = known
    return { ...event, response: known }
  }

  return {
    note(frame) {
      const status = STATUS.get(frame.type)
      if (status !== undefined) return noteResponse(frame, status)
      if (frame.type === 'response.output_item.done') noteItem(frame)
      return undefined
    },
    whole: () => whole,
    current: () =>
      completeResponse({ ...known, output: mergeOutput([], done) }, { ...facts, keeps: false }),
    isOverfull: () => length > MAX_ITEMS_LENGTH,
  }
}
