/** Tools and tool choices in the Responses API's form; the chat API's nested one is unfolded to it. */

import { ProxyError } from '../../../domain/errors.ts'
import { asObject, asString, type JsonObject, objectsOf } from '../../../domain/json.ts'
import { isWebSearch } from '../web-search.ts'
import { withoutCacheMarks } from './items.ts'

/** What other services run by themselves and this backend does not. */
const HOSTED_ELSEWHERE = /^(?:file_search|code_interpreter|mcp|computer.*)$/

/**
 * Puts tools into the form that the upstream takes. Kinds that are not known pass unchanged.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_value`, `invalid_type`,
 *   `unsupported_value` with the path.
 */
export function normalizeTools(tools: readonly JsonObject[]): readonly JsonObject[] {
  const names = new Set<string>()
  return tools.map((tool, i) => {
    const path = `tools[${i}]`
    const normal = normalizeTool(withoutCacheMarks(tool), path)
    if (normal['type'] !== 'function' && normal['type'] !== 'custom') return normal
    const name = asString(normal['name'])
    const param = `${path}${'name' in tool ? '' : nestedPath(tool)}.name`
    if (!name) {
      throw new ProxyError(
        'missing_required_parameter',
        `Missing required parameter: '${param}'.`,
        { param },
      )
    }
    if (names.has(name)) {
      throw new ProxyError('invalid_value', `Two tools are named '${name}'.`, {
        param,
      })
    }
    names.add(name)
    return normal
  })
}

function nestedPath(tool: JsonObject): string {
  const type = asString(tool['type'])
  return type !== undefined && asObject(tool[type]) ? `.${type}` : ''
}

function normalizeTool(tool: JsonObject, path: string): JsonObject {
  const type = asString(tool['type'])
  if (type === undefined) {
    throw new ProxyError(
      'missing_required_parameter',
      `Missing required parameter: '${path}.type'.`,
      { param: `${path}.type` },
    )
  }
  if (HOSTED_ELSEWHERE.test(type)) {
    throw new ProxyError(
      'unsupported_value',
      'The backend runs no such tool. It has web_search; anything else is a function of your own.',
      { param: `${path}.type` },
    )
  }
  if (isWebSearch(type)) return { ...tool, type: 'web_search' }
  if (type !== 'function' && type !== 'custom') return tool
  const flat = unfold(tool, type)
  if (type === 'custom') return { ...flat, ...unfoldGrammar(flat['format']) }
  const parameters = flat['parameters'] ?? { type: 'object', properties: {} }
  if (asObject(parameters) === undefined) {
    const param = `${path}${nestedPath(tool)}.parameters`
    throw new ProxyError('invalid_type', `Invalid type for '${param}': expected an object.`, {
      param,
    })
  }
  // Always said: the backend's own default leans towards strict, which no client expects.
  return { ...flat, parameters, strict: flat['strict'] ?? false }
}

/** `{type, function: {name, …}}` is `{type, name, …}` here. */
function unfold(object: JsonObject, type: string): JsonObject {
  const { [type]: nested, ...rest } = object
  const inner = asObject(nested)
  return inner === undefined ? object : { ...rest, ...inner, type }
}

function unfoldGrammar(format: unknown): JsonObject {
  const grammar = asObject(asObject(format)?.['grammar'])
  return grammar === undefined ? {} : { format: { type: 'grammar', ...grammar } }
}

/**
 * Puts a tool choice into the form that the upstream takes; `undefined` leaves the choice to it.
 *
 * @throws ProxyError `invalid_value` if it asks for a tool that is not there.
 */
export function normalizeToolChoice(choice: unknown, tools: readonly JsonObject[]): unknown {
  if (choice === undefined || choice === null) return undefined
  if (typeof choice === 'string') return normalizeMode(choice, tools)
  const object = asObject(choice) ?? {}
  const type = asString(object['type']) ?? ''
  const names = namesOf(tools)
  if (type === 'tool') return normalizeNamed({ ...object, type: kindOf(object, tools) }, names)
  if (type !== 'allowed_tools') return normalizeNamed(object, names)
  const flat = unfold(object, type)
  if (!Array.isArray(flat['tools'])) throw badChoice('allowed_tools needs a list of tools')
  const allowed = flat['tools'].map(tool => normalizeNamed(asObject(tool) ?? {}, names))
  return { ...flat, tools: allowed }
}

function normalizeMode(mode: string, tools: readonly JsonObject[]): string {
  const normal = mode === 'any' ? 'required' : mode
  if (normal === 'required' && tools.length === 0) throw badChoice('there are no tools to call')
  if (normal !== 'none' && normal !== 'auto' && normal !== 'required') {
    throw badChoice("expected 'none', 'auto', 'required' or an object")
  }
  return normal
}

/** Kinds that are not known pass unchanged, as they do among the tools. */
function normalizeNamed(choice: JsonObject, names: ReadonlySet<unknown>): JsonObject {
  const type = asString(choice['type']) ?? ''
  if (isWebSearch(type)) return { type: 'web_search' }
  if (type !== 'function' && type !== 'custom') return choice
  const { name } = unfold(choice, type)
  if (typeof name !== 'string' || !names.has(name)) {
    throw badChoice('it names a tool that is not in tools')
  }
  return { type, name }
}

function kindOf({ name }: JsonObject, tools: readonly JsonObject[]): string {
  const isCustom = tools.some(tool => tool['type'] === 'custom' && tool['name'] === name)
  return isCustom ? 'custom' : 'function'
}

/** Tools may stand in a namespace. */
function namesOf(tools: readonly JsonObject[]): ReadonlySet<unknown> {
  return new Set(tools.flatMap(tool => [tool, ...objectsOf(tool['tools'])]).map(({ name }) => name))
}

function badChoice(why: string): ProxyError {
  return new ProxyError('invalid_value', `Invalid value for 'tool_choice': ${why}.`, {
    param: 'tool_choice',
  })
}
