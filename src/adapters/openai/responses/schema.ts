/** Bodies of the Responses API, checked once at the edge; what stands in items and tools is read later. */

import * as v from 'valibot'
import { EFFORTS, SUMMARIES, VERBOSITIES } from '../../../domain/conversation.ts'
import { AnyObject, listOf } from '../../fields/check.ts'
import { MAX_MESSAGES, MAX_TOOLS } from '../../fields/limits.ts'

/** More than the API has values for. */
const MAX_INCLUDES = 100

const Count = v.pipe(v.number(), v.integer(), v.minValue(1))

/** Fields without effect that the answer repeats, as the API does: so they must be what they should. */
const ECHOED = {
  temperature: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  top_p: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  max_output_tokens: v.nullish(Count),
  max_tool_calls: v.nullish(Count),
  metadata: v.nullish(AnyObject),
  user: v.nullish(v.string()),
  safety_identifier: v.nullish(v.string()),
  truncation: v.nullish(v.string()),
}

/** Names of the fields of a request that an answer repeats. */
export const ECHOED_FIELDS = Object.keys(ECHOED)

/** Fields that say which conversation it is. */
const TOLD = {
  model: v.pipe(v.string(), v.nonEmpty()),
  input: v.nullish(
    v.union([v.string(), v.pipe(v.array(AnyObject), v.maxLength(MAX_MESSAGES)), AnyObject]),
  ),
  instructions: v.nullish(v.string()),
  previous_response_id: v.nullish(v.string()),
  prompt_cache_key: v.nullish(v.string()),
}

/** Names of the fields that have an effect where a conversation is made shorter. */
export const COMPACT_FIELDS = Object.keys(TOLD)

/** Fields that have an effect. */
const READ = {
  ...TOLD,
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(AnyObject),
  store: v.nullish(v.boolean()),
  tools: v.nullish(listOf(AnyObject, MAX_TOOLS)),
  tool_choice: v.nullish(v.union([v.string(), AnyObject])),
  parallel_tool_calls: v.nullish(v.boolean()),
  reasoning: v.nullish(
    v.looseObject({
      effort: v.nullish(v.picklist(EFFORTS)),
      summary: v.nullish(v.picklist(SUMMARIES)),
      generate_summary: v.nullish(v.picklist(SUMMARIES)),
    }),
  ),
  text: v.nullish(
    v.looseObject({ format: v.nullish(AnyObject), verbosity: v.nullish(v.picklist(VERBOSITIES)) }),
  ),
  include: v.nullish(v.pipe(v.array(v.string()), v.maxLength(MAX_INCLUDES))),
  service_tier: v.nullish(v.string()),
  fast_mode: v.nullish(v.unknown()),
  client_metadata: v.nullish(AnyObject),
}

/** Names of the fields that have an effect. */
export const READ_FIELDS = Object.keys(READ)

/** `POST /v1/responses`. What it does not name is refused or ignored by its policy. */
export const ResponseBody = v.looseObject({ ...READ, ...ECHOED })

/** A checked body. */
export type ResponseBody = v.InferOutput<typeof ResponseBody>
