/** The encrypted reasoning of earlier turns, for clients whose protocol cannot carry it. */

import { LRUCache } from 'lru-cache'
import type { JsonObject } from '../../domain/json.ts'

const MAX_TURNS = 4096
/** How long a turn is kept that nobody asks for. */
const MAX_IDLE_MS = 60 * 60 * 1000
/** Most bytes of one turn that are kept; a bigger one is not kept at all. */
export const MAX_TURN_BYTES = 16 * 1024 * 1024
const MAX_BYTES = 64 * 1024 * 1024

/** An answer that called tools after reasoning; the reasoning in the form in which it is sent back. */
export interface ReasonedTurn {
  /** All calls of the turn, in order; at least one. */
  readonly callIds: readonly string[]
  readonly beforeMessage: readonly JsonObject[]
  /** By call id. */
  readonly beforeCalls: ReadonlyMap<string, readonly JsonObject[]>
}

/** Remembers turns by the calls that they made. A scope sees its own turns only. */
export interface ReasoningMemory {
  keep(scope: string, turn: ReasonedTurn): void
  /** Returns the first turn whose calls are all among `callIds`. */
  recall(scope: string, callIds: readonly string[]): ReasonedTurn | undefined
  /** Forgets the turns whose calls are all among `callIds`. */
  forget(scope: string, callIds: readonly string[]): void
}

/**
 * Creates a memory that holds 4096 turns and 64 MiB at most, 16 MiB a turn, and lets go of a turn
 * after an hour without a question for it. `time` tells milliseconds that never jump.
 */
export function createReasoningMemory(time: { now(): number } = performance): ReasoningMemory {
  const turns = new LRUCache<string, ReasonedTurn>({
    max: MAX_TURNS,
    maxSize: MAX_BYTES,
    maxEntrySize: MAX_TURN_BYTES,
    sizeCalculation: sizeOf,
    ttl: MAX_IDLE_MS,
    updateAgeOnGet: true,
    // Else the cache keeps a timer of its own to read the clock less often.
    ttlResolution: 0,
    perf: time,
  })

  /** Whoever has all calls of a turn has its first one, so each turn needs one key only. */
  function* matches(scope: string, callIds: readonly string[]): Generator<[string, ReasonedTurn]> {
    const known = new Set(callIds)
    for (const id of known) {
      const turn = turns.get(keyOf(scope, id))
      if (turn?.callIds.every(callId => known.has(callId))) yield [keyOf(scope, id), turn]
    }
  }

  return {
    keep(scope, turn) {
      const [first] = turn.callIds
      if (first !== undefined) turns.set(keyOf(scope, first), turn)
    },
    recall(scope, callIds) {
      for (const [, turn] of matches(scope, callIds)) return turn
      return undefined
    },
    forget(scope, callIds) {
      for (const [key] of matches(scope, callIds)) turns.delete(key)
    },
  }
}

/** Returns the scope of what one account and one model have reasoned: nobody else can read it. */
export function reasoningScope(accountId: string | undefined, model: string): string {
  return JSON.stringify([accountId ?? null, model])
}

/** JSON text has no raw line end, so the scope ends where it seems to. */
function keyOf(scope: string, callId: string): string {
  return `${scope}\n${callId}`
}

function sizeOf({ callIds, beforeMessage, beforeCalls }: ReasonedTurn): number {
  return Buffer.byteLength(JSON.stringify([callIds, beforeMessage, [...beforeCalls]]))
}
