/** Bodies of `/api/chat` and `/api/generate`, checked once at the edge; large pieces have schemas of their own. */

import * as v from 'valibot'
import { AnyObject, listOf } from '../fields/check.ts'
import { MAX_MESSAGES, MAX_PARTS } from '../fields/limits.ts'
import { TOOL_FIELDS } from '../fields/toolset.ts'
import { WireMessage } from './chat/message-schema.ts'

const OptionalText = v.nullish(v.string())
const Switch = v.nullish(v.boolean())

/** What every body says of how to answer; the last two are those of the Python ChatMock. */
const GenerationFields = {
  model: v.string(),
  stream: Switch,
  think: v.nullish(v.unknown()),
  format: v.nullish(v.unknown()),
  options: v.nullish(AnyObject),
  keep_alive: v.nullish(v.unknown()),
  fast_mode: v.nullish(v.unknown()),
  service_tier: OptionalText,
}

/** What every body checks, and its policy looks at. */
const OtherFields = {
  truncate: Switch,
  shift: Switch,
  logprobs: Switch,
  top_logprobs: v.nullish(v.pipe(v.number(), v.integer())),
  _debug_render_only: Switch,
}

/** What either body says of how to answer, checked. */
export type GenerationBody = v.InferOutput<
  v.ObjectSchema<typeof GenerationFields & typeof OtherFields, undefined>
>

const ChatFields = {
  ...GenerationFields,
  messages: v.nullish(listOf(WireMessage, MAX_MESSAGES)),
  ...TOOL_FIELDS,
}

/** `POST /api/chat`. */
export const ChatBody = v.looseObject({ ...ChatFields, ...OtherFields })
/** A checked chat body. */
export type ChatBody = v.InferOutput<typeof ChatBody>
/** The fields of a chat body that have an effect. */
export const CHAT_FIELDS: readonly string[] = Object.keys(ChatFields)

const GenerateFields = {
  ...GenerationFields,
  prompt: OptionalText,
  suffix: OptionalText,
  system: OptionalText,
  images: v.nullish(listOf(v.string(), MAX_PARTS)),
  raw: Switch,
  context: v.nullish(v.unknown()),
}

/** `POST /api/generate`. */
export const GenerateBody = v.looseObject({
  ...GenerateFields,
  ...OtherFields,
  template: OptionalText,
})
/** A checked body of `/api/generate`. */
export type GenerateBody = v.InferOutput<typeof GenerateBody>
/** The fields of such a body that have an effect. */
export const GENERATE_FIELDS: readonly string[] = Object.keys(GenerateFields)
