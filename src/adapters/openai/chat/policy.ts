/** What becomes of each field of a chat body. */

import { asObject } from '../../../domain/json.ts'
import type { FieldPolicy, Refusal } from '../policy.ts'
import { CHAT_FIELDS } from './schema.ts'

const isOne = (value: unknown) => value === 1
const isEmptyObject = (value: unknown) => Object.keys(asObject(value) ?? { no: 0 }).length === 0
const isTextOnly = (value: unknown) =>
  Array.isArray(value) && value.every(modality => modality === 'text')

/** One answer a request, in every endpoint that has `n`. */
export const ONE_ANSWER: Refusal = {
  asksForNothing: isOne,
  why: 'one answer a request is all there is',
  code: 'unsupported_value',
}

/** No log probabilities, in every endpoint that has them. */
export const NO_LOG_PROBABILITIES: Refusal = {
  asksForNothing: value => value === false || value === 0,
  why: 'the backend gives no log probabilities',
  code: 'unsupported_parameter',
}

/** No bias, in every endpoint that has `logit_bias`. */
export const NO_BIAS: Refusal = {
  asksForNothing: isEmptyObject,
  why: 'the backend does not take a bias',
  code: 'unsupported_parameter',
}

/** The policy of a chat body. */
export const CHAT_POLICY: FieldPolicy = {
  read: new Set([...CHAT_FIELDS, 'n', 'logprobs', 'top_logprobs', 'modalities']),
  refused: new Map([
    ['n', ONE_ANSWER],
    ['logprobs', NO_LOG_PROBABILITIES],
    ['top_logprobs', NO_LOG_PROBABILITIES],
    ['logit_bias', NO_BIAS],
    [
      'modalities',
      {
        asksForNothing: isTextOnly,
        why: 'the backend answers in text only',
        code: 'unsupported_value',
      },
    ],
    [
      'moderation',
      {
        asksForNothing: () => false,
        why: 'the backend moderates by its own rules only',
        code: 'unsupported_parameter',
      },
    ],
  ]),
  // Nothing is ever stored.
  honoured: new Map([['store', false]]),
  nested: new Map([
    ['stream_options', new Set(['include_usage'])],
    ['reasoning', new Set(['effort', 'summary', 'max_tokens', 'enabled', 'exclude'])],
    ['thinking', new Set(['type', 'budget_tokens'])],
    ['text', new Set(['verbosity', 'format'])],
    ['web_search_options', new Set(['search_context_size', 'user_location', 'filters'])],
  ]),
}

/** The policy of a chat body without messages. */
export const INPUT_POLICY: FieldPolicy = {
  ...CHAT_POLICY,
  read: new Set([...CHAT_POLICY.read, 'input', 'prompt', 'instructions']),
}
