/** The model list (API objects `list` and `model`), and the catalogue that the Codex CLI reads. */

import { EFFORTS } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { resolveModel } from '../../domain/models.ts'
import type { CatalogRecord, ModelEntry } from '../../domain/ports.ts'

/** The catalogue has no dates, and readers take 0 for missing: the first day of 2026. */
const CREATED_AT = 1_767_225_600

/** Encodes the list of models; with `exposesEfforts` each is followed by itself with each effort. */
export function encodeModels(
  models: readonly ModelEntry[],
  { exposesEfforts }: { readonly exposesEfforts: boolean },
) {
  const data = models.flatMap(entry => {
    const efforts = exposesEfforts ? EFFORTS.filter(effort => entry.efforts.includes(effort)) : []
    const names = [entry.slug, ...efforts.map(effort => `${entry.slug}-${effort}`)]
    return names.map(name => encodeModel(name, entry))
  })
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
    `The model ${JSON.stringify(name.slice(0, 100))} does not exist, or this account does not have it. GET /v1/models lists what there is.`,
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

/** Most bytes of a command's output that the CLI passes on; its own default. */
const OUTPUT_LIMIT_BYTES = 10_000

/** Encodes the catalogue: as the upstream told it, else what the CLI cannot do without. */
export function encodeCodexCatalog(
  models: readonly ModelEntry[],
  record: CatalogRecord | undefined,
): { readonly models: readonly unknown[] } {
  return { models: record?.models ?? models.map(encodeCodexModel) }
}

function encodeCodexModel(entry: ModelEntry, rank: number) {
  return {
    slug: entry.slug,
    display_name: entry.displayName,
    description: entry.description ?? null,
    default_reasoning_level: entry.defaultEffort ?? null,
    supported_reasoning_levels: EFFORTS.filter(effort => entry.efforts.includes(effort)).map(
      effort => ({ effort, description: effort }),
    ),
    shell_type: 'shell_command',
    visibility: 'list',
    supported_in_api: true,
    priority: rank + 1,
    upgrade: null,
    base_instructions: '',
    supports_reasoning_summaries: true,
    support_verbosity: true,
    default_verbosity: null,
    apply_patch_tool_type: 'freeform',
    truncation_policy: { mode: 'bytes', limit: OUTPUT_LIMIT_BYTES },
    supports_parallel_tool_calls: true,
    context_window: entry.contextWindow ?? null,
    experimental_supported_tools: [],
    input_modalities: entry.images ? ['text', 'image'] : ['text'],
    service_tiers: entry.priority ? [{ id: 'priority', name: 'Fast', description: '' }] : [],
  }
}
