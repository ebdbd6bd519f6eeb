/** Answers as chat completions (API object `chat.completion`) and their chunks. */

import type { Completion } from '../../domain/collect.ts'
import { type FinishReason, type ModelEvent, quote, type Usage } from '../../domain/events.ts'
import { parseJson } from '../../domain/json.ts'
import type { Encoder } from '../http/stream.ts'
import { encodeError } from './errors.ts'
import { sseData } from './sse.ts'

/** What an answer says of itself beside its content. */
export interface AnswerFacts {
  /** The model as the client named it. */
  readonly model: string
  /** Used where the upstream gives none. */
  readonly fallbackId: string
  /** Unix time in seconds; used where the upstream gives none. */
  readonly fallbackCreatedAt: number
}

type Started = Extract<ModelEvent, { type: 'started' }>
type Finished = Extract<ModelEvent, { type: 'finished' }>

/**
 * Encodes a stream of `chat.completion.chunk`. Everything but the delta itself is the same in each
 * chunk, so it is written once, when the answer begins.
 */
export function createChatEncoder(facts: AnswerFacts, includeUsage: boolean): Encoder<ModelEvent> {
  let started: Started | undefined
  let callCount = 0
  /** Text before and after the delta of a chunk; '' until the first chunk. */
  let head = ''
  let tail = ''

  /** Returns the role chunk before the first chunk of an answer, and nothing before the others. */
  function opening(): string {
    if (head !== '') return ''
    const id = quote(chatId(started?.id ?? facts.fallbackId))
    const created = started?.createdAt ?? facts.fallbackCreatedAt
    const tier = quote(tierName(started?.serviceTier))
    head = `data: {"id":${id},"object":"chat.completion.chunk","created":${created},"model":${quote(facts.model)},"service_tier":${tier},"system_fingerprint":null,"choices":[`
    tail = `]${includeUsage ? ',"usage":null' : ''}}\n\n`
    return chunk('{"role":"assistant","content":"","refusal":null}')
  }

  function chunk(delta: string, reason = 'null'): string {
    return `${head}{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}${tail}`
  }

  function finish({ reason, usage }: Finished): string {
    const last = chunk('{}', quote(finishReason(reason, callCount > 0)))
    if (!includeUsage) return last
    return `${last}${head}],"usage":${JSON.stringify(encodeUsage(usage))}}\n\n`
  }

  return {
    encode(event) {
      switch (event.type) {
        case 'started':
          started = event
          return ''
        case 'text':
          return opening() + chunk(`{"content":${event.text}}`)
        case 'reasoning':
          return opening() + chunk(`{"reasoning_content":${event.text}}`)
        case 'refusal':
          return opening() + chunk(`{"refusal":${event.text}}`)
        case 'tool-call': {
          callCount++
          const call = `{"index":${event.index},"id":${quote(event.callId)},"type":"function","function":{"name":${quote(event.name)},"arguments":""}}`
          return opening() + chunk(`{"tool_calls":[${call}]}`)
        }
        case 'tool-arguments':
          return chunk(
            `{"tool_calls":[{"index":${event.index},"function":{"arguments":${event.text}}}]}`,
          )
        case 'finished':
          return opening() + finish(event)
        default:
          return event satisfies never
      }
    },
    heartbeat: () => ': keep-alive\n\n',
    end: () => sseData('[DONE]'),
    fail: error => sseData(JSON.stringify(encodeError(error).body)),
  }
}

/** Encodes a whole `chat.completion`. */
export function encodeChatCompletion(completion: Completion, facts: AnswerFacts) {
  const toolCalls = completion.toolCalls.map(({ callId, name, arguments: text }) => ({
    id: callId,
    type: 'function',
    function: { name, arguments: text },
  }))
  // A cut answer may end in a call whose arguments are cut too; nobody can run that.
  const usable =
    completion.reason === 'stop'
      ? toolCalls
      : toolCalls.filter(call => parseJson(call.function.arguments) !== undefined)
  return {
    id: chatId(completion.id ?? facts.fallbackId),
    object: 'chat.completion',
    created: completion.createdAt ?? facts.fallbackCreatedAt,
    model: facts.model,
    choices: [
      {
        index: 0,
        message: {
          role: 'assistant',
          content: completion.text || null,
          refusal: completion.refusal || null,
          annotations: [],
          ...(completion.reasoning && { reasoning_content: completion.reasoning }),
          ...(usable.length > 0 && { tool_calls: usable }),
        },
        logprobs: null,
        finish_reason: finishReason(completion.reason, toolCalls.length > 0),
      },
    ],
    usage: encodeUsage(completion.usage),
    service_tier: tierName(completion.serviceTier),
    system_fingerprint: null,
  }
}

function chatId(id: string): string {
  return `chatcmpl-${id.replace(/^resp_/, '')}`
}

/** `auto` is what was asked for, never what an answer ran in. */
function tierName(tier: string | undefined): string {
  return tier === undefined || tier === 'auto' ? 'default' : tier
}

function finishReason(reason: FinishReason, hasCalls: boolean): string {
  switch (reason) {
    case 'stop':
      return hasCalls ? 'tool_calls' : 'stop'
    case 'length':
      return 'length'
    case 'content-filter':
      return 'content_filter'
    default:
      return reason satisfies never
  }
}

/** Usage in the chat API's names; zeros where the upstream says nothing, as clients read it unasked. */
function encodeUsage(usage: Usage | undefined) {
  return {
    prompt_tokens: usage?.inputTokens ?? 0,
    completion_tokens: usage?.outputTokens ?? 0,
    total_tokens: usage?.totalTokens ?? 0,
    prompt_tokens_details: { cached_tokens: usage?.cachedTokens ?? 0, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage?.reasoningTokens ?? 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}
