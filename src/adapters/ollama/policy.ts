/** What becomes of each field of a body that has the model write something. */

import { type FieldPolicy, NO_LOG_PROBABILITIES } from '../fields/policy.ts'

/** Returns the policy of a body of which the fields `read` have an effect. */
export function policyOf(read: readonly string[]): FieldPolicy {
  return {
    read: new Set([...read, 'logprobs', 'top_logprobs']),
    refused: new Map([
      ['logprobs', NO_LOG_PROBABILITIES],
      ['top_logprobs', NO_LOG_PROBABILITIES],
    ]),
    // Whatever does not fit is the upstream's to cut or to refuse, and no template is needed.
    honoured: new Map<string, unknown>([
      ['truncate', true],
      ['shift', true],
      ['template', ''],
      ['_debug_render_only', false],
    ]),
  }
}
