/** An answer folded into one value, for clients that do not stream. */

import type { ToolKind } from './conversation.ts'
import { ProxyError } from './errors.ts'
import { type Citation, type FinishReason, type ModelEvent, type Usage, unquote } from './events.ts'
import { parseJson } from './json.ts'
import { createLiteralRun, type LiteralRun } from './literal-run.ts'

/** Most characters that one answer may hold, so that a runaway upstream cannot fill the memory. */
const MAX_ANSWER_LENGTH = 64 * 1024 * 1024

/** A call that the model makes, whole. */
export interface CollectedCall {
  readonly kind: ToolKind
  readonly callId: string
  readonly name: string
  /** JSON text; of a custom tool its free text. */
  readonly arguments: string
}

/** A whole answer. */
export interface Completion {
  readonly id: string | undefined
  readonly createdAt: number | undefined
  readonly text: string
  readonly refusal: string
  readonly reasoning: string
  /** The part of `reasoning` that is a summary. */
  readonly summary: string
  readonly citations: readonly Citation[]
  readonly toolCalls: readonly CollectedCall[]
  readonly reason: FinishReason
  readonly usage: Usage | undefined
  readonly serviceTier: string | undefined
}

/**
 * Reads an answer to its end.
 *
 * @throws ProxyError `upstream_response_too_large`, `upstream_stream_incomplete`; and whatever
 *   the events throw.
 */
export async function collect(events: AsyncIterable<ModelEvent>): Promise<Completion> {
  let started: Extract<ModelEvent, { type: 'started' }> | undefined
  const text = createLiteralRun()
  const refusal = createLiteralRun()
  const reasoning = createLiteralRun()
  const summary = createLiteralRun()
  const citations: Citation[] = []
  const calls: (Omit<CollectedCall, 'arguments'> & { arguments: LiteralRun })[] = []
  let length = 0
  for await (const event of events) {
    if ('text' in event) {
      length += event.text.length
      if (length > MAX_ANSWER_LENGTH) throw tooLarge()
    }
    switch (event.type) {
      case 'started':
        started = event
        break
      case 'text':
        text.push(event.text)
        break
      case 'refusal':
        refusal.push(event.text)
        break
      case 'reasoning':
        reasoning.push(event.text)
        if (event.source === 'summary') summary.push(event.text)
        break
      case 'citation':
        citations.push(event)
        break
      case 'tool-call':
        calls[event.index] = {
          kind: event.kind,
          callId: event.callId,
          name: event.name,
          arguments: createLiteralRun(),
        }
        break
      case 'tool-arguments':
        calls[event.index]?.arguments.push(event.text)
        break
      case 'finished':
        return {
          id: started?.id,
          createdAt: started?.createdAt,
          text: unquote(text.take()),
          refusal: unquote(refusal.take()),
          reasoning: unquote(reasoning.take()),
          summary: unquote(summary.take()),
          citations,
          toolCalls: calls.map(call => ({ ...call, arguments: unquote(call.arguments.take()) })),
          reason: event.reason,
          usage: event.usage,
          serviceTier: event.serviceTier ?? started?.serviceTier,
        }
      default:
        event satisfies never
    }
  }
  throw new ProxyError(
    'upstream_stream_incomplete',
    'The model stopped before its answer was whole.',
  )
}

/**
 * Returns the calls that can be run: an answer that was cut may end in a call that is cut too. JSON
 * shows whether it is whole; free text does not, so it counts as cut where it comes last.
 */
export function runnableCalls({ toolCalls, reason }: Completion): readonly CollectedCall[] {
  if (reason === 'stop') return toolCalls
  return toolCalls.filter(call =>
    call.kind === 'custom' ? call !== toolCalls.at(-1) : parseJson(call.arguments) !== undefined,
  )
}

function tooLarge(): ProxyError {
  return new ProxyError(
    'upstream_response_too_large',
    'The answer grew past 64 MiB. Ask with "stream": true, which has no such limit.',
  )
}
