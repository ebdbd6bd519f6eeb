/** Calls with their results behind them: the backend refuses one without the other. */

import type { Item, Message, ToolCall, ToolResult } from './conversation.ts'

/** Stands in for the result of a call that was interrupted. */
const INTERRUPTED = '[no output: the call was interrupted]'

/** What a call gave. */
export interface CallResult {
  readonly type: 'call-result'
  /** The call itself, which stands somewhere before: an id may be that of several. */
  readonly call: ToolCall
  readonly output: ToolResult['output']
}

/** One step of a conversation in which every result knows its call. */
export type Step = Message | ToolCall | CallResult

/**
 * Gives every call a result. One that never gets its own is given a placeholder where the conversation
 * goes on; a result may come later than that, an image of it in between for instance.
 */
export function completeCalls(steps: readonly Step[]): readonly Item[] {
  const answered = new Set(steps.map(step => (step.type === 'call-result' ? step.call : undefined)))
  const items: Item[] = []
  let unanswered: ToolCall[] = []
  const giveUp = () => {
    for (const call of unanswered) items.push(resultOf(call, INTERRUPTED))
    unanswered = []
  }
  for (const step of steps) {
    if (step.type === 'call-result') {
      items.push(resultOf(step.call, step.output))
      continue
    }
    if (step.type === 'message') giveUp()
    else if (!answered.has(step)) unanswered.push(step)
    items.push(step)
  }
  giveUp()
  return items
}

function resultOf({ kind, callId }: ToolCall, output: ToolResult['output']): ToolResult {
  return { type: 'tool-result', kind, callId, output }
}
