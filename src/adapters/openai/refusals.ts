/** Refusals of what the API has and the backend cannot do, whichever endpoint asks for it. */

import { asObject } from '../../domain/json.ts'
import type { Refusal } from '../fields/policy.ts'

const isEmptyObject = (value: unknown) => Object.keys(asObject(value) ?? { no: 0 }).length === 0
const isTextOnly = (value: unknown) =>
  Array.isArray(value) && value.every(modality => modality === 'text')

/** One answer a request (`n`, `best_of`). */
export const ONE_ANSWER: Refusal = {
  asksForNothing: value => value === 1,
  why: 'one answer a request is all there is',
  code: 'unsupported_value',
}

/** No bias (`logit_bias`). */
export const NO_BIAS: Refusal = {
  asksForNothing: isEmptyObject,
  why: 'the backend does not take a bias',
  code: 'unsupported_parameter',
}

/** No answers but text (`modalities`). */
export const TEXT_ONLY: Refusal = {
  asksForNothing: isTextOnly,
  why: 'the backend answers in text only',
  code: 'unsupported_value',
}

/** No moderation on request (`moderation`). */
export const NO_MODERATION: Refusal = {
  asksForNothing: () => false,
  why: 'the backend moderates by its own rules only',
  code: 'unsupported_parameter',
}

/** No answers later (`background`). */
export const NO_BACKGROUND: Refusal = {
  asksForNothing: value => value === false,
  why: 'nothing runs in the background: stream the answer instead',
  code: 'unsupported_value',
}

/** No stored conversations (`conversation`). */
export const NO_CONVERSATION: Refusal = {
  asksForNothing: () => false,
  why: 'chatmock stores no conversations: use previous_response_id of /v1/responses, or send all items',
  code: 'unsupported_parameter',
}
