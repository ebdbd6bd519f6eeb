/** The domain's request as the body of a Responses call, from an allow-list: nothing else is ever sent. */

import {
  type ChatRequest,
  type Item,
  type OutputFormat,
  type Part,
  type Role,
  splitInstructions,
  type Tool,
} from '../../domain/conversation.ts'

/** The two forms of a request: "lite" is the one that `use_responses_lite` models want. */
export type Form = 'normal' | 'lite'

/** Encodes a request as JSON text that is well-formed Unicode. */
export function encodeRequest(request: ChatRequest, form: Form): string {
  const text = JSON.stringify(form === 'lite' ? encodeLite(request) : encodeNormal(request))
  // A lone surrogate is not a character: it would come out as an escape that the backend refuses.
  return /\\ud[89a-f]/i.test(text) ? JSON.stringify(JSON.parse(text), wellFormed) : text
}

function encodeNormal(request: ChatRequest) {
  // In JSON mode the backend looks for the word among the messages only: system text stays there.
  const { instructions, rest } = isJsonMode(request)
    ? { instructions: '', rest: itemsToSend(request) }
    : splitInstructions(request.items)
  return {
    model: request.model,
    instructions,
    input: rest.map(item => encodeItem(item, 'normal')),
    ...(request.tools.length > 0 && { tools: request.tools.map(encodeTool) }),
    ...encodeToolChoice(request),
    parallel_tool_calls: request.parallelToolCalls,
    reasoning: encodeReasoning(request),
    ...encodeRest(request),
  }
}

function encodeLite(request: ChatRequest) {
  const input: unknown[] = itemsToSend(request).map(item => encodeItem(item, 'lite'))
  if (request.tools.length > 0) {
    const namespace = {
      type: 'namespace',
      name: 'functions',
      description: '',
      tools: request.tools.map(encodeTool),
    }
    input.unshift({ type: 'additional_tools', role: 'developer', tools: [namespace] })
  }
  return {
    model: request.model,
    input,
    ...encodeToolChoice(request),
    parallel_tool_calls: false,
    reasoning: { ...encodeReasoning(request), context: 'all_turns' },
    ...encodeRest(request),
  }
}

function encodeRest(request: ChatRequest) {
  const text = {
    ...(request.verbosity && { verbosity: request.verbosity }),
    ...(request.format && { format: encodeFormat(request.format) }),
  }
  return {
    store: false,
    stream: true,
    include: ['reasoning.encrypted_content'],
    ...(request.cacheKey && { prompt_cache_key: request.cacheKey }),
    ...(Object.keys(text).length > 0 && { text }),
    ...(request.priority && { service_tier: 'priority' }),
  }
}

function encodeReasoning({ effort, summary }: ChatRequest) {
  return {
    ...(effort && { effort }),
    ...(summary && summary !== 'none' && { summary }),
  }
}

function encodeToolChoice({ tools, toolChoice }: ChatRequest) {
  if (tools.length === 0) return {}
  return {
    tool_choice:
      typeof toolChoice === 'string' ? toolChoice : { type: 'function', name: toolChoice.name },
  }
}

function encodeTool({ name, description, parameters, strict }: Tool) {
  return {
    type: 'function',
    name,
    ...(description !== undefined && { description }),
    parameters,
    // Always said: the backend's own default leans towards strict, which the chat API's does not.
    strict,
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

function encodeItem(item: Item, form: Form) {
  switch (item.type) {
    case 'message':
      return {
        type: 'message',
        role: item.role,
        content: item.parts.map(part => encodePart(part, item.role, form)),
      }
    case 'tool-call':
      return {
        type: 'function_call',
        call_id: item.callId,
        name: item.name,
        arguments: item.arguments,
      }
    case 'tool-result':
      return {
        type: 'function_call_output',
        call_id: item.callId,
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
        image_url: part.url,
        ...(form === 'normal' && { detail: part.detail }),
      }
    case 'file':
      return { type: 'input_file', filename: part.filename, file_data: part.data }
    case 'refusal':
      return { type: 'refusal', refusal: part.text }
    default:
      return part satisfies never
  }
}

function isJsonMode({ format }: ChatRequest): boolean {
  return format?.type === 'json-object'
}

/** JSON mode is refused unless some message speaks of JSON. */
function itemsToSend(request: ChatRequest): readonly Item[] {
  const { items } = request
  if (!isJsonMode(request)) return items
  const mentions = items.some(
    item =>
      item.type === 'message' &&
      item.parts.some(part => part.type === 'text' && /json/i.test(part.text)),
  )
  if (mentions) return items
  const text = 'Answer with one JSON object.'
  return [...items, { type: 'message', role: 'developer', parts: [{ type: 'text', text }] }]
}

function wellFormed(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.toWellFormed() : value
}
