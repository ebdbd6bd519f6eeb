/** Messages as Ollama's clients spell them. */

import * as v from 'valibot'
import { AnyObject, listOf } from '../../fields/check.ts'
import { MAX_PARTS } from '../../fields/limits.ts'
import { ToolName } from '../../fields/tool.ts'

const OptionalText = v.nullish(v.string())

/** Ollama leaves it to each model which ones it knows. */
const Role = v.pipe(v.string(), v.toLowerCase(), v.nonEmpty())

/** Text; the AI SDK sends an empty list where there is none beside an image. */
const Content = v.pipe(
  v.unknown(),
  v.transform(content => (Array.isArray(content) && content.length === 0 ? '' : content)),
  v.string(),
)

const ToolCall = v.object({
  id: OptionalText,
  function: v.object({
    name: ToolName,
    arguments: v.nullish(AnyObject),
    index: v.nullish(v.number()),
  }),
})
/** A checked call of a tool. */
export type WireToolCall = v.InferOutput<typeof ToolCall>

/** A message. What was thought is checked and left out: it is another model's, for all that is known. */
export const WireMessage = v.object({
  role: Role,
  content: v.nullish(Content),
  thinking: OptionalText,
  images: v.nullish(listOf(v.string(), MAX_PARTS)),
  tool_calls: v.nullish(listOf(ToolCall, MAX_PARTS)),
  tool_call_id: OptionalText,
  tool_name: OptionalText,
  name: OptionalText,
})
/** A checked message. */
export type WireMessage = v.InferOutput<typeof WireMessage>
