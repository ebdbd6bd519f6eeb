/** The calls of one answer, told one after the other however they interleave. */

import type { ToolKind } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { type JsonString, type ModelEvent, quote } from '../../domain/events.ts'
import { asString, type JsonObject } from '../../domain/json.ts'
import { createLiteralRun, type LiteralRun } from '../../domain/literal-run.ts'

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
  /** What is known of it so far; the name is `''` until the upstream gives it. */
  callId: string | undefined
  hasOwnId: boolean
  name: string
  /** Pieces of the arguments that have not been told yet, and their length. */
  readonly waiting: LiteralRun
  waitingLength: number
  hasArguments: boolean
  isTold: boolean
  isComplete: boolean
}

/** Each method returns what can be told now. */
export interface Calls {
  /** A call's item has been added at `place`: its arguments are not known, and its name may not be. */
  announce(place: string, item: JsonObject): ModelEvent[]
  delta(place: string, text: JsonString): ModelEvent[]
  argumentsDone(place: string, text: string, name: string | undefined): ModelEvent[]
  /** A call's item is complete; whatever of it has not come before comes with it. */
  whole(place: string, item: JsonObject): ModelEvent[]
  /** The answer has ended. In a whole one every call has arguments; in a cut one calls stay cut. */
  finish(isWhole: boolean): ModelEvent[]
  isEmpty(): boolean
}

/**
 * Creates the record of one answer's calls; they are numbered in the order of first sight, and each
 * is told once its name is known. `originalName` returns the client's name of a tool, `answerId` what
 * the upstream calls the answer.
 */
export function createCalls(
  originalName: (sent: string) => string,
  answerId: () => string | undefined,
): Calls {
  const calls: Call[] = []
  const byPlace = new Map<string, Call>()
  const byId = new Map<string, Call>()
  /** Index of the call that is being told; the ones after it wait. */
  let current = 0
  let waitingLength = 0
  let hasEnded = false

  function known(place: string, item: JsonObject): Call | undefined {
    const callId = callIdOf(item)
    const atPlace = byPlace.get(place)
    if (callId === undefined) return atPlace
    // The id of a call may come after its place.
    return byId.get(callId) ?? (atPlace?.hasOwnId ? undefined : atPlace)
  }

  function add(place: string, item: JsonObject): Call {
    const call: Call = {
      kind: KINDS.get(item['type']) ?? 'function',
      callId: undefined,
      hasOwnId: false,
      name: '',
      waiting: createLiteralRun(),
      waitingLength: 0,
      hasArguments: false,
      isTold: false,
      isComplete: false,
    }
    calls.push(call)
    byPlace.set(place, call)
    return call
  }

  /** Takes down what an item says of its call. What has been told of it stays. */
  function learn(call: Call, item: JsonObject): void {
    const callId = callIdOf(item)
    if (callId !== undefined) byId.set(callId, call)
    call.hasOwnId ||= asString(item['call_id']) !== undefined
    if (call.isTold) return
    call.callId = callId ?? call.callId
    call.name = nameOf(item['name']) || call.name
  }

  function nameOf(sent: unknown): string {
    return originalName(asString(sent) ?? '')
  }

  function push(call: Call, text: JsonString): void {
    call.waiting.push(text)
    call.waitingLength += text.length
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
        if (call.name === '' && !hasEnded) break
        const { kind, callId = madeUpId(index), name } = call
        events.push({ type: 'tool-call', index, kind, callId, name })
      }
      call.isTold = true
      for (const text of call.waiting.take()) events.push({ type: 'tool-arguments', index, text })
      waitingLength -= call.waitingLength
      call.waitingLength = 0
      if (!call.isComplete) break
    }
    return events
  }

  /** A conversation holds the calls of many answers. */
  function madeUpId(index: number): string {
    return ['call', answerId(), index].filter(part => part !== undefined).join('_')
  }

  return {
    announce(place, item) {
      learn(known(place, item) ?? add(place, item), item)
      return tell()
    },
    delta(place, text) {
      const call = byPlace.get(place)
      if (call === undefined || text === '""') return []
      push(call, text)
      return tell()
    },
    argumentsDone(place, text, name) {
      const call = byPlace.get(place)
      if (call === undefined) return []
      learn(call, { name })
      complete(call, text)
      return tell()
    },
    whole(place, item) {
      const call = known(place, item) ?? add(place, item)
      learn(call, item)
      complete(call, asString(item[call.kind === 'custom' ? 'input' : 'arguments']) ?? '')
      return tell()
    },
    finish(isWhole) {
      hasEnded = true
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
