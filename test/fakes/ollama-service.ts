/** The whole service with a scripted backend, asked in Ollama's dialect. */

import { once } from 'node:events'
import { type IncomingHttpHeaders, type RequestOptions, request } from 'node:http'
import type { Test } from 'tap'
import type { Json } from './api-client.ts'
import type { BackendEvent } from './backend-events.ts'
import { plays, type ScriptedService, startScripted } from './chat-service.ts'
import { type ReadLines, readLines, readWhole } from './ollama-lines.ts'

export const CHAT = '/api/chat'
export const GENERATE = '/api/generate'

/** A body that each of the two takes. */
export const BODIES: Readonly<Record<string, object>> = {
  [CHAT]: { model: 'gpt-5.5', messages: [{ role: 'user', content: 'hi' }] },
  [GENERATE]: { model: 'gpt-5.5', prompt: 'hi' },
}

type Headers = Readonly<Record<string, string>>

/** A scripted service whose answers are read as Ollama's. */
export interface OllamaService extends Omit<ScriptedService, 'whole' | 'streamed'> {
  /** Has the backend play events, then asks for a whole answer and returns it. */
  whole(events: readonly BackendEvent[], body?: object, headers?: Headers): Promise<Json>
  /** Has the backend play events, then asks for a stream and returns what its lines say. */
  streamed(events: readonly BackendEvent[], body?: object, headers?: Headers): Promise<ReadLines>
}

/** Starts a service that is asked at `path`, with {@link BODIES} and the fields that a test is about. */
export async function startOllama(
  t: Test,
  path: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<OllamaService> {
  const service = await startScripted(t, path, BODIES[path] ?? {}, environment)
  const asked = async (
    type: string,
    events: readonly BackendEvent[],
    body: object,
    headers: Headers,
  ) => {
    service.upstream.play(plays(events))
    const response = await service.ask(body, headers)
    const text = await response.text()
    if (response.status !== 200) throw new Error(`${response.status}: ${text}`)
    const received = response.headers.get('content-type')
    if (!received?.startsWith(type)) throw new Error(`the answer is ${received}`)
    return text
  }
  return {
    ...service,
    async whole(events, body = {}, headers = {}) {
      const whole = { ...body, stream: false }
      return readWhole(await asked('application/json', events, whole, headers))
    },
    async streamed(events, body = {}, headers = {}) {
      return readLines(await asked('application/x-ndjson', events, body, headers))
    },
  }
}

/** A refusal in Ollama's form. */
export interface OllamaRefusal {
  readonly status: number
  readonly error: string
}

/** Reads a refusal; throws where it is no JSON object of one text, or has no request id. */
export async function readRefusal(response: Response): Promise<OllamaRefusal> {
  const text = await response.text()
  const type = response.headers.get('content-type')
  if (!type?.startsWith('application/json')) throw new Error(`the refusal is ${type}: ${text}`)
  if (!response.headers.get('x-request-id')?.startsWith('req_')) throw new Error('no request id')
  const { error, ...rest } = JSON.parse(text)
  if (typeof error !== 'string' || error === '') throw new Error(`the error is no text: ${text}`)
  if (Object.keys(rest).length > 0) throw new Error(`the error has company: ${text}`)
  return { status: response.status, error }
}

/** Asks for what is refused for good, which the answer has to say. */
export async function refusalOf(
  url: string,
  body: unknown,
  method = 'POST',
): Promise<OllamaRefusal> {
  const sent = body === undefined || method === 'GET' ? {} : { body: JSON.stringify(body) }
  const response = await fetch(url, { method, ...sent })
  if (response.headers.get('x-should-retry') !== 'false') throw new Error(`to be retried: ${url}`)
  return await readRefusal(response)
}

/** What is refused: the body, what its error says, and the status, 400 where none is given. */
export type BadBody = readonly [body: object, error: string | RegExp, status?: number]

/** Sends bad bodies that quote a canary, and sees each of them refused in silence. */
export async function refusesEach(
  t: Test,
  { ask, upstream, log }: OllamaService,
  cases: readonly BadBody[],
): Promise<void> {
  for (const [body, error, status = 400] of cases) {
    const title = JSON.stringify(body).slice(0, 120)
    for (const stream of [false, true]) {
      const refusal = await readRefusal(await ask({ stream, ...body }))
      t.match(refusal, { status, error }, title)
      t.notMatch(refusal.error, /canary/i, title)
    }
  }
  t.strictSame(
    upstream.requests.map(({ path }) => path),
    [],
  )
  t.notMatch(JSON.stringify(log.entries), /canary/i)
}

/** What came back for a request whose head is written as it stands. */
export interface PlainAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** Asks with node's own client, which lets a test say what browsers and `fetch` say for themselves. */
export async function askPlainly(
  { port }: { readonly port: number },
  { body, ...options }: RequestOptions & { readonly body?: string },
): Promise<PlainAnswer> {
  const sent = request({ host: '127.0.0.1', port, agent: false, ...options })
  sent.end(body)
  const [received] = await once(sent, 'response')
  const text = Buffer.concat(await received.toArray()).toString()
  return { status: received.statusCode, headers: received.headers, text }
}
