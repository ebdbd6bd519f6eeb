/** The body of a chat request as the domain's. */

import type { ChatRequest, OutputFormat, Tool, ToolChoice } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { check } from './check.ts'
import { decodeMessages } from './messages.ts'
import { ChatBody, type WireFormat, type WireTool, type WireToolChoice } from './schema.ts'

/** A chat request and what the answer must look like. */
export interface DecodedChat {
  readonly request: ChatRequest
  readonly stream: boolean
  readonly includeUsage: boolean
  /** Names of the fields that have no effect, for `x-chatmock-ignored`. */
  readonly ignored: readonly string[]
}

/** Fields that would change the shape or the safety of the answer, with the values that ask for nothing. */
const REFUSED: ReadonlyMap<string, { asksForNothing: (value: unknown) => boolean; why: string }> =
  new Map([
    ['n', { asksForNothing: value => value === 1, why: 'one answer a request is all there is' }],
    [
      'logprobs',
      { asksForNothing: value => value === false, why: 'the backend gives no log probabilities' },
    ],
    [
      'top_logprobs',
      { asksForNothing: value => value === 0, why: 'the backend gives no log probabilities' },
    ],
    ['logit_bias', { asksForNothing: isEmptyObject, why: 'the backend does not take a bias' }],
    ['modalities', { asksForNothing: isTextOnly, why: 'the backend answers in text only' }],
    [
      'moderation',
      { asksForNothing: () => false, why: 'the backend moderates by its own rules only' },
    ],
  ])

/** Fields that are read, here or in the schema. */
const READ = new Set([...Object.keys(ChatBody.entries), ...REFUSED.keys()])

/**
 * Decodes a body; `sessionId` is the conversation's name from a header, if the client sends one.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value`, `unsupported_parameter`, with the field to blame.
 */
export function decodeChat(
  body: Readonly<Record<string, unknown>>,
  sessionId: string | undefined,
): DecodedChat {
  const chat = check(ChatBody, body)
  const ignored: string[] = []
  for (const [name, value] of Object.entries(body)) {
    if (value === null || value === undefined) continue
    const rule = REFUSED.get(name)
    if (rule && !rule.asksForNothing(value)) throw refused(name, rule.why)
    if (rule ? name !== 'n' : !READ.has(name)) ignored.push(name)
  }
  const tools = decodeTools(chat.tools ?? [])
  const isPriority = chat.service_tier === 'priority' || chat.service_tier === 'fast'
  if (chat.service_tier && !isPriority) ignored.push('service_tier')
  if (chat.stream_options?.['include_obfuscation'])
    ignored.push('stream_options.include_obfuscation')
  return {
    stream: chat.stream ?? false,
    includeUsage: chat.stream_options?.include_usage ?? false,
    ignored,
    request: {
      model: chat.model,
      items: decodeMessages(chat.messages),
      tools,
      toolChoice: decodeToolChoice(chat.tool_choice ?? 'auto', tools),
      parallelToolCalls: chat.parallel_tool_calls ?? true,
      format: decodeFormat(chat.response_format),
      effort: chat.reasoning_effort ?? chat.reasoning?.effort ?? undefined,
      summary: chat.reasoning?.summary ?? undefined,
      verbosity: chat.verbosity ?? undefined,
      priority: isPriority,
      cacheKey: chat.prompt_cache_key || sessionId,
    },
  }
}

function decodeTools(tools: readonly WireTool[]): readonly Tool[] {
  const names = new Set<string>()
  return tools.map(({ function: tool }, i) => {
    if (names.has(tool.name)) {
      throw new ProxyError('invalid_value', `Two tools are named '${tool.name}'.`, {
        param: `tools[${i}].function.name`,
      })
    }
    names.add(tool.name)
    return {
      name: tool.name,
      description: tool.description ?? undefined,
      parameters: tool.parameters ?? { type: 'object', properties: {} },
      strict: tool.strict ?? false,
    }
  })
}

function decodeToolChoice(choice: WireToolChoice, tools: readonly Tool[]): ToolChoice {
  if (typeof choice === 'string') {
    if (choice === 'required' && tools.length === 0) throw badChoice('there are no tools to call')
    return choice
  }
  const { name } = choice.function
  if (!tools.some(tool => tool.name === name))
    throw badChoice('it names a tool that is not in tools')
  return { name }
}

function badChoice(why: string): ProxyError {
  return new ProxyError('invalid_value', `Invalid value for 'tool_choice': ${why}.`, {
    param: 'tool_choice',
  })
}

function decodeFormat(format: WireFormat | null | undefined): OutputFormat | undefined {
  switch (format?.type) {
    case 'json_object':
      return { type: 'json-object' }
    case 'json_schema': {
      const { name, description, schema, strict } = format.json_schema
      return {
        type: 'json-schema',
        name,
        description: description ?? undefined,
        schema,
        strict: strict ?? false,
      }
    }
    default:
      return undefined
  }
}

function refused(name: string, why: string): ProxyError {
  const isValue = name === 'n' || name === 'modalities'
  return new ProxyError(
    isValue ? 'unsupported_value' : 'unsupported_parameter',
    `Unsupported ${isValue ? 'value' : 'parameter'}: '${name}': ${why}.`,
    { param: name },
  )
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0
}

function isTextOnly(value: unknown): boolean {
  return Array.isArray(value) && value.every(modality => modality === 'text')
}
