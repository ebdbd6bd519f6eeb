/** The ChatGPT backend as a {@link ChatModel}: one POST an answer, read as it comes. */

import type { ChatRequest } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import type { ModelEvent } from '../../domain/events.ts'
import { parseJson } from '../../domain/json.ts'
import type { ChatModel, Credentials, TimeObserver } from '../../domain/ports.ts'
import type { UsageRecorder } from '../../domain/usage-ports.ts'
import type { BackendCatalog } from './catalog.ts'
import { connectionFailure, type Fetch, readRefusal, signedHeaders } from './connection.ts'
import { encodeRequest, type Form } from './encode.ts'
import { failureInStream, failureOfResponse } from './errors.ts'
import { type EventOptions, readEvents } from './events.ts'
import { asObject } from './json.ts'
import { createTimeLimit, type TimeLimit } from './time-limit.ts'
import { createUsageNotes, type UsageNotes } from './usage-notes.ts'

/** What the backend's client depends on. */
export interface ChatgptOptions extends EventOptions {
  /** The backend without a trailing slash, e.g. `https://chatgpt.com/backend-api`. */
  readonly baseUrl: string
  readonly fetch: Fetch
  readonly catalog: Pick<BackendCatalog, 'list'>
  readonly userAgent: string
  /** How long the backend may take to answer, and then again to send its first event. */
  readonly firstEventTimeoutMs: number
  readonly usage: UsageRecorder
  readonly time: TimeObserver
  /** Learns the `x-models-etag` of each answer that has one: it names the catalogue of the account. */
  readonly onModelsEtag: (etag: string) => void
  /** What to run when the login is no good. Default: `chatmock login`. */
  readonly signInCommand?: string
}

/** One call: what it was signed with, how long it may take, and what it tells of usage. */
interface Call {
  readonly credentials: Credentials
  readonly limit: TimeLimit
  readonly notes: UsageNotes
}

/** Creates the model. */
export function createChatgptModel(options: ChatgptOptions): ChatModel {
  /** The form that a model took where the catalogue's was refused. */
  const learned = new Map<string, Form>()

  async function post(
    request: ChatRequest,
    form: Form,
    { credentials, limit }: Call,
  ): Promise<Response> {
    limit.start(options.firstEventTimeoutMs)
    const response = await options
      .fetch(`${options.baseUrl}/codex/responses`, {
        method: 'POST',
        headers: headersFor(request, form, credentials, options.userAgent),
        body: encodeRequest(request, form),
        redirect: 'manual',
        signal: limit.signal,
      })
      .catch(error => {
        throw limit.signal.aborted ? limit.signal.reason : connectionFailure(error)
      })
    options.time.observe(response.headers.get('date'))
    const etag = response.headers.get('x-models-etag')
    if (etag) options.onModelsEtag(etag)
    return response
  }

  /** Tries the other form after a refusal that blames the form; what works is remembered. */
  async function retryInOtherForm(
    request: ChatRequest,
    refused: Form,
    refusal: ProxyError,
    call: Call,
  ): Promise<Response> {
    const form = refused === 'lite' ? 'normal' : 'lite'
    const response = await post(request, form, call)
    if (!response.ok) {
      const failure = await failureOf(response, call)
      // Of two refusals of a form the one to show answers the form that the catalogue asks for.
      throw mayBlameForm(response.status) ? refusal : failure
    }
    learned.set(request.model, form)
    options.log.info('model takes another request form', { model: request.model, form })
    return response
  }

  async function failureOf(response: Response, { notes }: Call): Promise<ProxyError> {
    const body = await readRefusal(response)
    const now = options.clock.now()
    const failure = failureOfResponse(response, body, now, options.signInCommand)
    notes.answer(response.headers, failure)
    return failure
  }

  async function accept(response: Response, call: Call): Promise<AsyncIterable<ModelEvent>> {
    const { limit, notes } = call
    notes.answer(response.headers)
    const type = response.headers.get('content-type') ?? ''
    if (!/^text\/event-stream\b/i.test(type) || !response.body) {
      const failure = notAStream(type, await readRefusal(response), options.clock.now())
      notes.failure(failure)
      throw failure
    }
    limit.start(options.firstEventTimeoutMs)
    return readEvents(response.body, limit, notes, options)
  }

  return {
    async respond(request, credentials, signal) {
      const limit = createTimeLimit(signal)
      const notes = createUsageNotes(options.usage, credentials.accountId, options.clock)
      const call: Call = { credentials, limit, notes }
      try {
        const listed = options.catalog.list().find(model => model.slug === request.model)
        const form = learned.get(request.model) ?? (listed?.lite ? 'lite' : 'normal')
        const response = await post(request, form, call)
        if (response.ok) return await accept(response, call)
        const failure = await failureOf(response, call)
        if (!mayBlameForm(response.status) || !blamesForm(failure)) throw failure
        return await accept(await retryInOtherForm(request, form, failure, call), call)
      } catch (error) {
        limit.end()
        throw signal.aborted ? signal.reason : error
      }
    },
  }
}

/** A 200 may still be a refusal, if it is JSON that says so. */
function notAStream(type: string, body: string, now: number): ProxyError {
  const error = /\bjson\b/i.test(type) ? asObject(asObject(parseJson(body))?.['error']) : undefined
  return error !== undefined
    ? failureInStream({}, error, now)
    : new ProxyError(
        'upstream_invalid_response',
        'The upstream answered with something else than an event stream. Check CHATGPT_LOCAL_BASE_URL and the network (a sign-in page of the network does this).',
      )
}

function headersFor(
  request: ChatRequest,
  form: Form,
  credentials: Credentials,
  userAgent: string,
): Record<string, string> {
  return {
    ...signedHeaders(credentials, userAgent),
    'content-type': 'application/json',
    accept: 'text/event-stream',
    ...(request.cacheKey !== undefined &&
      isHeaderSafe(request.cacheKey) && { 'session-id': request.cacheKey }),
    ...(form === 'lite' && { 'x-openai-internal-codex-responses-lite': 'true' }),
  }
}

/** A cache key comes from the client; a header takes visible ASCII only. */
function isHeaderSafe(text: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(text)
}

function mayBlameForm(status: number): boolean {
  return status === 400 || status === 404
}

/** Whether a refusal names what differs between the two forms. */
function blamesForm({ upstream, param }: ProxyError): boolean {
  return /\blite\b|tools\b|\bnamespace\b|reasoning\.context/i.test(`${upstream?.message} ${param}`)
}
