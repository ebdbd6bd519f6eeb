/** The parts of items that are passed on, where the backend does not take them as they came. */

import { asObject, type JsonObject } from '../../domain/json.ts'
import { normaliseDataUrl } from './data-urls.ts'

/** Changes an item, or returns the very item if there is nothing to change. */
type Change = (item: JsonObject) => JsonObject

/** Where a part has a `data:` URL, by its type. */
const DATA_KEYS: ReadonlyMap<unknown, string> = new Map([
  ['input_image', 'image_url'],
  ['input_file', 'file_data'],
])

/** Puts the Base64 of images and files right, in messages and in what tools gave. */
export const withStrictData: Change = item => changeParts(item, strictPart)

/** Drops the detail of images, in messages and in what tools gave. */
export const withoutDetails: Change = item => changeParts(item, withoutDetail)

function changeParts(item: JsonObject, change: Change): JsonObject {
  let changed = item
  for (const key of ['content', 'output']) {
    const before: unknown = item[key]
    if (!Array.isArray(before)) continue
    const after = before.map(part => {
      const object = asObject(part)
      return object ? change(object) : part
    })
    if (after.some((part, i) => part !== before[i])) changed = { ...changed, [key]: after }
  }
  return changed
}

function strictPart(part: JsonObject): JsonObject {
  const key = DATA_KEYS.get(part['type'])
  const url = key !== undefined ? part[key] : undefined
  if (key === undefined || typeof url !== 'string') return part
  const strict = normaliseDataUrl(url)
  return strict === url ? part : { ...part, [key]: strict }
}

function withoutDetail(part: JsonObject): JsonObject {
  const { detail, ...rest } = part
  return part['type'] === 'input_image' && detail !== undefined ? rest : part
}
