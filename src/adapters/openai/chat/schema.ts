/** Bodies of chats, checked once at the edge; large pieces have schemas of their own. */

import * as v from 'valibot'
import { VERBOSITIES } from '../../../domain/conversation.ts'
import { listOf } from '../../fields/check.ts'
import { MAX_MESSAGES } from '../../fields/limits.ts'
import { StopText } from '../../fields/stop.ts'
import { WireMessage } from '../message-schema.ts'
import { EffortFields } from './effort.ts'
import { CHAT_TOOL_FIELDS } from './toolset.ts'

/** Most stop texts; the API's own limit. */
const MAX_STOPS = 4

/** What every body reads that has the model write something. */
export const GenerationFields = {
  model: v.pipe(v.string(), v.nonEmpty()),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
  stop: v.nullish(v.union([StopText, v.pipe(v.array(StopText), v.maxLength(MAX_STOPS))])),
  prompt_cache_key: v.nullish(v.string()),
  fast_mode: v.nullish(v.unknown()),
  service_tier: v.nullish(v.string()),
  ...EffortFields,
}

const TokenLimit = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(1)))

/** What such a body checks and then ignores: a mistake is told rather than hidden. */
export const IdleFields = {
  temperature: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(2))),
  top_p: v.nullish(v.pipe(v.number(), v.minValue(0), v.maxValue(1))),
  max_tokens: TokenLimit,
  max_completion_tokens: TokenLimit,
}

const ChatFields = {
  ...GenerationFields,
  messages: v.nullish(listOf(WireMessage, MAX_MESSAGES)),
  ...CHAT_TOOL_FIELDS,
  response_format: v.nullish(v.unknown()),
  text: v.nullish(
    v.looseObject({
      verbosity: v.nullish(v.picklist(VERBOSITIES)),
      format: v.nullish(v.unknown()),
    }),
  ),
  verbosity: v.nullish(v.picklist(VERBOSITIES)),
}

/** `POST /v1/chat/completions`. */
export const ChatBody = v.looseObject({ ...ChatFields, ...IdleFields })
/** A checked chat body. */
export type ChatBody = v.InferOutput<typeof ChatBody>
/** The fields of a chat body that have an effect; more are looked at by its policy. */
export const CHAT_FIELDS: readonly string[] = Object.keys(ChatFields)

/** A chat body that has the Responses API's form, or that of a single prompt. */
export const InputBody = v.looseObject({
  input: v.nullish(v.union([v.string(), v.pipe(v.array(v.unknown()), v.maxLength(MAX_MESSAGES))])),
  prompt: v.nullish(v.string()),
  instructions: v.nullish(v.string()),
})
