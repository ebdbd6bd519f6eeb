/** The tools of a chat: Ollama has functions only, and the backend's own search comes on top. */

import { ProxyError } from '../../../domain/errors.ts'
import { asObject } from '../../../domain/json.ts'
import { decodeToolset, type Toolset } from '../../fields/toolset.ts'
import { isWebSearch } from '../../fields/web-search.ts'
import type { ChatBody } from './schema.ts'

/**
 * Decodes them. A tool that does not say its type is a function.
 *
 * @throws ProxyError as `decodeToolset`.
 */
export function decodeTools(chat: ChatBody, webSearch: boolean): Toolset {
  const tools = (chat.tools ?? []).map((tool, i) => decodeType(tool, `tools[${i}].type`))
  return decodeToolset({ ...chat, tools }, webSearch)
}

function decodeType(value: unknown, param: string): unknown {
  const tool = asObject(value)
  const type = tool?.['type']
  if (tool && !type && asObject(tool['function'])) return { ...tool, type: 'function' }
  if (typeof type !== 'string' || type === 'function' || isWebSearch(type)) return value
  throw new ProxyError(
    'unsupported_value',
    `Unsupported value: '${param}': there are function and web_search tools only.`,
    { param },
  )
}
