/** The body of `/api/generate` as the domain's. */

import type { JsonObject } from '../../../domain/json.ts'
import { check } from '../../fields/check.ts'
import { applyPolicy, refuseIgnored } from '../../fields/policy.ts'
import { decodeToolset } from '../../fields/toolset.ts'
import type { Decoded, DecodeOptions } from '../chat/decode.ts'
import { decodeGeneration } from '../generation.ts'
import { decodeModel } from '../model.ts'
import { modelNotFound } from '../names.ts'
import { policyOf } from '../policy.ts'
import { GENERATE_FIELDS, GenerateBody } from '../schema.ts'
import { decodeQuestion } from './question.ts'

const POLICY = policyOf(GENERATE_FIELDS)

/**
 * Decodes a body; the model first, as clients look for one that is missing. A text to go on with is
 * gone on with without tools, and with as little thinking as the model can do unless the body says how
 * much: its clients wait for every word.
 *
 * @throws ProxyError `invalid_type`, `invalid_value`, `model_not_found`, `unsupported_value`,
 *   `unsupported_parameter`, with the field to blame.
 */
export function decodeGenerateBody(body: JsonObject, options: DecodeOptions): Decoded {
  const model = decodeModel(body['model'], options)
  if (model === undefined) throw modelNotFound('')
  const asking = check(GenerateBody, body)
  const { request, stream, showsThinking, loadReason, ...generation } = decodeGeneration(
    asking,
    model,
  )
  const { asked, slug: remoteModel } = model
  const question = decodeQuestion(asking)
  if (question === undefined) {
    return { plan: { type: 'load', reason: loadReason }, asked, remoteModel }
  }
  const { items, isText, contextOf } = question
  const ignored = [...applyPolicy(body, POLICY), ...generation.ignored, ...question.ignored]
  refuseIgnored(ignored, options.strict)
  const isHasty = isText && (asking.think === null || asking.think === undefined)
  return {
    asked,
    remoteModel,
    plan: {
      type: 'ask',
      stream,
      showsThinking,
      ignored,
      request: {
        ...request,
        effort: request.effort ?? (isHasty ? 'none' : undefined),
        items,
        tools: isText ? [] : decodeToolset({}, options.webSearch).tools,
        toolChoice: 'auto',
        parallelToolCalls: true,
        cacheKey: options.sessionId,
      },
      ...(contextOf && { contextOf }),
    },
  }
}
