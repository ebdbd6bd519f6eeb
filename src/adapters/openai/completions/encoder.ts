/** Answers as legacy completions (API object `text_completion`), which hold nothing but text. */

import { collect } from '../../../domain/collect.ts'
import { type ModelEvent, quote } from '../../../domain/events.ts'
import type { Encoder } from '../../http/stream.ts'
import type { AnswerFacts } from '../chat/encoder.ts'
import { encodeFinishReason, encodeUsage, STREAM_ENDS } from '../chat/ending.ts'

/** What a client asked of the form of its answer. */
export interface CompletionEncoderOptions {
  /** Of streams only: whole answers always tell their usage. */
  readonly includeUsage: boolean
  /** What is told before the answer; '' for nothing. */
  readonly echo: string
}

type Started = Extract<ModelEvent, { type: 'started' }>
type Finished = Extract<ModelEvent, { type: 'finished' }>

/** Creates an encoder of a stream of `text_completion`; each chunk is that same object. */
export function createCompletionEncoder(
  facts: AnswerFacts,
  { includeUsage, echo }: CompletionEncoderOptions,
): Encoder<ModelEvent> {
  let started: Started | undefined
  /** Text before the choice of a chunk; '' until the first chunk. */
  let head = ''
  const tail = `]${includeUsage ? ',"usage":null' : ''}}\n\n`

  /** Returns the echo before the first chunk of an answer, and nothing before the others. */
  function opening(): string {
    if (head !== '') return ''
    const id = quote(completionId(started?.id ?? facts.fallbackId))
    const created = started?.createdAt ?? facts.fallbackCreatedAt
    head = `data: {"id":${id},"object":"text_completion","created":${created},"model":${quote(facts.model)},"choices":[`
    return echo === '' ? '' : chunk(quote(echo))
  }

  function chunk(text: string, reason = 'null'): string {
    return `${head}{"text":${text},"index":0,"logprobs":null,"finish_reason":${reason}}${tail}`
  }

  function finish({ reason, usage }: Finished): string {
    const last = chunk('""', quote(encodeFinishReason(reason)))
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
        case 'refusal':
          return opening() + chunk(event.text)
        case 'finished':
          return opening() + finish(event)
        // There is no place for these.
        case 'reasoning':
        case 'tool-call':
        case 'tool-arguments':
        case 'citation':
          return ''
        default:
          return event satisfies never
      }
    },
    ...STREAM_ENDS,
  }
}

/**
 * Reads an answer to its end and encodes it as a whole `text_completion`.
 *
 * @throws ProxyError as `collect`.
 */
export async function encodeCompletion(
  events: AsyncIterable<ModelEvent>,
  facts: AnswerFacts,
  { echo }: Pick<CompletionEncoderOptions, 'echo'>,
) {
  const completion = await collect(withRefusalAsText(events))
  return {
    id: completionId(completion.id ?? facts.fallbackId),
    object: 'text_completion',
    created: completion.createdAt ?? facts.fallbackCreatedAt,
    model: facts.model,
    choices: [
      {
        text: echo + completion.text,
        index: 0,
        logprobs: null,
        finish_reason: encodeFinishReason(completion.reason),
      },
    ],
    usage: encodeUsage(completion.usage),
  }
}

async function* withRefusalAsText(
  events: AsyncIterable<ModelEvent>,
): AsyncGenerator<ModelEvent, void, void> {
  for await (const event of events) {
    yield event.type === 'refusal' ? { type: 'text', text: event.text } : event
  }
}

function completionId(id: string): string {
  return `cmpl-${id.replace(/^resp_/, '')}`
}
