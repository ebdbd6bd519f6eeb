/** The body of `/api/chat` as the domain's. */

import { ProxyError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import { check } from '../../fields/check.ts'
import { applyPolicy, refuseIgnored } from '../../fields/policy.ts'
import { decodeGeneration } from '../generation.ts'
import { decodeModel, type ModelOptions } from '../model.ts'
import type { Plan } from '../plan.ts'
import { policyOf } from '../policy.ts'
import { CHAT_FIELDS, ChatBody } from '../schema.ts'
import { decodeMessages, idleImages } from './messages.ts'
import { decodeTools } from './tools.ts'

/** What decides beside the body. */
export interface DecodeOptions extends ModelOptions {
  /** The conversation's name from a header, if the client sends one. */
  readonly sessionId: string | undefined
  /** Refuses fields without effect. */
  readonly strict: boolean
  /** Lets the model search the web unless the body says no. */
  readonly webSearch: boolean
}

/** A body that has been read. */
export interface Decoded {
  readonly plan: Plan
  /** The name of the model exactly as it was sent. */
  readonly asked: string
  /** The name that is sent upstream. */
  readonly remoteModel: string
}

const POLICY = policyOf(CHAT_FIELDS)

/**
 * Decodes a body; the model first, as clients look for one that is missing.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`, `model_not_found`,
 *   `unsupported_value`, `unsupported_parameter`, with the field to blame.
 */
export function decodeChatBody(body: JsonObject, options: DecodeOptions): Decoded {
  const model = decodeModel(body['model'], options)
  if (model === undefined) {
    throw new ProxyError('missing_required_parameter', 'model is required', { param: 'model' })
  }
  const chat = check(ChatBody, body)
  const { request, stream, showsThinking, loadReason, ...generation } = decodeGeneration(
    chat,
    model,
  )
  const { asked, slug: remoteModel } = model
  const messages = chat.messages ?? []
  if (messages.length === 0) {
    return { plan: { type: 'load', reason: loadReason }, asked, remoteModel }
  }
  const items = decodeMessages(messages)
  const toolset = decodeTools(chat, options.webSearch)
  const ignored = [
    ...applyPolicy(body, POLICY),
    ...generation.ignored,
    ...toolset.ignored,
    ...idleImages(messages),
  ]
  refuseIgnored(ignored, options.strict)
  const { tools, toolChoice, parallelToolCalls } = toolset
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
        items,
        tools,
        toolChoice,
        parallelToolCalls,
        cacheKey: options.sessionId,
      },
    },
  }
}
