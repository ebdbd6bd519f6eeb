/** The models of the demo. */

import type { ModelCatalog, ModelEntry } from '../../domain/ports.ts'

const MODELS: readonly ModelEntry[] = [
  {
    slug: 'demo',
    efforts: ['low', 'medium', 'high', 'max'],
    defaultEffort: 'medium',
    contextWindow: 128_000,
    priority: true,
  },
]

/** Creates a catalogue of one model, `demo`. The demo answers to any other name as well. */
export function createDemoCatalog(): ModelCatalog {
  return { list: () => MODELS }
}
