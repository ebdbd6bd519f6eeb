/** The body of `/api/chat` as the domain's. */

import { ProxyError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import {
  type BodyForm,
  type Decoded,
  type DecodeOptions,
  decodeBody,
  type Question,
} from '../decode.ts'
import { policyOf } from '../policy.ts'
import { decodeMessages, idleImages } from './messages.ts'
import { CHAT_FIELDS, ChatBody } from './schema.ts'
import { decodeTools } from './tools.ts'

const FORM: BodyForm<ChatBody> = {
  schema: ChatBody,
  policy: policyOf(CHAT_FIELDS),
  noModel: () =>
    new ProxyError('missing_required_parameter', 'model is required', { param: 'model' }),
  decodeQuestion,
}

/** Decodes a body. Throws as {@link decodeBody}. */
export function decodeChatBody(body: JsonObject, options: DecodeOptions): Decoded {
  return decodeBody(body, FORM, options)
}

function decodeQuestion(chat: ChatBody, { webSearch }: DecodeOptions): Question {
  const messages = chat.messages ?? []
  const items = decodeMessages(messages)
  const { tools, toolChoice, parallelToolCalls, ignored } = decodeTools(chat, webSearch)
  return {
    items,
    tools,
    toolChoice,
    parallelToolCalls,
    ignored: [...ignored, ...idleImages(messages)],
  }
}
