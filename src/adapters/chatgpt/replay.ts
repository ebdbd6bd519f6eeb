/** Where the reasoning of earlier steps goes when a conversation is sent again. */

import type { Item } from '../../domain/conversation.ts'
import type { JsonObject } from '../../domain/json.ts'
import type { ReasonedTurn } from './reasoning-memory.ts'

/** Returns the turn that made these calls, if its reasoning is known. */
export type Recall = (callIds: readonly string[]) => ReasonedTurn | undefined

/** Reasoning to put in. */
export interface Replay {
  /** What goes before the item at an index. */
  readonly before: ReadonlyMap<number, readonly JsonObject[]>
  /** All calls of the turns that it is from. */
  readonly callIds: readonly string[]
}

/** Items of one assistant turn: indices from `start` to before `end`. */
interface Run {
  readonly start: number
  readonly end: number
}

/**
 * Finds the reasoning to send along. Only the steps since the last user message get theirs: a model
 * makes no use of older reasoning.
 */
export function planReplay(items: readonly Item[], recall: Recall): Replay {
  const before = new Map<number, JsonObject[]>()
  const replayed: string[] = []

  function put(index: number, reasoning: readonly JsonObject[]): void {
    if (reasoning.length > 0) before.set(index, [...(before.get(index) ?? []), ...reasoning])
  }

  for (const { start, end } of runsOf(items, items.findLastIndex(isUserMessage) + 1)) {
    const calls = new Map<string, number>()
    for (let i = start; i < end; i++) {
      const item = items[i]
      if (item?.type === 'tool-call' && !calls.has(item.callId)) calls.set(item.callId, i)
    }
    const turn = calls.size > 0 ? recall([...calls.keys()]) : undefined
    if (turn === undefined) continue
    const places = turn.callIds.map(callId => calls.get(callId) ?? end)
    const firstCall = Math.min(...places)
    // Its message is the one nearest to the calls; clients may leave messages out.
    const message = lastMessage(items, start, firstCall)
    put(message ?? firstCall, turn.beforeMessage)
    for (const [callId, reasoning] of turn.beforeCalls)
      put(calls.get(callId) ?? firstCall, reasoning)
    replayed.push(...turn.callIds)
  }
  return { before, callIds: replayed }
}

/** Returns the runs of what the assistant said and called, one after the other. */
function runsOf(items: readonly Item[], from: number): readonly Run[] {
  const runs: Run[] = []
  let start = from
  for (let i = from; i <= items.length; i++) {
    const item = items[i]
    if (item !== undefined && isAssistants(item)) continue
    if (i > start) runs.push({ start, end: i })
    start = i + 1
  }
  return runs
}

function lastMessage(items: readonly Item[], start: number, end: number): number | undefined {
  for (let i = end - 1; i >= start; i--) if (items[i]?.type === 'message') return i
  return undefined
}

function isAssistants(item: Item): boolean {
  return item.type === 'tool-call' || (item.type === 'message' && item.role === 'assistant')
}

function isUserMessage(item: Item): boolean {
  return item.type === 'message' && item.role === 'user'
}
