/** The model list (API objects `list` and `model`). */

import { ProxyError } from '../../domain/errors.ts'
import { resolveModel } from '../../domain/models.ts'
import type { ModelEntry } from '../../domain/ports.ts'

/** The catalogue has no dates, and readers take 0 for missing: the first day of 2026. */
const CREATED_AT = 1_767_225_600

/** Encodes the list of models. */
export function encodeModels(models: readonly ModelEntry[]) {
  return { object: 'list', data: models.map(({ slug }) => encodeModel(slug)) }
}

/**
 * Encodes one model, under the name it was asked for.
 *
 * @throws ProxyError `model_not_found`.
 */
export function encodeModelNamed(name: string, models: readonly ModelEntry[]) {
  if (resolveModel(name, models).entry) return encodeModel(name)
  throw new ProxyError(
    'model_not_found',
    `The model ${JSON.stringify(name.slice(0, 100))} does not exist, or this account does not have it. GET /v1/models lists what there is.`,
    { param: 'model' },
  )
}

function encodeModel(id: string) {
  return { id, object: 'model', created: CREATED_AT, owned_by: 'openai' }
}
