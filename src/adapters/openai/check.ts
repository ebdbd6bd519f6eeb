/** From a schema's complaint to the API's error. */

import * as v from 'valibot'
import { ProxyError } from '../../domain/errors.ts'

/**
 * Checks a body.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`, naming the
 *   field and what was expected of it, never what was sent: that may be a prompt.
 */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  body: unknown,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, body, { abortEarly: true })
  if (result.success) return result.output
  const { issue, path } = deepest(result.issues[0], [])
  const param = pathText(path)
  if (issue.input === undefined) {
    throw new ProxyError('missing_required_parameter', `Missing required parameter: '${param}'.`, {
      param,
    })
  }
  if (isTypeIssue(issue)) {
    const got = typeName(issue.input)
    throw new ProxyError(
      'invalid_type',
      `Invalid type for '${param}': expected ${expected(issue)}, got ${got}.`,
      { param },
    )
  }
  throw new ProxyError('invalid_value', `Invalid value for '${param}': ${expectation(issue)}.`, {
    param,
  })
}

type Issue = v.BaseIssue<unknown>
type Path = readonly unknown[]

/** A union complains as a whole; the branch that got furthest says what is really wrong. */
function deepest(issue: Issue, prefix: Path): { issue: Issue; path: Path } {
  const path = [...prefix, ...(issue.path ?? []).map(({ key }) => key)]
  const branches = (issue.issues ?? []).map(branch => deepest(branch, path))
  const best = branches.sort((a, b) => b.path.length - a.path.length)[0]
  return best !== undefined && best.path.length > path.length ? best : { issue, path }
}

const TYPE_CHECKS = new Set(['string', 'boolean', 'array', 'loose_object', 'custom'])

function isTypeIssue(issue: Issue): boolean {
  // A variant that is given no object at all asks for one before it asks for a kind.
  if (issue.type === 'variant') return issue.expected === 'Object'
  if (issue.type === 'union') return (issue.issues ?? []).every(isTypeIssue)
  return TYPE_CHECKS.has(issue.type)
}

function pathText(path: Path): string {
  return path
    .map((key, i) => (typeof key === 'number' ? `[${key}]` : `${i > 0 ? '.' : ''}${key}`))
    .join('')
}

function expectation(issue: Issue): string {
  switch (issue.type) {
    case 'non_empty':
    case 'min_length':
      return 'it must not be empty'
    case 'max_length':
      return `it may have ${issue.expected?.replace('<=', '')} entries at most`
    case 'regex':
      return issue.message
    default:
      return `expected ${expected(issue)}`
  }
}

const TYPE_NAMES: ReadonlyMap<string, string> = new Map([
  ['Object', 'an object'],
  ['Array', 'an array'],
  ['string', 'a string'],
  ['boolean', 'a boolean'],
])

/** Puts the library's notation, `(("none" | "auto") | Object)`, into words: 'none', 'auto' or an object. */
function expected({ type, expected }: Issue): string {
  const choices = (type === 'custom' ? 'Object' : (expected ?? ''))
    .replace(/[()]/g, '')
    .split(' | ')
    .map(choice => TYPE_NAMES.get(choice) ?? choice.replaceAll('"', "'"))
  const last = choices.pop() ?? ''
  return choices.length > 0 ? `${choices.join(', ')} or ${last}` : last
}

function typeName(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'array' : typeof value
}
