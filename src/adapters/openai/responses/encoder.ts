/** Answers as a stream of the Responses API's events. */

import type { ProxyError } from '../../../domain/errors.ts'
import { asNumber, asObject, type JsonObject, parseJson } from '../../../domain/json.ts'
import type { RelayFrame } from '../../../domain/relay-ports.ts'
import type { Encoder } from '../../http/stream.ts'
import { encodeError } from '../errors.ts'
import { sseData } from '../sse.ts'
import type { ResponseFacts } from './object.ts'
import { createResponseTracker } from './tracker.ts'

/** Events that announce output and have none. */
const ANNOUNCEMENTS: ReadonlySet<string> = new Set([
  'response.created',
  'response.queued',
  'response.in_progress',
  'response.output_item.added',
  'response.content_part.added',
  'response.reasoning_summary_part.added',
])

/**
 * Encodes frames as they are, but for those that carry the whole object `response`. What comes
 * before the first output is held back with it, so that an early failure has a status of its own.
 * `onWhole` gets the response once it is whole. There is no `[DONE]`.
 */
export function createResponseEncoder(
  facts: ResponseFacts,
  onWhole: (response: JsonObject) => void,
): Encoder<RelayFrame> {
  const tracker = createResponseTracker(facts)
  let held = ''
  let isHolding = true
  let count = 0
  let last: RelayFrame | undefined

  function release(): string {
    const text = held
    held = ''
    isHolding = false
    return text
  }

  return {
    encode(frame) {
      count++
      last = frame
      const event = tracker.note(frame)
      const text = sseEvent(frame.type, event ? JSON.stringify(event) : frame.data)
      if (isHolding && ANNOUNCEMENTS.has(frame.type)) {
        held += text
        return ''
      }
      const whole = event && tracker.whole()
      if (whole && !tracker.isOverfull()) onWhole(whole)
      return isHolding ? release() + text : text
    },
    heartbeat: () => `${release()}: keep-alive\n\n`,
    end: release,
    fail(error) {
      const event = {
        type: 'response.failed',
        sequence_number: last ? sequenceOf(last, count - 1) + 1 : 0,
        response: { ...tracker.current(), status: 'failed', error: failureOf(error) },
      }
      return release() + sseEvent(event.type, JSON.stringify(event))
    },
  }
}

function sseEvent(type: string, data: string): string {
  return `event: ${type}\n${sseData(data)}`
}

function sequenceOf({ data }: RelayFrame, fallback: number): number {
  return asNumber(asObject(parseJson(data))?.['sequence_number']) ?? fallback
}

/** Agents go on asking unless a limit has the one name that they know as final in a stream. */
function failureOf(error: ProxyError) {
  const code = encodeError(error).body.error.code ?? error.code
  return {
    code: code === 'usage_limit_reached' ? 'insufficient_quota' : code,
    message: error.message,
  }
}
