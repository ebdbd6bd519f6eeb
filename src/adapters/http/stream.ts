/** Streamed answers: the commit point, the heartbeat, and the pace of the slower side. */

import { once } from 'node:events'
import { ProxyError } from '../../domain/errors.ts'
import type { Exchange } from './exchange.ts'

/** Turns the events of one answer into the text of one protocol, SSE or NDJSON. */
export interface Encoder<Event> {
  /** Returns what an event puts on the wire; '' for nothing. */
  encode(event: Event): string
  /** Returns what shows a waiting client that the answer is still coming. */
  heartbeat(): string
  /** Returns the end of an answer that is whole. */
  end(): string
  /** Returns the error that ends an answer that is not. */
  fail(error: ProxyError): string
}

/** The pace of a stream that has nothing to say. */
export interface StreamTimes {
  /** How long the stream may be silent before a heartbeat goes out. */
  readonly heartbeatMs: number
  /** How long the status waits for output once the upstream has shown a sign of life. */
  readonly commitDelayMs: number
}

/** Most text that waits for the turn of the event loop to end: a source may never let it end. */
const MAX_PENDING_LENGTH = 16 * 1024

/**
 * Writes an answer as its events come.
 *
 * The 200 goes out with the first event that has something to say, with the end, or
 * `commitDelayMs` after the first event of any kind. A failure before that is thrown, to become
 * a real status; a failure after it is written by the encoder and ends the body cleanly.
 * Events are pulled: while the client does not read, nothing is asked of the upstream.
 *
 * @throws ProxyError what ended the events early, for the log. If the head was out by then, the
 *   body has been ended too and there is nothing left to answer.
 */
export async function writeStream<Event>(
  { response, signal }: Exchange,
  events: AsyncIterable<Event>,
  encoder: Encoder<Event>,
  headers: Readonly<Record<string, string>>,
  times: StreamTimes,
): Promise<void> {
  let silence: NodeJS.Timeout | undefined
  const commitHead = () => {
    if (!response.headersSent) response.writeHead(200, headers)
  }
  const write = (text: string) => {
    commitHead()
    if (silence === undefined) silence = setInterval(beat, times.heartbeatMs)
    else silence.refresh()
    response.write(text)
  }
  const beat = () => {
    // A client that does not take what it has got already needs no sign of life.
    if (!response.writableNeedDrain) write(encoder.heartbeat())
  }
  /** What the events of one turn of the event loop have to say; it leaves in one write. */
  let pending = ''
  const flush = () => {
    const text = pending
    pending = ''
    if (text !== '') write(text)
  }
  let commit: NodeJS.Timeout | undefined
  try {
    for await (const event of events) {
      signal.throwIfAborted()
      commit ??= setTimeout(() => response.headersSent || beat(), times.commitDelayMs)
      const text = encoder.encode(event)
      if (text === '') continue
      // Runs when no event is at hand any more, before anything new is read.
      if (pending === '') process.nextTick(flush)
      pending += text
      if (pending.length >= MAX_PENDING_LENGTH) flush()
      if (response.writableNeedDrain) await once(response, 'drain', { signal })
    }
    flush()
    commitHead()
    response.end(encoder.end())
  } catch (thrown) {
    const error = ProxyError.from(signal.aborted ? signal.reason : thrown)
    if (error.code !== 'client_closed') {
      flush()
      if (response.headersSent) response.end(encoder.fail(error))
    }
    throw error
  } finally {
    // A flush may still be due: it must find nothing, or it would begin the heartbeat anew.
    pending = ''
    clearTimeout(commit)
    clearInterval(silence)
  }
}
