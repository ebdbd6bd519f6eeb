/** Chat messages as conversation items. */

import type { Item, Part } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import type { WireMessage, WirePart } from './schema.ts'

/** Stands in for the result of a call that was interrupted; the upstream refuses a call without one. */
const INTERRUPTED = '[no output: the call was interrupted]'

/**
 * Decodes messages in order. Calls and results are paired: a result without an earlier call is
 * refused, a call that never gets its result is given a placeholder where the conversation goes on.
 *
 * @throws ProxyError `invalid_value`, `unsupported_value` with the path of the field.
 */
export function decodeMessages(messages: readonly WireMessage[]): readonly Item[] {
  const items: Item[] = []
  const waiting = new Set<string>()
  const toCome = countResults(messages)
  const closeCalls = () => {
    for (const callId of waiting) {
      // Its result may come after a message in between, an image of it for instance.
      if (toCome.get(callId)) continue
      items.push({ type: 'tool-result', callId, output: INTERRUPTED })
      waiting.delete(callId)
    }
  }
  for (const [i, message] of messages.entries()) {
    const path = `messages[${i}]`
    if (message.role === 'tool') {
      const callId = message.tool_call_id
      if (!waiting.delete(callId)) throw orphan(path)
      toCome.set(callId, (toCome.get(callId) ?? 0) - 1)
      items.push({ type: 'tool-result', callId, output: decodeOutput(message.content, path) })
      continue
    }
    closeCalls()
    items.push(...decodeMessage(message, path))
    if (message.role !== 'assistant') continue
    for (const call of message.tool_calls ?? []) {
      waiting.add(call.id)
      items.push({
        type: 'tool-call',
        callId: call.id,
        name: call.function.name,
        arguments: call.function.arguments || '{}',
      })
    }
  }
  closeCalls()
  if (items.length === 0) {
    throw new ProxyError(
      'invalid_value',
      "Invalid value for 'messages': there is no content in them.",
      { param: 'messages' },
    )
  }
  return items
}

/** Counts the results of each call: some clients use one id again in each turn. */
function countResults(messages: readonly WireMessage[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const message of messages) {
    if (message.role !== 'tool') continue
    counts.set(message.tool_call_id, (counts.get(message.tool_call_id) ?? 0) + 1)
  }
  return counts
}

function decodeMessage(
  message: Exclude<WireMessage, { role: 'tool' }>,
  path: string,
): readonly Item[] {
  const parts = partsOf(message, path)
  if (parts.length === 0) return []
  const role = message.role === 'system' ? 'developer' : message.role
  return [{ type: 'message', role, parts }]
}

function partsOf(message: Exclude<WireMessage, { role: 'tool' }>, path: string): readonly Part[] {
  const { content } = message
  // An empty assistant message before its calls would break the pairing; empty ones say nothing anyway.
  const parts: Part[] =
    typeof content === 'string'
      ? text(content)
      : (content ?? []).flatMap((part, j) => decodePart(part, `${path}.content[${j}]`))
  if (message.role === 'assistant' && message.refusal) {
    parts.push({ type: 'refusal', text: message.refusal })
  }
  return parts
}

function decodeOutput(
  content: string | readonly WirePart[],
  path: string,
): string | readonly Part[] {
  if (typeof content === 'string') return content
  const parts = content.flatMap((part, j) => decodePart(part, `${path}.content[${j}]`))
  const texts = parts.flatMap(part => (part.type === 'text' ? [part.text] : []))
  return texts.length === parts.length ? texts.join('') : parts
}

type AnyPart = WirePart | { readonly type: 'refusal'; readonly refusal: string }

function decodePart(part: AnyPart, path: string): Part[] {
  switch (part.type) {
    case 'text':
      return text(part.text)
    case 'refusal':
      return [{ type: 'refusal', text: part.refusal }]
    case 'image_url': {
      const image = typeof part.image_url === 'string' ? { url: part.image_url } : part.image_url
      if (!/^(?:data:image\/|https?:\/\/)/i.test(image.url)) {
        throw new ProxyError(
          'invalid_value',
          'An image is a data:image/… URL or an https:// URL.',
          {
            param: `${path}.image_url.url`,
          },
        )
      }
      return [{ type: 'image', url: image.url, detail: image.detail ?? 'auto' }]
    }
    case 'file':
      return [decodeFile(part.file, path)]
    default:
      return part satisfies never
  }
}

function text(text: string): Part[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

/** Media types by file ending, for files that come as bare base64. */
const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['json', 'application/json'],
  ['html', 'text/html'],
])

type WireFile = Extract<WirePart, { type: 'file' }>['file']

function decodeFile(file: WireFile, path: string): Part {
  if (!file.file_data) {
    const param = file.file_id ? `${path}.file.file_id` : `${path}.file.file_data`
    throw new ProxyError(
      file.file_id ? 'unsupported_value' : 'missing_required_parameter',
      'chatmock stores no files: send the content in file_data, in base64.',
      { param },
    )
  }
  const filename = file.filename ?? 'file.pdf'
  const ending = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase()
  const media = MEDIA_TYPES.get(ending) ?? 'application/octet-stream'
  const isUrl = file.file_data.startsWith('data:')
  return {
    type: 'file',
    filename,
    data: isUrl ? file.file_data : `data:${media};base64,${file.file_data}`,
  }
}

function orphan(path: string): ProxyError {
  return new ProxyError(
    'invalid_value',
    'A tool message must follow an assistant message with its tool_call_id in tool_calls, and a call has one result.',
    { param: `${path}.tool_call_id` },
  )
}
