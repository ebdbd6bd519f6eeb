/** Which tools the demo calls, and with what. */

import {
  type ChatRequest,
  type ClientTool,
  type CustomTool,
  clientTools,
  type ToolChoice,
  type ToolKind,
} from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { type ModelEvent, quote } from '../../domain/events.ts'
import type { CallDirective } from './directives.ts'
import { createBudget } from './json-schema/budget.ts'
import { sampleSchema } from './json-schema/sample.ts'
import { cutIntoSlices } from './pieces.ts'

/** What a prompt says about calls. */
export interface CallWishes {
  /** The text of the prompt, which may name tools. */
  readonly prompt: string
  /** The calls that it spells out; with any of them its names do not count. */
  readonly calls: readonly CallDirective[]
}

/** A tool to call. `arguments` is JSON text, or free text; `undefined` to have it made up. */
export interface PlannedCall {
  readonly tool: ClientTool
  readonly arguments: string | undefined
}

/** A call that the demo makes. `arguments` is JSON text, or the free text of a custom tool. */
export interface Call {
  readonly kind: ToolKind
  readonly callId: string
  readonly name: string
  readonly arguments: string
}

/**
 * Returns the calls that the request insists on, whatever the prompt says; none where only the
 * search of the web can meet it.
 *
 * @throws ProxyError `invalid_value` if the tool that it asks for is not declared.
 */
export function forcedCalls(request: ChatRequest, wishes: CallWishes): readonly PlannedCall[] {
  if (!isForced(request.toolChoice)) return []
  const wished = wishedCalls(request, wishes)
  if (wished.length > 0) return takeParallel(request, wished)
  const [tool] = callableTools(request)
  if (tool) return [{ tool, arguments: undefined }]
  // A search of the web is never the client's to run: what comes of it is prose.
  if (request.toolChoice === 'required' && request.tools.length > 0) return []
  throw new ProxyError('invalid_value', 'The tool to call is not among the declared tools.', {
    param: 'tool_choice',
  })
}

/** Returns the calls that the prompt asks for, if the model is free to call any tool. */
export function askedCalls(request: ChatRequest, wishes: CallWishes): readonly PlannedCall[] {
  if (isForced(request.toolChoice)) return []
  return takeParallel(request, wishedCalls(request, wishes))
}

function isForced(choice: ToolChoice): boolean {
  if (typeof choice === 'string') return choice === 'required'
  return choice.type === 'tool' || choice.mode === 'required'
}

function callableTools({ tools, toolChoice }: ChatRequest): readonly ClientTool[] {
  if (toolChoice === 'none') return []
  const all = clientTools(tools)
  if (typeof toolChoice === 'string') return all
  const names = toolChoice.type === 'tool' ? [toolChoice.name] : toolChoice.names
  return all.filter(({ name }) => names.includes(name))
}

/** Returns the names that calls are asked of though no tool has them; none where none may be called. */
export function undeclaredCalls(request: ChatRequest, { calls }: CallWishes): readonly string[] {
  if (request.toolChoice === 'none') return []
  const declared = new Set(clientTools(request.tools).map(({ name }) => name))
  return calls.map(({ name }) => name).filter(name => !declared.has(name))
}

function wishedCalls(request: ChatRequest, { prompt, calls }: CallWishes): readonly PlannedCall[] {
  const tools = new Map(callableTools(request).map(tool => [tool.name, tool]))
  const wishes =
    calls.length > 0
      ? calls
      : wordsOf(prompt).map((name): CallDirective => ({ name, arguments: undefined }))
  return wishes.flatMap(({ name, arguments: text }) => {
    const tool = tools.get(name)
    return tool ? [{ tool, arguments: text }] : []
  })
}

function takeParallel(request: ChatRequest, calls: readonly PlannedCall[]): readonly PlannedCall[] {
  return request.parallelToolCalls ? calls : calls.slice(0, 1)
}

/** Each word once, in the order of the text. */
function wordsOf(text: string): readonly string[] {
  return [...new Set(text.match(/[\p{L}\p{N}_-]+/gu) ?? [])]
}

/**
 * Makes up what is left open of some calls. Ids differ between the turns of a conversation.
 *
 * @throws ProxyError `unsupported_value` if a tool's schema cannot be satisfied.
 */
export function createCalls(
  request: ChatRequest,
  planned: readonly PlannedCall[],
): readonly Call[] {
  const budget = createBudget()
  const makeUp = (tool: ClientTool) => {
    const field = { name: 'arguments', param: `tools[${request.tools.indexOf(tool)}]` }
    if (tool.type === 'custom') return String(sampleSchema(textSchema(tool, field), field, budget))
    // Arguments are an object even where the schema leaves it open.
    return JSON.stringify(sampleSchema({ ...tool.parameters, type: 'object' }, field, budget))
  }
  return planned.map(({ tool, arguments: text }, index) => ({
    kind: tool.type,
    callId: `call_demo_${request.items.length}_${index}`,
    name: tool.name,
    arguments: text ?? makeUp(tool),
  }))
}

/** The texts that a custom tool takes, as a schema. */
function textSchema({ name, grammar }: CustomTool, { param }: { readonly param: string }) {
  if (grammar?.syntax === 'lark') {
    throw new ProxyError(
      'unsupported_value',
      `The demo makes up no text for a Lark grammar. Say what to call the tool with: call:${name} {…}`,
      { param },
    )
  }
  return grammar
    ? { type: 'string', pattern: `^(?:${grammar.definition})$` }
    : { type: 'string', default: `a text for ${name}` }
}

/** Spells out calls as events, one call after the other. */
export function encodeCalls(calls: readonly Call[]): readonly ModelEvent[] {
  return calls.flatMap(({ kind, callId, name, arguments: text }, index): ModelEvent[] => [
    { type: 'tool-call', index, kind, callId, name },
    ...cutIntoSlices(text).map(
      (slice): ModelEvent => ({ type: 'tool-arguments', index, text: quote(slice) }),
    ),
  ])
}
