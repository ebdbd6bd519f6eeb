/** One tool, in the chat API's nested form or in the flat one of the Responses API. */

import * as v from 'valibot'
import type { CustomTool, FunctionTool, Tool } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import { AnyObject, check } from './check.ts'
import { decodeWebSearch, isWebSearch } from './web-search.ts'

/** Longer than any that clients make up: the upstream's own limit is lower, and met there. */
const MAX_NAME_LENGTH = 512

/** Name of a tool. */
export const ToolName = v.pipe(
  v.string(),
  v.regex(
    new RegExp(`^[^\\p{Cc}]{1,${MAX_NAME_LENGTH}}$`, 'u'),
    `expected 1 to ${MAX_NAME_LENGTH} characters, none of them a control character`,
  ),
)

const FunctionShape = v.object({
  name: ToolName,
  description: v.nullish(v.string()),
  parameters: v.nullish(AnyObject),
  strict: v.nullish(v.boolean()),
})

const GrammarShape = v.object({ syntax: v.picklist(['lark', 'regex']), definition: v.string() })

const CustomShape = v.object({
  name: ToolName,
  description: v.nullish(v.string()),
  format: v.nullish(
    v.variant('type', [
      v.object({ type: v.literal('text') }),
      v.looseObject({ type: v.literal('grammar') }),
    ]),
  ),
})

const Typed = v.looseObject({ type: v.string() })

/**
 * Decodes a tool that stands at `path`.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path of the field.
 */
export function decodeTool(value: unknown, path: string): Tool {
  const tool = check(Typed, value, path)
  if (tool.type === 'function') return decodeFunction(...nested(tool, 'function', path))
  if (tool.type === 'custom') return decodeCustom(...nested(tool, 'custom', path))
  if (isWebSearch(tool.type)) return decodeWebSearch(tool, path)
  throw new ProxyError(
    'unsupported_value',
    `Unsupported value: '${path}.type': there are function, custom and web_search tools only.`,
    { param: `${path}.type` },
  )
}

/** Returns what is said under `key` in the nested form, else the object itself; and its path. */
export function nested(
  object: JsonObject,
  key: string,
  path: string,
): [value: unknown, path: string] {
  const inner = object[key]
  return inner === null || inner === undefined ? [object, path] : [inner, `${path}.${key}`]
}

/**
 * Decodes a function that stands at `path`.
 *
 * @throws ProxyError as {@link decodeTool}.
 */
export function decodeFunction(value: unknown, path: string): FunctionTool {
  const { name, description, parameters, strict } = check(FunctionShape, value, path)
  return {
    type: 'function',
    name,
    description: description ?? undefined,
    parameters: parameters ?? { type: 'object', properties: {} },
    strict: strict ?? false,
  }
}

function decodeCustom(value: unknown, path: string): CustomTool {
  const { name, description, format } = check(CustomShape, value, path)
  const grammar =
    format?.type === 'grammar'
      ? check(GrammarShape, ...nested(format, 'grammar', `${path}.format`))
      : undefined
  return { type: 'custom', name, description: description ?? undefined, grammar }
}
