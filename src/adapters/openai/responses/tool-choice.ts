/** Tool choices in the Responses API's form; the chat API's nested one is unfolded to it. */

import * as v from 'valibot'
import { ProxyError } from '../../../domain/errors.ts'
import { type JsonObject, objectsOf } from '../../../domain/json.ts'
import { check } from '../../fields/check.ts'
import { nested } from '../../fields/tool.ts'
import { AllowedTools } from '../../fields/tools.ts'
import { isWebSearch } from '../../fields/web-search.ts'
import { isCallable, refuseHostedElsewhere, unfold } from './tools.ts'

const PATH = 'tool_choice'
const MODES = ['none', 'auto', 'required', 'any']

const Choice = v.looseObject({ type: v.pipe(v.string(), v.nonEmpty()) })
type Choice = v.InferOutput<typeof Choice>

/**
 * Puts a tool choice into the form that the upstream takes; `undefined` leaves the choice to it.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path; among others if it asks for a tool that is not there.
 */
export function normalizeToolChoice(choice: unknown, tools: readonly JsonObject[]): unknown {
  if (choice === undefined || choice === null) return undefined
  if (typeof choice === 'string') return normalizeMode(choice, tools)
  const object = check(Choice, choice, PATH)
  if (MODES.includes(object.type)) return normalizeMode(object.type, tools)
  if (object.type === 'tool') {
    return normalizeNamed({ ...object, type: kindOf(object, tools) }, tools, PATH)
  }
  if (object.type !== 'allowed_tools') return normalizeNamed(object, tools, PATH)
  const [inner, path] = nested(object, object.type, PATH)
  const { mode, tools: named } = check(AllowedTools, inner, path)
  const allowed = named.map((tool, i) => normalizeNamed(tool, tools, `${path}.tools[${i}]`))
  return { type: 'allowed_tools', mode, tools: allowed }
}

/** `any` is how another API says required. */
function normalizeMode(mode: string, tools: readonly JsonObject[]): string {
  if (!MODES.includes(mode)) throw badChoice("expected 'none', 'auto', 'required' or an object")
  const normal = mode === 'any' ? 'required' : mode
  if (normal === 'required' && tools.length === 0) throw badChoice('there are no tools to call')
  return normal
}

/** Kinds that are not known pass unchanged, as they do among the tools. */
function normalizeNamed(choice: Choice, tools: readonly JsonObject[], path: string): JsonObject {
  const { type } = choice
  refuseHostedElsewhere(type, `${path}.type`)
  if (isWebSearch(type)) {
    if (!tools.some(tool => tool['type'] === 'web_search')) throw notThere()
    return { type: 'web_search' }
  }
  if (!isCallable(type)) return choice
  const { name } = unfold(choice, type)
  if (typeof name !== 'string' || !namesOf(tools).has(name)) throw notThere()
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

function notThere(): ProxyError {
  return badChoice('it names a tool that is not in tools')
}

function badChoice(why: string): ProxyError {
  return new ProxyError('invalid_value', `Invalid value for '${PATH}': ${why}.`, { param: PATH })
}
