/** The completions that came before chats. */

import type { JsonObject } from '../../../domain/json.ts'
import type { Route } from '../../http/exchange.ts'
import { type AnswerParts, answer, type Plan, withoutSummary } from '../chat/answer.ts'
import type { DecodeOptions } from '../chat/decode.ts'
import { decodeCompletion } from './decode.ts'
import { createCompletionEncoder, encodeCompletion } from './encoder.ts'

/** Returns the route, without `/v1`. */
export function completionRoutes(parts: AnswerParts): readonly Route[] {
  return [{ method: 'POST', path: '/completions', handle: answer(parts, planCompletion) }]
}

function planCompletion(body: JsonObject, options: DecodeOptions): Plan {
  const completion = decodeCompletion(body, options)
  return {
    ...completion,
    request: withoutSummary(completion.request),
    encoder: facts => createCompletionEncoder(facts, completion),
    whole: (events, facts) => encodeCompletion(events, facts, completion),
  }
}
