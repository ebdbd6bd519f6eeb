/** Calls to the backend's Responses API, in the form that the model takes. */

import { ProxyError } from '../../domain/errors.ts'
import { asObject, type JsonObject } from '../../domain/json.ts'
import type { Credentials } from '../../domain/ports.ts'
import type { UsageRecorder } from '../../domain/usage-ports.ts'
import type { BackendCatalog } from './catalog.ts'
import { connectionFailure, readJson } from './connection.ts'
import type { Form } from './encode.ts'
import {
  type Call,
  COMPACT,
  createPost,
  type Endpoint,
  type PostOptions,
  RESPONSES,
} from './endpoint.ts'
import { blamesForm, blamesReasoning, failureInStream } from './errors.ts'
import type { Answer, EventOptions } from './events.ts'
import { createTimeLimit } from './time-limit.ts'
import { createUsageNotes } from './usage-notes.ts'

/** What calls depend on. */
export interface CallOptions extends PostOptions, EventOptions {
  readonly catalog: Pick<BackendCatalog, 'list'>
  /** How long the backend may take to answer, and then again to send its first event. */
  readonly firstEventTimeoutMs: number
  readonly usage: UsageRecorder
}

/** Something to ask, before it is known in which form. */
export interface Question {
  readonly model: string
  readonly cacheKey: string | undefined
  /** Encodes it in a form, with the reasoning of earlier turns or without. */
  encode(form: Form, withReasoning: boolean): EncodedQuestion
  /** Learns that the upstream cannot read the reasoning that went along last. */
  forgetReasoning(): void
}

/** The body of a request. */
export interface EncodedQuestion {
  /** JSON text. */
  readonly body: string
  /** Whether reasoning of earlier turns goes along. */
  readonly hasReasoning: boolean
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
  const { catalog, clock, usage, firstEventTimeoutMs, idleTimeoutMs, log } = options
  const post = createPost(options)
  /** The form that a model took where the catalogue's was refused. */
  const learned = new Map<string, Form>()

  function formOf(model: string): Form {
    const isLite = catalog.list().find(({ slug }) => slug === model)?.lite
    return learned.get(model) ?? (isLite ? 'lite' : 'normal')
  }

  /**
   * Asks until there is an answer or nothing left to try: once more without the earlier reasoning
   * if that is to blame, and once more in the other form if the form is. What works is remembered.
   */
  async function ask(endpoint: Endpoint, question: Question, call: Call): Promise<Response> {
    const { model, cacheKey } = question
    const hasForms = endpoint === RESPONSES
    let form = hasForms ? formOf(model) : 'normal'
    let withReasoning = true
    let refusalOfForm: ProxyError | undefined
    for (;;) {
      const { body, hasReasoning } = question.encode(form, withReasoning)
      const { response, refusal } = await post(endpoint, { body, form, cacheKey }, call)
      if (refusal === undefined) {
        if (refusalOfForm !== undefined) {
          learned.set(model, form)
          log.info('model takes another request form', { model, form })
        }
        return response
      }
      const mayBlameForm = hasForms && (response.status === 400 || response.status === 404)
      if (withReasoning && hasReasoning && blamesReasoning(refusal)) {
        question.forgetReasoning()
        withReasoning = false
      } else if (mayBlameForm && refusalOfForm === undefined && blamesForm(refusal)) {
        refusalOfForm = refusal
        form = form === 'lite' ? 'normal' : 'lite'
      } else {
        // Of two refusals of a form the one to show answers the form that the catalogue asks for.
        throw mayBlameForm ? (refusalOfForm ?? refusal) : refusal
      }
    }
  }

  return {
    async respond(question, credentials, signal) {
      const limit = createTimeLimit(signal)
      const notes = createUsageNotes(usage, credentials.accountId, clock)
      const call: Call = { credentials, limit, limitMs: firstEventTimeoutMs, notes }
      try {
        const { body } = await ask(RESPONSES, question, call)
        limit.start(firstEventTimeoutMs)
        return {
          body: body as ReadableStream<Uint8Array>,
          limit,
          notes: {
            event: notes.event,
            failure(error) {
              notes.failure(error)
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

    async compact(question, credentials, signal) {
      const limit = createTimeLimit(signal, describeWait)
      const notes = createUsageNotes(usage, credentials.accountId, clock)
      const call: Call = { credentials, limit, limitMs: idleTimeoutMs, notes }
      try {
        const response = await ask(COMPACT, question, call)
        const answer = asObject(await readJson(response, MAX_COMPACTED_LENGTH)) ?? {}
        if (Array.isArray(answer['output'])) return answer
        const failure = answer['error']
          ? failureInStream({}, answer['error'], clock.now())
          : notCompacted()
        notes.failure(failure)
        throw failure
      } catch (error) {
        if (signal.aborted) throw signal.reason
        if (error instanceof ProxyError) throw error
        throw limit.signal.aborted ? limit.signal.reason : connectionFailure(error)
      } finally {
        limit.end()
      }
    },
  }
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
