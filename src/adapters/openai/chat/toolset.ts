/** The tools of a chat, with what this API has besides: functions of old and a search of its own. */

import * as v from 'valibot'
import type { FunctionTool, Tool, ToolChoice } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import { asObject } from '../../../domain/json.ts'
import { AnyObject } from '../../fields/check.ts'
import { decodeFunction } from '../../fields/tool.ts'
import { decodeToolChoice, decodeTools, sameName } from '../../fields/tools.ts'
import { addSearch, completeTools, TOOL_FIELDS, type Toolset } from '../../fields/toolset.ts'
import { decodeWebSearch } from '../../fields/web-search.ts'

/** The fields of a chat about tools. */
export const CHAT_TOOL_FIELDS = {
  ...TOOL_FIELDS,
  functions: TOOL_FIELDS.tools,
  function_call: v.nullish(v.unknown()),
  web_search_options: v.nullish(AnyObject),
}

/** A body in which the fields are checked. */
export type ChatToolBody = Partial<
  v.InferOutput<v.ObjectSchema<typeof CHAT_TOOL_FIELDS, undefined>>
>

/** The tools of a chat. */
export interface ChatToolset extends Toolset {
  /** Whether they came, and must be called, in the form that was there before tools. */
  readonly isLegacy: boolean
}

/**
 * Decodes the tools. Of several web searches the first remains: that of `tools`, then
 * `web_search_options`, then `responses_tools`; where there is none and `webSearch` says so, a
 * plain one is added.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path of the field.
 */
export function decodeChatToolset(chat: ChatToolBody, webSearch: boolean): ChatToolset {
  const isLegacy = (chat.functions ?? []).length > 0
  const clientTools = isLegacy ? decodeFunctions(chat) : decodeTools(chat.tools ?? [], 'tools')
  const { web_search_options: options } = chat
  const search = options ? decodeWebSearch(options, 'web_search_options') : undefined
  const own = addSearch(clientTools, search, 'web_search_options')
  const decodeOwnChoice = (tools: readonly Tool[]) => decodeChoice(chat, tools, isLegacy)
  const { ignored, ...completed } = completeTools(
    { tools: own.tools, decodeChoice: decodeOwnChoice },
    chat,
    webSearch,
  )
  const isOverruled = chat.responses_tool_choice
  return {
    ...completed,
    parallelToolCalls: !isLegacy && (chat.parallel_tool_calls ?? true),
    isLegacy,
    ignored: [
      ...own.ignored,
      ...ignored,
      ...((isLegacy || isOverruled) && chat.tool_choice ? ['tool_choice'] : []),
      ...(isOverruled && chat.function_call ? ['function_call'] : []),
      ...(isLegacy && chat.parallel_tool_calls ? ['parallel_tool_calls'] : []),
    ],
  }
}

function decodeFunctions({ tools, functions }: ChatToolBody): readonly FunctionTool[] {
  // The answer calls in one form only, and the client would wait for the other in vain.
  if (tools && tools.length > 0) {
    throw new ProxyError(
      'invalid_value',
      "Invalid value for 'functions': send either tools or functions, not both.",
      { param: 'functions' },
    )
  }
  const names = new Set<string>()
  return (functions ?? []).map((value, i) => {
    const path = `functions[${i}]`
    const tool = decodeFunction(value, path)
    if (names.has(tool.name)) throw sameName(tool.name, `${path}.name`)
    names.add(tool.name)
    return tool
  })
}

function decodeChoice(chat: ChatToolBody, tools: readonly Tool[], isLegacy: boolean): ToolChoice {
  const legacyChoice = unfoldLegacyChoice(chat.function_call)
  if (isLegacy) return decodeToolChoice(legacyChoice, tools, 'function_call')
  decodeToolChoice(legacyChoice, [], 'function_call')
  return decodeToolChoice(chat.tool_choice, tools, 'tool_choice')
}

/** The legacy form names a function without saying that it is one. */
function unfoldLegacyChoice(choice: unknown): unknown {
  const named = asObject(choice)
  return named === undefined ? choice : { ...named, type: 'tool' }
}
