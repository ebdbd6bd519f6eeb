/** Messages as conversation items. */

import * as v from 'valibot'
import { type Item, type Part, said } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import { check } from '../../fields/check.ts'
import { ToolName } from '../../fields/tool.ts'
import { decodeImages } from '../images.ts'
import type { WireMessage, WireToolCall } from './message-schema.ts'
import { type CallDraft, type Draft, pairCalls, type ResultDraft } from './results.ts'

/** Roles whose messages may have images. */
const MAY_SHOW = ['user', 'tool', 'function']

/**
 * Decodes messages in order; those that say nothing are left out. No messages are no items.
 *
 * @throws ProxyError `invalid_type`, `invalid_value` with the path of the field.
 */
export function decodeMessages(messages: readonly WireMessage[]): readonly Item[] {
  const items = pairCalls(messages.flatMap(decodeMessage))
  if (items.length === 0 && messages.length > 0) {
    throw new ProxyError(
      'invalid_value',
      "Invalid value for 'messages': there is no content in them.",
      { param: 'messages' },
    )
  }
  return items
}

/** Returns the paths of images where the backend takes none: they are left out. */
export function idleImages(messages: readonly WireMessage[]): readonly string[] {
  return messages.flatMap(({ role, images }, i) =>
    images && images.length > 0 && !MAY_SHOW.includes(role) ? [`messages[${i}].images`] : [],
  )
}

function decodeMessage(message: WireMessage, i: number): readonly Draft[] {
  const path = `messages[${i}]`
  switch (message.role) {
    case 'user':
      return said('user', decodeContent(message, path))
    case 'assistant': {
      const calls = (message.tool_calls ?? []).map((call, j) => decodeCall(call, `call_m${i}_${j}`))
      return [...said('assistant', textParts(message)), ...calls]
    }
    case 'tool':
    case 'function':
      return [decodeResult(message, path, `call_m${i}`)]
    // `system`, and whatever role of their own some models have for their developers.
    default:
      return said('developer', textParts(message))
  }
}

function decodeResult(message: WireMessage, path: string, ownId: string): ResultDraft {
  const { content, images, tool_call_id, tool_name, name } = message
  const field = tool_name ? 'tool_name' : 'name'
  const toolName = tool_name || name || undefined
  return {
    type: 'result',
    id: tool_call_id ?? undefined,
    name: check(v.optional(ToolName), toolName, `${path}.${field}`),
    output: images && images.length > 0 ? decodeContent(message, path) : (content ?? ''),
    ownId,
  }
}

function decodeContent(message: WireMessage, path: string): readonly Part[] {
  return [...textParts(message), ...decodeImages(message.images, `${path}.images`)]
}

function textParts({ content }: WireMessage): readonly Part[] {
  return content ? [{ type: 'text', text: content }] : []
}

function decodeCall({ id, function: called }: WireToolCall, ownId: string): CallDraft {
  return {
    type: 'call',
    id: id || undefined,
    ownId,
    name: called.name,
    arguments: JSON.stringify(called.arguments ?? {}),
  }
}
