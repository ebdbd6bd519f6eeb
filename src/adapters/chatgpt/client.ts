/** The ChatGPT backend as a {@link ChatModel}: one POST an answer, read as it comes. */

import type { ChatRequest } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import type { ModelEvent } from '../../domain/events.ts'
import { parseJson } from '../../domain/json.ts'
import type { ChatModel, Credentials } from '../../domain/ports.ts'
import type { BackendCatalog } from './catalog.ts'
import { encodeRequest, type Form } from './encode.ts'
import { failureInStream, failureOfResponse } from './errors.ts'
import { type EventOptions, readEvents } from './events.ts'
import { asObject } from './json.ts'
import { createTimeLimit, type TimeLimit } from './time-limit.ts'

/** The part of `fetch` that is used. It must have no time limits of its own. */
export type Fetch = (
  url: string,
  init: {
    readonly method: 'POST'
    readonly headers: Record<string, string>
    readonly body: string
    readonly redirect: 'manual'
    readonly signal: AbortSignal
  },
) => Promise<Response>

/** What the backend's client depends on. */
export interface ChatgptOptions extends EventOptions {
  /** The backend without a trailing slash, e.g. `https://chatgpt.com/backend-api`. */
  readonly baseUrl: string
  readonly fetch: Fetch
  readonly catalog: BackendCatalog
  readonly userAgent: string
  /** How long the backend may take to answer, and then again to send its first event. */
  readonly firstEventTimeoutMs: number
}

/** Most characters of a refusal that are read. */
const MAX_REFUSAL_LENGTH = 64 * 1024

/** Creates the model. */
export function createChatgptModel(options: ChatgptOptions): ChatModel {
  /** The form that a model took where the catalogue's was refused. */
  const learned = new Map<string, Form>()

  async function post(
    request: ChatRequest,
    form: Form,
    credentials: Credentials,
    limit: TimeLimit,
  ): Promise<Response> {
    limit.start(options.firstEventTimeoutMs)
    try {
      return await options.fetch(`${options.baseUrl}/codex/responses`, {
        method: 'POST',
        headers: headersFor(request, form, credentials, options.userAgent),
        body: encodeRequest(request, form),
        redirect: 'manual',
        signal: limit.signal,
      })
    } catch (error) {
      throw limit.signal.aborted ? limit.signal.reason : connectionFailure(error)
    }
  }

  /** Tries the other form after a refusal that blames the form; what works is remembered. */
  async function retryInOtherForm(
    request: ChatRequest,
    refused: Form,
    refusal: ProxyError,
    credentials: Credentials,
    limit: TimeLimit,
  ): Promise<Response> {
    const form = refused === 'lite' ? 'normal' : 'lite'
    const response = await post(request, form, credentials, limit)
    if (!response.ok) {
      const failure = await failureOf(response)
      // Of two refusals of a form the one to show answers the form that the catalogue asks for.
      throw mayBlameForm(response.status) ? refusal : failure
    }
    learned.set(request.model, form)
    options.log.info('model takes another request form', { model: request.model, form })
    return response
  }

  async function failureOf(response: Response): Promise<ProxyError> {
    return failureOfResponse(response, await readRefusal(response), options.clock.now())
  }

  return {
    async respond(request, credentials, signal) {
      const limit = createTimeLimit(signal)
      try {
        const listed = options.catalog.list().find(model => model.slug === request.model)
        const form = learned.get(request.model) ?? (listed?.lite ? 'lite' : 'normal')
        const response = await post(request, form, credentials, limit)
        if (response.ok) return await accept(response, limit)
        const failure = await failureOf(response)
        if (!mayBlameForm(response.status) || !blamesForm(failure)) throw failure
        return await accept(
          await retryInOtherForm(request, form, failure, credentials, limit),
          limit,
        )
      } catch (error) {
        limit.end()
        throw signal.aborted ? signal.reason : error
      }
    },
  }

  async function accept(response: Response, limit: TimeLimit): Promise<AsyncIterable<ModelEvent>> {
    const type = response.headers.get('content-type') ?? ''
    if (!/^text\/event-stream\b/i.test(type) || !response.body) {
      throw notAStream(type, await readRefusal(response), options.clock.now())
    }
    limit.start(options.firstEventTimeoutMs)
    return readEvents(response.body, limit, options)
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
    authorization: `Bearer ${credentials.accessToken}`,
    ...(credentials.accountId !== undefined && { 'chatgpt-account-id': credentials.accountId }),
    'content-type': 'application/json',
    accept: 'text/event-stream',
    originator: 'chatmock',
    'user-agent': userAgent,
    ...(request.cacheKey !== undefined &&
      isHeaderSafe(request.cacheKey) && { 'session-id': request.cacheKey }),
    ...(form === 'lite' && { 'x-openai-internal-codex-responses-lite': 'true' }),
  }
}

/** A cache key comes from the client; a header takes visible ASCII only. */
function isHeaderSafe(text: string): boolean {
  return /^[\x21-\x7e]{1,64}$/.test(text)
}

async function readRefusal(response: Response): Promise<string> {
  try {
    let text = ''
    const decoder = new TextDecoder()
    for await (const chunk of response.body ?? []) {
      text += decoder.decode(chunk as Uint8Array, { stream: true })
      if (text.length > MAX_REFUSAL_LENGTH) break
    }
    return text
  } catch {
    // The status alone says enough; a body that breaks off adds nothing.
    return ''
  }
}

function mayBlameForm(status: number): boolean {
  return status === 400 || status === 404
}

/** Whether a refusal names what differs between the two forms. */
function blamesForm({ upstream, param }: ProxyError): boolean {
  return /\blite\b|tools\b|\bnamespace\b|reasoning\.context/i.test(`${upstream?.message} ${param}`)
}

function connectionFailure(error: unknown): ProxyError {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const { code } = cause as { code?: unknown }
  // Only a system's error is told of: any other may quote the headers, and with them the token.
  if (typeof code !== 'string') {
    return new ProxyError(
      'upstream_connection_error',
      'The request to the upstream could not be sent.',
    )
  }
  const isCertificate = /CERT|SELF_SIGNED|UNABLE_TO/.test(code)
  return new ProxyError(
    'upstream_connection_error',
    isCertificate
      ? `The certificate of the upstream was not accepted (${code}). If a proxy of yours inspects TLS, name its CA in NODE_EXTRA_CA_CERTS.`
      : `No connection to the upstream (${code}). Check the network, the proxy settings and CHATGPT_LOCAL_BASE_URL.`,
    { cause },
  )
}
