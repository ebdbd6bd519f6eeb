/** What becomes of each field of a chat body. */

import { type FieldPolicy, NO_LOG_PROBABILITIES } from '../../fields/policy.ts'
import {
  NO_BACKGROUND,
  NO_BIAS,
  NO_CONVERSATION,
  NO_MODERATION,
  ONE_ANSWER,
  TEXT_ONLY,
} from '../refusals.ts'
import { CHAT_FIELDS } from './schema.ts'

/** The policy of a chat body. */
export const CHAT_POLICY: FieldPolicy = {
  read: new Set([...CHAT_FIELDS, 'n', 'logprobs', 'top_logprobs', 'modalities']),
  refused: new Map([
    ['n', ONE_ANSWER],
    ['logprobs', NO_LOG_PROBABILITIES],
    ['top_logprobs', NO_LOG_PROBABILITIES],
    ['logit_bias', NO_BIAS],
    ['modalities', TEXT_ONLY],
    ['moderation', NO_MODERATION],
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
  read: new Set([...CHAT_POLICY.read, 'input', 'prompt', 'instructions', 'background']),
  refused: new Map([
    ...CHAT_POLICY.refused,
    ['background', NO_BACKGROUND],
    ['conversation', NO_CONVERSATION],
    [
      'previous_response_id',
      {
        asksForNothing: value => value === '',
        why: 'a chat refers to no response: use /v1/responses, or send all items',
        code: 'unsupported_parameter',
      },
    ],
  ]),
}
