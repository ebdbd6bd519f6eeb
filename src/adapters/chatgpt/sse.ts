/** Server-sent events, read from bytes (HTML standard, section 9.2.6). */

import { ProxyError } from '../../domain/errors.ts'

/** Longest event that is read, in UTF-16 units. Generated images come as one event of many megabytes. */
const MAX_EVENT_LENGTH = 16 * 1024 * 1024

const SPACE = 0x20

/** Reads one event stream. */
export interface SseReader {
  /**
   * Takes the next bytes, cut anywhere, and returns the data of the events that end in them.
   *
   * @throws ProxyError `upstream_event_too_large`.
   */
  read(bytes: Uint8Array): readonly string[]
  /** Returns, after the last byte, the data of an event that lacks only its blank line. */
  end(): string | undefined
}

/**
 * Creates a reader for one stream. It keeps the `data` of events and nothing else: the type is
 * in the data here, and `id` and `retry` serve reconnection, which this upstream does not have.
 *
 * Time is linear in the bytes however they are cut: what has been searched is never searched again.
 */
export function createSseReader(maxEventLength: number = MAX_EVENT_LENGTH): SseReader {
  const decoder = new TextDecoder()
  /** The pieces of a line that has not ended yet; joined once, when it ends. */
  let pieces: string[] = []
  /** The data lines of an event that has not ended yet. */
  let data: string[] = []
  let pendingLength = 0
  let lastWasCr = false

  function endLine(lastPiece: string, events: string[]): void {
    let line = lastPiece
    if (pieces.length > 0) {
      pieces.push(lastPiece)
      line = pieces.join('')
      pieces = []
    }
    if (line === '') {
      if (data.length > 0) events.push(data.join('\n'))
      data = []
      pendingLength = 0
    } else if (line.startsWith('data:')) {
      data.push(line.slice(line.charCodeAt(5) === SPACE ? 6 : 5))
    } else if (line === 'data') {
      data.push('')
    }
  }

  function keep(piece: string): void {
    pendingLength += piece.length
    if (pendingLength > maxEventLength) {
      throw new ProxyError(
        'upstream_event_too_large',
        'The upstream sent an event larger than 16 MiB.',
      )
    }
  }

  return {
    read(bytes) {
      const events: string[] = []
      const text = decoder.decode(bytes, { stream: true })
      let start = lastWasCr && text.startsWith('\n') ? 1 : 0
      if (text !== '') lastWasCr = false
      let lf = text.indexOf('\n', start)
      let cr = text.indexOf('\r', start)
      while (lf !== -1 || cr !== -1) {
        const end = lf === -1 || (cr !== -1 && cr < lf) ? cr : lf
        const piece = text.slice(start, end)
        keep(piece)
        endLine(piece, events)
        start = end + 1
        if (end === cr) {
          if (start === text.length) lastWasCr = true
          else if (lf === start) start++
          cr = text.indexOf('\r', start)
        }
        if (lf !== -1 && lf < start) lf = text.indexOf('\n', start)
      }
      if (start < text.length) {
        const rest = text.slice(start)
        keep(rest)
        pieces.push(rest)
      }
      return events
    },
    end: () => (data.length > 0 ? data.join('\n') : undefined),
  }
}
