/** The model list (API objects `list` and `model`), and the catalogue that the Codex CLI reads. */

import { EFFORTS } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { resolveModel } from '../../domain/models.ts'
import { plainText } from '../../domain/plain-text.ts'
import type { CatalogRecord, ModelEntry } from '../../domain/ports.ts'

/** The catalogue has no dates, and readers take 0 for missing: the first day of 2026. */
const CREATED_AT = 1_767_225_600
/** Longest part of an unknown name that is told back. */
const MAX_NAME_LENGTH = 100

/** How the list is told. */
export interface ListOptions {
  /** Whether each model is followed by itself with each of its efforts. */
  readonly exposesEfforts: boolean
  /** Whether names are tagged as Ollama's are: `demo:latest`, `demo:high`. */
  readonly isTagged: boolean
}

/** Encodes the list of models. */
export function encodeModels(
  models: readonly ModelEntry[],
  { exposesEfforts, isTagged }: ListOptions,
) {
  const data = models.flatMap(entry => {
    const efforts = exposesEfforts ? EFFORTS.filter(effort => entry.efforts.includes(effort)) : []
    return namesOf(entry, efforts, isTagged).map(name => encodeModel(name, entry))
  })
  return { object: 'list', data }
}

function namesOf({ slug }: ModelEntry, efforts: readonly string[], isTagged: boolean) {
  // A name has one tag.
  if (!isTagged || slug.includes(':')) return [slug, ...efforts.map(effort => `${slug}-${effort}`)]
  return ['latest', ...efforts].map(tag => `${slug}:${tag}`)
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
