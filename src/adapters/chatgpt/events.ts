/** The body of an upstream answer as events: the one generator between the two sockets. */

import { ProxyError } from '../../domain/errors.ts'
import type { Clock, Log } from '../../domain/ports.ts'
import { createSseReader } from './sse.ts'
import type { TimeLimit } from './time-limit.ts'
import type { UsageNotes } from './usage-notes.ts'

/** So many events in a row that are none mean that this is not the protocol we speak. */
const MAX_BAD_EVENTS = 100

/** How long and how far a connection is read on after its answer, so that it can serve the next one. */
const FAREWELL_MS = 1000
const MAX_FAREWELL_BYTES = 64 * 1024

/** What reading an answer depends on. */
export interface EventOptions {
  /** How long the upstream may be silent once its answer has begun. */
  readonly idleTimeoutMs: number
  readonly clock: Clock
  readonly log: Log
}

/** An answer that the upstream has begun. */
export interface Answer {
  readonly body: ReadableStream<Uint8Array>
  /** Running, until the first event has come. */
  readonly limit: TimeLimit
  /** Takes down what is told of usage, and the failure that the answer ends in. */
  readonly notes: Pick<UsageNotes, 'event' | 'failure'>
}

/** Reads the events of one answer. */
export interface AnswerDecoder<Event> {
  /**
   * Returns what one event's data means; nothing for events that nobody needs, `undefined` for
   * data that is no event at all.
   *
   * @throws ProxyError for a failure that the upstream tells of, with its code.
   */
  decode(data: string): readonly Event[] | undefined
  /** Tells whether an answer that ends with this event is whole. */
  isLast(event: Event): boolean
}

/**
 * Reads an answer to its last event; whatever follows is of no interest.
 * The limit runs only while the upstream is being waited for.
 *
 * @throws ProxyError `upstream_stream_incomplete` if it ends before its last event;
 *   `upstream_invalid_response`, `upstream_event_too_large`, `upstream_timeout`; and the
 *   failures that the upstream tells of.
 */
export async function* readEvents<Event>(
  { body, limit, notes }: Answer,
  decoder: AnswerDecoder<Event>,
  { idleTimeoutMs, log }: EventOptions,
): AsyncGenerator<Event, void, void> {
  const sse = createSseReader()
  const bytes = body.getReader()
  let hasBegun = false
  let isWhole = false
  let badInARow = 0
  let bad = 0

  function decode(data: string): readonly Event[] {
    const events = decoder.decode(data)
    if (events !== undefined) {
      badInARow = 0
      return events
    }
    bad++
    if (++badInARow > MAX_BAD_EVENTS) throw notOurProtocol()
    return []
  }

  try {
    for (;;) {
      if (hasBegun) limit.start(idleTimeoutMs)
      const { done, value } = await bytes.read()
      if (hasBegun) limit.stop()
      const last = done ? sse.end() : undefined
      const batch = done ? (last === undefined ? [] : [last]) : sse.read(value)
      for (const data of batch) {
        if (!hasBegun) limit.stop()
        hasBegun = true
        const events = decode(data)
        // What lacks its blank line may be cut; only what ends the answer is whole by itself.
        if (done && !events.some(decoder.isLast)) continue
        for (const event of events) {
          isWhole = decoder.isLast(event)
          yield event
          if (isWhole) return
        }
      }
      if (done) throw incomplete()
    }
  } catch (error) {
    if (limit.signal.aborted) throw limit.signal.reason
    notes.failure(error)
    throw error instanceof ProxyError ? error : incomplete(error)
  } finally {
    if (bad > 0) log.warn('upstream sent events that are not valid', { count: bad })
    if (isWhole) void sayFarewell(bytes, limit)
    else limit.end()
  }
}

/** A connection can be used again only when its answer has been read to the very end. */
async function sayFarewell(
  bytes: ReadableStreamDefaultReader<Uint8Array>,
  limit: TimeLimit,
): Promise<void> {
  limit.release()
  limit.start(FAREWELL_MS)
  try {
    let length = 0
    while (length < MAX_FAREWELL_BYTES) {
      const { done, value } = await bytes.read()
      if (done) break
      length += value.length
    }
  } catch {
    // The answer is whole; how its connection ends is nobody's business any more.
  } finally {
    limit.end()
  }
}

function incomplete(cause?: unknown): ProxyError {
  return new ProxyError(
    'upstream_stream_incomplete',
    'The upstream closed the connection before the answer was whole.',
    { cause },
  )
}

function notOurProtocol(): ProxyError {
  return new ProxyError(
    'upstream_invalid_response',
    'The upstream sends events that cannot be read.',
  )
}
