/** The body of a request for a response as the domain's. */

import { ProxyError } from '../../../domain/errors.ts'
import { type JsonObject, objectsOf } from '../../../domain/json.ts'
import type { RelayRequest } from '../../../domain/relay-ports.ts'
import { check } from '../../fields/check.ts'
import { applyPolicy, refuseIgnored } from '../../fields/policy.ts'
import { decodeTier } from '../../fields/tier.ts'
import { decodeTextFormat } from '../format.ts'
import { inputItems, itemType, listedItem, normalizeItems } from './items.ts'
import { inputWithIds, type ResponseMemory } from './memory.ts'
import { ANSWER_POLICY, COMPACT_POLICY, sortIncludes } from './policy.ts'
import { ECHOED_FIELDS, ResponseBody } from './schema.ts'
import { normalizeToolChoice } from './tool-choice.ts'
import { normalizeTools } from './tools.ts'

/** What a body does not say. */
export interface ResponseDecodeOptions {
  /** Whether the conversation is to be answered or to be made shorter. */
  readonly purpose: 'answer' | 'compact'
  /** The conversation's name from a header, if the client sends one. */
  readonly sessionId: string | undefined
  /** Refuses fields without effect. */
  readonly strict: boolean
  /** Lets the model search the web if a request brings no tools of its own. */
  readonly webSearch: boolean
  /** Where earlier responses and their items are looked up. */
  readonly memory: Pick<ResponseMemory, 'recall' | 'recallItem'>
}

/** A request and what the answer must look like. */
export interface DecodedResponse {
  readonly request: RelayRequest
  readonly stream: boolean
  /** Names of the fields that have no effect, for `x-chatmock-ignored`. */
  readonly ignored: readonly string[]
  /** Whether to keep the response, so that later requests can refer to it. */
  readonly keeps: boolean
  /** How many items of the conversation were recalled, not sent. */
  readonly historyLength: number
  /** The whole conversation, in the form in which it is listed; empty if it is not to be kept. */
  readonly input: readonly JsonObject[]
  /** Fields that the answer repeats, though they have no effect. */
  readonly echo: JsonObject
}

/**
 * Decodes a body. What it refers to is put in its place from the memory.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value`, `unsupported_parameter`, `previous_response_not_found`, with the field to
 *   blame.
 */
export function decodeResponse(body: JsonObject, options: ResponseDecodeOptions): DecodedResponse {
  const { purpose, sessionId, strict, memory } = options
  const isAnswer = purpose === 'answer'
  const fields = check(ResponseBody, body)
  const previousId = fields.previous_response_id || undefined
  const tier = decodeTier(fields)
  const includes = sortIncludes((isAnswer && fields.include) || [])
  const ignored = [
    ...applyPolicy(body, isAnswer ? ANSWER_POLICY : COMPACT_POLICY),
    ...(isAnswer && tier.isIgnored ? ['service_tier'] : []),
    ...includes.ignored,
  ]
  refuseIgnored(ignored, strict)
  const { items: history, ids } = recallHistory(previousId, memory)
  const told = resolveReferences(inputItems(fields.input), ids, memory)
  const input = [
    ...normalizeItems(history, 'previous_response_id'),
    ...normalizeItems(told, 'input'),
  ]
  if (input.length === 0) throw noInput(fields)
  const keeps = isAnswer && fields.store !== false
  const wishes: Wishes = isAnswer
    ? {
        ...decodeTools(fields, [...history, ...told].flatMap(toolsBeside), options.webSearch),
        parallelToolCalls: fields.parallel_tool_calls ?? undefined,
        text: decodeText(fields),
        include: includes.include,
        clientMetadata: fields.client_metadata ?? undefined,
        effort: fields.reasoning?.effort ?? undefined,
        summary: fields.reasoning?.summary ?? fields.reasoning?.generate_summary ?? undefined,
        priority: tier.priority,
      }
    : NO_WISHES
  return {
    stream: fields.stream ?? false,
    ignored,
    keeps,
    historyLength: history.length,
    input: keeps ? [...history, ...told.map(listedItem)] : [],
    echo: {
      ...Object.fromEntries(
        ECHOED_FIELDS.flatMap(name => (body[name] == null ? [] : [[name, body[name]]])),
      ),
      ...(previousId && { previous_response_id: previousId }),
    },
    request: {
      ...wishes,
      model: fields.model,
      instructions: fields.instructions?.trim() ? fields.instructions : undefined,
      input,
      cacheKey: fields.prompt_cache_key || sessionId,
    },
  }
}

/** What a request says of the answer, not of the conversation. */
type Wishes = Omit<RelayRequest, 'model' | 'instructions' | 'input' | 'cacheKey'>

const NO_WISHES: Wishes = {
  tools: [],
  toolChoice: undefined,
  parallelToolCalls: undefined,
  text: undefined,
  include: [],
  clientMetadata: undefined,
  effort: undefined,
  summary: undefined,
  priority: undefined,
}

function decodeTools(
  { tools, tool_choice: choice }: ResponseBody,
  beside: readonly JsonObject[],
  webSearch: boolean,
): Pick<Wishes, 'tools' | 'toolChoice'> {
  const given = normalizeTools(tools ?? [])
  const searches = webSearch && given.length + beside.length === 0 && choice !== 'none'
  const declared = searches ? [{ type: 'web_search' }] : given
  return {
    tools: declared,
    toolChoice: normalizeToolChoice(choice, [...declared, ...beside]),
  }
}

function noInput({ input }: ResponseBody): ProxyError {
  const isMissing = input === undefined || input === null
  return new ProxyError(
    isMissing ? 'missing_required_parameter' : 'invalid_value',
    isMissing
      ? "Missing required parameter: 'input'."
      : "Invalid value for 'input': there is nothing in it.",
    { param: 'input' },
  )
}

/** What was said before, and the ids by which it can be referred to. */
interface History {
  readonly items: readonly JsonObject[]
  readonly ids: readonly unknown[]
}

function recallHistory(id: string | undefined, memory: ResponseDecodeOptions['memory']): History {
  if (id === undefined) return { items: [], ids: [] }
  const kept = memory.recall(id)
  if (kept) {
    const output = objectsOf(kept.response['output']).filter(isWhole)
    const ids = [...inputWithIds(kept), ...output].map(item => item['id'])
    return { items: [...kept.input, ...output], ids }
  }
  throw new ProxyError(
    'previous_response_not_found',
    'The previous response is not known: chatmock keeps the latest ones only, and forgets them when it stops. Send the whole conversation as input.',
    { param: 'previous_response_id' },
  )
}

/** A call that was cut can neither be run nor be answered. */
function isWhole(item: JsonObject): boolean {
  const isCall = item['type'] === 'function_call' || item['type'] === 'custom_tool_call'
  return !isCall || item['status'] !== 'incomplete'
}

/** Puts items in the place of references. An item stands in a conversation once. */
function resolveReferences(
  items: readonly JsonObject[],
  idsBefore: readonly unknown[],
  memory: ResponseDecodeOptions['memory'],
): readonly JsonObject[] {
  const there = new Set(idsBefore)
  return items.flatMap(item => {
    if (itemType(item) !== 'item_reference') return [item]
    const { id } = item
    if (there.has(id)) return []
    there.add(id)
    const found = typeof id === 'string' ? memory.recallItem(id) : undefined
    if (found) return [found]
    throw new ProxyError(
      'invalid_value',
      'Invalid value for \'input\': it refers to an item that is not known. chatmock keeps the items of the latest responses only, and of none with "store": false. Send the item itself.',
      { param: 'input' },
    )
  })
}

/** Tools that a client of the "lite" form puts into the input. */
function toolsBeside(item: JsonObject): readonly JsonObject[] {
  return item['type'] === 'additional_tools' ? objectsOf(item['tools']) : []
}

function decodeText({ text }: ResponseBody): JsonObject | undefined {
  const format = decodeTextFormat(text?.format, 'text.format')
  const verbosity = text?.verbosity
  const wanted = {
    ...(verbosity && { verbosity }),
    ...(format?.type === 'json-object' && { format: { type: 'json_object' } }),
    ...(format?.type === 'json-schema' && {
      format: {
        type: 'json_schema',
        name: format.name,
        ...(format.description !== undefined && { description: format.description }),
        schema: format.schema,
        strict: format.strict,
      },
    }),
  }
  return Object.keys(wanted).length > 0 ? wanted : undefined
}
