/** What of an answer has to be sent back with the calls that it makes. */

import { asString, type JsonObject } from '../../domain/json.ts'
import { callIdOf, isCall } from './calls.ts'
import { MAX_TURN_BYTES, type ReasonedTurn } from './reasoning-memory.ts'

/** An item of an answer, as far as it matters here. */
type Step =
  | { readonly type: 'reasoning'; readonly item: JsonObject }
  | { readonly type: 'message' }
  | { readonly type: 'call'; readonly callId: string }

/** Takes down the items of one answer. */
export interface TurnRecord {
  /**
   * Takes down the item at `place`. A call counts from its announcement on, reasoning when it is
   * complete; what comes once more counts once.
   */
  note(place: string, item: JsonObject): void
  /** Returns the turn, if it is one that calls tools after reasoning. */
  turn(): ReasonedTurn | undefined
}

/** Creates the record of one answer. */
export function createTurnRecord(): TurnRecord {
  const steps: { readonly position: number; readonly step: Step }[] = []
  const known = new Set<string>()
  let size = 0
  let isKeepable = true

  function add(place: string, step: Step): void {
    const position = /^\d+$/.test(place) ? Number(place) : steps.length
    steps.push({ position, step })
  }

  function addReasoning(place: string, item: JsonObject): void {
    const encrypted = asString(item['encrypted_content'])
    // The final output may repeat it without its id, or encrypted anew.
    const marks = [asString(item['id']), encrypted].filter(mark => mark !== undefined)
    if (!encrypted || marks.some(mark => known.has(mark))) return
    for (const mark of marks) known.add(mark)
    const summary = Array.isArray(item['summary']) ? item['summary'] : []
    const kept = { type: 'reasoning', summary, encrypted_content: encrypted }
    size += JSON.stringify(kept).length
    // What is too big to be kept must not fill the memory until then either.
    if (size > MAX_TURN_BYTES) drop()
    else add(place, { type: 'reasoning', item: kept })
  }

  function addCall(place: string, item: JsonObject): void {
    const callId = callIdOf(item)
    // Without an id of its own the call cannot be told from those of other answers.
    if (callId === undefined) drop()
    else if (!known.has(callId)) add(place, { type: 'call', callId })
    if (callId !== undefined) known.add(callId)
  }

  function drop(): void {
    isKeepable = false
    steps.length = 0
  }

  return {
    note(place, item) {
      if (!isKeepable) return
      if (item['type'] === 'reasoning') addReasoning(place, item)
      else if (item['type'] === 'message') add(place, { type: 'message' })
      else if (isCall(item)) addCall(place, item)
    },
    turn() {
      const inOrder = steps.toSorted((a, b) => a.position - b.position)
      return isKeepable ? turnOf(inOrder.map(({ step }) => step)) : undefined
    },
  }
}

function turnOf(steps: readonly Step[]): ReasonedTurn | undefined {
  const callIds: string[] = []
  const beforeMessage: JsonObject[] = []
  const beforeCalls = new Map<string, readonly JsonObject[]>()
  let waiting: JsonObject[] = []
  for (const step of steps) {
    if (step.type === 'reasoning') {
      waiting.push(step.item)
      continue
    }
    if (step.type === 'call') {
      if (waiting.length > 0) beforeCalls.set(step.callId, waiting)
      callIds.push(step.callId)
    } else {
      // A message is sent back before the calls: what led to a later one has to wait for its call.
      if (callIds.length > 0) continue
      beforeMessage.push(...waiting)
    }
    waiting = []
  }
  const isReasoned = beforeMessage.length > 0 || beforeCalls.size > 0
  return callIds.length > 0 && isReasoned ? { callIds, beforeMessage, beforeCalls } : undefined
}
