/** Answers as chat completions (API object `chat.completion`) and their chunks. */

import { type CollectedCall, collect, runnableCalls } from '../../../domain/collect.ts'
import { type Citation, type ModelEvent, quote } from '../../../domain/events.ts'
import { createThinkTags, withThinkTags } from '../../../domain/think-tags.ts'
import type { Encoder } from '../../http/stream.ts'
import { encodeFinishReason, encodeUsage, STREAM_ENDS } from './ending.ts'
import { encodeReasoning, REASONING_DELTAS, type ReasoningMode } from './reasoning.ts'

/** What an answer says of itself beside its content. */
export interface AnswerFacts {
  /** The model as the client named it. */
  readonly model: string
  /** Used where the upstream gives none. */
  readonly fallbackId: string
  /** Unix time in seconds; used where the upstream gives none. */
  readonly fallbackCreatedAt: number
}

/** What a client asked of the form of its answer. */
export interface ChatEncoderOptions {
  /** Of streams only: whole answers always tell their usage. */
  readonly includeUsage: boolean
  readonly reasoning: ReasoningMode
  /** Tells the first call as the deprecated `function_call`, and no other. */
  readonly legacyFunctions: boolean
}

type Started = Extract<ModelEvent, { type: 'started' }>
type Finished = Extract<ModelEvent, { type: 'finished' }>
type Call = Extract<ModelEvent, { type: 'tool-call' }>
type Arguments = Extract<ModelEvent, { type: 'tool-arguments' }>

/** Creates an encoder of a stream of `chat.completion.chunk`. */
export function createChatEncoder(
  facts: AnswerFacts,
  options: ChatEncoderOptions,
): Encoder<ModelEvent> {
  const encoder = createChunkEncoder(facts, options)
  if (options.reasoning !== 'think-tags') return encoder
  const tags = createThinkTags()
  const encodeAll = (events: readonly ModelEvent[]) => events.map(encoder.encode).join('')
  return {
    ...encoder,
    encode: event => encodeAll(tags.tell(event)),
    fail: error => encodeAll(tags.close()) + encoder.fail(error),
  }
}

/**
 * Everything but the delta itself is the same in each chunk, so it is written once, when the answer
 * begins; the last chunks tell another service tier where it ran in one.
 */
function createChunkEncoder(
  facts: AnswerFacts,
  { includeUsage, reasoning, legacyFunctions }: ChatEncoderOptions,
): Encoder<ModelEvent> {
  const reasoningDelta = REASONING_DELTAS[reasoning]
  const citations: Citation[] = []
  let started: Started | undefined
  /** The kind of the latest call. */
  let kind: Call['kind'] | undefined
  /** Text before and after the choice of a chunk; `head` is '' until the first chunk. */
  let head = ''
  const tail = `]${includeUsage ? ',"usage":null' : ''}}\n\n`

  function headOf(tier: string | undefined): string {
    const id = quote(chatId(started?.id ?? facts.fallbackId))
    const created = started?.createdAt ?? facts.fallbackCreatedAt
    return `data: {"id":${id},"object":"chat.completion.chunk","created":${created},"model":${quote(facts.model)},"service_tier":${quote(tierName(tier))},"system_fingerprint":null,"choices":[`
  }

  /** Returns the role chunk before the first chunk of an answer, and nothing before the others. */
  function opening(): string {
    if (head !== '') return ''
    head = headOf(started?.serviceTier)
    return chunk('{"role":"assistant","content":"","refusal":null}')
  }

  function chunk(delta: string, reason = 'null'): string {
    return `${head}{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${reason}}${tail}`
  }

  function call({ index, callId, name }: Call): string {
    if (legacyFunctions) {
      return index === 0 ? chunk(`{"function_call":{"name":${quote(name)},"arguments":""}}`) : ''
    }
    const rest =
      kind === 'custom'
        ? `"type":"custom","custom":{"name":${quote(name)},"input":""}`
        : `"type":"function","function":{"name":${quote(name)},"arguments":""}`
    return chunk(`{"tool_calls":[{"index":${index},"id":${quote(callId)},${rest}}]}`)
  }

  function callArguments({ index, text }: Arguments): string {
    if (legacyFunctions) return index === 0 ? chunk(`{"function_call":{"arguments":${text}}}`) : ''
    const rest =
      kind === 'custom' ? `"custom":{"input":${text}}` : `"function":{"arguments":${text}}`
    return chunk(`{"tool_calls":[{"index":${index},${rest}}]}`)
  }

  function finish({ reason, usage, serviceTier }: Finished): string {
    const sources =
      citations.length > 0
        ? chunk(`{"annotations":${JSON.stringify(citations.map(encodeCitation))}}`)
        : ''
    if (serviceTier !== undefined) head = headOf(serviceTier)
    const stopReason = kind === undefined ? 'stop' : callReason(legacyFunctions)
    const last = sources + chunk('{}', quote(encodeFinishReason(reason, stopReason)))
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
        case 'reasoning': {
          const delta = reasoningDelta(event)
          return delta === '' ? '' : opening() + chunk(delta)
        }
        case 'refusal':
          return opening() + chunk(`{"refusal":${event.text}}`)
        case 'tool-call':
          kind = event.kind
          return opening() + call(event)
        case 'tool-arguments':
          return callArguments(event)
        case 'citation':
          citations.push(event)
          return ''
        case 'finished':
          return opening() + finish(event)
        default:
          return event satisfies never
      }
    },
    ...STREAM_ENDS,
  }
}

/**
 * Reads an answer to its end and encodes it as a whole `chat.completion`.
 *
 * @throws ProxyError as `collect`.
 */
export async function encodeChatCompletion(
  events: AsyncIterable<ModelEvent>,
  facts: AnswerFacts,
  { reasoning, legacyFunctions }: Omit<ChatEncoderOptions, 'includeUsage'>,
) {
  const completion = await collect(reasoning === 'think-tags' ? withThinkTags(events) : events)
  const { reason, toolCalls } = completion
  const stopReason = toolCalls.length > 0 ? callReason(legacyFunctions) : 'stop'
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
          annotations: completion.citations.map(encodeCitation),
          ...encodeReasoning(reasoning, completion),
          ...encodeCalls(runnableCalls(completion), legacyFunctions),
        },
        logprobs: null,
        finish_reason: encodeFinishReason(reason, stopReason),
      },
    ],
    usage: encodeUsage(completion.usage),
    service_tier: tierName(completion.serviceTier),
    system_fingerprint: null,
  }
}

function encodeCalls(calls: readonly CollectedCall[], legacyFunctions: boolean): object {
  const [first] = calls
  if (first === undefined) return {}
  if (legacyFunctions) return { function_call: { name: first.name, arguments: first.arguments } }
  return {
    tool_calls: calls.map(({ kind, callId: id, name, arguments: text }) =>
      kind === 'custom'
        ? { id, type: 'custom', custom: { name, input: text } }
        : { id, type: 'function', function: { name, arguments: text } },
    ),
  }
}

function encodeCitation({ startIndex, endIndex, title, url }: Citation) {
  return {
    type: 'url_citation',
    url_citation: { start_index: startIndex, end_index: endIndex, title, url },
  }
}

function callReason(legacyFunctions: boolean): string {
  return legacyFunctions ? 'function_call' : 'tool_calls'
}

function chatId(id: string): string {
  return `chatcmpl-${id.replace(/^resp_/, '')}`
}

/** `auto` is what was asked for, never what an answer ran in. */
function tierName(tier: string | undefined): string {
  return tier === undefined || tier === 'auto' ? 'default' : tier
}
