/** Model names as people write them, and the efforts a model takes. */

import { EFFORTS, type Effort } from './conversation.ts'
import type { ModelEntry } from './ports.ts'

/** A model name taken apart. `entry` is `undefined` for a name the catalogue does not list. */
export interface ResolvedModel {
  readonly slug: string
  readonly effort: Effort | undefined
  readonly entry: ModelEntry | undefined
}

/**
 * Finds the model that a name means: the exact slug first, then a slug followed by
 * `-effort`, `_effort` or `:effort`. Any other name passes through unchanged, for the
 * upstream to judge.
 */
export function resolveModel(name: string, models: readonly ModelEntry[]): ResolvedModel {
  const exact = models.find(model => model.slug === name)
  if (exact) return { slug: name, effort: undefined, entry: exact }
  for (const entry of models) {
    if (!name.startsWith(entry.slug) || !'-_:'.includes(name[entry.slug.length] ?? ' ')) continue
    const suffix = name.slice(entry.slug.length + 1)
    const effort = EFFORTS.find(known => known === suffix)
    if (effort) return { slug: entry.slug, effort, entry }
  }
  return { slug: name, effort: undefined, entry: undefined }
}

/**
 * Fits an effort to a model: the nearest level it takes at or below the wanted one, else
 * its lowest. Without a catalogue entry the wanted effort stands.
 */
export function fitEffort(wanted: Effort, entry: ModelEntry | undefined): Effort {
  const taken = EFFORTS.filter(effort => entry?.efforts.includes(effort))
  const below = taken.filter(effort => EFFORTS.indexOf(effort) <= EFFORTS.indexOf(wanted))
  return below.at(-1) ?? taken[0] ?? wanted
}
