/** Messages and their parts, as the OpenAI API and its clients spell them. */

import * as v from 'valibot'
import { IMAGE_DETAILS } from '../../domain/conversation.ts'
import { AnyObject, listOf } from '../fields/check.ts'
import { MAX_PARTS } from '../fields/limits.ts'

const OptionalText = v.nullish(v.string())
const Detail = v.nullish(v.picklist(IMAGE_DETAILS))

/** A part in the form of either API: clients mix them. Which role may say what is seen later. */
export const WirePart = v.variant('type', [
  v.object({ type: v.picklist(['text', 'input_text', 'output_text']), text: v.string() }),
  v.object({
    type: v.literal('image_url'),
    image_url: v.union([v.string(), v.object({ url: v.string(), detail: Detail })]),
  }),
  v.object({
    type: v.literal('input_image'),
    image_url: OptionalText,
    file_id: OptionalText,
    detail: Detail,
  }),
  v.object({
    type: v.literal('file'),
    file: v.object({ file_data: OptionalText, file_id: OptionalText, filename: OptionalText }),
  }),
  v.object({
    type: v.literal('input_file'),
    file_data: OptionalText,
    file_id: OptionalText,
    file_url: OptionalText,
    filename: OptionalText,
  }),
  v.object({ type: v.literal('refusal'), refusal: v.string() }),
  v.object({ type: v.literal('input_audio') }),
  // As tools of the Model Context Protocol give it.
  v.object({ type: v.literal('image'), data: v.string(), mimeType: v.string() }),
])
/** A checked part. */
export type WirePart = v.InferOutput<typeof WirePart>

/** What a message says: a text, or parts. */
export const WireContent = v.union([v.string(), v.pipe(v.array(WirePart), v.maxLength(MAX_PARTS))])
/** Checked content. */
export type WireContent = v.InferOutput<typeof WireContent>

const Name = v.pipe(v.string(), v.nonEmpty())
const FunctionCall = v.object({
  name: Name,
  arguments: v.nullish(v.union([v.string(), AnyObject])),
})

const ToolCall = v.object({
  id: OptionalText,
  type: v.nullish(v.picklist(['function', 'custom'])),
  function: v.nullish(FunctionCall),
  custom: v.nullish(v.object({ name: Name, input: OptionalText })),
})
/** A checked call of a tool. */
export type WireToolCall = v.InferOutput<typeof ToolCall>

/**
 * A message of the chat API. Other fields (names, reasoning that was told, cache marks) are left
 * out: the backend has no place for them.
 */
export const WireMessage = v.variant('role', [
  v.object({ role: v.picklist(['system', 'developer', 'user']), content: WireContent }),
  v.object({
    role: v.literal('assistant'),
    content: v.nullish(WireContent),
    refusal: OptionalText,
    audio: v.nullish(v.unknown()),
    tool_calls: v.nullish(listOf(ToolCall, MAX_PARTS)),
    function_call: v.nullish(FunctionCall),
  }),
  v.object({
    role: v.literal('tool'),
    content: v.nullish(WireContent),
    tool_call_id: OptionalText,
    toolCallId: OptionalText,
    call_id: OptionalText,
  }),
  v.object({ role: v.literal('function'), content: v.nullish(WireContent), name: Name }),
])
/** A checked message. */
export type WireMessage = v.InferOutput<typeof WireMessage>
