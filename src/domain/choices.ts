/** What a request leaves open and the service fills in: the same for every way of asking. */

import type { Effort, Priority, Summary } from './conversation.ts'
import { ProxyError } from './errors.ts'
import { fitEffort, resolveModel } from './models.ts'
import type { ModelEntry } from './ports.ts'

/** What a request may choose. */
export interface Choices {
  readonly model: string
  readonly effort: Effort | undefined
  readonly summary: Summary | undefined
  readonly priority: Priority | undefined
}

/** What the service fills in where a request leaves the choice open. */
export interface ChoiceDefaults {
  /** `undefined` lets each model use its own default. */
  readonly effort: Effort | undefined
  readonly summary: Summary
  /** Takes the place of the model of every request. */
  readonly debugModel: string | undefined
  /** Whether to wish for the fast tier. */
  readonly fastMode: boolean
}

/** Choices that are made: the slug of a model, an effort that it takes, a tier that it has. */
export interface MadeChoices {
  readonly model: string
  readonly effort: Exclude<Effort, 'ultra'>
  readonly summary: Summary
  readonly priority: 'required' | 'never'
}

/**
 * Makes the choices: the request's first, then what the name of the model says, then the defaults.
 *
 * @throws ProxyError `unsupported_value` if the fast tier is required of a model that lacks it.
 */
export function makeChoices(
  choices: Choices,
  models: readonly ModelEntry[],
  defaults: ChoiceDefaults,
): MadeChoices {
  const { slug, effort, entry } = resolveModel(defaults.debugModel ?? choices.model, models)
  const wantedEffort =
    choices.effort ?? effort ?? defaults.effort ?? entry?.defaultEffort ?? 'medium'
  return {
    model: slug,
    effort: fitEffort(wantedEffort, entry),
    summary: choices.summary ?? defaults.summary,
    priority: fitPriority(
      choices.priority ?? (defaults.fastMode ? 'wished' : 'never'),
      slug,
      entry,
    ),
  }
}

/** Tells whether the model that a name means has a fast tier; one that is not listed may have. */
export function hasFastTier(name: string, models: readonly ModelEntry[]): boolean {
  return resolveModel(name, models).entry?.priority !== false
}

function fitPriority(
  wanted: Priority,
  slug: string,
  entry: ModelEntry | undefined,
): MadeChoices['priority'] {
  const isOffered = entry === undefined || entry.priority
  if (wanted === 'required' && !isOffered) {
    throw new ProxyError(
      'unsupported_value',
      `The model ${slug} has no fast mode. Leave fast_mode out, or choose another model.`,
      { param: 'fast_mode' },
    )
  }
  return wanted !== 'never' && isOffered ? 'required' : 'never'
}
