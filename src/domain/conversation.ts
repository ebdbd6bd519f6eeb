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

/** What a tool takes: a function JSON arguments, a custom tool free text. */
export type ToolKind = 'function' | 'custom'

/** A call that the model made in an earlier turn. */
export interface ToolCall {
  readonly type: 'tool-call'
  readonly kind: ToolKind
  readonly callId: string
  readonly name: string
  /** JSON text; of a custom tool its free text. */
  readonly arguments: string
}

/** What a call of an earlier turn gave; `kind` is that of the call. */
export interface ToolResult {
  readonly type: 'tool-result'
  readonly kind: ToolKind
  readonly callId: string
  readonly output: string | readonly Part[]
}

/** One step of a conversation, in order. */
export type Item = Message | ToolCall | ToolResult

/** A function that the model may call. `strict` asks it to keep to the schema exactly. */
export interface FunctionTool {
  readonly type: 'function'
  readonly name: string
  readonly description: string | undefined
  readonly parameters: JsonSchema
  readonly strict: boolean
}

/** A tool that the model calls with free text; `grammar` says which texts it takes. */
export interface CustomTool {
  readonly type: 'custom'
  readonly name: string
  readonly description: string | undefined
  readonly grammar: Grammar | undefined
}

/** A formal grammar in one of two notations. */
export interface Grammar {
  readonly syntax: 'lark' | 'regex'
  readonly definition: string
}

/** How much of what it finds a search reads. */
export const SEARCH_CONTEXT_SIZES = ['low', 'medium', 'high'] as const
/** One of {@link SEARCH_CONTEXT_SIZES}. */
export type SearchContextSize = (typeof SEARCH_CONTEXT_SIZES)[number]

/** Where a search is made from, as far as it is told: free text, but for the ISO country code. */
export interface SearchLocation {
  readonly city: string | undefined
  readonly country: string | undefined
  readonly region: string | undefined
  /** IANA name. */
  readonly timezone: string | undefined
}

/** The upstream's own search of the web; nobody else runs its calls. */
export interface WebSearchTool {
  readonly type: 'web-search'
  readonly contextSize: SearchContextSize | undefined
  readonly location: SearchLocation | undefined
  /** Searches these domains only; empty for all. */
  readonly allowedDomains: readonly string[]
}

/** Something that the model may use. Names are unique among the tools of a request, and of any form. */
export type Tool = FunctionTool | CustomTool | WebSearchTool
/** A tool that the client runs. */
export type ClientTool = FunctionTool | CustomTool

/** Which tools the model may or must call; names are those of tools of the request. */
export type ToolChoice =
  | 'auto'
  | 'none'
  | 'required'
  | { readonly type: 'tool'; readonly name: string }
  /** Only these of the tools; the others stay declared, for the prompt cache. */
  | {
      readonly type: 'allowed'
      readonly mode: 'auto' | 'required'
      readonly names: readonly string[]
    }

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
  /** A `ChatModel` is asked with `required` or `never` only. */
  readonly priority: Priority | undefined
  /** Keeps requests of one conversation on one prompt cache. */
  readonly cacheKey: string | undefined
  /** Texts that end the answer before they are told; none is empty. */
  readonly stop: readonly string[]
}

/** Whether to ask for the fast tier; `wished` takes it where the model has one. */
export type Priority = 'required' | 'wished' | 'never'

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

/** Returns the message of these parts; none where there are none, since it would say nothing. */
export function said(role: Role, parts: readonly Part[]): readonly Message[] {
  return parts.length === 0 ? [] : [{ type: 'message', role, parts }]
}

/** Returns the text of a message, its parts joined without a separator. */
export function textOf(message: Message): string {
  return message.parts.map(part => (part.type === 'text' ? part.text : '')).join('')
}

/** Returns the tools that the client runs. */
export function clientTools(tools: readonly Tool[]): readonly ClientTool[] {
  return tools.filter(tool => tool.type !== 'web-search')
}
