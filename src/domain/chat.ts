/** The main use case: one chat request, from the client's wish to the model's events. */

import { cacheKeyOf, type Fingerprint } from './cache-key.ts'
import { type ChoiceDefaults, makeChoices } from './choices.ts'
import { type ChatRequest, type Item, splitInstructions } from './conversation.ts'
import type { ModelEvent } from './events.ts'
import type { Authenticator, ChatModel, Credentials, ModelCatalog } from './ports.ts'
import { cutAtStops } from './stop.ts'
import { withLogin } from './with-login.ts'

/** Asks the model. Resolves when the upstream has accepted; see {@link ChatModel.respond}. */
export type Chat = (request: ChatRequest, signal: AbortSignal) => Promise<AsyncIterable<ModelEvent>>

/** What the service fills in where a request leaves the choice open. */
export interface ChatDefaults extends ChoiceDefaults {
  /** System text for requests that bring none. */
  readonly prompt: string
}

/** What the use case depends on. */
export interface ChatPorts {
  readonly model: ChatModel
  readonly catalog: ModelCatalog
  readonly authenticator: Authenticator
  readonly fingerprint: Fingerprint
}

/** Creates the use case over its ports. */
export function createChat(ports: ChatPorts, defaults: ChatDefaults): Chat {
  const { model, catalog, authenticator, fingerprint } = ports
  return async (request, signal) => {
    const wanted: ChatRequest = {
      ...request,
      ...makeChoices(request, catalog.list(), defaults),
      items: withPrompt(request.items, defaults.prompt),
    }
    const send = (credentials: Credentials) =>
      model.respond(withCacheKey(wanted, credentials, fingerprint), credentials, signal)
    const events = await withLogin(authenticator, send, signal)
    return wanted.stop.length > 0 ? cutAtStops(events, wanted) : events
  }
}

function withPrompt(items: readonly Item[], prompt: string): readonly Item[] {
  const bringsItsOwn = items.some(item => item.type === 'message' && item.role === 'developer')
  if (bringsItsOwn) return items
  return [{ type: 'message', role: 'developer', parts: [{ type: 'text', text: prompt }] }, ...items]
}

function withCacheKey(
  request: ChatRequest,
  { accountId }: Credentials,
  fingerprint: Fingerprint,
): ChatRequest {
  const { instructions, rest } = splitInstructions(request.items)
  const first = rest.find(item => item.type === 'message' && item.role === 'user')
  const question = first?.type === 'message' ? first.parts : []
  const beginning = [accountId, instructions, question]
  return { ...request, cacheKey: cacheKeyOf(request.cacheKey, beginning, fingerprint) }
}
