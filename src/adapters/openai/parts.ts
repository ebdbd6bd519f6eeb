/** Parts of messages as the domain's. */

import type { Part, Role } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import type { WireContent, WirePart } from './message-schema.ts'

/** Who says something; a tool says what it gave. */
export type Speaker = Role | 'tool'

const MAY_SAY: Readonly<Record<Speaker, readonly Part['type'][]>> = {
  developer: ['text'],
  user: ['text', 'image', 'file'],
  assistant: ['text', 'refusal'],
  tool: ['text', 'image', 'file'],
}

/**
 * Decodes content at `path`; texts without characters are left out.
 *
 * @throws ProxyError `invalid_value`, `unsupported_value`, `missing_required_parameter` with the
 *   path of the field.
 */
export function decodeContent(
  content: WireContent | null | undefined,
  speaker: Speaker,
  path: string,
): Part[] {
  const parts: readonly WirePart[] =
    typeof content === 'string' ? [{ type: 'text', text: content }] : (content ?? [])
  return parts.flatMap((wirePart, j) => {
    const partPath = `${path}[${j}]`
    const part = decodePart(wirePart, partPath)
    if (!MAY_SAY[speaker].includes(part.type)) throw misplaced(speaker, partPath)
    return part.type === 'text' && part.text === '' ? [] : [part]
  })
}

/** Decodes what a tool gave: one text where it is text only. */
export function decodeToolOutput(
  content: WireContent | null | undefined,
  path: string,
): string | readonly Part[] {
  const parts = decodeContent(content, 'tool', path)
  const texts = parts.flatMap(part => (part.type === 'text' ? [part.text] : []))
  return texts.length === parts.length ? texts.join('') : parts
}

/**
 * Decodes a part that stands at `path`.
 *
 * @throws ProxyError as {@link decodeContent}.
 */
export function decodePart(part: WirePart, path: string): Part {
  switch (part.type) {
    case 'text':
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: part.text }
    case 'refusal':
      return { type: 'refusal', text: part.refusal }
    case 'image_url': {
      if (typeof part.image_url === 'string') {
        return decodeImage(part.image_url, undefined, `${path}.image_url`)
      }
      return decodeImage(part.image_url.url, part.image_url.detail, `${path}.image_url.url`)
    }
    case 'input_image':
      if (part.file_id) throw storedFile(`${path}.file_id`)
      return decodeImage(part.image_url ?? '', part.detail, `${path}.image_url`)
    case 'image':
      return decodeImage(`data:${part.mimeType};base64,${part.data}`, undefined, `${path}.mimeType`)
    case 'file':
      return decodeFile(part.file, `${path}.file`)
    case 'input_file':
      if (part.file_url) throw storedFile(`${path}.file_url`)
      return decodeFile(part, path)
    case 'input_audio':
      throw new ProxyError(
        'unsupported_value',
        'The backend does not listen to audio: send what is said as text.',
        { param: `${path}.type` },
      )
    default:
      return part satisfies never
  }
}

type ImagePart = Extract<Part, { type: 'image' }>

function decodeImage(
  url: string,
  detail: ImagePart['detail'] | null | undefined,
  param: string,
): ImagePart {
  if (!/^(?:data:image\/|https?:\/\/)/i.test(url)) {
    throw new ProxyError('invalid_value', 'An image is a data:image/… URL or an https:// URL.', {
      param,
    })
  }
  return { type: 'image', url, detail: detail ?? 'auto' }
}

/** Media types by file ending, for files that come as bare base64. */
const MEDIA_TYPES: ReadonlyMap<string, string> = new Map([
  ['pdf', 'application/pdf'],
  ['txt', 'text/plain'],
  ['md', 'text/markdown'],
  ['csv', 'text/csv'],
  ['json', 'application/json'],
  ['html', 'text/html'],
])

/** A file in a part, of either API. */
interface WireFile {
  readonly file_data?: string | null | undefined
  readonly file_id?: string | null | undefined
  readonly filename?: string | null | undefined
}

function decodeFile(file: WireFile, path: string): Part {
  if (!file.file_data) {
    if (file.file_id) throw storedFile(`${path}.file_id`)
    throw new ProxyError(
      'missing_required_parameter',
      `Missing required parameter: '${path}.file_data', the content in base64.`,
      { param: `${path}.file_data` },
    )
  }
  const [, told] = /^data:([^;,]*)/i.exec(file.file_data) ?? []
  const filename = file.filename || `file.${endingOf(told)}`
  const ending = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase()
  const media = MEDIA_TYPES.get(ending) ?? 'application/octet-stream'
  const data = told === undefined ? `data:${media};base64,${file.file_data}` : file.file_data
  return { type: 'file', filename, data }
}

/** A file without a name is most likely a PDF, unless its own type says something else. */
function endingOf(media = ''): string {
  const known = [...MEDIA_TYPES].find(([, type]) => type === media.toLowerCase())
  return known?.[0] ?? 'pdf'
}

function storedFile(param: string): ProxyError {
  return new ProxyError(
    'unsupported_value',
    'chatmock neither stores nor fetches files: send the content itself, in base64.',
    { param },
  )
}

const SAID_BY: Readonly<Record<Speaker, string>> = {
  developer: 'A system or developer message has text only',
  user: 'A user message has text, images and files only',
  assistant: 'An assistant message has text and refusals only',
  tool: 'The output of a tool has text, images and files only',
}

function misplaced(speaker: Speaker, path: string): ProxyError {
  return new ProxyError('invalid_value', `Invalid value for '${path}.type'. ${SAID_BY[speaker]}.`, {
    param: `${path}.type`,
  })
}
