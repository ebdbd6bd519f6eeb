/** Tools in the Responses API's form; the chat API's nested one is unfolded to it. */

import * as v from 'valibot'
import { ProxyError } from '../../../domain/errors.ts'
import { asObject, asString, type JsonObject, objectsOf } from '../../../domain/json.ts'
import { check } from '../../fields/check.ts'
import { MAX_TOOLS } from '../../fields/limits.ts'
import { decodeTool, nested, ToolName } from '../../fields/tool.ts'
import { sameName } from '../../fields/tools.ts'
import { isWebSearch } from '../../fields/web-search.ts'
import { withoutCacheMarks } from './cache-marks.ts'

const Typed = v.looseObject({ type: v.pipe(v.string(), v.nonEmpty()) })

/** Tools under one name, as the Codex CLI groups them. */
const Namespace = v.object({
  name: ToolName,
  description: v.nullish(v.string()),
  tools: v.pipe(v.array(Typed), v.maxLength(MAX_TOOLS)),
})

/**
 * Puts tools into the form that the upstream takes. What is known of a tool is checked; kinds and
 * keys that are not known pass unchanged.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path.
 */
export function normalizeTools(tools: readonly JsonObject[]): readonly JsonObject[] {
  const names = new Set<string>()
  return tools.map((tool, i) => {
    const path = `tools[${i}]`
    const type = checkTool(tool, path)
    const normal = normalizeTool(tool, type)
    const name = asString(normal['name'])
    if (!isCallable(type) || name === undefined) return normal
    if (names.has(name)) throw sameName(name, `${nested(tool, type, path)[1]}.name`)
    names.add(name)
    return normal
  })
}

/**
 * Refuses what other services run by themselves and this backend does not. `type` stands at `path`.
 *
 * @throws ProxyError `unsupported_value` with the path.
 */
export function refuseHostedElsewhere(type: string, path: string): void {
  if (!/^(?:file_search|code_interpreter|mcp|computer.*)$/.test(type)) return
  throw new ProxyError(
    'unsupported_value',
    'The backend runs no such tool. It has web_search; anything else is a function of your own.',
    { param: path },
  )
}

/** `{type, function: {name, …}}` is `{type, name, …}` here. */
export function unfold(object: JsonObject, type: string): JsonObject {
  const { [type]: inner, ...rest } = object
  return asObject(inner) === undefined ? object : { ...rest, ...asObject(inner), type }
}

/** Tells whether tools of a type are called by their own name. */
export function isCallable(type: string): boolean {
  return type === 'function' || type === 'custom'
}

function checkTool(tool: JsonObject, path: string): string {
  const { type } = check(Typed, tool, path)
  refuseHostedElsewhere(type, `${path}.type`)
  if (isCallable(type) || isWebSearch(type)) decodeTool(tool, path)
  if (type === 'namespace') {
    for (const [i, inner] of check(Namespace, tool, path).tools.entries()) {
      checkTool(inner, `${path}.tools[${i}]`)
    }
  }
  return type
}

function normalizeTool(told: JsonObject, type: string): JsonObject {
  const tool = withoutCacheMarks(told)
  if (type === 'namespace') {
    const inner = objectsOf(tool['tools'])
    return { ...tool, tools: inner.map(each => normalizeTool(each, String(each['type']))) }
  }
  if (isWebSearch(type)) return { ...tool, type: 'web_search', ...flatLocation(tool) }
  if (!isCallable(type)) return tool
  const flat = unfold(tool, type)
  if (type === 'custom') return { ...flat, ...flatGrammar(flat) }
  return {
    ...flat,
    parameters: flat['parameters'] ?? { type: 'object', properties: {} },
    // Always said: the backend's own default leans towards strict, which no client expects.
    strict: flat['strict'] ?? false,
  }
}

function flatLocation(tool: JsonObject): JsonObject {
  const { approximate, ...rest } = asObject(tool['user_location']) ?? {}
  const place = asObject(approximate)
  return place ? { user_location: { type: 'approximate', ...rest, ...place } } : {}
}

function flatGrammar({ format }: JsonObject): JsonObject {
  const grammar = asObject(asObject(format)?.['grammar'])
  return grammar ? { format: { type: 'grammar', ...grammar } } : {}
}
