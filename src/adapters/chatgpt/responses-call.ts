/** Calls to the backend's Responses API, in the form that the model takes. */

import { ProxyError } from '../../domain/errors.ts'
import { asObject, type JsonObject } from '../../domain/json.ts'
import type { Credentials } from '../../domain/ports.ts'
import type { UsageRecorder } from '../../domain/usage-ports.ts'
import { type AskOptions, createAsk, type Question } from './ask.ts'
import { readJson } from './connection.ts'
import {
  type Call,
  COMPACT,
  createPost,
  type Endpoint,
  type PostOptions,
  RESPONSES,
} from './endpoint.ts'
import { blamesReasoning, failureInStream } from './errors.ts'
import type { Answer, EventOptions } from './events.ts'
import { runExchange } from './exchange.ts'
import { createLimitGate } from './limit-gate.ts'
import { createTimeLimit } from './time-limit.ts'
import { createUsageNotes } from './usage-notes.ts'

/** What calls depend on. */
export interface CallOptions extends PostOptions, EventOptions, AskOptions {
  /** How long the backend may take to answer, and then again to send its first event. */
  readonly firstEventTimeoutMs: number
  readonly usage: UsageRecorder
}

/** Asks the backend. Whatever is asked shares what has been learned of the models' forms. */
export interface ResponsesCall {
  /**
   * Asks for a response. Resolves when it has begun.
   *
   * @throws ProxyError as `ChatModel.respond`.
   */
  respond(question: Question, credentials: Credentials, signal: AbortSignal): Promise<Answer>
  /**
   * Has a conversation made shorter. Resolves with the whole answer, which is no failure.
   *
   * @throws ProxyError as `ChatModel.respond`; `upstream_response_too_large`.
   */
  compact(question: Question, credentials: Credentials, signal: AbortSignal): Promise<JsonObject>
}

/** Most characters of a shortened conversation that are read: it may keep images. */
const MAX_COMPACTED_LENGTH = 64 * 1024 * 1024

/** Creates the call. */
export function createResponsesCall(options: CallOptions): ResponsesCall {
  const { clock, usage, firstEventTimeoutMs, idleTimeoutMs } = options
  const ask = createAsk(options, createPost(options))
  const gate = createLimitGate(clock)

  /** Asks, unless the limit of the account or of the model is known to be used up. */
  async function askWithinLimit(
    endpoint: Endpoint,
    question: Question,
    call: Call,
  ): Promise<Response> {
    const key = limitKey(question, call.credentials)
    gate.pass(key)
    try {
      const response = await ask(endpoint, question, call)
      gate.open(key)
      return response
    } catch (error) {
      gate.note(key, error)
      throw error
    }
  }

  return {
    async respond(question, credentials, signal) {
      const limit = createTimeLimit(signal)
      const notes = createUsageNotes(usage, credentials.accountId, clock)
      const call: Call = { credentials, limit, limitMs: firstEventTimeoutMs, notes }
      try {
        const { body } = await askWithinLimit(RESPONSES, question, call)
        limit.start(firstEventTimeoutMs)
        return {
          body: body as ReadableStream<Uint8Array>,
          limit,
          notes: {
            event: notes.event,
            failure(error) {
              notes.failure(error)
              gate.note(limitKey(question, credentials), error)
              // Too late to ask again, but what is asked next must not fail of it once more.
              if (blamesReasoning(error)) question.forgetReasoning()
            },
          },
        }
      } catch (error) {
        limit.end()
        throw signal.aborted ? signal.reason : error
      }
    },

    compact(question, credentials, signal) {
      return runExchange(signal, describeWait, async limit => {
        const notes = createUsageNotes(usage, credentials.accountId, clock)
        const call: Call = { credentials, limit, limitMs: idleTimeoutMs, notes }
        const response = await askWithinLimit(COMPACT, question, call)
        const answer = asObject(await readJson(response, MAX_COMPACTED_LENGTH)) ?? {}
        if (Array.isArray(answer['output'])) return answer
        const failure = answer['error']
          ? failureInStream({}, answer['error'], clock.now())
          : notCompacted()
        notes.failure(failure)
        gate.note(limitKey(question, credentials), failure)
        throw failure
      })
    },
  }
}

/** Some models have a limit of their own beside that of the account. */
function limitKey({ model }: Question, { accountId }: Credentials): string {
  return JSON.stringify([accountId ?? null, model])
}

function describeWait(milliseconds: number): string {
  return `The upstream did not shorten the conversation within ${milliseconds / 1000} seconds. CHATGPT_LOCAL_IDLE_TIMEOUT sets the limit.`
}

function notCompacted(): ProxyError {
  return new ProxyError(
    'upstream_invalid_response',
    'The upstream answered with something else than a shortened conversation.',
  )
}
