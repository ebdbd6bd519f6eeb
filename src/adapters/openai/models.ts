/** The model list (API objects `list` and `model`), and the catalogue that the Codex CLI reads. */

import { ProxyError } from '../../domain/errors.ts'
import { type ListOptions, listedNames, resolveModel, UNDATED_MS } from '../../domain/models.ts'
import { plainText } from '../../domain/plain-text.ts'
import type { CatalogRecord, ModelEntry } from '../../domain/ports.ts'

/** The catalogue has no dates, and readers take 0 for missing. */
const CREATED_AT = UNDATED_MS / 1000
/** Longest part of an unknown name that is told back. */
const MAX_NAME_LENGTH = 100

/** Encodes the list of models. */
export function encodeModels(models: readonly ModelEntry[], options: ListOptions) {
  const data = models.flatMap(entry =>
    listedNames(entry, options).map(name => encodeModel(name, entry)),
  )
  return { object: 'list', data }
}

/**
 * Encodes one model, under the name it was asked for: any name that a request may use for it.
 *
 * @throws ProxyError `model_not_found`.
 */
export function encodeModelNamed(name: string, models: readonly ModelEntry[]) {
  const { entry } = resolveModel(name, models)
  if (entry) return encodeModel(name, entry)
  throw new ProxyError(
    'model_not_found',
    `The model ${JSON.stringify(plainText(name, MAX_NAME_LENGTH))} does not exist, or this account does not have it. GET /v1/models lists what there is.`,
    { param: 'model' },
  )
}

function encodeModel(id: string, { contextWindow }: ModelEntry) {
  return {
    id,
    object: 'model',
    created: CREATED_AT,
    owned_by: 'openai',
    ...(contextWindow !== undefined && { context_length: contextWindow }),
  }
}

/**
 * Encodes the catalogue as the upstream told it. Without a record it has no models, and the list
 * beside it: the CLI takes an entry for the whole truth about a model, its own prompt included, so
 * one made up here would take from it what it knows by itself.
 */
export function encodeCodexCatalog(
  models: readonly ModelEntry[],
  record: CatalogRecord | undefined,
  { isTagged }: Pick<ListOptions, 'isTagged'>,
): { readonly models: readonly unknown[] } {
  if (record) return { models: record.models }
  return { ...encodeModels(models, { exposesEfforts: false, isTagged }), models: [] }
}
