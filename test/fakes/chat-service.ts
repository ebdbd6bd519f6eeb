import type { Test } from 'tap'
import { type Json, post, readJson } from './api-client.ts'
import { answer, type BackendEvent, message } from './backend-events.ts'
import { type RunningService, startSignedIn } from './service.ts'
import { type Answer, frames, stream, type UpstreamServer } from './upstream-server.ts'

/** The only keys that a request to the backend may have. */
const ALLOWED = [
  'model',
  'instructions',
  'input',
  'tools',
  'tool_choice',
  'parallel_tool_calls',
  'reasoning',
  'text',
  'include',
  'prompt_cache_key',
  'service_tier',
  'store',
  'stream',
  'client_metadata',
]

/** A service with a scripted backend, asked at one of its endpoints. */
export interface ScriptedService extends RunningService {
  readonly upstream: UpstreamServer
  /** Asks the endpoint; `path` takes the place of it. */
  ask(body: object, headers?: Readonly<Record<string, string>>, path?: string): Promise<Response>
  /** Has the backend play events, then asks for a whole answer and returns it. */
  whole(events: readonly BackendEvent[], body?: object, headers?: Headers): Promise<Json>
  /** Has the backend play events, then asks for a stream and returns its text. */
  streamed(events: readonly BackendEvent[], body?: object, headers?: Headers): Promise<string>
  /** Asks for an answer of one word and returns what was sent upstream for it, allow-list checked. */
  sent(body: object, headers?: Headers): Promise<Json>
}

type Headers = Readonly<Record<string, string>>

/** An answer of one word, with an id that no test plays: it must not take the place of theirs. */
const WORD: readonly BackendEvent[] = answer(message(0, ['ok'])).map(event => {
  const { response } = event as { readonly response?: object }
  return response === undefined ? event : { ...event, response: { ...response, id: 'resp_word' } }
})

/** Plays events as the backend sends them. */
export function plays(events: readonly BackendEvent[]): Answer {
  return stream(frames(...events))
}

/** Starts a service whose requests are `common` with the fields that a test is about. */
export async function startScripted(
  t: Test,
  path: string,
  common: object,
  environment: Readonly<Record<string, string>> = {},
): Promise<ScriptedService> {
  const service = await startSignedIn(t, environment)
  const { url, upstream } = service
  const ask: ScriptedService['ask'] = (body, headers = {}, otherPath = path) =>
    post(`${url}${otherPath}`, { ...common, ...body }, headers)

  return {
    ...service,
    ask,
    async whole(events, body = {}, headers = {}) {
      upstream.play(plays(events))
      const response = await ask(body, headers)
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
      return await readJson(response)
    },
    async streamed(events, body = {}, headers = {}) {
      upstream.play(plays(events))
      const response = await ask({ ...body, stream: true }, headers)
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
      return await response.text()
    },
    async sent(body, headers = {}) {
      upstream.play(plays(WORD))
      const before = upstream.requests.length
      const response = await ask(body, headers)
      if (response.status !== 200) throw new Error(`${response.status}: ${await response.text()}`)
      await response.arrayBuffer()
      const requests = upstream.requests.slice(before)
      if (requests.length !== 1) throw new Error(`${requests.length} requests were sent`)
      const sent = requests[0]?.body
      checkAllowed(sent)
      return sent
    },
  }
}

function checkAllowed(sent: Json): void {
  const foreign = Object.keys(sent).filter(key => !ALLOWED.includes(key))
  if (foreign.length > 0) throw new Error(`sent upstream: ${foreign.join(', ')}`)
  if (sent.store !== false || sent.stream !== true) throw new Error('store or stream is wrong')
  if (!sent.include.includes('reasoning.encrypted_content')) throw new Error('no reasoning asked')
}

/** What is refused as a bad request: the fields to blame and the codes to blame them with. */
export type BadRequest = readonly [body: object, param: string | RegExp, code: string | RegExp]

/** Sends bad requests that quote a canary, and sees each of them refused by name and in silence. */
export async function refusesAll(
  t: Test,
  { ask, upstream, log }: ScriptedService,
  cases: readonly BadRequest[],
): Promise<void> {
  for (const [body, param, code] of cases) {
    const title = JSON.stringify(body).slice(0, 100)
    for (const stream of [false, true]) {
      const response = await ask({ stream, ...body })
      const text = await response.text()
      t.equal(response.status, 400, title)
      const { error } = JSON.parse(text)
      t.strictSame(Object.keys(error).sort(), ['code', 'message', 'param', 'type'], title)
      t.match(error, { type: 'invalid_request_error', param, code }, title)
      t.ok(error.message, title)
      t.notMatch(text, /canary/i, title)
      t.match(response.headers.get('x-request-id'), /^req_/, title)
    }
  }
  t.strictSame(
    upstream.requests.map(request => request.path),
    [],
  )
  t.notMatch(JSON.stringify(log.entries), /canary/i)
}

/** A message as it goes to the backend. */
export function says(role: string, text: string): Json {
  return {
    type: 'message',
    role,
    content: [{ type: role === 'assistant' ? 'output_text' : 'input_text', text }],
  }
}

/** What goes to the backend for "hi" and no more, its texts and keys of any content left out. */
export const PLAIN_SENT: Json = {
  model: 'gpt-5.5',
  instructions: '',
  input: [says('user', 'hi')],
  parallel_tool_calls: true,
  reasoning: { effort: 'medium', summary: 'auto' },
  store: false,
  stream: true,
  include: ['reasoning.encrypted_content'],
  prompt_cache_key: '',
}

/** A function that takes nothing, as either chat API declares it. */
export function functionTool(name: string): Json {
  return { type: 'function', function: { name } }
}
