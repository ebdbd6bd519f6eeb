/** The models of the demo. */

import type { ModelCatalog, ModelEntry } from '../../domain/ports.ts'

const MODELS: readonly ModelEntry[] = [
  {
    slug: 'demo',
    displayName: 'Demo',
    description: 'Answers without an account and without a network.',
    efforts: ['low', 'medium', 'high', 'max'],
    defaultEffort: 'medium',
    ultraEffort: 'max',
    contextWindow: 128_000,
    images: true,
    priority: true,
  },
]

/** Creates a catalogue of one model, `demo`. The demo answers to any other name as well. */
export function createDemoCatalog(): ModelCatalog {
  return { list: () => MODELS, record: () => undefined }
}
