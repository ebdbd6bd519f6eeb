/** Answers of the model as lines of `/api/chat` and `/api/generate`, or as one object. */

import { collect } from '../../domain/collect.ts'
import {
  type FinishReason,
  type JsonString,
  type ModelEvent,
  quote,
  unquote,
} from '../../domain/events.ts'
import { createLiteralRun } from '../../domain/literal-run.ts'
import type { Encoder } from '../http/stream.ts'
import { createCalls, encodeCalls } from './calls.ts'
import { encodeError } from './errors.ts'
import type { Ending, Lines } from './lines.ts'
import { oneLine } from './ndjson.ts'
import type { AnswerContext, AskPlan } from './plan.ts'
import type { Timings } from './timings.ts'

/** How an answer is told. */
export type Telling = Pick<AskPlan, 'showsThinking' | 'context'>

const NOTHING = quote('')

/** Creates an encoder of an answer as lines. */
export function createLineEncoder(
  lines: Lines,
  { showsThinking, context }: Telling,
  timings: Timings,
): Encoder<ModelEvent> {
  const calls = lines.hasCalls ? createCalls() : undefined
  const answer = context && createAnswer(context)
  let hasThought = false

  function text(literal: JsonString): string {
    answer?.push(literal)
    return lines.text(literal)
  }

  function thinking(literal: JsonString): string {
    if (!showsThinking || literal === NOTHING) return ''
    if (hasThought) return lines.thinking(literal)
    hasThought = true
    return halves(literal).map(lines.thinking).join('')
  }

  return {
    encode(event) {
      timings.note(event)
      switch (event.type) {
        case 'text':
        case 'refusal':
          return text(event.text)
        case 'reasoning':
          return thinking(event.text)
        case 'tool-call':
          return calls?.begin(event).map(lines.call).join('') ?? ''
        case 'tool-arguments':
          calls?.pass(event)
          return ''
        // There is no place for these.
        case 'started':
        case 'citation':
          return ''
        case 'finished': {
          const rest = calls?.finish(event.reason).map(lines.call).join('') ?? ''
          const figures = timings.figures(event.usage)
          const reason = doneReason(event.reason)
          const last = lines.last({ reason, context: answer?.context(), figures })
          return `${rest}${last}\n`
        }
        default:
          return event satisfies never
      }
    },
    heartbeat: () => lines.text(NOTHING),
    end: () => '',
    fail: error => `${oneLine(JSON.stringify(encodeError(error).body))}\n`,
  }
}

/**
 * Reads an answer to its end and encodes it as one object.
 *
 * @throws ProxyError as `collect`; `upstream_invalid_response` for a call without an object.
 */
export async function encodeWhole(
  events: AsyncIterable<ModelEvent>,
  lines: Lines,
  { showsThinking, context }: Telling,
  timings: Timings,
): Promise<string> {
  const told = asTold(events, timings)
  const { text, reasoning, toolCalls, reason, usage } = await collect(told)
  const figures = timings.figures(usage)
  const literal = quote(text)
  const answer = context && createAnswer(context)
  answer?.push(literal)
  return lines.last({
    text: literal,
    thinking: showsThinking && reasoning !== '' ? quote(reasoning) : undefined,
    calls: lines.hasCalls ? encodeCalls(toolCalls, reason) : [],
    reason: doneReason(reason),
    context: answer?.context(),
    figures,
  })
}

/** A refusal is text where an answer has no other place for it. */
async function* asTold(
  events: AsyncIterable<ModelEvent>,
  timings: Timings,
): AsyncGenerator<ModelEvent, void, void> {
  for await (const event of events) {
    timings.note(event)
    yield event.type === 'refusal' ? { type: 'text', text: event.text } : event
  }
}

/** Keeps the text of an answer for its context, as long as there is room for it. */
function createAnswer(context: AnswerContext) {
  const literals = createLiteralRun()
  let length = 0
  return {
    push(literal: JsonString): void {
      length += literal.length - NOTHING.length
      if (length <= context.maxLength) literals.push(literal)
    },
    context: () => context.of(length > context.maxLength ? '' : unquote(literals.take())),
  }
}

function doneReason(reason: FinishReason): Ending['reason'] {
  return reason === 'content-filter' ? 'content_filter' : reason
}

/** Some clients take the first line of thinking for the only one, unless a second one follows. */
function halves(literal: JsonString): readonly JsonString[] {
  const [first = '', ...rest] = unquote([literal])
  return rest.length === 0 ? [literal] : [quote(first), quote(rest.join(''))]
}
