/** Chat messages as conversation items. */

import { type Item, said } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import type { WireMessage, WireToolCall } from '../message-schema.ts'
import { type CallDraft, type Draft, pairCalls, type ResultDraft } from '../pairing.ts'
import { decodeContent, decodeToolOutput } from '../parts.ts'
import { unpackImages } from './tool-output.ts'

/**
 * Decodes messages in order; those that say nothing are left out. For how calls and results are
 * brought together see {@link pairCalls}.
 *
 * @throws ProxyError `invalid_value`, `unsupported_value`, `missing_required_parameter` with the
 *   path of the field.
 */
export function decodeMessages(messages: readonly WireMessage[]): readonly Item[] {
  const items = pairCalls(messages.flatMap(decodeMessage))
  if (items.length === 0) {
    throw new ProxyError(
      'invalid_value',
      "Invalid value for 'messages': there is no content in them.",
      { param: 'messages' },
    )
  }
  return items
}

function decodeMessage(message: WireMessage, i: number): readonly Draft[] {
  const path = `messages[${i}]`
  const { content } = message
  switch (message.role) {
    case 'system':
    case 'developer':
      return said('developer', decodeContent(content, 'developer', `${path}.content`))
    case 'user':
      return said('user', decodeContent(content, 'user', `${path}.content`))
    case 'assistant':
      return decodeAssistant(message, path, i)
    case 'tool': {
      const id = message.tool_call_id || message.toolCallId || message.call_id || undefined
      return [result(content, { id, param: `${path}.tool_call_id` }, path)]
    }
    case 'function':
      return [result(content, { name: message.name, param: `${path}.name` }, path)]
    default:
      return message satisfies never
  }
}

type AssistantMessage = Extract<WireMessage, { role: 'assistant' }>

function decodeAssistant(message: AssistantMessage, path: string, i: number): readonly Draft[] {
  if (message.audio !== null && message.audio !== undefined) {
    throw new ProxyError(
      'unsupported_value',
      'chatmock stores no audio: send what was said as text in content.',
      { param: `${path}.audio` },
    )
  }
  const parts = decodeContent(message.content, 'assistant', `${path}.content`)
  if (message.refusal) parts.push({ type: 'refusal', text: message.refusal })
  const calls = (message.tool_calls ?? []).map((call, j) =>
    decodeCall(call, `call_m${i}_${j}`, `${path}.tool_calls[${j}]`),
  )
  const { function_call: legacyCall } = message
  if (legacyCall) {
    calls.push(functionCall(legacyCall, { id: undefined, ownId: `call_fc_${i}`, isLegacy: true }))
  }
  // An empty message before its calls would break the pairing; empty ones say nothing anyway.
  return [...said('assistant', parts), ...calls]
}

function decodeCall(call: WireToolCall, ownId: string, path: string): CallDraft {
  const names = { id: call.id || undefined, ownId, isLegacy: false }
  const isCustom = call.type === 'custom' || (!call.type && !call.function && call.custom)
  if (!isCustom) {
    if (!call.function) throw missing(`${path}.function`)
    return functionCall(call.function, names)
  }
  if (!call.custom) throw missing(`${path}.custom`)
  const { name, input } = call.custom
  return { type: 'call', kind: 'custom', ...names, name, arguments: input ?? '' }
}

function functionCall(
  { name, arguments: given }: NonNullable<WireToolCall['function']>,
  names: Pick<CallDraft, 'id' | 'ownId' | 'isLegacy'>,
): CallDraft {
  const text = typeof given === 'object' && given !== null ? JSON.stringify(given) : given
  return { type: 'call', kind: 'function', ...names, name, arguments: text || '{}' }
}

function result(
  content: Extract<WireMessage, { role: 'tool' }>['content'],
  call: { readonly id?: string | undefined; readonly name?: string; readonly param: string },
  path: string,
): ResultDraft {
  const output = decodeToolOutput(content, `${path}.content`)
  return {
    type: 'result',
    id: call.id,
    name: call.name,
    output: typeof output === 'string' ? unpackImages(output) : output,
    param: call.param,
  }
}

function missing(param: string): ProxyError {
  return new ProxyError('missing_required_parameter', `Missing required parameter: '${param}'.`, {
    param,
  })
}
