/** What the upstream blames, in the names of the chat API: it was asked in those of the Responses API. */

import { ProxyError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'

/** Fields by the beginning of their path upstream, longer ones first. */
const NAMES: readonly (readonly [upstream: RegExp, chat: string])[] = [
  [/^text\.format\.(name|schema|strict|description)\b/, 'response_format.json_schema.$1'],
  [/^text\.format\b/, 'response_format'],
  [/^text\.verbosity\b/, 'verbosity'],
  [/^reasoning\.effort\b/, 'reasoning_effort'],
  [/^tools\[(\d+)\]\.(name|description|parameters|strict)\b/, 'tools[$1].function.$2'],
  // Items and messages are not counted alike.
  [/^(?:input|instructions)\b.*$/s, 'messages'],
]

/** Fields of the chat API that become a web search among the tools. */
const SEARCH_FIELDS = ['web_search_options', 'responses_tools'] as const

/**
 * Returns an error of the upstream with its `param` as the client knows the field, by which `body` it
 * sent; any other error as it is.
 */
export function inChatTerms(thrown: unknown, body: JsonObject): unknown {
  if (!(thrown instanceof ProxyError) || thrown.upstream === undefined) return thrown
  const param = searchParam(thrown, body) ?? chatParam(thrown.param)
  if (param === undefined || param === thrown.param) return thrown
  // No spread takes the cause along.
  return new ProxyError(thrown.code, thrown.message, { ...thrown, cause: thrown.cause, param })
}

function chatParam(param = ''): string | undefined {
  const [pattern, name] = NAMES.find(([upstream]) => upstream.test(param)) ?? []
  return pattern && name && param.replace(pattern, name)
}

/** A search that came in a field of its own has no tool that the client could find. */
function searchParam({ upstream, param = 'tools' }: ProxyError, body: JsonObject) {
  const isAboutSearch = /^tools\b/.test(param) && /web.?search/i.test(upstream?.message ?? '')
  return isAboutSearch ? SEARCH_FIELDS.find(name => body[name] != null) : undefined
}
