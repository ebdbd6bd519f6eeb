/** Content of messages and of outputs in the form that the upstream takes. */

import * as v from 'valibot'
import type { Part } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import { AnyObject, check } from '../../fields/check.ts'
import { WirePart } from '../message-schema.ts'
import { decodePart } from '../parts.ts'
import { withoutCacheMarks } from './cache-marks.ts'

/** What text is called: in what the model says it has another name than in what it is told. */
export type TextType = 'input_text' | 'output_text'

const AnyPart = v.looseObject({
  type: v.pipe(v.string(), v.nonEmpty()),
  file_id: v.nullish(v.unknown()),
})
const Annotated = v.looseObject({ annotations: v.nullish(v.array(AnyObject)) })

/** All that {@link WirePart} knows. */
const KNOWN: Readonly<Record<WirePart['type'], true>> = {
  text: true,
  input_text: true,
  output_text: true,
  image_url: true,
  input_image: true,
  file: true,
  input_file: true,
  refusal: true,
  input_audio: true,
  image: true,
}

/**
 * Puts content that stands at `path` into parts, each with the keys that the upstream knows only;
 * texts without characters are left out. Kinds that are not known pass unchanged.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value` with the path.
 */
export function normalizeContent(
  content: string | readonly unknown[],
  textType: TextType,
  path: string,
): readonly JsonObject[] {
  const parts = typeof content === 'string' ? [{ type: textType, text: content }] : content
  return parts.flatMap((part, j) => normalizePart(part, textType, `${path}[${j}]`))
}

function normalizePart(value: unknown, textType: TextType, path: string): readonly JsonObject[] {
  const { type, file_id: fileId } = check(AnyPart, value, path)
  if (fileId) {
    throw new ProxyError(
      'unsupported_value',
      'chatmock stores no files: send the content itself, in file_data or image_url.',
      { param: `${path}.file_id` },
    )
  }
  if (!Object.hasOwn(KNOWN, type)) return [withoutCacheMarks(value as JsonObject)]
  const wirePart = check(WirePart, value, path)
  if (wirePart.type === 'input_file' && wirePart.file_url) return [linkedFile(wirePart, path)]
  const part = decodePart(wirePart, path)
  const isAnswer = textType === 'output_text'
  const mayStand = part.type === 'text' || (part.type === 'refusal') === isAnswer
  if (!mayStand) throw misplaced(isAnswer, path)
  if (part.type !== 'text') return [encodePart(part)]
  if (part.text === '') return []
  const annotations = isAnswer ? check(Annotated, value, path).annotations : undefined
  return [{ type: textType, text: part.text, ...(annotations && { annotations }) }]
}

function encodePart(part: Exclude<Part, { type: 'text' }>): JsonObject {
  switch (part.type) {
    case 'refusal':
      return { type: 'refusal', refusal: part.text }
    case 'image': {
      const { url, detail } = part
      return { type: 'input_image', image_url: url, ...(detail !== 'auto' && { detail }) }
    }
    case 'file':
      return { type: 'input_file', filename: part.filename, file_data: part.data }
    default:
      return part satisfies never
  }
}

/** It is the upstream that fetches the file. */
function linkedFile(part: Extract<WirePart, { type: 'input_file' }>, path: string): JsonObject {
  const { file_url, file_data, filename } = part
  if (!/^https?:\/\//i.test(file_url ?? '')) {
    throw new ProxyError('invalid_value', 'A file_url is an https:// URL.', {
      param: `${path}.file_url`,
    })
  }
  return {
    type: 'input_file',
    ...(filename && { filename }),
    ...(file_data && { file_data }),
    file_url,
  }
}

function misplaced(isAnswer: boolean, path: string): ProxyError {
  const why = isAnswer
    ? 'an assistant message has text and refusals only'
    : 'only an assistant message has a refusal'
  return new ProxyError('invalid_value', `Invalid value for '${path}.type': ${why}.`, {
    param: `${path}.type`,
  })
}
