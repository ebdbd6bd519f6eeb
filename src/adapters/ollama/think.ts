/** `think`: how hard to think, and whether the client wants to see it. */

import type { Effort } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { canThink } from '../../domain/models.ts'
import { plainText } from '../../domain/plain-text.ts'
import type { ChosenModel } from './model.ts'
import { toldName } from './names.ts'

const LEVELS = ['high', 'medium', 'low', 'max'] as const

/** Longest value that is told back. */
const MAX_TOLD_LENGTH = 40

/** What becomes of the thinking. */
export interface Thinking {
  readonly isShown: boolean
  /** `undefined` leaves it to the service. */
  readonly effort: Effort | undefined
}

/**
 * Decodes the field; absent is what the model does by itself. An effort that the model's name carries
 * gives way to a level, but not to `false`: some clients send that with every request.
 *
 * @throws ProxyError `invalid_type`, `invalid_value`; `unsupported_value` for a model that does not
 *   think.
 */
export function decodeThink(value: unknown, model: ChosenModel): Thinking {
  if (value === null || value === undefined) return { isShown: true, effort: model.effort }
  if (value === false) return { isShown: false, effort: model.effort ?? 'none' }
  const level = value === true ? undefined : decodeLevel(value)
  if (!mayThink(model)) {
    throw bad('unsupported_value', `"${toldName(model.asked)}" does not support thinking`)
  }
  return { isShown: true, effort: level ?? model.effort }
}

function decodeLevel(value: unknown): Effort {
  if (typeof value !== 'string') {
    throw bad(
      'invalid_type',
      'Invalid type for \'think\': expected "high", "medium", "low", "max", true, or false.',
    )
  }
  const level = LEVELS.find(known => known === value)
  if (level !== undefined) return level
  const told = plainText(value, MAX_TOLD_LENGTH)
  throw bad(
    'invalid_value',
    `invalid think value: "${told}" (must be "high", "medium", "low", "max", true, or false)`,
  )
}

/** A model that the catalogue does not list may think, for all that is known. */
function mayThink({ entry }: ChosenModel): boolean {
  return entry === undefined || canThink(entry)
}

function bad(
  code: 'invalid_type' | 'invalid_value' | 'unsupported_value',
  message: string,
): ProxyError {
  return new ProxyError(code, message, { param: 'think' })
}
