/** What the demo answers to a request, before it is played. */

import type { ChatRequest } from '../../domain/conversation.ts'
import { type FinishReason, type ModelEvent, quote, type Usage } from '../../domain/events.ts'
import {
  askedCalls,
  type Call,
  createCalls,
  encodeCalls,
  forcedCalls,
  undeclaredCalls,
} from './calls.ts'
import type { Directives } from './directives.ts'
import { sampleSchema } from './json-schema/sample.ts'
import { countWords, cutIntoSlices, cutIntoWords } from './pieces.ts'
import {
  describeRequest,
  describeResults,
  describeUndeclared,
  describeUnknown,
  echoAsJson,
  fillWords,
  freshResults,
  promptOf,
  textOfItem,
} from './prose.ts'

/** A whole answer: what is played between `started` and `finished`. */
export interface Answer {
  readonly reasoning: readonly ModelEvent[]
  readonly output: readonly ModelEvent[]
  readonly reason: FinishReason
  readonly usage: Usage
}

type Content =
  | { readonly type: 'calls'; readonly calls: readonly Call[] }
  | { readonly type: 'prose' | 'json' | 'refusal'; readonly text: string }

/**
 * Decides on an answer. The same request always gets the same.
 *
 * @throws ProxyError `invalid_value`, `unsupported_value` if a tool choice or a schema cannot be met.
 */
export function planAnswer(request: ChatRequest, directives: Directives): Answer {
  const content = chooseContent(request, directives)
  const thoughts =
    request.summary === 'none' || request.effort === 'none' ? [] : think(request, content)
  const reasoningTokens = countWords(thoughts.join(' '))
  const written =
    content.type === 'calls' ? content.calls.map(call => call.arguments).join(' ') : content.text
  const inputTokens = request.items.reduce((sum, item) => sum + countWords(textOfItem(item)), 0)
  const outputTokens = reasoningTokens + countWords(written)
  return {
    reasoning: thoughts.flatMap((thought, index) =>
      [...(index > 0 ? ['\n\n'] : []), ...cutIntoWords(thought)].map(piece => ({
        type: 'reasoning' as const,
        source: 'summary' as const,
        text: quote(piece),
      })),
    ),
    output: encodeContent(content),
    reason: directives.ending?.reason ?? 'stop',
    usage: {
      inputTokens,
      cachedTokens: 0,
      cacheWriteTokens: 0,
      outputTokens,
      reasoningTokens,
      totalTokens: inputTokens + outputTokens,
    },
  }
}

/** The order of the questions is the order of precedence. */
function chooseContent(request: ChatRequest, directives: Directives): Content {
  const { ending, say, words, unknown, calls } = directives
  const prose = (text: string): Content => ({ type: 'prose', text })
  if (ending?.refusal) {
    return { type: 'refusal', text: say ?? 'I refuse to answer, as you asked me to.' }
  }
  const wishes = { prompt: promptOf(request), calls }
  const forced = forcedCalls(request, wishes)
  if (forced.length > 0) return { type: 'calls', calls: createCalls(request, forced) }
  const results = freshResults(request)
  const asked = results.length === 0 ? askedCalls(request, wishes) : []
  if (calls.length > 0 && results.length === 0) {
    const undeclared = undeclaredCalls(request, wishes)
    if (undeclared.length > 0) return prose(describeUndeclared(request, undeclared))
    if (asked.length > 0) return { type: 'calls', calls: createCalls(request, asked) }
  }
  if (say !== undefined) return prose(say)
  if (words !== undefined) return prose(fillWords(words))
  if (unknown.length > 0) return prose(describeUnknown(unknown))
  if (asked.length > 0) return { type: 'calls', calls: createCalls(request, asked) }
  if (request.format?.type === 'json-schema') {
    const { schema, name } = request.format
    const value = sampleSchema(schema, { name, param: 'response_format' })
    return { type: 'json', text: JSON.stringify(value) }
  }
  if (request.format?.type === 'json-object') return { type: 'json', text: echoAsJson(request) }
  if (results.length > 0) return prose(describeResults(results))
  return prose(describeRequest(request, !directives.any))
}

function think(request: ChatRequest, content: Content): readonly string[] {
  const plan = {
    calls: 'call a tool',
    prose: 'answer in prose',
    json: 'answer with JSON',
    refusal: 'refuse',
  }
  return [
    `Words that I read: ${countWords(promptOf(request))}.`,
    `I am going to ${plan[content.type]}.`,
  ]
}

function encodeContent(content: Content): readonly ModelEvent[] {
  switch (content.type) {
    case 'calls':
      return encodeCalls(content.calls)
    case 'refusal':
      return cutIntoWords(content.text).map(piece => ({ type: 'refusal', text: quote(piece) }))
    case 'prose':
      return cutIntoWords(content.text).map(piece => ({ type: 'text', text: quote(piece) }))
    case 'json':
      return cutIntoSlices(content.text).map(piece => ({ type: 'text', text: quote(piece) }))
  }
}
