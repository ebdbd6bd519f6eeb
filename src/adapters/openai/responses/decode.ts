/** The body of a request for a response as the domain's. */

import { ProxyError } from '../../../domain/errors.ts'
import { type JsonObject, objectsOf } from '../../../domain/json.ts'
import type { RelayRequest } from '../../../domain/relay-ports.ts'
import { check } from '../check.ts'
import { decodeTextFormat } from '../format.ts'
import { applyPolicy, type FieldPolicy, refuseIgnored } from '../policy.ts'
import { decodeTier } from '../tier.ts'
import { inputItems, itemType, listedItem, normalizeItems } from './items.ts'
import type { ResponseMemory } from './memory.ts'
import { ECHOED_FIELDS, READ_FIELDS, ResponseBody } from './schema.ts'
import { normalizeToolChoice, normalizeTools } from './tools.ts'

/** What a body does not say. */
export interface ResponseDecodeOptions {
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
  /** The whole conversation, in the form in which it is listed. */
  readonly input: readonly JsonObject[]
  /** Fields that the answer repeats, though they have no effect. */
  readonly echo: JsonObject
}

/** Values of `include` that the upstream is known to take. */
const INCLUDES: ReadonlySet<string> = new Set([
  'reasoning.encrypted_content',
  'web_search_call.action.sources',
  'message.input_image.image_url',
])

const never = () => false

/** Fields that would change the shape, the place or the safety of the answer. */
const POLICY: FieldPolicy = {
  read: new Set([...READ_FIELDS, 'background', 'top_logprobs']),
  honoured: new Map([['truncation', 'disabled']]),
  nested: new Map([
    // The context is chosen by the form that a model takes.
    ['reasoning', new Set(['effort', 'summary', 'generate_summary', 'context'])],
    ['text', new Set(['format', 'verbosity'])],
    ['stream_options', new Set()],
  ]),
  refused: new Map([
    [
      'background',
      {
        asksForNothing: (value: unknown) => value === false,
        why: 'nothing runs in the background: stream the answer instead',
        code: 'unsupported_value',
      },
    ],
    [
      'conversation',
      {
        asksForNothing: never,
        why: 'chatmock stores no conversations: use previous_response_id, or send all items',
        code: 'unsupported_parameter',
      },
    ],
    [
      'prompt',
      {
        asksForNothing: never,
        why: 'the backend has no prompt templates: send instructions and input',
        code: 'unsupported_parameter',
      },
    ],
    [
      'top_logprobs',
      {
        asksForNothing: (value: unknown) => value === 0,
        why: 'the backend gives no log probabilities',
        code: 'unsupported_parameter',
      },
    ],
    [
      'moderation',
      {
        asksForNothing: never,
        why: 'the backend moderates by its own rules only',
        code: 'unsupported_parameter',
      },
    ],
  ]),
}

/**
 * Decodes a body. What it refers to is put in its place from the memory.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value`, `unsupported_parameter`, `previous_response_not_found`, with the field to
 *   blame.
 */
export function decodeResponse(body: JsonObject, options: ResponseDecodeOptions): DecodedResponse {
  const { sessionId, strict, webSearch, memory } = options
  const fields = check(ResponseBody, body)
  const { priority, isIgnored } = decodeTier(fields)
  const include = fields.include ?? []
  const ignored = [
    ...applyPolicy(body, POLICY),
    ...(isIgnored ? ['service_tier'] : []),
    ...include.flatMap((name, i) => (INCLUDES.has(name) ? [] : [`include[${i}]`])),
  ]
  refuseIgnored(ignored, strict)
  const history = recallHistory(fields.previous_response_id, memory)
  const told = resolveReferences(readInput(fields), memory)
  const sent = [...normalizeItems(history), ...normalizeItems(told)]
  const tools = normalizeTools(fields.tools ?? [])
  const declared = [...tools, ...[...history, ...told].flatMap(toolsBeside)]
  const toolChoice = normalizeToolChoice(fields.tool_choice, declared)
  const searches = webSearch && declared.length === 0 && toolChoice !== 'none'
  return {
    stream: fields.stream ?? false,
    ignored,
    keeps: fields.store !== false,
    input: [...history, ...told.map(listedItem)],
    echo: Object.fromEntries(
      ECHOED_FIELDS.flatMap(name => (body[name] == null ? [] : [[name, body[name]]])),
    ),
    request: {
      model: fields.model,
      instructions: fields.instructions?.trim() ? fields.instructions : undefined,
      input: sent,
      tools: searches ? [{ type: 'web_search' }] : tools,
      toolChoice,
      parallelToolCalls: fields.parallel_tool_calls ?? undefined,
      text: decodeText(fields),
      include: include.filter(name => INCLUDES.has(name)),
      clientMetadata: fields.client_metadata ?? undefined,
      effort: fields.reasoning?.effort ?? undefined,
      summary: fields.reasoning?.summary ?? fields.reasoning?.generate_summary ?? undefined,
      priority,
      cacheKey: fields.prompt_cache_key || sessionId,
    },
  }
}

function readInput(fields: ResponseBody): readonly JsonObject[] {
  const items = inputItems(fields.input)
  if (items.length > 0 || fields.previous_response_id) return items
  const isMissing = fields.input === undefined || fields.input === null
  throw new ProxyError(
    isMissing ? 'missing_required_parameter' : 'invalid_value',
    isMissing
      ? "Missing required parameter: 'input'."
      : "Invalid value for 'input': there is nothing in it.",
    { param: 'input' },
  )
}

function recallHistory(
  id: string | null | undefined,
  memory: ResponseDecodeOptions['memory'],
): readonly JsonObject[] {
  if (!id) return []
  const kept = memory.recall(id)
  if (kept) return [...kept.input, ...objectsOf(kept.response['output'])]
  throw new ProxyError(
    'previous_response_not_found',
    'The previous response is not known: chatmock keeps the latest ones only, and forgets them when it stops. Send the whole conversation as input.',
    { param: 'previous_response_id' },
  )
}

function resolveReferences(
  items: readonly JsonObject[],
  memory: ResponseDecodeOptions['memory'],
): readonly JsonObject[] {
  return items.map(item => {
    if (itemType(item) !== 'item_reference') return item
    const { id } = item
    const found = typeof id === 'string' ? memory.recallItem(id) : undefined
    if (found) return found
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
