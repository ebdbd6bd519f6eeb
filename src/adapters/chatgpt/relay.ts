/** The ChatGPT backend as a {@link ResponsesRelay}. */

import { ProxyError } from '../../domain/errors.ts'
import type { ResponsesRelay } from '../../domain/relay-ports.ts'
import type { Wording } from './ask.ts'
import { encodeCompaction, encodeRelay } from './encode-relay.ts'
import { type EventOptions, readEvents } from './events.ts'
import { createFrameDecoder } from './frames.ts'
import type { ResponsesCall } from './responses-call.ts'

/** Creates the relay. Reasoning of earlier turns is the client's own: nothing is remembered here. */
export function createChatgptRelay(call: ResponsesCall, options: EventOptions): ResponsesRelay {
  return {
    async relay(request, credentials, signal) {
      const { model, cacheKey } = request
      let hidesNamespace = false
      const answer = await call.respond(
        {
          model,
          cacheKey,
          encode(wording) {
            const encoded = encodeRelay(request, wording)
            hidesNamespace = encoded.wrapsTools
            return encoded
          },
          forgetReasoning: () => {},
        },
        credentials,
        signal,
      )
      const decoder = createFrameDecoder({
        now: options.clock.now,
        onLimits: answer.notes.event,
        hidesNamespace,
      })
      return readEvents(answer, decoder, options)
    },

    async compact(request, credentials, signal) {
      const { model, cacheKey } = request
      const question = {
        model,
        cacheKey,
        encode: (wording: Wording) => encodeCompaction(request, wording),
        forgetReasoning: () => {},
      }
      try {
        return await call.compact(question, credentials, signal)
      } catch (error) {
        throw isUnknownPath(error) ? cannotCompact() : error
      }
    },
  }
}

/** Neither the path nor its method is known, which is not about the model. */
function isUnknownPath(error: unknown): boolean {
  return (
    error instanceof ProxyError &&
    error.code === 'upstream_refused' &&
    (error.upstream?.status === 404 || error.upstream?.status === 405)
  )
}

function cannotCompact(): ProxyError {
  return new ProxyError(
    'unsupported_endpoint',
    'The upstream does not shorten conversations. Have a model sum up the conversation instead.',
  )
}
