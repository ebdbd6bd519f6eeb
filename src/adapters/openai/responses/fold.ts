/** A stream of the Responses API folded into one object, for clients that do not stream. */

import { ProxyError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { RelayFrame } from '../../../domain/relay-ports.ts'
import type { ResponseFacts } from './object.ts'
import { createResponseTracker } from './tracker.ts'

/**
 * Reads frames to their end and returns the response, which may be `incomplete`.
 *
 * @throws ProxyError `upstream_response_too_large`, `upstream_stream_incomplete`; and whatever
 *   the frames throw.
 */
export async function foldResponse(
  frames: AsyncIterable<RelayFrame>,
  facts: ResponseFacts,
): Promise<JsonObject> {
  const tracker = createResponseTracker(facts)
  for await (const frame of frames) {
    tracker.note(frame)
    if (tracker.isOverfull()) {
      throw new ProxyError(
        'upstream_response_too_large',
        'The answer grew past 64 MiB. Ask with "stream": true, which has no such limit.',
      )
    }
  }
  const whole = tracker.whole()
  if (whole) return whole
  throw new ProxyError(
    'upstream_stream_incomplete',
    'The model stopped before its answer was whole.',
  )
}
