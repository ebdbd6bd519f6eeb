/** Whose result each result is: many clients do not say it, and Ollama never asks. */

import type { Message, ToolResult } from '../../../domain/conversation.ts'
import type { CallDraft, Draft } from '../../../domain/pairing.ts'

/** A result that may name its call, or its tool, or neither. */
export interface LooseResult {
  readonly type: 'result'
  readonly id: string | undefined
  readonly name: string | undefined
  readonly output: ToolResult['output']
  /** Id of the call that is made up if there is none to be found. */
  readonly ownId: string
}

/** One step of a conversation as a client tells it. */
export type LooseDraft = Message | CallDraft | LooseResult

/** Name of a tool that nobody names. */
const UNKNOWN_TOOL = 'unknown_tool'

/** Calls that stand side by side, and the results after them. */
interface Turn {
  readonly calls: CallDraft[]
  readonly results: LooseResult[]
}

/** Calls that wait for their results, the first of them last. */
type Queues = Map<string | undefined, CallDraft[]>

/**
 * Has every call carry an id that no other one has, and every result that of its call. A result belongs
 * to the call that it names, else to the first of its tool, else to the first of the turn; each call
 * has one result. For a result that is left over, its call is made up, right before it: clients cut
 * their history anywhere.
 */
export function addressResults(drafts: readonly LooseDraft[]): readonly Draft[] {
  const owners = findOwners(drafts)
  const ids = new Map<CallDraft, string>()
  const used = new Set<string>()
  const addressed = (call: CallDraft): CallDraft => {
    const id = unusedId(call, used)
    ids.set(call, id)
    return { ...call, id }
  }
  return drafts.flatMap((draft): readonly Draft[] => {
    if (draft.type === 'message') return [draft]
    if (draft.type === 'call') return [addressed(draft)]
    const owner = owners.get(draft)
    const call = owner ?? madeUp(draft)
    const before = owner ? [] : [addressed(call)]
    const { output } = draft
    const id = ids.get(call)
    return [...before, { type: 'result', id, name: undefined, output, param: 'messages' }]
  })
}

function findOwners(drafts: readonly LooseDraft[]): ReadonlyMap<LooseResult, CallDraft> {
  const owners = new Map<LooseResult, CallDraft>()
  const taken = new Set<CallDraft>()
  const byId: Queues = new Map()
  const byName: Queues = new Map()
  for (const { calls, results } of turnsOf(drafts)) {
    const waiting = calls.toReversed()
    // An id or a name that is used again means the later calls.
    for (const [id, queue] of queuesBy(waiting, call => call.id)) byId.set(id, queue)
    for (const [name, queue] of queuesBy(waiting, call => call.name)) byName.set(name, queue)
    const rules = [
      ({ id }: LooseResult) => byId.get(id),
      ({ name }: LooseResult) => byName.get(name),
      () => waiting,
    ]
    // One rule after the other, so that no call is given away that a later result names.
    for (const rule of rules) {
      for (const result of results) {
        const call = owners.has(result) ? undefined : nextOf(rule(result), taken)
        if (call) {
          owners.set(result, call)
          taken.add(call)
        }
      }
    }
  }
  return owners
}

function turnsOf(drafts: readonly LooseDraft[]): readonly Turn[] {
  let turn: Turn = { calls: [], results: [] }
  const turns = [turn]
  let previous: LooseDraft | undefined
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
  calls: readonly CallDraft[],
  keyOf: (call: CallDraft) => string | undefined,
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

function nextOf(
  queue: CallDraft[] | undefined,
  taken: ReadonlySet<CallDraft>,
): CallDraft | undefined {
  for (;;) {
    const call = queue?.pop()
    if (call === undefined || !taken.has(call)) return call
  }
}

function madeUp({ name = UNKNOWN_TOOL, ownId }: LooseResult): CallDraft {
  return {
    type: 'call',
    kind: 'function',
    id: undefined,
    ownId,
    isLegacy: false,
    name,
    arguments: '{}',
  }
}

function unusedId({ id, ownId }: CallDraft, used: Set<string>): string {
  let free = id === undefined || used.has(id) ? ownId : id
  while (used.has(free)) free += '_'
  used.add(free)
  return free
}
