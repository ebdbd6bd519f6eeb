/** The upstream's events as frames to pass on: their text stays as it came, byte for byte. */

import { asObject, asString, type JsonObject, objectsOf, parseJson } from '../../domain/json.ts'
import type { RelayFrame } from '../../domain/relay-ports.ts'
import { failureInStream } from './errors.ts'
import type { AnswerDecoder } from './events.ts'
import { isInFunctions, withoutFunctions } from './namespace.ts'

/** What reading the frames of one answer depends on. */
export interface FrameOptions {
  /** Unix time in milliseconds. */
  readonly now: () => number
  /** Gets what is told of usage in passing (`codex.rate_limits`), which is no part of the answer. */
  readonly onLimits: (event: JsonObject) => void
  /** Whether calls are in a namespace of which the client knows nothing. */
  readonly hidesNamespace: boolean
}

const NOTHING: readonly RelayFrame[] = []

/**
 * A delta in the spelling in which they come by the thousand: an object of plain values. It is
 * matched whole, so it is valid JSON without being parsed; each part can match in one way only, so a
 * mismatch is found in linear time.
 */
const DELTA =
  /^\{"type":"(response\.[a-z_]+(?:\.[a-z_]+)*\.delta)"(?:,"[a-z_]+":(?:"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"|0|[1-9]\d*|\[\]|null))*\}$/
/** Longer text is parsed: the expression keeps a trail as long as what it has matched. */
const MAX_FAST_LENGTH = 64 * 1024
const LEADING_TYPE = /^\{"type":"([^"\\]*)"/
/** What is between the backend and its own client. */
const PRIVATE_TYPE = /^(?:codex\.|responsesapi\.|(?:keepalive|response\.metadata)$)/
/** A type is told on a line of its own beside the event. */
const PLAIN_TYPE = /^[\x21-\x7e]+$/

const LIMITS = 'codex.rate_limits'

/** Creates a decoder for one answer. */
export function createFrameDecoder(options: FrameOptions): AnswerDecoder<RelayFrame> {
  return {
    decode(data) {
      const type = data.length <= MAX_FAST_LENGTH ? DELTA.exec(data)?.[1] : undefined
      if (type !== undefined) return [{ type, data }]
      // What nobody is told is skipped before it is parsed.
      const leading = LEADING_TYPE.exec(data)?.[1] ?? ''
      if (leading !== LIMITS && PRIVATE_TYPE.test(leading)) return NOTHING
      const event = asObject(parseJson(data))
      return event && decodeEvent(event, data, options)
    },
    isLast: ({ type }) => type === 'response.completed' || type === 'response.incomplete',
  }
}

function decodeEvent(
  event: JsonObject,
  data: string,
  { now, onLimits, hidesNamespace }: FrameOptions,
): readonly RelayFrame[] | undefined {
  const type = asString(event['type'])
  if (type === undefined || !PLAIN_TYPE.test(type)) return undefined
  if (type === LIMITS) onLimits(event)
  if (PRIVATE_TYPE.test(type)) return NOTHING
  if (type === 'response.failed') {
    throw failureInStream(event, asObject(event['response'])?.['error'], now())
  }
  if (type === 'error') throw failureInStream(event, event['error'] ?? event, now())
  const renamed = type === 'response.done' ? { ...event, type: 'response.completed' } : event
  const told = hidesNamespace ? unwrap(renamed) : renamed
  return [
    told === event
      ? { type, data: oneLine(data) }
      : { type: asString(told['type']) ?? type, data: JSON.stringify(told) },
  ]
}

/** Line ends in valid JSON stand between its parts only. */
function oneLine(data: string): string {
  return data.includes('\n') ? data.replaceAll('\n', ' ') : data
}

/** Takes the namespace off the calls of an event: its item, or the output of its response. */
function unwrap(event: JsonObject): JsonObject {
  const item = asObject(event['item'])
  if (item && isInFunctions(item)) return { ...event, item: withoutFunctions(item) }
  const response = asObject(event['response'])
  const output = objectsOf(response?.['output'])
  if (!output.some(isInFunctions)) return event
  return { ...event, response: { ...response, output: output.map(withoutFunctions) } }
}
