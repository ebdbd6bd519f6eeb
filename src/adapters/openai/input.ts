/** Input of the Responses API as conversation items. */

import * as v from 'valibot'
import { type Item, said, type ToolKind } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { check } from '../fields/check.ts'
import { WireContent } from './message-schema.ts'
import { type Draft, pairCalls } from './pairing.ts'
import { decodeContent, decodeToolOutput } from './parts.ts'

const CallId = v.pipe(v.string(), v.nonEmpty())
const Name = v.pipe(v.string(), v.nonEmpty())

const Typed = v.looseObject({ type: v.nullish(v.string()), role: v.nullish(v.unknown()) })

const WireMessage = v.object({
  role: v.picklist(['system', 'developer', 'user', 'assistant']),
  content: WireContent,
})
const FunctionCall = v.object({ call_id: CallId, name: Name, arguments: v.nullish(v.string()) })
const CustomCall = v.object({ call_id: CallId, name: Name, input: v.nullish(v.string()) })
const CallOutput = v.object({ call_id: CallId, output: v.nullish(WireContent) })

/**
 * Decodes the input that stands at `path`. Reasoning is left out: it means something to the backend
 * only. For how calls and results are brought together see {@link pairCalls}.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path of the field.
 */
export function decodeInput(input: string | readonly unknown[], path: string): readonly Item[] {
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input
  return pairCalls(items.flatMap((item, i) => decodeItem(item, `${path}[${i}]`, i)))
}

function decodeItem(value: unknown, path: string, i: number): readonly Draft[] {
  const { type, role } = check(Typed, value, path)
  // A message may come without its type, and is known by its role.
  switch (type ?? (role === null || role === undefined ? undefined : 'message')) {
    case 'message':
      return decodeMessage(value, path)
    case 'reasoning':
      return []
    case 'function_call': {
      const call = check(FunctionCall, value, path)
      return [callDraft('function', call.call_id, call.name, call.arguments || '{}', i)]
    }
    case 'custom_tool_call': {
      const call = check(CustomCall, value, path)
      return [callDraft('custom', call.call_id, call.name, call.input ?? '', i)]
    }
    case 'function_call_output':
    case 'custom_tool_call_output': {
      const { call_id: id, output } = check(CallOutput, value, path)
      return [
        {
          type: 'result',
          id,
          name: undefined,
          output: decodeToolOutput(output, `${path}.output`),
          param: `${path}.call_id`,
        },
      ]
    }
    case undefined:
      throw new ProxyError(
        'missing_required_parameter',
        `Missing required parameter: '${path}.type'.`,
        { param: `${path}.type` },
      )
    default:
      throw new ProxyError(
        'unsupported_value',
        `Unsupported value: '${path}.type': messages, function and custom tool calls and their outputs are all that can be read here.`,
        { param: `${path}.type` },
      )
  }
}

function decodeMessage(value: unknown, path: string): readonly Draft[] {
  const { role, content } = check(WireMessage, value, path)
  const speaker = role === 'system' ? 'developer' : role
  return said(speaker, decodeContent(content, speaker, `${path}.content`))
}

function callDraft(kind: ToolKind, id: string, name: string, text: string, i: number): Draft {
  const ownId = `call_i${i}`
  return { type: 'call', kind, id, ownId, isLegacy: false, name, arguments: text }
}
