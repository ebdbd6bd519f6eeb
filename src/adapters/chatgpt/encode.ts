/** The domain's request as the body of a Responses call, from an allow-list: nothing else is ever sent. */

import {
  type ChatRequest,
  type Item,
  type OutputFormat,
  type Part,
  type Role,
  splitInstructions,
} from '../../domain/conversation.ts'
import { callIdToSend } from './call-ids.ts'
import { encodeDelivery, encodeReasoning } from './choices.ts'
import { normaliseDataUrl } from './data-urls.ts'
import { askForJson } from './instructions.ts'
import { planReplay, type Recall } from './replay.ts'
import type { ToolNames } from './tool-names.ts'
import { encodeNamespace, encodeToolChoice, encodeTools } from './tools.ts'
import { encodeWellFormed } from './well-formed.ts'

/** The two forms of a request: "lite" is the one that `use_responses_lite` models want. */
export type Form = 'normal' | 'lite'

/** What a request is encoded with. */
export interface EncodeOptions {
  readonly names: ToolNames
  /** Returns reasoning to send along, by all calls of one turn. */
  readonly recall: Recall
}

/** A request that is ready to be sent. */
export interface EncodedRequest {
  /** JSON text that is well-formed Unicode. */
  readonly body: string
  /** Ids of the calls whose reasoning was put in. */
  readonly replayed: readonly string[]
}

/** Encodes a request. */
export function encodeRequest(
  request: ChatRequest,
  form: Form,
  options: EncodeOptions,
): EncodedRequest {
  const { instructions, rest } = divide(request, form)
  const { input: said, replayed } = encodeInput(rest, form, options)
  const input = isJsonMode(request) ? askForJson(said) : said
  const { names } = options
  const body =
    form === 'lite'
      ? encodeLite(request, input, names)
      : encodeNormal(request, instructions, input, names)
  return { body: encodeWellFormed(body), replayed }
}

/** Divides a request into what goes into the field for instructions and what into the input. */
function divide(request: ChatRequest, form: Form): ReturnType<typeof splitInstructions> {
  const undivided = { instructions: '', rest: request.items }
  // In JSON mode the backend looks for the word among the messages only: system text stays there.
  if (form === 'lite' || isJsonMode(request)) return undivided
  const divided = splitInstructions(request.items)
  // An input must not be empty.
  return divided.rest.length > 0 ? divided : undivided
}

function encodeNormal(
  request: ChatRequest,
  instructions: string,
  input: readonly object[],
  names: ToolNames,
) {
  return {
    model: request.model,
    instructions,
    input,
    ...(request.tools.length > 0 && { tools: encodeTools(request.tools, names) }),
    ...encodeToolChoice(request, names),
    parallel_tool_calls: request.parallelToolCalls,
    reasoning: encodeReasoning(request),
    ...encodeRest(request),
  }
}

function encodeLite(request: ChatRequest, input: readonly object[], names: ToolNames) {
  const tools = request.tools.length > 0 && {
    type: 'additional_tools',
    role: 'developer',
    tools: encodeNamespace(request.tools, names),
  }
  return {
    model: request.model,
    input: tools ? [tools, ...input] : input,
    ...encodeToolChoice(request, names),
    parallel_tool_calls: false,
    reasoning: { ...encodeReasoning(request), context: 'all_turns' },
    ...encodeRest(request),
  }
}

function encodeInput(items: readonly Item[], form: Form, { names, recall }: EncodeOptions) {
  const replay = planReplay(items, recall)
  return {
    input: items.flatMap((item, i) => [
      ...(replay.before.get(i) ?? []),
      encodeItem(item, form, names),
    ]),
    replayed: replay.callIds,
  }
}

function encodeRest(request: ChatRequest) {
  const text = {
    ...(request.verbosity && { verbosity: request.verbosity }),
    ...(request.format && { format: encodeFormat(request.format) }),
  }
  return {
    ...encodeDelivery(request),
    ...(Object.keys(text).length > 0 && { text }),
  }
}

function encodeFormat(format: OutputFormat) {
  if (format.type === 'json-object') return { type: 'json_object' }
  const { name, description, schema, strict } = format
  return {
    type: 'json_schema',
    name,
    ...(description !== undefined && { description }),
    schema,
    strict,
  }
}

function encodeItem(item: Item, form: Form, names: ToolNames) {
  switch (item.type) {
    case 'message':
      return {
        type: 'message',
        role: item.role,
        content: item.parts.map(part => encodePart(part, item.role, form)),
      }
    case 'tool-call': {
      const call_id = callIdToSend(item.callId)
      const name = names.toSent(item.name)
      return item.kind === 'custom'
        ? { type: 'custom_tool_call', call_id, name, input: item.arguments }
        : { type: 'function_call', call_id, name, arguments: item.arguments }
    }
    case 'tool-result':
      return {
        type: item.kind === 'custom' ? 'custom_tool_call_output' : 'function_call_output',
        call_id: callIdToSend(item.callId),
        output:
          typeof item.output === 'string'
            ? item.output
            : item.output.map(part => encodePart(part, 'user', form)),
      }
    default:
      return item satisfies never
  }
}

function encodePart(part: Part, role: Role, form: Form) {
  switch (part.type) {
    case 'text':
      return { type: role === 'assistant' ? 'output_text' : 'input_text', text: part.text }
    case 'image':
      return {
        type: 'input_image',
        image_url: normaliseDataUrl(part.url),
        ...(form === 'normal' && { detail: part.detail }),
      }
    case 'file':
      return { type: 'input_file', filename: part.filename, file_data: normaliseDataUrl(part.data) }
    case 'refusal':
      return { type: 'refusal', refusal: part.text }
    default:
      return part satisfies never
  }
}

function isJsonMode({ format }: ChatRequest): boolean {
  return format?.type === 'json-object'
}
