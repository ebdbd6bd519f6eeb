/** What a client asks of a model, in no protocol's own terms. */

/** How hard a model thinks, from least to most. `ultra` is a wish: it is sent as another level. */
export const EFFORTS = [
  'none',
  'minimal',
  'low',
  'medium',
  'high',
  'xhigh',
  'max',
  'ultra',
] as const
/** One of {@link EFFORTS}. */
export type Effort = (typeof EFFORTS)[number]

/** How much of its reasoning a model sums up; `none` asks for no summary. */
export const SUMMARIES = ['auto', 'concise', 'detailed', 'none'] as const
/** One of {@link SUMMARIES}. */
export type Summary = (typeof SUMMARIES)[number]

/** How long a model makes its answers. */
export const VERBOSITIES = ['low', 'medium', 'high'] as const
/** One of {@link VERBOSITIES}. */
export type Verbosity = (typeof VERBOSITIES)[number]

/** How closely a model looks at an image; `original` keeps its size. */
export const IMAGE_DETAILS = ['auto', 'low', 'high', 'original'] as const
/** One of {@link IMAGE_DETAILS}. */
export type ImageDetail = (typeof IMAGE_DETAILS)[number]

/** A JSON Schema object, passed on as the client wrote it. */
export type JsonSchema = Readonly<Record<string, unknown>>

/** A piece of a message. */
export type Part =
  | { readonly type: 'text'; readonly text: string }
  /** `url` is an `https:`, `http:` or `data:` URL. */
  | { readonly type: 'image'; readonly url: string; readonly detail: ImageDetail }
  /** `data` is a `data:` URL. */
  | { readonly type: 'file'; readonly filename: string; readonly data: string }
  | { readonly type: 'refusal'; readonly text: string }

/** Who says a message; `developer` is what some APIs call system. */
export type Role = 'user' | 'assistant' | 'developer'

/** What somebody said. */
export interface Message {
  readonly type: 'message'
  readonly role: Role
  readonly parts: readonly Part[]
}

/** A call that the model made in an earlier turn. `arguments` is JSON text. */
export interface ToolCall {
  readonly type: 'tool-call'
  readonly callId: string
  readonly name: string
  readonly arguments: string
}

/** What a call of an earlier turn gave. */
export interface ToolResult {
  readonly type: 'tool-result'
  readonly callId: string
  readonly output: string | readonly Part[]
}

/** One step of a conversation, in order. */
export type Item = Message | ToolCall | ToolResult

/** A function that the model may call. `strict` asks it to keep to the schema exactly. */
export interface Tool {
  readonly name: string
  readonly description: string | undefined
  readonly parameters: JsonSchema
  readonly strict: boolean
}

/** Which tools the model may or must call; an object names the one to call. */
export type ToolChoice = 'auto' | 'none' | 'required' | { readonly name: string }

/** The form that an answer in JSON must have. */
export type OutputFormat =
  | { readonly type: 'json-object' }
  | {
      readonly type: 'json-schema'
      readonly name: string
      readonly description: string | undefined
      readonly schema: JsonSchema
      readonly strict: boolean
    }

/** One question to a model. A key that is `undefined` leaves the choice to the service. */
export interface ChatRequest {
  readonly model: string
  readonly items: readonly Item[]
  readonly tools: readonly Tool[]
  readonly toolChoice: ToolChoice
  readonly parallelToolCalls: boolean
  readonly format: OutputFormat | undefined
  readonly effort: Effort | undefined
  readonly summary: Summary | undefined
  readonly verbosity: Verbosity | undefined
  /** Asks for the fast tier where the model has one. */
  readonly priority: boolean
  /** Keeps requests of one conversation on one prompt cache. */
  readonly cacheKey: string | undefined
}

/**
 * Splits off the text of the leading run of developer messages, joined with a
 * blank line: what an API with an instructions field takes there.
 */
export function splitInstructions(items: readonly Item[]): {
  readonly instructions: string
  readonly rest: readonly Item[]
} {
  const end = items.findIndex(item => item.type !== 'message' || item.role !== 'developer')
  const leading = end === -1 ? items : items.slice(0, end)
  const texts = leading.flatMap(item => (item.type === 'message' ? textOf(item) : []))
  return { instructions: texts.join('\n\n'), rest: items.slice(leading.length) }
}

/** Returns the text of a message, its parts joined without a separator. */
export function textOf(message: Message): string {
  return message.parts.map(part => (part.type === 'text' ? part.text : '')).join('')
}
