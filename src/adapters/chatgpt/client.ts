/** The ChatGPT backend as a {@link ChatModel}. */

import type { ModelEvent } from '../../domain/events.ts'
import type { ChatModel } from '../../domain/ports.ts'
import type { Wording } from './ask.ts'
import { createEventDecoder } from './decode.ts'
import { encodeRequest } from './encode.ts'
import { readEvents } from './events.ts'
import { createReasoningMemory, type ReasoningMemory, reasoningScope } from './reasoning-memory.ts'
import type { CallOptions, ResponsesCall } from './responses-call.ts'
import { createToolNames } from './tool-names.ts'

/** What the backend's client depends on. */
export interface ChatgptOptions extends CallOptions {
  /** Remembers the reasoning of earlier turns. Default: a memory of its own. */
  readonly reasoning?: ReasoningMemory
}

/** Creates the model. It replays the reasoning of earlier turns that it remembers. */
export function createChatgptModel(call: ResponsesCall, options: ChatgptOptions): ChatModel {
  const memory = options.reasoning ?? createReasoningMemory()
  return {
    async respond(request, credentials, signal) {
      const { model, cacheKey } = request
      const names = createToolNames(request)
      const scope = reasoningScope(credentials.accountId, model)
      let replayed: readonly string[] = []
      const question = {
        model,
        cacheKey,
        encode({ form, withReasoning }: Wording) {
          const encoded = encodeRequest(request, form, {
            names,
            recall: callIds => (withReasoning ? memory.recall(scope, callIds) : undefined),
          })
          replayed = encoded.replayed
          return { body: encoded.body, hasReasoning: replayed.length > 0, hasNamespaces: false }
        },
        forgetReasoning: () => memory.forget(scope, replayed),
      }
      const answer = await call.respond(question, credentials, signal)
      const { decode } = createEventDecoder({
        now: options.clock.now,
        onLimits: answer.notes.event,
        names,
        onTurn: turn => memory.keep(scope, turn),
      })
      return readEvents(answer, { decode, isLast }, options)
    },
  }
}

function isLast({ type }: ModelEvent): boolean {
  return type === 'finished'
}
