/** Items of the Responses API (`input` and `output`) in the form that the upstream takes. */

import { ProxyError } from '../../../domain/errors.ts'
import { asObject, asString, type JsonObject } from '../../../domain/json.ts'

/** Turns the input of a body into items; text is what a user says. */
export function inputItems(
  input: string | readonly JsonObject[] | null | undefined,
): readonly JsonObject[] {
  if (typeof input !== 'string') return input ?? []
  if (input === '') return []
  return [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: input }] }]
}

/** What an item is: a message may leave its type out, as may a reference, which has an id only. */
export function itemType(item: JsonObject): string | undefined {
  const type = asString(item['type'])
  if (type !== undefined) return type
  if (item['role'] !== undefined) return 'message'
  return item['id'] !== undefined ? 'item_reference' : undefined
}

/**
 * Puts items into the form that the upstream takes: ids and states, which it refuses or has no use
 * for, are left out, and so is reasoning that cannot be read again. Items and keys that are not
 * known pass unchanged: some clients and the upstream have items of their own.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_value`, `unsupported_value` with the path.
 */
export function normalizeItems(items: readonly JsonObject[]): readonly JsonObject[] {
  return items.flatMap((item, i) => {
    const path = `input[${i}]`
    const type = itemType(item)
    switch (type) {
      case undefined:
        throw new ProxyError(
          'missing_required_parameter',
          `Missing required parameter: '${path}.type'.`,
          { param: `${path}.type` },
        )
      case 'message':
        return [normalizeMessage(item, path)]
      case 'reasoning':
        return normalizeReasoning(item)
      case 'function_call':
      case 'custom_tool_call':
        return [normalizeCall(item)]
      case 'function_call_output':
      case 'custom_tool_call_output':
        return [normalizeOutput(item, path)]
      default:
        return [withoutCacheMarks(item)]
    }
  })
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

const ROLES: ReadonlyMap<unknown, string> = new Map([
  ['user', 'user'],
  ['assistant', 'assistant'],
  ['developer', 'developer'],
  ['system', 'developer'],
])

function normalizeMessage(item: JsonObject, path: string): JsonObject {
  // A name is the chat API's, and the upstream refuses what it does not know.
  const { id: _id, status: _status, type: _type, name: _name, ...message } = withoutCacheMarks(item)
  const role = ROLES.get(message['role'])
  if (role === undefined) {
    throw new ProxyError(
      'invalid_value',
      `Invalid value for '${path}.role': expected 'user', 'assistant', 'system' or 'developer'.`,
      { param: `${path}.role` },
    )
  }
  const textType = role === 'assistant' ? 'output_text' : 'input_text'
  const { content } = message
  return {
    type: 'message',
    ...message,
    role,
    content:
      typeof content === 'string'
        ? [{ type: textType, text: content }]
        : normalizeParts(content, textType, `${path}.content`),
  }
}

/** Summaries alone are no reasoning to the upstream, which looks into the encrypted part only. */
function normalizeReasoning(item: JsonObject): readonly JsonObject[] {
  const encrypted = asString(item['encrypted_content'])
  if (!encrypted) return []
  return [{ type: 'reasoning', summary: item['summary'] ?? [], encrypted_content: encrypted }]
}

function normalizeCall(item: JsonObject): JsonObject {
  const { id: _id, status: _status, namespace, ...call } = withoutCacheMarks(item)
  // The namespace around a client's own tools, of which the client knows nothing.
  return namespace === undefined || namespace === 'functions' ? call : { ...call, namespace }
}

function normalizeOutput(item: JsonObject, path: string): JsonObject {
  const { id: _id, status: _status, ...result } = withoutCacheMarks(item)
  const { output } = result
  if (!Array.isArray(output)) return result
  return { ...result, output: normalizeParts(output, 'input_text', `${path}.output`) }
}

const TEXT_TYPES: ReadonlySet<unknown> = new Set(['text', 'input_text', 'output_text'])

/** Text has another name in what the model says than in what it is told, and clients mix them up. */
function normalizeParts(content: unknown, textType: string, path: string): unknown {
  if (!Array.isArray(content)) return content
  return content.map((element, j) => {
    const part = asObject(element)
    if (part === undefined) return element
    if (part['file_id'] !== undefined && part['file_id'] !== null) {
      throw new ProxyError(
        'unsupported_value',
        'chatmock stores no files: send the content itself, in file_data or image_url.',
        { param: `${path}[${j}].file_id` },
      )
    }
    if (part['type'] === 'input_audio') {
      throw new ProxyError('unsupported_value', 'The backend takes no audio. Send text.', {
        param: `${path}[${j}].type`,
      })
    }
    if (!TEXT_TYPES.has(part['type'])) return withoutCacheMarks(part)
    const { logprobs: _logprobs, annotations, ...text } = withoutCacheMarks(part)
    const isAnswer = textType === 'output_text' && annotations !== undefined
    return { ...text, type: textType, ...(isAnswer && { annotations }) }
  })
}

/** Returns an object without the marks that tell some services what to cache. */
export function withoutCacheMarks(object: JsonObject): JsonObject {
  const { prompt_cache_breakpoint: _breakpoint, cache_control: _control, ...rest } = object
  return rest
}
