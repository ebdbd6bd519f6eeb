/** The model that a body of `/api/chat` or `/api/generate` asks. */

import * as v from 'valibot'
import type { Effort } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { resolveModel } from '../../domain/models.ts'
import type { ModelEntry } from '../../domain/ports.ts'
import { check } from '../fields/check.ts'
import { findModel, modelNotFound } from './names.ts'

/** Longest text that names a model, with the white space around it: it is told back in every line. */
const MAX_LENGTH = 1000

/** What decides which model a name means. */
export interface ModelOptions {
  readonly models: readonly ModelEntry[]
  /** Takes the place of the model of every request. */
  readonly debugModel: string | undefined
}

/** A model that is asked. */
export interface ChosenModel {
  /** The name exactly as it was sent. */
  readonly asked: string
  /** The name to send upstream. */
  readonly slug: string
  /** The effort that the name carries. */
  readonly effort: Effort | undefined
  /** `undefined` for a debug model that the catalogue does not list. */
  readonly entry: ModelEntry | undefined
}

/**
 * Decodes `model`; `undefined` if it is empty or not there.
 *
 * @throws ProxyError `invalid_type`, `invalid_value`; `model_not_found` for a model that the
 *   catalogue does not list.
 */
export function decodeModel(
  value: unknown,
  { models, debugModel }: ModelOptions,
): ChosenModel | undefined {
  const asked = check(v.nullish(v.string()), value, 'model') ?? ''
  const name = asked.trim()
  if (name === '') return undefined
  if (asked.length > MAX_LENGTH) {
    throw new ProxyError('invalid_value', 'invalid model name', { param: 'model' })
  }
  const named = findModel(name, models)
  if (debugModel !== undefined) return { asked, ...resolveModel(debugModel, models) }
  if (named === undefined) throw modelNotFound(name)
  return { asked, slug: named.entry.slug, ...named }
}
