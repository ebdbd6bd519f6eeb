/** The body of `/api/generate` as the domain's. */

import type { JsonObject } from '../../../domain/json.ts'
import { decodeToolset } from '../../fields/toolset.ts'
import {
  type BodyForm,
  type Decoded,
  type DecodeOptions,
  decodeBody,
  type Question,
} from '../decode.ts'
import { modelNotFound } from '../names.ts'
import { policyOf } from '../policy.ts'
import { decodePrompt } from './prompt.ts'
import { GENERATE_FIELDS, GenerateBody } from './schema.ts'

const FORM: BodyForm<GenerateBody> = {
  schema: GenerateBody,
  policy: policyOf(GENERATE_FIELDS),
  noModel: () => modelNotFound(''),
  decodeQuestion,
}

/**
 * Decodes a body. A text to go on with is gone on with without tools, and with as little thinking as
 * the model can do unless the body says how much: its clients wait for every word.
 *
 * @throws ProxyError as {@link decodeBody}.
 */
export function decodeGenerateBody(body: JsonObject, options: DecodeOptions): Decoded {
  return decodeBody(body, FORM, options)
}

function decodeQuestion(body: GenerateBody, { webSearch }: DecodeOptions): Question {
  const { isText, ...asked } = decodePrompt(body)
  const isHasty = isText && (body.think === null || body.think === undefined)
  return {
    ...asked,
    effort: isHasty ? 'none' : undefined,
    tools: isText ? [] : decodeToolset({}, webSearch).tools,
    toolChoice: 'auto',
    parallelToolCalls: true,
  }
}
