/** Tools, and the choice among them, as the Responses API has them. */

import {
  type ChatRequest,
  type ClientTool,
  clientTools,
  type Tool,
  type ToolChoice,
  type WebSearchTool,
} from '../../domain/conversation.ts'
import { FUNCTIONS } from './namespace.ts'
import type { ToolNames } from './tool-names.ts'

/** Encodes tools one by one, in their order. */
export function encodeTools(tools: readonly Tool[], names: ToolNames) {
  return tools.map(tool =>
    tool.type === 'web-search' ? encodeWebSearch(tool) : encodeClientTool(tool, names),
  )
}

/** Encodes tools for the lite form: the client's in a namespace, the search of the web beside it. */
export function encodeNamespace(tools: readonly Tool[], names: ToolNames) {
  const clients = clientTools(tools)
  const searches = tools.filter(tool => tool.type === 'web-search')
  return [
    ...(clients.length > 0
      ? [
          {
            type: 'namespace',
            name: FUNCTIONS,
            description: '',
            tools: clients.map(tool => encodeClientTool(tool, names)),
          },
        ]
      : []),
    ...searches.map(encodeWebSearch),
  ]
}

/** Encodes the choice; without tools there is none to make. */
export function encodeToolChoice({ tools, toolChoice }: ChatRequest, names: ToolNames) {
  if (tools.length === 0) return {}
  return { tool_choice: encodeChoice(toolChoice, tools, names) }
}

function encodeChoice(choice: ToolChoice, tools: readonly Tool[], names: ToolNames) {
  if (typeof choice === 'string') return choice
  const types = new Map(clientTools(tools).map(tool => [tool.name, tool.type]))
  const refer = (name: string) => ({
    type: types.get(name) ?? 'function',
    name: names.toSent(name),
  })
  return choice.type === 'tool'
    ? refer(choice.name)
    : { type: 'allowed_tools', mode: choice.mode, tools: choice.names.map(refer) }
}

function encodeClientTool(tool: ClientTool, names: ToolNames) {
  const name = names.toSent(tool.name)
  const description = tool.description !== undefined && { description: tool.description }
  if (tool.type === 'custom') {
    const format = tool.grammar && {
      format: {
        type: 'grammar',
        syntax: tool.grammar.syntax,
        definition: tool.grammar.definition,
      },
    }
    return { type: 'custom', name, ...description, ...format }
  }
  const { parameters, strict } = tool
  // Always said: the backend's own default leans towards strict, which the chat API's does not.
  return { type: 'function', name, ...description, parameters, strict }
}

function encodeWebSearch({ contextSize, location, allowedDomains }: WebSearchTool) {
  return {
    type: 'web_search',
    ...(contextSize && { search_context_size: contextSize }),
    ...(location && {
      user_location: {
        type: 'approximate',
        // Keys without a value are left out of JSON text.
        city: location.city,
        country: location.country,
        region: location.region,
        timezone: location.timezone,
      },
    }),
    ...(allowedDomains.length > 0 && { filters: { allowed_domains: allowedDomains } }),
  }
}
