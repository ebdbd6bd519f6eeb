import type { ModelEntry } from '../../src/domain/ports.ts'

/** A model that takes low to high and has everything, but for what is given. */
export function modelEntry(over: Partial<ModelEntry> = {}): ModelEntry {
  return {
    slug: 'gpt-5.5',
    displayName: 'GPT-5.5',
    description: undefined,
    efforts: ['low', 'medium', 'high'],
    defaultEffort: undefined,
    ultraEffort: 'max',
    contextWindow: undefined,
    images: true,
    priority: true,
    ...over,
  }
}
