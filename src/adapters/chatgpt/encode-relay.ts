/** A request to pass on as the body of a Responses call, from an allow-list: no other key is ever sent. */

import { asObject, type JsonObject } from '../../domain/json.ts'
import type { RelayRequest } from '../../domain/relay-ports.ts'
import type { EncodedQuestion, Wording } from './ask.ts'
import { encodeDelivery, encodeReasoning } from './choices.ts'
import { askForJson, developerSays } from './instructions.ts'
import { FUNCTIONS, hasNamespace, withoutFunctions, withoutNamespace } from './namespace.ts'
import { withoutDetails, withStrictData } from './relayed-parts.ts'
import { encodeWellFormed } from './well-formed.ts'

/** A request as it is sent. */
export interface EncodedRelay extends EncodedQuestion {
  /** Whether the tools were put into a namespace of which the client knows nothing. */
  readonly wrapsTools: boolean
}

/** Encodes a request. */
export function encodeRelay(request: RelayRequest, wording: Wording): EncodedRelay {
  const input = inputOf(request, wording)
  const lite = wording.form === 'lite' ? encodeLite(request, input) : undefined
  return {
    body: encodeWellFormed(lite?.body ?? encodeNormal(request, input)),
    ...whatCanBeLeftOut(input),
    wrapsTools: lite?.wrapsTools ?? false,
  }
}

/** Encodes a request to make its conversation shorter: what answers are to be like has no place there. */
export function encodeCompaction(request: RelayRequest, wording: Wording): EncodedQuestion {
  const input = inputOf(request, wording)
  const body = { model: request.model, instructions: request.instructions ?? '', input }
  return { body: encodeWellFormed(body), ...whatCanBeLeftOut(input) }
}

function encodeNormal(request: RelayRequest, input: readonly JsonObject[]) {
  const { model, instructions = '', tools } = request
  // In JSON mode the backend looks for the word among the messages only: instructions go there.
  const isJson = isJsonMode(request)
  return {
    model,
    instructions: isJson ? '' : instructions,
    input: isJson ? askForJson(withInstructions(input, instructions)) : input,
    ...(tools.length > 0 && { tools }),
    ...encodeToolChoice(request),
    parallel_tool_calls: request.parallelToolCalls ?? true,
    reasoning: encodeReasoning(request),
    ...encodeRest(request),
  }
}

function encodeLite(request: RelayRequest, input: readonly JsonObject[]) {
  const { tools, wrapsTools } = encodeTools(request)
  const told = withInstructions(input, request.instructions).map(withoutDetails)
  const body = {
    model: request.model,
    input: [
      ...(tools.length > 0 ? [{ type: 'additional_tools', role: 'developer', tools }] : []),
      ...(isJsonMode(request) ? askForJson(told) : told),
    ],
    ...encodeToolChoice(request),
    parallel_tool_calls: false,
    reasoning: { ...encodeReasoning(request), context: 'all_turns' },
    ...encodeRest(request),
  }
  return { body, wrapsTools }
}

/** Tools come first, then the instructions, then what is said. */
function withInstructions(input: readonly JsonObject[], instructions: string | undefined) {
  if (!instructions) return input
  const firstSaid = input.findIndex(item => !isToolItem(item))
  const place = firstSaid === -1 ? input.length : firstSaid
  return input.toSpliced(place, 0, developerSays(instructions))
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
  const { text, include, clientMetadata } = request
  return {
    ...encodeDelivery(request, include),
    ...(text && { text }),
    ...(clientMetadata && { client_metadata: clientMetadata }),
  }
}

function encodeToolChoice({ tools, input, toolChoice }: RelayRequest) {
  const hasTools = tools.length > 0 || input.some(isToolItem)
  return hasTools && toolChoice ? { tool_choice: toolChoice } : {}
}

function inputOf({ input }: RelayRequest, { withReasoning, withNamespaces }: Wording) {
  const items = withReasoning ? input : input.filter(item => !isReasoning(item))
  return items.map(withNamespaces ? withoutFunctions : withoutNamespace).map(withStrictData)
}

function whatCanBeLeftOut(input: readonly JsonObject[]) {
  return { hasReasoning: input.some(isReasoning), hasNamespaces: input.some(hasNamespace) }
}

function isJsonMode({ text }: RelayRequest): boolean {
  return asObject(text?.['format'])?.['type'] === 'json_object'
}

function isReasoning({ type }: JsonObject): boolean {
  return type === 'reasoning'
}

function isToolItem({ type }: JsonObject): boolean {
  return type === 'additional_tools'
}
