/** The account's models, as the backend tells them (`GET …/codex/models`). */

import { EFFORTS, type Effort } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { asNumber, asObject, asString, type JsonObject, objectsOf } from '../../domain/json.ts'
import { plainText } from '../../domain/plain-text.ts'
import type {
  CatalogRecord,
  CatalogSource,
  Clock,
  ModelCatalog,
  ModelEntry,
} from '../../domain/ports.ts'
import type { Query } from './query.ts'

/** A model, with what only this backend's requests need to know. */
export interface BackendModel extends ModelEntry {
  /** Whether requests take the "Responses Lite" form (`use_responses_lite`). */
  readonly lite: boolean
}

/** The catalogue with what requests need to know. */
export interface BackendCatalog extends ModelCatalog {
  list(): readonly BackendModel[]
}

/** What asking for the models depends on. */
export interface CatalogSourceOptions {
  readonly query: Query
  /** `a.b.c`: models that are newer than such a client of the backend are not told. */
  readonly clientVersion: string
  readonly clock: Clock
}

/** The backend tells levels of thinking only, yet these can do without (`none`) as well. */
const TAKE_NONE = ['gpt-6-sol', 'gpt-6-luna', 'gpt-6.1-terra', 'gpt-5.5']

/** Longest text for people that is kept. */
const MAX_TEXT_LENGTH = 500

/** Creates the source. Only models that the backend lists are read, the one it puts first first. */
export function createCatalogSource(options: CatalogSourceOptions): CatalogSource<BackendModel> {
  const { query, clientVersion, clock } = options
  return {
    async fetch(credentials, signal) {
      const path = `/codex/models?client_version=${encodeURIComponent(clientVersion)}`
      const { body, headers } = await query(path, credentials, signal)
      const models = asObject(body)?.['models']
      if (!Array.isArray(models)) {
        throw new ProxyError(
          'upstream_invalid_response',
          'The upstream answered with something else than a list of models. Check CHATGPT_LOCAL_BASE_URL.',
        )
      }
      return {
        fetchedAt: clock.now(),
        etag: headers.get('etag') ?? undefined,
        clientVersion,
        models,
      }
    },
    decode: decodeModels,
  }
}

function decodeModels({ models }: CatalogRecord): readonly BackendModel[] {
  const listed = objectsOf(models).filter(model => model['visibility'] === 'list')
  const sorted = listed.toSorted((one, other) => rank(one) - rank(other))
  const bySlug = new Map<string, BackendModel>()
  for (const model of sorted) {
    const slug = asString(model['slug']) ?? ''
    if (/^[\x21-\x7e]+$/.test(slug) && !bySlug.has(slug)) bySlug.set(slug, decodeModel(slug, model))
  }
  return [...bySlug.values()]
}

function rank(model: JsonObject): number {
  return asNumber(model['priority']) ?? Number.POSITIVE_INFINITY
}

function decodeModel(slug: string, model: JsonObject): BackendModel {
  const efforts = readEfforts(slug, model['supported_reasoning_levels'])
  const defaultEffort = asEffort(model['default_reasoning_level'])
  const modalities = model['input_modalities']
  return {
    slug,
    displayName: shown(model['display_name']) ?? slug,
    description: shown(model['description']),
    efforts,
    defaultEffort,
    ultraEffort: readUltra(efforts, defaultEffort, asEffort(model['multi_agent_reasoning_effort'])),
    contextWindow: asSize(model['context_window']) ?? asSize(model['max_context_window']),
    images: !Array.isArray(modalities) || modalities.includes('image'),
    priority: hasPriority(model),
    lite: model['use_responses_lite'] === true,
  }
}

function readEfforts(slug: string, levels: unknown): readonly Effort[] {
  const told = names(levels, 'effort')
  const efforts = EFFORTS.filter(effort => told.includes(effort))
  const addsNone = TAKE_NONE.includes(slug) && efforts.length > 0 && !efforts.includes('none')
  return addsNone ? ['none', ...efforts] : efforts
}

/** A model without `ultra` thinks as hard as it does by default for those who ask for it. */
function readUltra(
  efforts: readonly Effort[],
  defaultEffort: Effort | undefined,
  told: Effort | undefined,
): BackendModel['ultraEffort'] {
  const effort = efforts.includes('ultra') ? told : defaultEffort
  return effort === undefined || effort === 'ultra' ? 'max' : effort
}

/** The tier has two names. */
function hasPriority(model: JsonObject): boolean {
  const tiers = [model['service_tiers'], model['additional_speed_tiers']]
  return tiers.flatMap(tier => names(tier, 'id')).some(id => id === 'priority' || id === 'fast')
}

/** Reads an array of strings, or of objects that have them under `key`. */
function names(value: unknown, key: string): readonly unknown[] {
  return Array.isArray(value) ? value.map(element => asObject(element)?.[key] ?? element) : []
}

function asEffort(value: unknown): Effort | undefined {
  return EFFORTS.find(effort => effort === value)
}

function asSize(value: unknown): number | undefined {
  const size = asNumber(value)
  return size !== undefined && size > 0 ? size : undefined
}

function shown(value: unknown): string | undefined {
  return plainText(asString(value) ?? '', MAX_TEXT_LENGTH) || undefined
}
