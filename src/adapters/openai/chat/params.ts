/** What the upstream blames, in the client's terms: it was asked in those of the Responses API. */

import { ProxyError } from '../../../domain/errors.ts'
import { asObject, type JsonObject, objectsOf } from '../../../domain/json.ts'

/** Fields that the conversation comes in; its items are not counted as the client counts them. */
const CONVERSATION_FIELDS = ['messages', 'prompt', 'input'] as const
/** Fields that become a web search among the tools. */
const SEARCH_FIELDS = ['web_search_options', 'responses_tools'] as const

/**
 * Returns an error of the upstream with its `param` as the client knows the field, which shows in the
 * `body` that it sent; any other error as it is.
 */
export function inClientTerms<Thrown>(thrown: Thrown, body: JsonObject): Thrown | ProxyError {
  if (!(thrown instanceof ProxyError) || thrown.upstream === undefined) return thrown
  const param = searchParam(thrown, body) ?? clientParam(thrown.param ?? '', body)
  return param === (thrown.param ?? '') ? thrown : thrown.with({ param })
}

function clientParam(param: string, body: JsonObject): string {
  const has = (name: string) => body[name] !== undefined && body[name] !== null
  if (/^(?:input|instructions)\b/.test(param)) {
    return CONVERSATION_FIELDS.find(has) ?? param
  }
  if (has('response_format')) {
    const [, key] = /^text\.format(?:\.(name|schema|strict|description)\b.*)?$/s.exec(param) ?? []
    if (key !== undefined) return `response_format.json_schema.${key}`
    if (param === 'text.format') return 'response_format'
  }
  if (param === 'text.verbosity' && has('verbosity')) return 'verbosity'
  if (param === 'reasoning.effort' && has('reasoning_effort')) return 'reasoning_effort'
  return toolParam(param, body)
}

function toolParam(param: string, body: JsonObject): string {
  const [, index, rest = ''] = /^tools\[(\d+)\](.*)$/s.exec(param) ?? []
  if (index === undefined) return param
  if (objectsOf(body['functions']).length > 0) return `functions[${index}]${rest}`
  const tool = objectsOf(body['tools'])[Number(index)]
  const type = String(tool?.['type'])
  const isNested = rest !== '.type' && asObject(tool?.[type]) !== undefined
  return isNested ? `tools[${index}].${type}${rest}` : param
}

/** A search that came in a field of its own has no tool that the client could find. */
function searchParam({ upstream, param = 'tools' }: ProxyError, body: JsonObject) {
  const isAboutSearch = /^tools\b/.test(param) && /web.?search/i.test(upstream?.message ?? '')
  return isAboutSearch ? SEARCH_FIELDS.find(name => body[name] != null) : undefined
}
