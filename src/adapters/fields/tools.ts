/** The tools of a request and the choice among them, in each of the spellings that clients have. */

import * as v from 'valibot'
import { clientTools, type Tool, type ToolChoice } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { asObject } from '../../domain/json.ts'
import { plainText } from '../../domain/plain-text.ts'
import { check } from './check.ts'
import { MAX_TOOLS } from './limits.ts'
import { decodeTool, nested } from './tool.ts'
import { isWebSearch } from './web-search.ts'

/** Longest name that is told back; the backend's own limit. */
const MAX_SHOWN_NAME_LENGTH = 64

const MODES = ['none', 'auto', 'required'] as const

/** What a choice may say that it names: a stray spelling of another API among them. */
const NAMED_TYPES = ['function', 'custom', 'tool']

const Named = v.object({ name: v.pipe(v.string(), v.nonEmpty()) })
const Typed = v.looseObject({ type: v.string() })
/** Several tools to choose among, in the flat form. */
export const AllowedTools = v.object({
  mode: v.picklist(['auto', 'required']),
  tools: v.pipe(v.array(Typed), v.nonEmpty(), v.maxLength(MAX_TOOLS)),
})

/**
 * Decodes a list of tools that stands at `path`. Of several web searches the first remains.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path of the field.
 */
export function decodeTools(tools: readonly unknown[], path: string): readonly Tool[] {
  const names = new Set<string>()
  let searches = false
  return tools.flatMap((value, i): Tool[] => {
    const toolPath = `${path}[${i}]`
    const tool = decodeTool(value, toolPath)
    if (tool.type === 'web-search') {
      const isFirst = !searches
      searches = true
      return isFirst ? [tool] : []
    }
    if (names.has(tool.name)) {
      const [, place] = nested(asObject(value) ?? {}, tool.type, toolPath)
      throw sameName(tool.name, `${place}.name`)
    }
    names.add(tool.name)
    return [tool]
  })
}

/**
 * Decodes a choice that stands at `path` among the tools of its request; none is `auto`.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path of the field.
 */
export function decodeToolChoice(
  choice: unknown,
  tools: readonly Tool[],
  path: string,
): ToolChoice {
  if (choice === null || choice === undefined) return 'auto'
  if (typeof choice === 'string') return mode(choice, tools, path)
  if (typeof choice !== 'object' || Array.isArray(choice)) {
    throw new ProxyError(
      'invalid_type',
      `Invalid type for '${path}': expected 'none', 'auto', 'required' or an object.`,
      { param: path },
    )
  }
  const object = check(Typed, choice, path)
  if (NAMED_TYPES.includes(object.type)) {
    return { type: 'tool', name: nameOf(object, tools, path, path) }
  }
  if (object.type === 'allowed_tools') return allowed(object, tools, path)
  if (isWebSearch(object.type)) return search(tools, path)
  return mode(object.type, tools, path)
}

/** `any` is how another API says required. */
function mode(name: string, tools: readonly Tool[], path: string): ToolChoice {
  const known = name === 'any' ? 'required' : MODES.find(mode => mode === name)
  if (known === undefined) {
    throw bad(path, "expected 'none', 'auto', 'required' or an object that names a tool")
  }
  if (known === 'required' && tools.length === 0) throw bad(path, 'there are no tools to call')
  return known
}

/** The name stands in an object under the type's own name, or flat beside the type. */
function nameOf(
  object: v.InferOutput<typeof Typed>,
  tools: readonly Tool[],
  place: string,
  path: string,
): string {
  const { name } = check(Named, ...nested(object, object.type, place))
  if (!clientTools(tools).some(tool => tool.name === name)) {
    throw bad(path, 'it names a tool that is not in tools')
  }
  return name
}

function allowed(
  object: v.InferOutput<typeof Typed>,
  tools: readonly Tool[],
  path: string,
): ToolChoice {
  const [inner, place] = nested(object, 'allowed_tools', path)
  const choice = check(AllowedTools, inner, place)
  const names = new Set<string>()
  let searches = false
  for (const [i, entry] of choice.tools.entries()) {
    if (isWebSearch(entry.type)) searches = true
    else if (!NAMED_TYPES.includes(entry.type)) throw bad(path, 'it allows what is no tool here')
    else names.add(nameOf(entry, tools, `${place}.tools[${i}]`, path))
  }
  const others = tools.filter(tool => tool.type === 'web-search')
  if (searches && others.length === 0) throw bad(path, 'it names a tool that is not in tools')
  const isAll = names.size + others.length === tools.length
  if (searches && isAll) return choice.mode
  if (searches) throw searchAmongOthers(path)
  return { type: 'allowed', mode: choice.mode, names: [...names] }
}

/** A search is no tool that can be called by name: it can be had where it is all there is. */
function search(tools: readonly Tool[], path: string): ToolChoice {
  if (!tools.some(tool => tool.type === 'web-search')) {
    throw bad(path, 'it names a tool that is not in tools')
  }
  if (clientTools(tools).length > 0) throw searchAmongOthers(path)
  return 'required'
}

function searchAmongOthers(path: string): ProxyError {
  return new ProxyError(
    'unsupported_value',
    `Unsupported value: '${path}': a web search cannot be picked among other tools. Choose 'auto', or send it alone.`,
    { param: path },
  )
}

function bad(path: string, why: string): ProxyError {
  return new ProxyError('invalid_value', `Invalid value for '${path}': ${why}.`, { param: path })
}

/** Says that a name is taken, by the field that takes it again. */
export function sameName(name: string, param: string): ProxyError {
  const plainName = plainText(name, MAX_SHOWN_NAME_LENGTH)
  return new ProxyError('invalid_value', `Two tools are named '${plainName}'.`, { param })
}
