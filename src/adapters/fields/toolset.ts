/** All that the body of a chat says about tools, brought together. */

import * as v from 'valibot'
import type { Tool, ToolChoice, WebSearchTool } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { asObject } from '../../domain/json.ts'
import { AnyObject } from './check.ts'
import { MAX_TOOLS } from './limits.ts'
import { decodeTool } from './tool.ts'
import { decodeFunctions, decodeToolChoice, decodeTools } from './tools.ts'
import { decodeWebSearch, PLAIN_WEB_SEARCH } from './web-search.ts'

/** Most bytes of JSON that `responses_tools` may have. */
const MAX_RESPONSES_TOOLS_BYTES = 32_768

const Tools = v.nullish(v.pipe(v.array(v.unknown()), v.maxLength(MAX_TOOLS)))

/** The fields that any chat may have: the API's own, then those of the Python ChatMock. */
export const TOOL_FIELDS = {
  tools: Tools,
  tool_choice: v.nullish(v.unknown()),
  parallel_tool_calls: v.nullish(v.boolean()),
  responses_tools: Tools,
  responses_tool_choice: v.nullish(v.picklist(['auto', 'none'])),
}

/** The same, with what the OpenAI API has besides: functions of old and a search of its own. */
export const TOOLSET_FIELDS = {
  ...TOOL_FIELDS,
  functions: Tools,
  function_call: v.nullish(v.unknown()),
  web_search_options: v.nullish(AnyObject),
}

/** A body in which the fields are checked. */
export type ToolsetBody = Partial<v.InferOutput<v.ObjectSchema<typeof TOOLSET_FIELDS, undefined>>>

/** The tools of a request. */
export interface Toolset {
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice
  readonly parallelToolCalls: boolean
  /** Whether they came, and must be called, in the form that was there before tools. */
  readonly isLegacy: boolean
  /** Names of the fields that have no effect beside the others. */
  readonly ignored: readonly string[]
}

/**
 * Decodes the tools. Of several web searches the first remains: that of `tools`, then
 * `web_search_options`, then `responses_tools`; where there is none and `webSearch` says so, a
 * plain one is added.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path of the field.
 */
export function decodeToolset(chat: ToolsetBody, webSearch: boolean): Toolset {
  const ignored: string[] = []
  const isLegacy = (chat.functions ?? []).length > 0
  const tools = [...decodeClientTools(chat, isLegacy)]
  const add = (field: string, search: WebSearchTool | undefined) => {
    if (search === undefined) return
    if (tools.some(tool => tool.type === 'web-search')) ignored.push(field)
    else tools.push(search)
  }
  const { web_search_options: options } = chat
  add('web_search_options', options ? decodeWebSearch(options, 'web_search_options') : undefined)
  add('responses_tools', decodeResponsesTools(chat.responses_tools ?? []))
  const toolChoice = decodeChoice(chat, tools, isLegacy)
  // Where a call is required, a search that nobody asked for would count as one.
  if (webSearch && chat.responses_tool_choice !== 'none' && toolChoice !== 'required') {
    if (!tools.some(tool => tool.type === 'web-search')) tools.push(PLAIN_WEB_SEARCH)
  }
  const isOverruled = isLegacy || chat.responses_tool_choice
  if (isOverruled && chat.tool_choice) ignored.push('tool_choice')
  if (chat.responses_tool_choice && chat.function_call) ignored.push('function_call')
  if (isLegacy && chat.parallel_tool_calls) ignored.push('parallel_tool_calls')
  return {
    tools,
    toolChoice,
    parallelToolCalls: !isLegacy && (chat.parallel_tool_calls ?? true),
    isLegacy,
    ignored,
  }
}

function decodeClientTools(chat: ToolsetBody, isLegacy: boolean): readonly Tool[] {
  const { tools, functions } = chat
  if (!isLegacy) return decodeTools(tools ?? [], 'tools')
  // The answer calls in one form only, and the client would wait for the other in vain.
  if (tools && tools.length > 0) {
    throw new ProxyError(
      'invalid_value',
      "Invalid value for 'functions': send either tools or functions, not both.",
      { param: 'functions' },
    )
  }
  return decodeFunctions(functions ?? [], 'functions')
}

function decodeResponsesTools(tools: readonly unknown[]): WebSearchTool | undefined {
  const size = Buffer.byteLength(JSON.stringify(tools))
  if (size > MAX_RESPONSES_TOOLS_BYTES) {
    throw new ProxyError(
      'invalid_value',
      `Invalid value for 'responses_tools': it may have ${MAX_RESPONSES_TOOLS_BYTES} bytes of JSON at most.`,
      { param: 'responses_tools' },
    )
  }
  const decoded = tools.map((tool, i) => decodeTool(tool, `responses_tools[${i}]`))
  const [search] = decoded.map((tool, i) => {
    if (tool.type === 'web-search') return tool
    const param = `responses_tools[${i}].type`
    throw new ProxyError(
      'unsupported_value',
      `Unsupported value: '${param}': only web_search may stand here; other tools go into tools.`,
      { param },
    )
  })
  return search
}

function decodeChoice(chat: ToolsetBody, tools: readonly Tool[], isLegacy: boolean): ToolChoice {
  if (chat.responses_tool_choice) return chat.responses_tool_choice
  if (!isLegacy) {
    decodeToolChoice(legacyChoice(chat.function_call), [], 'function_call')
    return decodeToolChoice(chat.tool_choice, tools, 'tool_choice')
  }
  return decodeToolChoice(legacyChoice(chat.function_call), tools, 'function_call')
}

/** The legacy form names a function without saying that it is one. */
function legacyChoice(choice: unknown): unknown {
  const named = asObject(choice)
  return named === undefined ? choice : { ...named, type: 'tool' }
}
