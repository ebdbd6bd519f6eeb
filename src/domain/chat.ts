/** The main use case: one chat request, from the client's wish to the model's events. */

import {
  type ChatRequest,
  type Effort,
  type Item,
  type Summary,
  splitInstructions,
} from './conversation.ts'
import type { ModelEvent } from './events.ts'
import { fitEffort, resolveModel } from './models.ts'
import type { Authenticator, ChatModel, Credentials, ModelCatalog } from './ports.ts'
import { withLogin } from './with-login.ts'

/** Asks the model. Resolves when the upstream has accepted; see {@link ChatModel.respond}. */
export type Chat = (request: ChatRequest, signal: AbortSignal) => Promise<AsyncIterable<ModelEvent>>

/** What the service fills in where a request leaves the choice open. */
export interface ChatDefaults {
  /** System text for requests that bring none. */
  readonly prompt: string
  /** `undefined` lets each model use its own default. */
  readonly effort: Effort | undefined
  readonly summary: Summary
  /** Takes the place of the model of every request. */
  readonly debugModel: string | undefined
}

/** What the use case depends on. */
export interface ChatPorts {
  readonly model: ChatModel
  readonly catalog: ModelCatalog
  readonly authenticator: Authenticator
  /** Returns a short stable digest of a text, safe to send upstream. */
  readonly fingerprint: (text: string) => string
}

/** Creates the use case over its ports. */
export function createChat(ports: ChatPorts, defaults: ChatDefaults): Chat {
  return async (request, signal) => {
    const wanted = complete(request, ports.catalog, defaults)
    const send = (credentials: Credentials) =>
      ports.model.respond(withCacheKey(wanted, credentials, ports.fingerprint), credentials, signal)
    return await withLogin(ports.authenticator, send, signal)
  }
}

function complete(
  request: ChatRequest,
  catalog: ModelCatalog,
  defaults: ChatDefaults,
): ChatRequest {
  const { slug, effort, entry } = resolveModel(defaults.debugModel ?? request.model, catalog.list())
  const wantedEffort =
    request.effort ?? effort ?? defaults.effort ?? entry?.defaultEffort ?? 'medium'
  return {
    ...request,
    model: slug,
    items: withPrompt(request.items, defaults.prompt),
    effort: fitEffort(wantedEffort, entry),
    summary: request.summary ?? defaults.summary,
    priority: request.priority && (entry === undefined || entry.priority),
  }
}

function withPrompt(items: readonly Item[], prompt: string): readonly Item[] {
  const bringsItsOwn = items.some(item => item.type === 'message' && item.role === 'developer')
  if (bringsItsOwn) return items
  return [{ type: 'message', role: 'developer', parts: [{ type: 'text', text: prompt }] }, ...items]
}

/** Longest cache key that upstreams take. */
const MAX_CACHE_KEY_LENGTH = 64

/**
 * Gives a conversation one key for as long as its beginning stands, so that its turns share a
 * prompt cache. The first user message is part of it: chats with one system text do not share.
 */
function withCacheKey(
  request: ChatRequest,
  credentials: Credentials,
  fingerprint: (text: string) => string,
): ChatRequest {
  const { cacheKey } = request
  if (cacheKey !== undefined) {
    const isUsable = cacheKey.length <= MAX_CACHE_KEY_LENGTH
    return isUsable ? request : { ...request, cacheKey: fingerprint(cacheKey) }
  }
  const { instructions, rest } = splitInstructions(request.items)
  const first = rest.find(item => item.type === 'message' && item.role === 'user')
  const question = first?.type === 'message' ? first.parts : []
  const beginning = JSON.stringify([credentials.accountId, instructions, question])
  return { ...request, cacheKey: fingerprint(beginning) }
}
