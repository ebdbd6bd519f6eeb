/** The contracts of a request that is passed on almost as it came: the Responses API at both ends. */

import type { Effort, Priority, Summary } from './conversation.ts'
import type { JsonObject } from './json.ts'
import type { Credentials } from './ports.ts'

/**
 * A request for a response (API `POST /v1/responses`). Objects are the client's own, in the names of
 * the API, and hold nothing that the upstream is known to refuse. `undefined` leaves the choice open.
 */
export interface RelayRequest {
  readonly model: string
  readonly instructions: string | undefined
  /** The whole conversation, item by item. */
  readonly input: readonly JsonObject[]
  readonly tools: readonly JsonObject[]
  readonly toolChoice: unknown
  readonly parallelToolCalls: boolean | undefined
  /** `text.format` and `text.verbosity`. */
  readonly text: JsonObject | undefined
  /** What to tell beside the answer itself. */
  readonly include: readonly string[]
  readonly clientMetadata: JsonObject | undefined
  readonly effort: Effort | undefined
  readonly summary: Summary | undefined
  /** A {@link ResponsesRelay} is asked with `required` or `never` only. */
  readonly priority: Priority | undefined
  readonly cacheKey: string | undefined
}

/** One event of a response, as the upstream told it. */
export interface RelayFrame {
  /** `type` of the event. */
  readonly type: string
  /** The event as JSON text without line ends. */
  readonly data: string
}

/** Passes requests for responses on. */
export interface ResponsesRelay {
  /**
   * Sends a request. As with `ChatModel.respond` the promise answers "did the upstream accept it",
   * and iterating is the answer: it ends after `response.completed` or `response.incomplete`, and
   * throws where the answer is not whole. `response.failed` and `error` are thrown, never told, and
   * events that are private to the upstream are left out.
   *
   * @throws ProxyError as `ChatModel.respond`.
   */
  relay(
    request: RelayRequest,
    credentials: Credentials,
    signal: AbortSignal,
  ): Promise<AsyncIterable<RelayFrame>>
  /**
   * Has a conversation made shorter (API `POST /v1/responses/compact`) and returns what takes its
   * place, in the API's form.
   *
   * @throws ProxyError as `ChatModel.respond`; `unsupported_endpoint` where nobody can.
   */
  compact(request: RelayRequest, credentials: Credentials, signal: AbortSignal): Promise<JsonObject>
}
