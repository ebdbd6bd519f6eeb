import type { ChatRequest } from '../../src/domain/conversation.ts'
import type { ModelEvent } from '../../src/domain/events.ts'
import type { ChatModel, Credentials } from '../../src/domain/ports.ts'

/** A model that plays one answer after the other and keeps what it was asked. */
export interface FakeChatModel extends ChatModel {
  readonly asked: readonly { readonly request: ChatRequest; readonly credentials: Credentials }[]
}

/** Creates the model; an answer is its events, or the error that `respond` rejects with. */
export function createFakeChatModel(
  ...answers: readonly (readonly ModelEvent[] | Error)[]
): FakeChatModel {
  const asked: { request: ChatRequest; credentials: Credentials }[] = []
  return {
    asked,
    async respond(request, credentials) {
      const answer = answers[asked.length] ?? []
      asked.push({ request, credentials })
      if (answer instanceof Error) throw answer
      return (async function* () {
        yield* answer
      })()
    },
  }
}
