/** What is kept of responses, told to those who ask for it again. */

import { ProxyError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import { plainText } from '../../../domain/plain-text.ts'
import { inputWithIds, type KeptResponse, type ResponseMemory } from './memory.ts'

const DEFAULT_PAGE = 20
const MAX_PAGE = 100
/** Longest part of an unknown id that is told back. */
const MAX_ID_LENGTH = 64

/**
 * Returns a kept response.
 *
 * @throws ProxyError `response_not_found`.
 */
export function findResponse(id: string, memory: ResponseMemory): KeptResponse {
  const kept = memory.recall(id)
  if (kept) return kept
  throw new ProxyError(
    'response_not_found',
    `Response with id '${plainText(id, MAX_ID_LENGTH)}' not found. chatmock keeps the latest ones only, and none with "store": false.`,
  )
}

/**
 * Encodes a page of the items that a response answers (API list of `input_items`): `limit` of them,
 * 20 if not said, after the item `after`, the latest first unless `order` is `asc`.
 *
 * @throws ProxyError `invalid_value` for a parameter that makes no sense.
 */
export function encodeInputItems(kept: KeptResponse, query: URLSearchParams) {
  const limit = Number(query.get('limit') ?? DEFAULT_PAGE)
  if (!Number.isInteger(limit) || limit < 1 || limit > MAX_PAGE) {
    throw badParameter('limit', `expected a number from 1 to ${MAX_PAGE}`)
  }
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') throw badParameter('order', "expected 'asc' or 'desc'")
  const input = inputWithIds(kept)
  const items = order === 'asc' ? input : input.toReversed()
  const start = startAfter(query.get('after'), items)
  const data = items.slice(start, start + limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.['id'] ?? null,
    last_id: data.at(-1)?.['id'] ?? null,
    has_more: start + limit < items.length,
  }
}

function startAfter(id: string | null, items: readonly JsonObject[]): number {
  if (id === null) return 0
  const place = items.findIndex(item => item['id'] === id)
  if (place !== -1) return place + 1
  throw badParameter('after', 'there is no item with this id')
}

function badParameter(param: string, why: string): ProxyError {
  return new ProxyError('invalid_value', `Invalid value for '${param}': ${why}.`, { param })
}
