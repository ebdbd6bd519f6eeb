/** Which tools the demo calls, and with what. */

import type { ChatRequest, Tool } from '../../domain/conversation.ts'
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

/** A tool to call. `arguments` is JSON text, `undefined` to have it made up. */
export interface PlannedCall {
  readonly tool: Tool
  readonly arguments: string | undefined
}

/** A call that the demo makes. `arguments` is JSON text. */
export interface Call {
  readonly callId: string
  readonly name: string
  readonly arguments: string
}

/**
 * Returns the calls that the request insists on, whatever the prompt says.
 *
 * @throws ProxyError `invalid_value` if the tool that it asks for is not declared.
 */
export function forcedCalls(request: ChatRequest, wishes: CallWishes): readonly PlannedCall[] {
  const { toolChoice, tools } = request
  if (toolChoice === 'auto' || toolChoice === 'none') return []
  const wished = wishedCalls(request, wishes).filter(
    ({ tool }) => toolChoice === 'required' || tool.name === toolChoice.name,
  )
  if (wished.length > 0) return takeParallel(request, wished)
  const tool =
    toolChoice === 'required' ? tools[0] : tools.find(each => each.name === toolChoice.name)
  if (tool) return [{ tool, arguments: undefined }]
  throw new ProxyError('invalid_value', 'The tool to call is not among the declared tools.', {
    param: 'tool_choice',
  })
}

/** Returns the calls that the prompt asks for, if the model is free to call any tool. */
export function askedCalls(request: ChatRequest, wishes: CallWishes): readonly PlannedCall[] {
  if (request.toolChoice !== 'auto') return []
  return takeParallel(request, wishedCalls(request, wishes))
}

/** Returns the names that calls are asked of though no tool has them; none where none may be called. */
export function undeclaredCalls(request: ChatRequest, { calls }: CallWishes): readonly string[] {
  if (request.toolChoice === 'none') return []
  const tools = toolsByName(request)
  return calls.map(({ name }) => name).filter(name => !tools.has(name))
}

function wishedCalls(request: ChatRequest, { prompt, calls }: CallWishes): readonly PlannedCall[] {
  const tools = toolsByName(request)
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

function toolsByName(request: ChatRequest): ReadonlyMap<string, Tool> {
  return new Map(request.tools.map(tool => [tool.name, tool]))
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
  const positions = new Map(request.tools.map((tool, index) => [tool, index]))
  const makeUp = (tool: Tool) =>
    JSON.stringify(
      // Arguments are an object even where the schema leaves it open.
      sampleSchema(
        { ...tool.parameters, type: 'object' },
        { name: 'arguments', param: `tools[${positions.get(tool)}]` },
        budget,
      ),
    )
  return planned.map(({ tool, arguments: text }, index) => ({
    callId: `call_demo_${request.items.length}_${index}`,
    name: tool.name,
    arguments: text ?? makeUp(tool),
  }))
}

/** Spells out calls as events, one call after the other. */
export function encodeCalls(calls: readonly Call[]): readonly ModelEvent[] {
  return calls.flatMap(({ callId, name, arguments: text }, index): ModelEvent[] => [
    { type: 'tool-call', index, callId, name },
    ...cutIntoSlices(text).map(
      (slice): ModelEvent => ({ type: 'tool-arguments', index, text: quote(slice) }),
    ),
  ])
}
