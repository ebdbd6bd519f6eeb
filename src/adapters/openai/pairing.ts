/** Whose result each result is, where one without a call is an error. */

import { type CallResult, completeCalls, type Step } from '../../domain/call-results.ts'
import type { Item, Message, ToolCall, ToolKind } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'

/** A call as a client tells it. */
export interface CallDraft {
  readonly type: 'call'
  readonly kind: ToolKind
  /** `undefined` if the client names none. */
  readonly id: string | undefined
  /** Id to use where the client's cannot be used. */
  readonly ownId: string
  /** Whether its result names the function instead of the call. */
  readonly isLegacy: boolean
  readonly name: string
  readonly arguments: string
}

/** A result as a client tells it; without id and name it belongs to a call by its place. */
export interface ResultDraft {
  readonly type: 'result'
  readonly id: string | undefined
  /** Name of the function, in the legacy form. */
  readonly name: string | undefined
  readonly output: CallResult['output']
  /** Path of the field that names the call. */
  readonly param: string
}

/** One step of a conversation as a client tells it. */
export type Draft = Message | CallDraft | ResultDraft

/**
 * Pairs calls and results; a call that never gets its result is given a placeholder.
 *
 * @throws ProxyError `invalid_value`, `missing_required_parameter` for a result without a call.
 */
export function pairCalls(drafts: readonly Draft[]): readonly Item[] {
  const { calls, owners } = match(drafts)
  const steps = drafts.map((draft): Step => {
    if (draft.type === 'message') return draft
    if (draft.type === 'call') return calls.get(draft) as ToolCall
    const call = owners.get(draft) as ToolCall
    return { type: 'call-result', call, output: draft.output }
  })
  return completeCalls(steps)
}

interface Matches {
  readonly calls: ReadonlyMap<CallDraft, ToolCall>
  readonly owners: ReadonlyMap<ResultDraft, ToolCall>
}

/** Calls that stand side by side, and the results after them that do not say whose they are. */
interface Turn {
  readonly calls: ToolCall[]
  /** Calls by the client's id; some clients give all calls of a turn the same one. */
  readonly byId: Map<string, { readonly calls: ToolCall[]; next: number }>
  readonly nameless: ResultDraft[]
}

function match(drafts: readonly Draft[]): Matches {
  const calls = new Map<CallDraft, ToolCall>()
  const owners = new Map<ResultDraft, ToolCall>()
  const answered = new Set<ToolCall>()
  /** The latest turn in which an id was used: there it names another call than before. */
  const turnOfId = new Map<string, Turn>()
  const byName = new Map<string, ToolCall[]>()
  let turn = newTurn()
  let previous: Draft | undefined

  function open(draft: CallDraft): void {
    const { kind, id, ownId, name, isLegacy } = draft
    const callId = id === undefined || turn.byId.has(id) ? ownId : id
    const call: ToolCall = { type: 'tool-call', kind, callId, name, arguments: draft.arguments }
    calls.set(draft, call)
    turn.calls.push(call)
    if (isLegacy) entry(byName, name, () => []).push(call)
    if (id === undefined) return
    entry(turn.byId, id, () => ({ calls: [], next: 0 })).calls.push(call)
    turnOfId.set(id, turn)
  }

  function close(draft: ResultDraft): void {
    const { id, name } = draft
    if (id !== undefined) {
      const queue = turnOfId.get(id)?.byId.get(id)
      answer(draft, queue?.calls[queue.next++])
    } else if (name !== undefined) {
      answer(draft, byName.get(name)?.pop())
    } else {
      turn.nameless.push(draft)
    }
  }

  function answer(draft: ResultDraft, call: ToolCall | undefined): void {
    if (call === undefined || answered.has(call)) throw orphan(draft)
    answered.add(call)
    owners.set(draft, call)
  }

  // Last, so that no call is given away that a result names.
  function closeNameless(): void {
    const { nameless } = turn
    const left = nameless.length > 0 ? turn.calls.filter(call => !answered.has(call)) : []
    for (const [i, draft] of nameless.entries()) answer(draft, left[i])
  }

  for (const draft of drafts) {
    if (draft.type === 'call') {
      if (previous?.type !== 'call') {
        closeNameless()
        turn = newTurn()
      }
      open(draft)
    } else if (draft.type === 'result') {
      close(draft)
    }
    previous = draft
  }
  closeNameless()
  return { calls, owners }
}

function newTurn(): Turn {
  return { calls: [], byId: new Map(), nameless: [] }
}

/** Returns the value of a key, made first if there is none. */
function entry<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const value = map.get(key) ?? make()
  map.set(key, value)
  return value
}

function orphan({ id, name, param }: ResultDraft): ProxyError {
  const isMissing = id === undefined && name === undefined
  return new ProxyError(
    isMissing ? 'missing_required_parameter' : 'invalid_value',
    isMissing
      ? `Missing required parameter: '${param}', and no call before it is left without a result.`
      : `Invalid value for '${param}': a result follows the call that it names, and a call has one result.`,
    { param },
  )
}
