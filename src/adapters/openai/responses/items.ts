/** Items of the Responses API (`input` and `output`) in the form that the upstream takes. */

import { ProxyError } from '../../../domain/errors.ts'
import { asString, type JsonObject } from '../../../domain/json.ts'
import { check } from '../../fields/check.ts'
import { withoutCacheMarks } from './cache-marks.ts'
import { normalizeContent } from './content.ts'
import {
  AnyItem,
  type CallNames,
  CallOutputItem,
  CustomCallItem,
  FunctionCallItem,
  MessageItem,
  ReasoningItem,
} from './item-schema.ts'

/** Turns the input of a body into items; text is what a user says. */
export function inputItems(
  input: string | readonly JsonObject[] | JsonObject | null | undefined,
): readonly JsonObject[] {
  if (input === null || input === undefined || input === '') return []
  if (typeof input === 'string') return [{ type: 'message', role: 'user', content: input }]
  return Array.isArray(input) ? input : [input as JsonObject]
}

/** What an item is: a message may leave its type out, as may a reference, which has an id only. */
export function itemType(item: JsonObject): string | undefined {
  const type = asString(item['type'])
  if (type !== undefined) return type
  if (item['role'] !== undefined) return 'message'
  return item['id'] !== undefined ? 'item_reference' : undefined
}

/**
 * Puts items that stand at `path` into the form that the upstream takes. Known ones keep the keys
 * that it takes only: clients add others when they send an output back. Messages that say nothing
 * and reasoning that cannot be read again are left out. Items of other types pass unchanged: some
 * clients and the upstream have items of their own.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path.
 */
export function normalizeItems(items: readonly JsonObject[], path: string): readonly JsonObject[] {
  return items.flatMap((item, i) => normalizeItem(item, `${path}[${i}]`))
}

/**
 * Returns an item as the API lists it: a message has its type and its parts, whatever the client
 * left out, and keeps its id. Takes items that {@link normalizeItems} takes.
 */
export function listedItem(item: JsonObject): JsonObject {
  if (itemType(item) !== 'message') return item
  const { id, role } = item
  return { ...(id !== undefined && { id }), ...normalizeMessage(item, 'input'), role }
}

function normalizeItem(item: JsonObject, path: string): readonly JsonObject[] {
  check(AnyItem, item, path)
  const type = itemType(item)
  switch (type) {
    case undefined:
      throw new ProxyError(
        'missing_required_parameter',
        `Missing required parameter: '${path}.type'.`,
        { param: `${path}.type` },
      )
    case 'message': {
      const message = normalizeMessage(item, path)
      return message.content.length === 0 ? [] : [message]
    }
    case 'reasoning':
      return normalizeReasoning(item, path)
    case 'function_call': {
      const { arguments: given, ...call } = check(FunctionCallItem, item, path)
      return [{ type, ...named(call), arguments: jsonText(given) || '{}' }]
    }
    case 'custom_tool_call': {
      const { input, ...call } = check(CustomCallItem, item, path)
      return [{ type, ...named(call), input: input ?? '' }]
    }
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const { call_id, output } = check(CallOutputItem, item, path)
      return [{ type, call_id, output: normalizeOutput(output, `${path}.output`) }]
    }
    default:
      return [withoutCacheMarks(item)]
  }
}

function normalizeMessage(item: JsonObject, path: string) {
  const { role, content, phase } = check(MessageItem, item, path)
  const textType = role === 'assistant' ? 'output_text' : 'input_text'
  return {
    type: 'message',
    role: role === 'system' ? 'developer' : role,
    content: normalizeContent(content ?? [], textType, `${path}.content`),
    ...(phase && { phase }),
  }
}

/** `namespace` is that of the tool, where it has one. */
function named({ call_id, name, namespace }: CallNames): JsonObject {
  return { call_id, name, ...(namespace && { namespace }) }
}

/** Summaries alone are no reasoning to the upstream, which looks into the encrypted part only. */
function normalizeReasoning(item: JsonObject, path: string): readonly JsonObject[] {
  const { summary, encrypted_content } = check(ReasoningItem, item, path)
  return encrypted_content ? [{ type: 'reasoning', summary: summary ?? [], encrypted_content }] : []
}

function normalizeOutput(output: string | unknown[] | JsonObject, path: string): unknown {
  if (!Array.isArray(output)) return jsonText(output)
  const parts = normalizeContent(output, 'input_text', path)
  return parts.length === 0 ? '' : parts
}

/** Some clients send as objects what the API has as JSON text. */
function jsonText(value: string | JsonObject | null | undefined): string {
  return typeof value === 'string' ? value : JSON.stringify(value ?? {})
}
