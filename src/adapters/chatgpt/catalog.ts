/** The models of the backend as far as they are known without asking it. */

import type { Effort } from '../../domain/conversation.ts'
import type { ModelCatalog, ModelEntry } from '../../domain/ports.ts'

/** A model, with what only this backend's requests need to know. */
export interface BackendModel extends ModelEntry {
  /** Whether requests take the "Responses Lite" form (`use_responses_lite`). */
  readonly lite: boolean
}

/** The catalogue with what requests need to know. */
export interface BackendCatalog extends ModelCatalog {
  list(): readonly BackendModel[]
}

const TO_XHIGH: readonly Effort[] = ['low', 'medium', 'high', 'xhigh']
const TO_MAX: readonly Effort[] = [...TO_XHIGH, 'max']

/** The public models that a Codex client of November 2026 is offered, in the backend's order. */
const KNOWN_MODELS: readonly BackendModel[] = [
  model('gpt-6.1-sol', 'low', TO_MAX, 272_000, true),
  model('gpt-6-astra', 'low', TO_MAX, 272_000, true),
  model('gpt-6-sol', 'medium', TO_MAX, 272_000, true),
  model('gpt-6-luna', 'medium', TO_MAX, 272_000, true),
  model('gpt-5.6-sol', 'low', TO_MAX, 272_000, true),
  model('gpt-6.1-terra', 'low', TO_MAX, 500_000, true),
  model('gpt-5.6-terra', 'medium', TO_MAX, 272_000, true),
  model('gpt-5.6-luna', 'medium', TO_MAX, 272_000, true),
  model('gpt-5.5', 'medium', TO_XHIGH, 272_000, false),
]

/** Creates a catalogue of the models known when this version was made. */
export function createKnownCatalog(): BackendCatalog {
  return { list: () => KNOWN_MODELS }
}

function model(
  slug: string,
  defaultEffort: Effort,
  efforts: readonly Effort[],
  contextWindow: number,
  lite: boolean,
): BackendModel {
  return { slug, defaultEffort, efforts, contextWindow, lite, priority: true }
}
