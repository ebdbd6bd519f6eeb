/** Chat completions. */

import { ProxyError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { Exchange, Handler, Route } from '../../http/exchange.ts'
import { sendJson } from '../../http/reply.ts'
import { type AnswerParts, answer, type Plan, withoutSummary } from './answer.ts'
import { type DecodeOptions, decodeChat } from './decode.ts'
import { createChatEncoder, encodeChatCompletion } from './encoder.ts'
import { chooseReasoningMode, type ReasoningSetting } from './reasoning.ts'

/** What these endpoints depend on. */
export interface ChatParts extends AnswerParts {
  /** Where answers put the reasoning if a request does not say. */
  readonly reasoningMode: ReasoningSetting
}

/** Returns the routes, without `/v1`. Chat completions are never stored, so there are none to list. */
export function chatRoutes(parts: ChatParts): readonly Route[] {
  const plan = (body: JsonObject, options: DecodeOptions, exchange: Exchange) =>
    planChat(body, options, exchange, parts.reasoningMode)
  return [
    { method: 'POST', path: '/chat/completions', handle: answer(parts, plan) },
    {
      method: 'GET',
      path: '/chat/completions',
      handle: ({ response }) => sendJson(response, 200, NONE),
    },
    { method: 'GET', path: '/chat/completions/:id', handle: notStored },
    { method: 'POST', path: '/chat/completions/:id', handle: notStored },
    { method: 'DELETE', path: '/chat/completions/:id', handle: notStored },
  ]
}

const NONE = { object: 'list', data: [], first_id: null, last_id: null, has_more: false }

const notStored: Handler = () => {
  throw new ProxyError('response_not_found', 'There is no such chat completion: none is stored.')
}

function planChat(
  body: JsonObject,
  options: DecodeOptions,
  exchange: Exchange,
  setting: ReasoningSetting,
): Plan {
  const chat = decodeChat(body, options)
  const { includeUsage, legacyFunctions, hidesReasoning } = chat
  const header = exchange.request.headers['x-reasoning-compat']
  const reasoning = chooseReasoningMode(setting, {
    header: header?.toString(),
    hidesReasoning,
    hasFormat: chat.request.format !== undefined,
  })
  const request = reasoning === 'off' ? withoutSummary(chat.request) : chat.request
  const form = { includeUsage, reasoning, legacyFunctions }
  return {
    ...chat,
    request,
    encoder: facts => createChatEncoder(facts, form),
    whole: (events, facts) => encodeChatCompletion(events, facts, form),
  }
}
