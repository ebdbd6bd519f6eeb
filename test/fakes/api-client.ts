/** A bare client of the API: it hides nothing of what the service says, byte by byte. */

// biome-ignore lint/suspicious/noExplicitAny: tests read it as the JSON that it is
export type Json = any

/** Sends a body, as JSON unless it is text already. */
export function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

export function readJson(response: Response): Promise<Json> {
  return response.json()
}

/** One server-sent event; `data` is its text. */
export interface SentEvent {
  readonly event: string | undefined
  readonly data: string
}

/** Reads an event stream; throws at anything but the two lines that the service is to write. */
export function readEvents(text: string): readonly SentEvent[] {
  const blocks = text.split('\n\n')
  if (blocks.pop() !== '') throw new Error('the stream ends in the middle of an event')
  return blocks.flatMap(block => {
    if (block === ': keep-alive') return []
    const [, event, data] = /^(?:event: ([^\n]+)\n)?data: ([^\n]+)$/.exec(block) ?? []
    if (data === undefined) throw new Error(`no event: ${block}`)
    return [{ event, data }]
  })
}

/** A streamed answer of the chat or completions endpoint, read frame by frame. */
export interface ReadStream {
  /** The choice of each chunk as `[delta or text, finish_reason]`. */
  readonly steps: readonly (readonly [Json, string | null])[]
  /** Each chunk that is none of the last two things. */
  readonly chunks: readonly Json[]
  /** `usage` of the chunk without choices. */
  readonly usage: Json
  /** The error frame. */
  readonly error: Json
  /** Whether the last frame is `[DONE]`. */
  readonly isDone: boolean
}

/** Reads such an answer; throws where frames come in an order that no answer has. */
export function readStream(text: string): ReadStream {
  const events = readEvents(text)
  if (events.some(({ event }) => event !== undefined)) throw new Error('a chunk has an event name')
  const isDone = events.at(-1)?.data === '[DONE]'
  const frames: Json[] = events
    .slice(0, isDone ? -1 : undefined)
    .map(({ data }) => JSON.parse(data))
  const error = frames.at(-1)?.error
  const chunks = error === undefined ? frames : frames.slice(0, -1)
  const last = chunks.at(-1)
  const usage = last?.choices.length === 0 ? last.usage : undefined
  const withChoice = usage === undefined ? chunks : chunks.slice(0, -1)
  const kinds = chunks.map(({ id, object, created, model }) =>
    JSON.stringify([id, object, created, model]),
  )
  if (new Set(kinds).size > 1) throw new Error('the chunks are of different answers')
  const steps = withChoice.map(({ choices: [choice, ...more] }): [Json, string | null] => {
    if (choice?.index !== 0 || choice.logprobs !== null || more.length > 0) {
      throw new Error('a chunk has another choice than its one')
    }
    return [choice.delta ?? choice.text, choice.finish_reason]
  })
  return { steps, chunks: withChoice, usage, error, isDone }
}

/** What the deltas of a chat stream amount to. */
export interface FoldedChat {
  readonly content: string
  readonly refusal: string
  readonly reasoning: string
  readonly calls: readonly Json[]
  readonly annotations: readonly Json[]
  readonly reason: string | null | undefined
}

/** Adds the deltas of a chat stream up, as the API's reference says that a client is to. */
export function foldChat({ steps }: ReadStream): FoldedChat {
  const calls: Json[] = []
  const annotations: Json[] = []
  let content = ''
  let refusal = ''
  let reasoning = ''
  for (const [delta] of steps) {
    content += delta.content ?? ''
    refusal += delta.refusal ?? ''
    reasoning += delta.reasoning_content ?? ''
    annotations.push(...(delta.annotations ?? []))
    for (const { index, ...call } of delta.tool_calls ?? []) {
      const known = calls[index]
      if (known === undefined) calls[index] = structuredClone(call)
      else if (call.id !== undefined || call.type !== undefined) throw new Error('announced twice')
      else if (known.type === 'custom') known.custom.input += call.custom.input
      else known.function.arguments += call.function.arguments
    }
  }
  return { content, refusal, reasoning, calls, annotations, reason: steps.at(-1)?.[1] }
}
