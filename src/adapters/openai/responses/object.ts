/** The object `response` of the Responses API, made whole: the backend leaves out much of it. */

import { type JsonObject, objectsOf } from '../../../domain/json.ts'
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

/** Adds the keys that clients count on where they are missing, and speaks of the model as the client does. */
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
      instructions: request.instructions ?? null,
      max_output_tokens: null,
      output: [],
      parallel_tool_calls: request.parallelToolCalls ?? true,
      previous_response_id: null,
      reasoning: { effort: request.effort ?? null, summary: request.summary ?? null },
      temperature: null,
      text: { format: { type: 'text' }, ...request.text },
      tool_choice: request.toolChoice ?? 'auto',
      tools: request.tools,
      top_p: null,
      truncation: 'disabled',
      usage: null,
      metadata: {},
    }),
    ...echo,
    model: request.model,
    store: keeps,
  }
}

function missing(told: JsonObject, defaults: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(defaults).filter(([key]) => told[key] === undefined))
}

/**
 * Returns the whole output: the items that were told as done, in their order, with whatever the
 * final list alone knows of them; items that only the final list has come after those.
 */
export function mergeOutput(final: unknown, done: readonly JsonObject[]): readonly JsonObject[] {
  const items = objectsOf(final)
  const byId = new Map(items.flatMap(item => idsOf(item).map(id => [id, item])))
  const unused = new Set(items)
  const merged = done.map((item, i) => {
    const named = idsOf(item).map(id => byId.get(id))
    const thin = [...named, items[i]].find(other => other && fits(item, other))
    if (thin) unused.delete(thin)
    return { ...thin, ...item }
  })
  return [...merged, ...unused]
}

const ID_KEYS = ['id', 'call_id']

function idsOf(item: JsonObject): readonly unknown[] {
  return ID_KEYS.map(key => item[key]).filter(id => id !== undefined)
}

/** Tells whether two may be one item: one that is thin may lack ids. */
function fits(one: JsonObject, other: JsonObject): boolean {
  return ['type', ...ID_KEYS].every(
    key => one[key] === undefined || other[key] === undefined || one[key] === other[key],
  )
}
