/** The calls of one answer, told one after the other however they interleave. */

import type { ToolKind } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { type JsonString, type ModelEvent, quote } from '../../domain/events.ts'
import { asString, type JsonObject } from '../../domain/json.ts'

/** Most characters of later calls that wait for an earlier one to end. */
const MAX_WAITING_LENGTH = 16 * 1024 * 1024

/** The kind of a call by the type of its item. */
const KINDS: ReadonlyMap<unknown, ToolKind> = new Map([
  ['function_call', 'function'],
  ['custom_tool_call', 'custom'],
])

/** Tells whether an item of an answer is a call that the client runs. */
export function isCall(item: JsonObject): boolean {
  return KINDS.has(item['type'])
}

interface Call {
  readonly kind: ToolKind
  readonly callId: string
  readonly name: string
  /** Pieces of the arguments that have not been told yet. */
  pieces: JsonString[]
  hasArguments: boolean
  isTold: boolean
  isComplete: boolean
}

/** Each method returns what can be told now. */
export interface Calls {
  /** A call's item has been added at `place`: its name is known, its arguments are not. */
  announce(place: string, item: JsonObject): ModelEvent[]
  delta(place: string, text: JsonString): ModelEvent[]
  argumentsDone(place: string, text: string): ModelEvent[]
  /** A call's item is complete; whatever of it has not come before comes with it. */
  whole(place: string, item: JsonObject): ModelEvent[]
  /** The answer has ended. In a whole one every call has arguments; in a cut one calls stay cut. */
  finish(isWhole: boolean): ModelEvent[]
  isEmpty(): boolean
}

/**
 * Creates the record of one answer's calls; they are numbered in the order of first sight.
 * `originalName` returns the client's name of a tool.
 */
export function createCalls(originalName: (sent: string) => string): Calls {
  const calls: Call[] = []
  const byPlace = new Map<string, Call>()
  const byId = new Map<string, Call>()
  /** Index of the call that is being told; the ones after it wait. */
  let current = 0
  let waitingLength = 0

  function known(place: string, item: JsonObject): Call | undefined {
    const callId = callIdOf(item)
    return callId === undefined ? byPlace.get(place) : byId.get(callId)
  }

  function add(place: string, item: JsonObject): Call {
    const call: Call = {
      kind: KINDS.get(item['type']) ?? 'function',
      callId: callIdOf(item) ?? `call_${calls.length}`,
      name: originalName(asString(item['name']) ?? ''),
      pieces: [],
      hasArguments: false,
      isTold: false,
      isComplete: false,
    }
    calls.push(call)
    byPlace.set(place, call)
    byId.set(call.callId, call)
    return call
  }

  function push(call: Call, text: JsonString): void {
    call.pieces.push(text)
    call.hasArguments = true
    waitingLength += text.length
    if (waitingLength > MAX_WAITING_LENGTH) throw tooLarge()
  }

  /** The arguments of a function call without any are an empty object: clients parse them. */
  function complete(call: Call, text: string): void {
    const whole = text === '' && call.kind === 'function' ? '{}' : text
    if (!call.hasArguments && whole !== '') push(call, quote(whole))
    call.isComplete = true
  }

  function tell(): ModelEvent[] {
    const events: ModelEvent[] = []
    for (let call = calls[current]; call !== undefined; call = calls[++current]) {
      const index = current
      if (!call.isTold) {
        const { kind, callId, name } = call
        events.push({ type: 'tool-call', index, kind, callId, name })
      }
      call.isTold = true
      for (const text of call.pieces) {
        waitingLength -= text.length
        events.push({ type: 'tool-arguments', index, text })
      }
      call.pieces = []
      if (!call.isComplete) break
    }
    return events
  }

  return {
    announce(place, item) {
      if (!known(place, item)) add(place, item)
      return tell()
    },
    delta(place, text) {
      const call = byPlace.get(place)
      if (call === undefined || text === '""') return []
      push(call, text)
      return tell()
    },
    argumentsDone(place, text) {
      const call = byPlace.get(place)
      if (call !== undefined) complete(call, text)
      return tell()
    },
    whole(place, item) {
      const call = known(place, item) ?? add(place, item)
      complete(call, asString(item[call.kind === 'custom' ? 'input' : 'arguments']) ?? '')
      return tell()
    },
    finish(isWhole) {
      for (const call of calls) {
        if (isWhole) complete(call, '')
        call.isComplete = true
      }
      return tell()
    },
    isEmpty: () => calls.length === 0,
  }
}

/** Returns the id by which a call is answered. */
export function callIdOf(item: JsonObject): string | undefined {
  return asString(item['call_id']) ?? asString(item['id'])
}

function tooLarge(): ProxyError {
  return new ProxyError(
    'upstream_response_too_large',
    'The upstream sent more than 16 MiB of tool calls at once.',
  )
}
