/** The use case of the Responses API: choices are made and the login is seen to, the rest is passed on. */

import { cacheKeyOf, type Fingerprint } from './cache-key.ts'
import type { ChatDefaults } from './chat.ts'
import { makeChoices } from './choices.ts'
import type { JsonObject } from './json.ts'
import type { Authenticator, Credentials, ModelCatalog } from './ports.ts'
import type { RelayFrame, RelayRequest, ResponsesRelay } from './relay-ports.ts'
import { withLogin } from './with-login.ts'

/** Asks for responses; see {@link ResponsesRelay} for what the promises mean. */
export interface Relay {
  respond(request: RelayRequest, signal: AbortSignal): Promise<AsyncIterable<RelayFrame>>
  compact(request: RelayRequest, signal: AbortSignal): Promise<JsonObject>
}

/** What the use case depends on. */
export interface RelayPorts {
  readonly relay: ResponsesRelay
  readonly catalog: ModelCatalog
  readonly authenticator: Authenticator
  readonly fingerprint: Fingerprint
}

/** Creates the use case over its ports. */
export function createRelay(ports: RelayPorts, defaults: ChatDefaults): Relay {
  const { relay, catalog, authenticator, fingerprint } = ports

  function complete(request: RelayRequest): RelayRequest {
    const bringsItsOwn = request.instructions || request.input.some(isDeveloperMessage)
    return {
      ...request,
      ...makeChoices(request, catalog.list(), defaults),
      instructions: bringsItsOwn ? request.instructions : defaults.prompt,
    }
  }

  function withCacheKey(request: RelayRequest, { accountId }: Credentials): RelayRequest {
    const { cacheKey, instructions, input } = request
    const system = leadingText(input)
    const question = input.find(isUserMessage)
    const beginning = [accountId, instructions, ...(system.length > 0 ? [system] : []), question]
    return { ...request, cacheKey: cacheKeyOf(cacheKey, beginning, fingerprint) }
  }

  return {
    async respond(request, signal) {
      const wanted = complete(request)
      return await withLogin(
        authenticator,
        credentials => relay.relay(withCacheKey(wanted, credentials), credentials, signal),
        signal,
      )
    },
    async compact(request, signal) {
      const wanted = complete(request)
      const send = (credentials: Credentials) => {
        const { cacheKey } = withCacheKey(wanted, credentials)
        // Nothing is added to what is to be made shorter; it only stays on the cache of its answers.
        const { instructions } = request
        return relay.compact({ ...wanted, instructions, cacheKey }, credentials, signal)
      }
      return await withLogin(authenticator, send, signal)
    },
  }
}

/** Returns the messages of the leading run that is said to the model by its developer. */
function leadingText(input: readonly JsonObject[]): readonly JsonObject[] {
  const end = input.findIndex(item => item['role'] !== 'developer')
  const leading = end === -1 ? input : input.slice(0, end)
  return leading.filter(isDeveloperMessage)
}

/** Tools may stand there too, and are no message. */
function isDeveloperMessage(item: JsonObject): boolean {
  return item['type'] === 'message' && item['role'] === 'developer'
}

function isUserMessage(item: JsonObject): boolean {
  return item['role'] === 'user'
}
