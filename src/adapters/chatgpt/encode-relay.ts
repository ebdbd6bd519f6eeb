/** A request to pass on as the body of a Responses call, from an allow-list: no other key is ever sent. */

import { asObject, type JsonObject } from '../../domain/json.ts'
import type { RelayRequest } from '../../domain/relay-ports.ts'
import type { Form } from './encode.ts'
import { FUNCTIONS, withoutNamespace } from './namespace.ts'
import type { EncodedQuestion } from './responses-call.ts'
import { encodeWellFormed } from './well-formed.ts'

/** A request as it is sent. */
export interface EncodedRelay extends EncodedQuestion {
  /** Whether the tools were put into a namespace of which the client knows nothing. */
  readonly wrapsTools: boolean
}

/** Encodes a request in a form, with the reasoning of earlier turns or without. */
export function encodeRelay(
  request: RelayRequest,
  form: Form,
  withReasoning: boolean,
): EncodedRelay {
  const input = inputOf(request, withReasoning)
  const lite = form === 'lite' ? encodeLite(request, input) : undefined
  return {
    body: encodeWellFormed(lite?.body ?? encodeNormal(request, input)),
    hasReasoning: input.some(isReasoning),
    wrapsTools: lite?.wrapsTools ?? false,
  }
}

/** Encodes a request to make its conversation shorter: what answers are to be like has no place there. */
export function encodeCompaction(request: RelayRequest, withReasoning: boolean): EncodedQuestion {
  const input = inputOf(request, withReasoning)
  const body = { model: request.model, instructions: request.instructions ?? '', input }
  return { body: encodeWellFormed(body), hasReasoning: input.some(isReasoning) }
}

function encodeNormal(request: RelayRequest, input: readonly JsonObject[]) {
  const { model, instructions = '', tools } = request
  return {
    model,
    instructions,
    input,
    ...(tools.length > 0 && { tools }),
    ...encodeToolChoice(request),
    parallel_tool_calls: request.parallelToolCalls ?? true,
    reasoning: encodeReasoning(request),
    ...encodeRest(request),
  }
}

function encodeLite(request: RelayRequest, input: readonly JsonObject[]) {
  const { model, instructions } = request
  const { tools, wrapsTools } = encodeTools(request)
  // Tools come first, then the instructions, then what is said.
  const firstSaid = input.findIndex(item => !isToolItem(item))
  const rest = firstSaid === -1 ? [] : input.slice(firstSaid)
  const body = {
    model,
    input: [
      ...(tools.length > 0 ? [{ type: 'additional_tools', role: 'developer', tools }] : []),
      ...input.slice(0, input.length - rest.length),
      ...(instructions ? [developerSays(instructions)] : []),
      ...rest.map(withoutDetails),
    ],
    ...encodeToolChoice(request),
    parallel_tool_calls: false,
    reasoning: { ...encodeReasoning(request), context: 'all_turns' },
    ...encodeRest(request),
  }
  return { body, wrapsTools }
}

/** What the model can call by name goes into the namespace, unless the client has one of that name. */
function encodeTools({ tools, input }: RelayRequest) {
  const isWrappable = ({ type }: JsonObject) => type === 'function' || type === 'custom'
  const inner = tools.filter(isWrappable)
  const isTaken =
    input.some(isToolItem) ||
    tools.some(({ type, name }) => type === 'namespace' && name === FUNCTIONS)
  if (inner.length === 0 || isTaken) return { tools, wrapsTools: false }
  const namespace = { type: 'namespace', name: FUNCTIONS, description: '', tools: inner }
  return { tools: [namespace, ...tools.filter(tool => !isWrappable(tool))], wrapsTools: true }
}

function encodeRest(request: RelayRequest) {
  const { text, cacheKey, clientMetadata } = request
  return {
    store: false,
    stream: true,
    include: [...new Set(['reasoning.encrypted_content', ...request.include])],
    ...(cacheKey && { prompt_cache_key: cacheKey }),
    ...(text && { text }),
    ...(request.priority === 'required' && { service_tier: 'priority' }),
    ...(clientMetadata && { client_metadata: clientMetadata }),
  }
}

function encodeReasoning({ effort, summary }: RelayRequest) {
  return {
    ...(effort && { effort }),
    ...(summary && summary !== 'none' && { summary }),
  }
}

function encodeToolChoice({ tools, input, toolChoice }: RelayRequest) {
  const hasTools = tools.length > 0 || input.some(isToolItem)
  return hasTools && toolChoice ? { tool_choice: toolChoice } : {}
}

function inputOf({ input }: RelayRequest, withReasoning: boolean): readonly JsonObject[] {
  const items = withReasoning ? input : input.filter(item => !isReasoning(item))
  return items.map(withoutNamespace)
}

function isReasoning({ type }: JsonObject): boolean {
  return type === 'reasoning'
}

function isToolItem({ type }: JsonObject): boolean {
  return type === 'additional_tools'
}

function developerSays(text: string): JsonObject {
  return { type: 'message', role: 'developer', content: [{ type: 'input_text', text }] }
}

/** The lite form does not take the detail of images, in messages or in what tools gave. */
function withoutDetails(item: JsonObject): JsonObject {
  for (const key of ['content', 'output']) {
    const parts: unknown = item[key]
    if (Array.isArray(parts) && parts.some(hasDetail)) {
      return { ...item, [key]: parts.map(withoutDetail) }
    }
  }
  return item
}

function hasDetail(part: unknown): boolean {
  const { type, detail } = asObject(part) ?? {}
  return type === 'input_image' && detail !== undefined
}

function withoutDetail(part: unknown): unknown {
  if (!hasDetail(part)) return part
  const { detail: _, ...rest } = asObject(part) ?? {}
  return rest
}
