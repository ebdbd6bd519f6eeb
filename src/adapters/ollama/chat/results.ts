/** Whose result each result is: many clients do not say it, and Ollama never asks. */

import { type CallResult, completeCalls, type Step } from '../../../domain/call-results.ts'
import type { Item, Message, ToolCall } from '../../../domain/conversation.ts'

/** A call as a client tells it. */
export interface CallDraft {
  readonly type: 'call'
  /** `undefined` if the client names none. */
  readonly id: string | undefined
  /** Id to use where the client's cannot be used. */
  readonly ownId: string
  readonly name: string
  readonly arguments: string
}

/** A result that may name its call, or its tool, or neither. */
export interface ResultDraft {
  readonly type: 'result'
  readonly id: string | undefined
  readonly name: string | undefined
  readonly output: CallResult['output']
  /** Id of the call that is made up if there is none to be found. */
  readonly ownId: string
}

/** One step of a conversation as a client tells it. */
export type Draft = Message | CallDraft | ResultDraft

/** Name of a tool that nobody names. */
const UNKNOWN_TOOL = 'unknown_tool'

/** A call under the name that its client gave it, if any. */
interface ToldCall extends Pick<CallDraft, 'type' | 'id'> {
  readonly call: ToolCall
}

type Told = Message | ToldCall | ResultDraft

/** Calls that stand side by side, and the results after them. */
interface Turn {
  readonly calls: ToldCall[]
  readonly results: ResultDraft[]
}

/** Calls that wait for their results, the first of them last. */
type Queues = Map<string | undefined, ToldCall[]>

/**
 * Pairs calls and results, each call under an id that no other one has. A result belongs to the call
 * that it names, else to the first of its tool, else to the first of the turn; each call has one result.
 * For a result that is left over, its call is made up, right before it: clients cut their history
 * anywhere.
 */
export function pairCalls(drafts: readonly Draft[]): readonly Item[] {
  const used = new Set<string>()
  const told = drafts.map(
    (draft): Told =>
      draft.type === 'call' ? { type: 'call', id: draft.id, call: callOf(draft, used) } : draft,
  )
  const owners = findOwners(told)
  const steps = told.flatMap((draft): readonly Step[] => {
    if (draft.type === 'message') return [draft]
    if (draft.type === 'call') return [draft.call]
    const { name = UNKNOWN_TOOL, ownId, output } = draft
    const owner = owners.get(draft)
    const call = owner ?? callOf({ id: undefined, ownId, name, arguments: '{}' }, used)
    const result: CallResult = { type: 'call-result', call, output }
    return owner ? [result] : [call, result]
  })
  return completeCalls(steps)
}

function findOwners(drafts: readonly Told[]): ReadonlyMap<ResultDraft, ToolCall> {
  const owners = new Map<ResultDraft, ToolCall>()
  const taken = new Set<ToldCall>()
  const byId: Queues = new Map()
  const byName: Queues = new Map()
  for (const { calls, results } of turnsOf(drafts)) {
    const waiting = calls.toReversed()
    // An id or a name that is used again means the later calls.
    for (const [id, queue] of queuesBy(waiting, ({ id }) => id)) byId.set(id, queue)
    for (const [name, queue] of queuesBy(waiting, ({ call }) => call.name)) byName.set(name, queue)
    const rules = [
      ({ id }: ResultDraft) => byId.get(id),
      ({ name }: ResultDraft) => byName.get(name),
      () => waiting,
    ]
    // One rule after the other, so that no call is given away that a later result names.
    for (const rule of rules) {
      for (const result of results) {
        const next = owners.has(result) ? undefined : nextOf(rule(result), taken)
        if (next) {
          owners.set(result, next.call)
          taken.add(next)
        }
      }
    }
  }
  return owners
}

function turnsOf(drafts: readonly Told[]): readonly Turn[] {
  let turn: Turn = { calls: [], results: [] }
  const turns = [turn]
  let previous: Told | undefined
  for (const draft of drafts) {
    if (draft.type === 'call') {
      if (previous?.type !== 'call') {
        turn = { calls: [], results: [] }
        turns.push(turn)
      }
      turn.calls.push(draft)
    } else if (draft.type === 'result') {
      turn.results.push(draft)
    }
    previous = draft
  }
  return turns
}

function queuesBy(
  calls: readonly ToldCall[],
  keyOf: (call: ToldCall) => string | undefined,
): Queues {
  const queues: Queues = new Map()
  for (const call of calls) {
    const key = keyOf(call)
    const queue = queues.get(key)
    if (queue) queue.push(call)
    else if (key !== undefined) queues.set(key, [call])
  }
  return queues
}

function nextOf(queue: ToldCall[] | undefined, taken: ReadonlySet<ToldCall>): ToldCall | undefined {
  for (;;) {
    const call = queue?.pop()
    if (call === undefined || !taken.has(call)) return call
  }
}

/** Makes a call under an id that is not used yet. */
function callOf(
  { id, ownId, name, arguments: text }: Omit<CallDraft, 'type'>,
  used: Set<string>,
): ToolCall {
  let callId = id === undefined || used.has(id) ? ownId : id
  while (used.has(callId)) callId += '_'
  used.add(callId)
  return { type: 'tool-call', kind: 'function', callId, name, arguments: text }
}
