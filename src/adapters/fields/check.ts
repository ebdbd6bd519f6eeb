/** From a schema's complaint to the API's error. */

import * as v from 'valibot'
import { ProxyError } from '../../domain/errors.ts'
import { asObject, type JsonObject } from '../../domain/json.ts'

/** The schema of any JSON object, which stays as it came; the library's own record takes arrays too. */
export const AnyObject = v.custom<JsonObject>(value => asObject(value) !== undefined)

/**
 * A list of at most so many entries, which are counted before any of them is looked at. In a union
 * its complaint about the count would be lost.
 */
export function listOf<Entry extends v.GenericSchema>(entry: Entry, most: number) {
  return v.pipe(v.array(v.unknown()), v.maxLength(most), v.array(entry))
}

/**
 * Checks a body, or the piece of one that stands at the path `at`.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`, naming the
 *   field and what was expected of it, never what was sent: that may be a prompt.
 */
export function check<Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  at = '',
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true })
  if (result.success) return result.output
  const { issue, path } = deepest(result.issues[0], [])
  const param = pathText(at, path)
  if (isMissing(issue, path)) {
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

/** A field of what is checked that is null, or an empty name, is as good as left out. */
function isMissing({ input, type }: Issue, path: Path): boolean {
  const isNothing = input === null || (input === '' && type === 'non_empty')
  return input === undefined || (isNothing && path.length === 1)
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

const TYPE_CHECKS = new Set([
  'string',
  'number',
  'integer',
  'boolean',
  'array',
  'object',
  'loose_object',
  'custom',
])

function isTypeIssue(issue: Issue): boolean {
  // A variant that is given no object at all asks for one before it asks for a kind.
  if (issue.type === 'variant') return issue.expected === 'Object'
  if (issue.type === 'union') return (issue.issues ?? []).every(isTypeIssue)
  return TYPE_CHECKS.has(issue.type)
}

function pathText(at: string, path: Path): string {
  return path.reduce((text: string, key) => {
    if (typeof key === 'number') return `${text}[${key}]`
    return text === '' ? String(key) : `${text}.${key}`
  }, at)
}

function expectation(issue: Issue): string {
  switch (issue.type) {
    case 'non_empty':
    case 'min_length':
      return 'it must not be empty'
    case 'max_length': {
      const unit = Array.isArray(issue.input) ? 'entries' : 'characters'
      return `it may have ${issue.expected?.replace('<=', '')} ${unit} at most`
    }
    case 'min_value':
      return `it must be ${issue.expected?.replace('>=', '')} or more`
    case 'max_value':
      return `it may be ${issue.expected?.replace('<=', '')} at most`
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
  ['number', 'a number'],
  ['integer', 'an integer'],
  ['boolean', 'a boolean'],
])

/** Puts the library's notation, `(("none" | "auto") | Object)`, into words: 'none', 'auto' or an object. */
function expected({ type, expected }: Issue): string {
  // These two say nothing of their own accord.
  const own = type === 'custom' ? 'Object' : type === 'integer' ? 'integer' : (expected ?? '')
  const choices = own
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
