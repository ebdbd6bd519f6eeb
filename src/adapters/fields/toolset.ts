/** All that the body of a chat says about tools, brought together. */

import * as v from 'valibot'
import type { Tool, ToolChoice, WebSearchTool } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { MAX_TOOLS } from './limits.ts'
import { decodeTool } from './tool.ts'
import { decodeToolChoice, decodeTools } from './tools.ts'
import { PLAIN_WEB_SEARCH } from './web-search.ts'

/** Most bytes of JSON that `responses_tools` may have. */
const MAX_RESPONSES_TOOLS_BYTES = 32_768

const Tools = v.nullish(v.pipe(v.array(v.unknown()), v.maxLength(MAX_TOOLS)))

/** What the Python ChatMock has in chats besides. */
const SEARCH_FIELDS = {
  responses_tools: Tools,
  responses_tool_choice: v.nullish(v.picklist(['auto', 'none'])),
}

/** The fields that a chat of any protocol may have. */
export const TOOL_FIELDS = {
  tools: Tools,
  tool_choice: v.nullish(v.unknown()),
  parallel_tool_calls: v.nullish(v.boolean()),
  ...SEARCH_FIELDS,
}

type Checked<Fields extends v.ObjectEntries> = Partial<
  v.InferOutput<v.ObjectSchema<Fields, undefined>>
>

/** The tools of a request. */
export interface Toolset {
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice
  readonly parallelToolCalls: boolean
  /** Names of the fields that have no effect beside the others. */
  readonly ignored: readonly string[]
}

/** Tools as a protocol has read them from its own fields. */
export interface OwnTools {
  readonly tools: readonly Tool[]
  /** Decodes the choice among them and the search that may be added; not called if it is overruled. */
  decodeChoice(tools: readonly Tool[]): ToolChoice
}

/**
 * Decodes {@link TOOL_FIELDS} of a body in which they are checked.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path of the field.
 */
export function decodeToolset(body: Checked<typeof TOOL_FIELDS>, webSearch: boolean): Toolset {
  const { tool_choice: choice, responses_tool_choice: overruling } = body
  const own: OwnTools = {
    tools: decodeTools(body.tools ?? [], 'tools'),
    decodeChoice: tools => decodeToolChoice(choice, tools, 'tool_choice'),
  }
  const { ignored, ...completed } = completeTools(own, body, webSearch)
  return {
    ...completed,
    parallelToolCalls: body.parallel_tool_calls ?? true,
    ignored: overruling && choice ? [...ignored, 'tool_choice'] : ignored,
  }
}

/**
 * Lays the search and the choice of the Python ChatMock over a protocol's own; where no search has
 * been asked for and `webSearch` says so, a plain one is added.
 *
 * @throws ProxyError as {@link decodeToolset}, and what `decodeChoice` throws.
 */
export function completeTools(
  own: OwnTools,
  body: Checked<typeof SEARCH_FIELDS>,
  webSearch: boolean,
): Pick<Toolset, 'tools' | 'toolChoice' | 'ignored'> {
  const { responses_tools, responses_tool_choice } = body
  const search = decodeResponsesTools(responses_tools ?? [])
  const { tools, ignored } = addSearch(own.tools, search, 'responses_tools')
  const toolChoice = responses_tool_choice ?? own.decodeChoice(tools)
  // Where a call is required, a search that nobody asked for would count as one.
  const mayAdd = webSearch && responses_tool_choice !== 'none' && toolChoice !== 'required'
  return {
    tools: mayAdd && !hasSearch(tools) ? [...tools, PLAIN_WEB_SEARCH] : tools,
    toolChoice,
    ignored,
  }
}

/** Adds the search of a field. Where there is one already, that remains and the field is named. */
export function addSearch(
  tools: readonly Tool[],
  search: WebSearchTool | undefined,
  field: string,
): Pick<Toolset, 'tools' | 'ignored'> {
  if (search === undefined) return { tools, ignored: [] }
  return hasSearch(tools) ? { tools, ignored: [field] } : { tools: [...tools, search], ignored: [] }
}

function hasSearch(tools: readonly Tool[]): boolean {
  return tools.some(tool => tool.type === 'web-search')
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
