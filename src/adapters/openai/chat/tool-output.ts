/** Images that tools hide in text: the Model Context Protocol's content, written out as JSON. */

import type { Part } from '../../../domain/conversation.ts'
import { asObject, asString, parseJson } from '../../../domain/json.ts'
import { MAX_PARTS } from '../../fields/limits.ts'

/** Saves the parsing of all that holds no image. */
const MAY_HOLD_IMAGE = /^\s*(?:\[\s*)?\{[\s\S]*"(?:input_)?image/

/**
 * Unpacks a text that is a JSON list of texts and images, alone or as `content`. Any other text
 * stays as it is, and one that only links to images too: nobody asked for them to be fetched.
 */
export function unpackImages(text: string): string | readonly Part[] {
  if (!MAY_HOLD_IMAGE.test(text)) return text
  const value = parseJson(text)
  const list = asObject(value)?.['content'] ?? value
  if (!Array.isArray(list) || list.length > MAX_PARTS) return text
  const parts = list.map(unpackPart)
  if (!parts.some(part => part?.type === 'image')) return text
  return parts.every(part => part !== undefined) ? parts.filter(isTold) : text
}

function isTold(part: Part): boolean {
  return part.type !== 'text' || part.text !== ''
}

function unpackPart(value: unknown): Part | undefined {
  const part = asObject(value) ?? {}
  switch (part['type']) {
    case 'text':
    case 'input_text': {
      const text = asString(part['text'])
      return text === undefined ? undefined : { type: 'text', text }
    }
    case 'image': {
      const data = asString(part['data'])
      const media = asString(part['mimeType'])
      return image(data && media ? `data:${media};base64,${data}` : undefined)
    }
    case 'image_url':
    case 'input_image': {
      const url = part['image_url']
      return image(asString(url) ?? asString(asObject(url)?.['url']))
    }
    default:
      return undefined
  }
}

function image(url: string | undefined): Part | undefined {
  return url !== undefined && /^data:image\//i.test(url)
    ? { type: 'image', url, detail: 'auto' }
    : undefined
}
