/** The object `response` of the Responses API, made whole: the backend leaves out much of it. */

import { asObject, type JsonObject, objectsOf } from '../../../domain/json.ts'
import type { RelayRequest } from '../../../domain/relay-ports.ts'

/** What an answer says of itself beside what the upstream tells. */
export interface ResponseFacts {
  /** What was asked; its model is the one that the client named. */
  readonly request: RelayRequest
  /** Fields of the request without effect that the answer repeats. */
  readonly echo: JsonObject
  /** Whether it is kept once it is whole. */
  readonly keeps: boolean
  /** Used where the upstream gives none. */
  readonly fallbackId: string
  /** Unix time in seconds; used where the upstream gives none. */
  readonly fallbackCreatedAt: number
}

/**
 * Adds the keys that clients count on where they are missing, and speaks of what was asked as the
 * client does: the request may have been passed on in another form.
 */
export function completeResponse(told: JsonObject, facts: ResponseFacts): JsonObject {
  const { request, echo, keeps } = facts
  return {
    ...told,
    ...missing(told, {
      id: facts.fallbackId,
      object: 'response',
      created_at: facts.fallbackCreatedAt,
      status: 'in_progress',
      error: null,
      incomplete_details: null,
      instructions: null,
      max_output_tokens: null,
      output: [],
      parallel_tool_calls: true,
      previous_response_id: null,
      reasoning: { effort: request.effort ?? null, summary: request.summary ?? null },
      temperature: null,
      text: DEFAULT_TEXT,
      tool_choice: 'auto',
      tools: [],
      top_p: null,
      truncation: 'disabled',
      usage: null,
      metadata: {},
    }),
    ...asked(request, told),
    ...echo,
    model: request.model,
    store: keeps,
  }
}

const DEFAULT_TEXT = { format: { type: 'text' } }

/** What the client left open is not here: the upstream knows best what came of it. */
function asked(request: RelayRequest, told: JsonObject): JsonObject {
  const { instructions, tools, toolChoice, parallelToolCalls, text } = request
  return {
    ...(instructions !== undefined && { instructions }),
    ...(tools.length > 0 && { tools }),
    ...(toolChoice !== undefined && { tool_choice: toolChoice }),
    ...(parallelToolCalls !== undefined && { parallel_tool_calls: parallelToolCalls }),
    ...(text && { text: { ...DEFAULT_TEXT, ...asObject(told['text']), ...text } }),
  }
}

function missing(told: JsonObject, defaults: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(defaults).filter(([key]) => told[key] === undefined))
}

/**
 * Returns the whole output from the final list and the items that were told as done, by their place.
 * What was told before stands, with whatever the final list alone knows of it. The final list has
 * the order if it has all of that; else what it alone has comes last.
 */
export function mergeOutput(
  final: unknown,
  done: ReadonlyMap<number, JsonObject>,
): readonly JsonObject[] {
  const items = objectsOf(final)
  const inOrder = [...done].sort(([one], [other]) => one - other).map(([, item]) => item)
  const left = new Set(items)
  /** Item of the final list by the one that was told as done. */
  const twins = new Map<JsonObject, JsonObject>()
  for (const isTwin of [sharesId, fits]) {
    for (const item of inOrder) {
      if (twins.has(item)) continue
      const twin = [...left].find(other => isTwin(item, other))
      if (twin === undefined) continue
      left.delete(twin)
      twins.set(item, twin)
    }
  }
  const merged = inOrder.map(item => ({ ...twins.get(item), ...item }))
  if (twins.size < done.size) return [...merged, ...left]
  const filled = new Map(inOrder.map((item, i) => [twins.get(item), merged[i]]))
  return items.map(item => filled.get(item) ?? item)
}

function sharesId(one: JsonObject, other: JsonObject): boolean {
  return ID_KEYS.some(key => one[key] !== undefined && one[key] === other[key])
}

const ID_KEYS = ['id', 'call_id']

/** Tells whether two may be one item: one that is thin may lack ids. */
function fits(one: JsonObject, other: JsonObject): boolean {
  return ['type', ...ID_KEYS].every(
    key => one[key] === undefined || other[key] === undefined || one[key] === other[key],
  )
}
