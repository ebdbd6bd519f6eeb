/** Model names as people write them and as lists have them, and the efforts a model takes. */

import { EFFORTS, type Effort } from './conversation.ts'
import type { ModelEntry } from './ports.ts'

/** A model name taken apart. `entry` is `undefined` for a name the catalogue does not list. */
export interface ResolvedModel {
  readonly slug: string
  readonly effort: Effort | undefined
  readonly entry: ModelEntry | undefined
}

/** Ollama's clients add `:latest` to any name that has no tag. */
const WITH_EFFORT = new RegExp(`^(.+)([-_:])(${EFFORTS.join('|')})(?::latest)?$`, 'i')

/** Models have names of their own that end like this, so an unlisted one is not cut there. */
const ENDINGS_OF_NAMES: readonly Effort[] = ['max', 'ultra']

/**
 * Finds the model that a name means, in `models`, which are sorted best first:
 *
 * 1. the slug itself, then a slug followed by `-effort`, `_effort` or `:effort`;
 * 2. the same for an alias: case does not matter, `gpt5` is `gpt-5`, `-latest` and `:latest`
 *    may be there or not, a provider may stand before a slash (`openai/gpt-5`), and `codex` is the
 *    first model, as is an empty name.
 *
 * An effort is cut off an unlisted name as well, except `-max` and `-ultra` (with `_` too).
 * Any other name passes through unchanged, for the upstream to judge.
 */
export function resolveModel(name: string, models: readonly ModelEntry[]): ResolvedModel {
  const cut = cutEffort(name)
  const readings = [{ base: name, effort: undefined }, ...(cut ? [cut] : [])]
  for (const find of [findSlug, findAlias]) {
    for (const { base, effort } of readings) {
      const entry = find(base, models)
      if (entry) return { slug: entry.slug, effort, entry }
    }
  }
  if (cut?.isCertain) return { slug: cut.base, effort: cut.effort, entry: undefined }
  return { slug: name, effort: undefined, entry: undefined }
}

function cutEffort(name: string) {
  const [, base, separator, suffix] = WITH_EFFORT.exec(name) ?? []
  const effort = EFFORTS.find(known => known === suffix?.toLowerCase())
  if (base === undefined || effort === undefined) return undefined
  return { base, effort, isCertain: separator === ':' || !ENDINGS_OF_NAMES.includes(effort) }
}

function findSlug(name: string, models: readonly ModelEntry[]): ModelEntry | undefined {
  return models.find(({ slug }) => slug === name)
}

function findAlias(name: string, models: readonly ModelEntry[]): ModelEntry | undefined {
  const entry =
    models.find(({ slug }) => tidy(slug) === tidy(name)) ??
    models.find(({ slug }) => withoutLatest(slug) === withoutLatest(name))
  return entry ?? (name === '' || withoutLatest(name) === 'codex' ? models[0] : undefined)
}

function tidy(name: string): string {
  return name
    .toLowerCase()
    .replace(/^.*\//, '')
    .replace(/^gpt(?=\d)/, 'gpt-')
}

function withoutLatest(name: string): string {
  return tidy(name).replace(/[-:]latest$/, '')
}

/** How models are listed. */
export interface ListOptions {
  /** Whether each model is followed by itself with each of its efforts. */
  readonly exposesEfforts: boolean
  /** Whether names are tagged as Ollama's are: `demo:latest`, `demo:high`. */
  readonly isTagged: boolean
}

/** Models known by heart have no date, and readers insist on one, in Unix milliseconds. */
export const UNDATED_MS = Date.UTC(2026, 0, 1)

/** Returns the names under which a model is listed, its own first. */
export function listedNames(
  entry: ModelEntry,
  { exposesEfforts, isTagged }: ListOptions,
): readonly string[] {
  const efforts = exposesEfforts ? EFFORTS.filter(effort => entry.efforts.includes(effort)) : []
  return [undefined, ...efforts].map(effort => listedName(entry, effort, isTagged))
}

/** Returns the one name of them that asks for an effort, or for none. */
export function listedName(
  { slug }: ModelEntry,
  effort: Effort | undefined,
  isTagged: boolean,
): string {
  // A name has one tag.
  const takesTag = isTagged && !slug.includes(':')
  if (effort === undefined) return takesTag ? `${slug}:latest` : slug
  return `${slug}${takesTag ? ':' : '-'}${effort}`
}

/**
 * Fits an effort to a model: the nearest level it takes at or below the wanted one, else its
 * lowest. `none` stands for no thinking at all, so it is taken only where it is wanted, or where
 * the model knows nothing else. `ultra` becomes what the model has for it, or `max`. Without a
 * catalogue entry any other effort stands.
 */
export function fitEffort(wanted: Effort, entry: ModelEntry | undefined): Exclude<Effort, 'ultra'> {
  const goal = wanted === 'ultra' ? (entry?.ultraEffort ?? 'max') : wanted
  const sendable = EFFORTS.filter(effort => effort !== 'ultra')
  const taken = sendable.filter(effort => entry?.efforts.includes(effort))
  if (taken.includes(goal)) return goal
  const levels = taken.filter(effort => effort !== 'none')
  const below = levels.filter(effort => EFFORTS.indexOf(effort) < EFFORTS.indexOf(goal))
  return below.at(-1) ?? levels[0] ?? taken[0] ?? goal
}

/** Tells whether a model thinks at any effort. */
export function canThink({ efforts }: ModelEntry): boolean {
  return efforts.some(effort => effort !== 'none')
}
