/** What becomes of each field of a body: read, refused, or ignored and told. */

import { ProxyError } from '../../domain/errors.ts'
import { asObject, type JsonObject } from '../../domain/json.ts'
import { plainText } from '../../domain/plain-text.ts'

/** Longest name of a field that is told. */
const MAX_NAME_LENGTH = 64

/** Says why a field cannot be honoured, and for which values nothing is lost. */
export interface Refusal {
  asksForNothing(value: unknown): boolean
  readonly why: string
  readonly code: 'unsupported_value' | 'unsupported_parameter'
}

/** No log probabilities (`logprobs`, `top_logprobs`). */
export const NO_LOG_PROBABILITIES: Refusal = {
  asksForNothing: value => value === false || value === 0,
  why: 'the backend gives no log probabilities',
  code: 'unsupported_parameter',
}

/** The fields of one endpoint. `null` is always the same as absent. */
export interface FieldPolicy {
  /** Fields that have an effect, and refused ones whose harmless value is what happens anyway. */
  readonly read: ReadonlySet<string>
  /** Fields refused unless their value asks for nothing. */
  readonly refused: ReadonlyMap<string, Refusal>
  /** Values of other fields that are what happens anyway. */
  readonly honoured?: ReadonlyMap<string, unknown>
  /** What is read of fields that are objects; `false` asks for nothing there. */
  readonly nested?: ReadonlyMap<string, ReadonlySet<string>>
}

/**
 * Returns the names of the fields without effect: of the body in its order, then `field.key`s.
 *
 * @throws ProxyError `unsupported_value`, `unsupported_parameter` for a refused one.
 */
export function applyPolicy(body: JsonObject, policy: FieldPolicy): readonly string[] {
  const { read, refused, honoured } = policy
  const ignored: string[] = []
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue
    const refusal = refused.get(name)
    if (refusal && !refusal.asksForNothing(value)) throw refusedField(name, refusal)
    if (!read.has(name) && !(honoured?.has(name) && honoured.get(name) === value)) {
      ignored.push(name)
    }
  }
  return [...ignored, ...nestedNames(body, policy.nested ?? new Map())]
}

/**
 * Refuses what would be ignored, where the service is told to.
 *
 * @throws ProxyError `unsupported_parameter` for the first name.
 */
export function refuseIgnored(ignored: readonly string[], strict: boolean): void {
  const [first] = ignored
  if (!strict || first === undefined) return
  const param = plainText(first, MAX_NAME_LENGTH)
  throw new ProxyError(
    'unsupported_parameter',
    `Unsupported parameter: '${param}' would have no effect. Leave it out, or start chatmock without --strict.`,
    { param },
  )
}

function nestedNames(
  body: JsonObject,
  nested: ReadonlyMap<string, ReadonlySet<string>>,
): readonly string[] {
  return [...nested].flatMap(([field, read]) =>
    Object.entries(asObject(body[field]) ?? {})
      .filter(([key, value]) => value !== null && value !== false && !read.has(key))
      .map(([key]) => `${field}.${key}`),
  )
}

function refusedField(name: string, { why, code }: Refusal): ProxyError {
  const subject = code === 'unsupported_value' ? 'value' : 'parameter'
  return new ProxyError(code, `Unsupported ${subject}: '${name}': ${why}.`, { param: name })
}
