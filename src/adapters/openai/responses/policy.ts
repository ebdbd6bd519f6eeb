/** What becomes of each field of a request for a response. */

import { ProxyError } from '../../../domain/errors.ts'
import { type FieldPolicy, NO_LOG_PROBABILITIES, type Refusal } from '../../fields/policy.ts'
import {
  NO_BACKGROUND,
  NO_BIAS,
  NO_CONVERSATION,
  NO_MODERATION,
  ONE_ANSWER,
  TEXT_ONLY,
} from '../refusals.ts'
import { COMPACT_FIELDS, READ_FIELDS } from './schema.ts'

/** Fields that would change the shape, the place or the safety of the answer. */
const REFUSED: ReadonlyMap<string, Refusal> = new Map([
  ['n', ONE_ANSWER],
  ['logprobs', NO_LOG_PROBABILITIES],
  ['top_logprobs', NO_LOG_PROBABILITIES],
  ['logit_bias', NO_BIAS],
  ['modalities', TEXT_ONLY],
  ['moderation', NO_MODERATION],
  ['background', NO_BACKGROUND],
  ['conversation', NO_CONVERSATION],
  [
    'prompt',
    {
      asksForNothing: () => false,
      why: 'the backend has no prompt templates: send instructions and input',
      code: 'unsupported_parameter',
    },
  ],
])

/** Refused ones whose harmless value is what happens anyway. */
const HARMLESS = ['n', 'logprobs', 'top_logprobs', 'modalities', 'background']

/** The policy of a request for an answer. */
export const ANSWER_POLICY: FieldPolicy = {
  read: new Set([...READ_FIELDS, ...HARMLESS]),
  refused: REFUSED,
  honoured: new Map([['truncation', 'disabled']]),
  nested: new Map([
    // The context is chosen by the form that a model takes.
    ['reasoning', new Set(['effort', 'summary', 'generate_summary', 'context'])],
    ['text', new Set(['format', 'verbosity'])],
    ['stream_options', new Set()],
  ]),
}

/** The policy of a request to make a conversation shorter: how to answer it means nothing there. */
export const COMPACT_POLICY: FieldPolicy = {
  // Nothing of it is kept in any case.
  read: new Set([...COMPACT_FIELDS, ...HARMLESS, 'store']),
  refused: REFUSED,
  honoured: new Map<string, unknown>([
    ['stream', false],
    ['truncation', 'disabled'],
    ['service_tier', 'auto'],
  ]),
}

/** Values of `include` that the upstream is known to take. */
const INCLUDES: ReadonlySet<string> = new Set([
  'reasoning.encrypted_content',
  'web_search_call.action.sources',
  'message.input_image.image_url',
])

/**
 * Sorts the values of `include` into those that go upstream and the paths of the others.
 *
 * @throws ProxyError `unsupported_value` for what the backend cannot give.
 */
export function sortIncludes(values: readonly string[]): {
  readonly include: readonly string[]
  readonly ignored: readonly string[]
} {
  const paths = values.map((_, i) => `include[${i}]`)
  const bad = paths[values.indexOf('message.output_text.logprobs')]
  if (bad !== undefined) {
    throw new ProxyError(
      'unsupported_value',
      `Unsupported value: '${bad}': ${NO_LOG_PROBABILITIES.why}.`,
      { param: bad },
    )
  }
  return {
    include: values.filter(name => INCLUDES.has(name)),
    ignored: paths.filter((_, i) => !INCLUDES.has(values[i] ?? '')),
  }
}
