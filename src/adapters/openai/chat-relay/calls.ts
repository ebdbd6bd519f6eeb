/** A tool call as events of the Responses API: an item that is announced, told and summed up. */

import type { ToolKind } from '../../../domain/conversation.ts'
import { type JsonString, type ModelEvent, quote, unquote } from '../../../domain/events.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { RelayFrame } from '../../../domain/relay-ports.ts'
import type { MakeDelta, MakeFrame } from './parts.ts'

/** How an item ended. */
export type ItemStatus = 'completed' | 'incomplete'

/** A call that is being told. */
export interface OpenCall {
  readonly index: number
  /** The item as it is announced. */
  readonly item: JsonObject
  delta(text: JsonString): RelayFrame
  /** Ends the arguments. `item` is the whole of it. */
  close(status: ItemStatus): { readonly frame: RelayFrame; readonly item: JsonObject }
}

const FORMS = {
  function: {
    type: 'function_call',
    prefix: 'fc',
    key: 'arguments',
    event: 'function_call_arguments',
  },
  custom: {
    type: 'custom_tool_call',
    prefix: 'ctc',
    key: 'input',
    event: 'custom_tool_call_input',
  },
} as const satisfies Readonly<Record<ToolKind, unknown>>

/** Begins a call, the item at `index` of the answer that `idTail` stands for. */
export function openCall(
  { kind, callId, name }: Extract<ModelEvent, { type: 'tool-call' }>,
  { index, idTail }: { readonly index: number; readonly idTail: string },
  makeFrame: MakeFrame,
  makeDelta: MakeDelta,
): OpenCall {
  const { type, prefix, key, event } = FORMS[kind]
  const id = `${prefix}_${idTail}_${index}`
  const item = { id, type, status: 'in_progress', call_id: callId, name, [key]: '' }
  const head = `"item_id":${quote(id)},"output_index":${index},`
  const literals: JsonString[] = []
  return {
    index,
    item,
    delta(text) {
      literals.push(text)
      return makeDelta(`response.${event}.delta`, head, text, '')
    },
    close(status) {
      const told = { [key]: unquote(literals) }
      return {
        frame: makeFrame(`response.${event}.done`, { item_id: id, output_index: index, ...told }),
        item: { ...item, status, ...told },
      }
    },
  }
}
