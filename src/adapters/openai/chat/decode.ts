/** The body of a chat request as the domain's. */

import { type ChatRequest, type Item, type Part, said } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import { check } from '../../fields/check.ts'
import { applyPolicy, refuseIgnored } from '../../fields/policy.ts'
import { decodeStop } from '../../fields/stop.ts'
import { decodeTier } from '../../fields/tier.ts'
import { decodeResponseFormat, decodeTextFormat } from '../format.ts'
import { decodeInput } from '../input.ts'
import { decodeEffort, hidesReasoning } from './effort.ts'
import { decodeMessages } from './messages.ts'
import { CHAT_POLICY, INPUT_POLICY } from './policy.ts'
import { ChatBody, InputBody } from './schema.ts'
import { decodeChatToolset } from './toolset.ts'

/** What decides beside the body. */
export interface DecodeOptions {
  /** The conversation's name from a header, if the client sends one. */
  readonly sessionId: string | undefined
  /** Refuses fields without effect. */
  readonly strict: boolean
  /** Lets the model search the web unless the body says no. */
  readonly webSearch: boolean
}

/** A chat request and what the answer must look like. */
export interface DecodedChat {
  readonly request: ChatRequest
  readonly stream: boolean
  readonly includeUsage: boolean
  /** Names of the fields that have no effect, for `x-chatmock-ignored`. */
  readonly ignored: readonly string[]
  /** Whether calls are told in the form that came before tools. */
  readonly legacyFunctions: boolean
  /** Whether the client wants to see no reasoning. */
  readonly hidesReasoning: boolean
}

/**
 * Decodes a body. One without messages may have the form of the Responses API, or a single prompt.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value`, `unsupported_parameter`, with the field to blame.
 */
export function decodeChat(body: JsonObject, options: DecodeOptions): DecodedChat {
  const chat = check(ChatBody, body)
  const items = decodeConversation(chat, body)
  const policy = hasMessages(chat) ? CHAT_POLICY : INPUT_POLICY
  const toolset = decodeChatToolset(chat, options.webSearch)
  const tier = decodeTier(chat)
  const format = decodeResponseFormat(chat.response_format, 'response_format')
  const textFormat = decodeTextFormat(chat.text?.format, 'text.format')
  const ignored = [
    ...applyPolicy(body, policy),
    ...toolset.ignored,
    ...(tier.isIgnored ? ['service_tier'] : []),
  ]
  refuseIgnored(ignored, options.strict)
  return {
    stream: chat.stream ?? false,
    includeUsage: chat.stream_options?.include_usage ?? false,
    ignored,
    legacyFunctions: toolset.isLegacy,
    hidesReasoning: hidesReasoning(chat),
    request: {
      model: chat.model,
      items,
      tools: toolset.tools,
      toolChoice: toolset.toolChoice,
      parallelToolCalls: toolset.parallelToolCalls,
      format: format ?? textFormat,
      effort: decodeEffort(chat),
      summary: chat.reasoning?.summary ?? undefined,
      verbosity: chat.verbosity ?? chat.text?.verbosity ?? undefined,
      priority: tier.priority,
      cacheKey: chat.prompt_cache_key || options.sessionId,
      stop: decodeStop(chat.stop),
    },
  }
}

function hasMessages({ messages }: ChatBody): boolean {
  return messages !== null && messages !== undefined && messages.length > 0
}

function decodeConversation(chat: ChatBody, body: JsonObject): readonly Item[] {
  if (hasMessages(chat)) return decodeMessages(chat.messages ?? [])
  const { input, prompt, instructions } = check(InputBody, body)
  // The prompt comes first because the program before this one took it first.
  const given = prompt ?? input
  if (given === null || given === undefined) throw noMessages(chat)
  const items = decodeInput(given, 'input')
  if (items.length === 0) {
    const name = prompt === null || prompt === undefined ? 'input' : 'prompt'
    throw new ProxyError(
      'invalid_value',
      `Invalid value for '${name}': there is no content in it.`,
      { param: name },
    )
  }
  const parts: readonly Part[] = instructions ? [{ type: 'text', text: instructions }] : []
  return [...said('developer', parts), ...items]
}

function noMessages({ messages }: ChatBody): ProxyError {
  const isMissing = messages === null || messages === undefined
  return new ProxyError(
    isMissing ? 'missing_required_parameter' : 'invalid_value',
    isMissing
      ? "Missing required parameter: 'messages'."
      : "Invalid value for 'messages': it must not be empty.",
    { param: 'messages' },
  )
}
