/** Request bodies of the OpenAI API, checked once at the edge. */

import * as v from 'valibot'
import { EFFORTS, IMAGE_DETAILS, SUMMARIES, VERBOSITIES } from '../../domain/conversation.ts'

/** Limits far above what clients send, so that a broken one cannot keep the service busy. */
const MAX_MESSAGES = 10_000
const MAX_TOOLS = 512
const MAX_PARTS = 10_000

/** Any JSON object; the library's own record takes arrays too. */
const JsonObject = v.custom<Readonly<Record<string, unknown>>>(
  value => typeof value === 'object' && value !== null && !Array.isArray(value),
)

const NAME_RULE = 'expected 1 to 64 of a-z, A-Z, 0-9, _ and -'
const Name = v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, NAME_RULE))

const TextPart = v.looseObject({ type: v.literal('text'), text: v.string() })

const ContentPart = v.variant('type', [
  TextPart,
  v.looseObject({
    type: v.literal('image_url'),
    image_url: v.union([
      v.string(),
      v.looseObject({ url: v.string(), detail: v.nullish(v.picklist(IMAGE_DETAILS)) }),
    ]),
  }),
  v.looseObject({
    type: v.literal('file'),
    file: v.looseObject({
      file_data: v.nullish(v.string()),
      file_id: v.nullish(v.string()),
      filename: v.nullish(v.string()),
    }),
  }),
])

const AssistantPart = v.variant('type', [
  TextPart,
  v.looseObject({ type: v.literal('refusal'), refusal: v.string() }),
])

const ToolCall = v.looseObject({
  id: v.pipe(v.string(), v.nonEmpty()),
  type: v.nullish(v.literal('function')),
  function: v.looseObject({ name: v.string(), arguments: v.nullish(v.string()) }),
})

const Message = v.variant('role', [
  v.looseObject({
    role: v.picklist(['system', 'developer']),
    content: v.union([v.string(), v.pipe(v.array(TextPart), v.maxLength(MAX_PARTS))]),
  }),
  v.looseObject({
    role: v.literal('user'),
    content: v.union([v.string(), v.pipe(v.array(ContentPart), v.maxLength(MAX_PARTS))]),
  }),
  v.looseObject({
    role: v.literal('assistant'),
    content: v.nullish(
      v.union([v.string(), v.pipe(v.array(AssistantPart), v.maxLength(MAX_PARTS))]),
    ),
    refusal: v.nullish(v.string()),
    tool_calls: v.nullish(v.pipe(v.array(ToolCall), v.maxLength(MAX_PARTS))),
  }),
  v.looseObject({
    role: v.literal('tool'),
    tool_call_id: v.pipe(v.string(), v.nonEmpty()),
    content: v.union([v.string(), v.pipe(v.array(ContentPart), v.maxLength(MAX_PARTS))]),
  }),
])

const Tool = v.looseObject({
  type: v.literal('function'),
  function: v.looseObject({
    name: Name,
    description: v.nullish(v.string()),
    parameters: v.nullish(JsonObject),
    strict: v.nullish(v.boolean()),
  }),
})

const ToolChoice = v.union([
  v.picklist(['none', 'auto', 'required']),
  v.looseObject({ type: v.literal('function'), function: v.looseObject({ name: v.string() }) }),
])

const ResponseFormat = v.variant('type', [
  v.looseObject({ type: v.literal('text') }),
  v.looseObject({ type: v.literal('json_object') }),
  v.looseObject({
    type: v.literal('json_schema'),
    json_schema: v.looseObject({
      name: Name,
      description: v.nullish(v.string()),
      schema: JsonObject,
      strict: v.nullish(v.boolean()),
    }),
  }),
])

/** `POST /v1/chat/completions`. What it does not name is looked at by `decode.ts` or ignored. */
export const ChatBody = v.looseObject({
  model: v.pipe(v.string(), v.nonEmpty()),
  messages: v.pipe(v.array(Message), v.minLength(1), v.maxLength(MAX_MESSAGES)),
  stream: v.nullish(v.boolean()),
  stream_options: v.nullish(v.looseObject({ include_usage: v.nullish(v.boolean()) })),
  tools: v.nullish(v.pipe(v.array(Tool), v.maxLength(MAX_TOOLS))),
  tool_choice: v.nullish(ToolChoice),
  parallel_tool_calls: v.nullish(v.boolean()),
  response_format: v.nullish(ResponseFormat),
  reasoning_effort: v.nullish(v.picklist(EFFORTS)),
  reasoning: v.nullish(
    v.looseObject({
      effort: v.nullish(v.picklist(EFFORTS)),
      summary: v.nullish(v.picklist(SUMMARIES)),
    }),
  ),
  verbosity: v.nullish(v.picklist(VERBOSITIES)),
  service_tier: v.nullish(v.string()),
  prompt_cache_key: v.nullish(v.string()),
})

/** A checked chat body. */
export type ChatBody = v.InferOutput<typeof ChatBody>
/** A checked message. */
export type WireMessage = ChatBody['messages'][number]
/** A checked part of a message. */
export type WirePart = v.InferOutput<typeof ContentPart>
/** A checked tool. */
export type WireTool = v.InferOutput<typeof Tool>
/** A checked tool choice. */
export type WireToolChoice = v.InferOutput<typeof ToolChoice>
/** A checked response format. */
export type WireFormat = v.InferOutput<typeof ResponseFormat>
