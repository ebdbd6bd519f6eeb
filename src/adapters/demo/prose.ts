/** What the demo says when nothing asks for a particular answer. */

import {
  type ChatRequest,
  clientTools,
  type Item,
  type Part,
  textOf,
} from '../../domain/conversation.ts'
import { DIRECTIVES } from './directives.ts'
import { takeStart } from './pieces.ts'

/**
 * Most characters of the last user message that are read, and so the most that `say:` repeats:
 * finding directives and names takes time in which the service does nothing else.
 */
const MAX_PROMPT_LENGTH = 65_536
/** Most characters of the client's own words that an answer repeats in one place. */
const MAX_QUOTE_LENGTH = 200
/** Most results of tools that an answer repeats. */
const MAX_RESULTS = 20

const FILLER = 'the quick brown fox jumps over the lazy dog and then rests in the warm sun'.split(
  ' ',
)

/** Returns the text of the last user message, its first 65,536 characters; `''` if there is none. */
export function promptOf(request: ChatRequest): string {
  const last = request.items.findLast(isUserMessage)
  return last?.type === 'message' ? takeStart(textOf(last), MAX_PROMPT_LENGTH) : ''
}

/** Returns the results that tools gave since the user last spoke, by the tool's name. */
export function freshResults(
  request: ChatRequest,
): readonly { readonly name: string; readonly output: string }[] {
  const names = new Map(
    request.items.flatMap(item => (item.type === 'tool-call' ? [[item.callId, item.name]] : [])),
  )
  return request.items
    .slice(request.items.findLastIndex(isUserMessage) + 1)
    .filter(item => item.type === 'tool-result')
    .map(item => ({ name: names.get(item.callId) ?? item.callId, output: textOfItem(item) }))
}

/** Returns all the text of an item, a call's arguments included. */
export function textOfItem(item: Item): string {
  if (item.type === 'tool-call') return item.arguments
  const parts = item.type === 'message' ? item.parts : item.output
  if (typeof parts === 'string') return parts
  return parts.map(part => ('text' in part ? part.text : '')).join('')
}

/**
 * Echoes a request: its prompt, and what else the user sent with it. What the service adds of
 * its own does not count. `withHint` has it end with things to try.
 */
export function describeRequest(request: ChatRequest, withHint: boolean): string {
  const prompt = promptOf(request)
  return [
    prompt === '' ? 'You sent no text.' : `You said: ${cite(prompt)}.`,
    'I am the demo of chatmock, and nothing of this left your machine.',
    `You asked the model ${shorten(request.model)} at effort ${request.effort ?? 'unset'}`,
    `with ${plural(countUserMessages(request), 'user message')}.`,
    `I count ${plural(countParts(request, 'image'), 'image')}`,
    `and ${plural(countParts(request, 'file'), 'file')}.`,
    describeTools(request),
    ...(withHint ? [describeHint(request)] : []),
  ].join(' ')
}

function describeTools({ tools }: ChatRequest): string {
  const names = clientTools(tools).map(({ name }) => name)
  if (names.length === 0) return 'You declared no tools.'
  return `You declared the tools ${shorten(names.join(', '))}.`
}

function describeHint({ tools, toolChoice }: ChatRequest): string {
  const call =
    clientTools(tools).length === 0 ? 'declare a tool and name it' : 'name one of your tools'
  return toolChoice === 'none'
    ? 'Try say:hello, words:50 or fail:429.'
    : `Try say:hello, words:50, fail:429, or ${call}.`
}

/** Quotes the results of tools, the first 20. */
export function describeResults(
  results: readonly { readonly name: string; readonly output: string }[],
): string {
  const lines = results
    .slice(0, MAX_RESULTS)
    .map(({ name, output }) => `${shorten(name)} answered: ${cite(output)}.`)
  const more = results.length - lines.length
  return [...lines, ...(more > 0 ? [`There are ${plural(more, 'result')} more.`] : [])].join('\n')
}

/** Names what looked like a directive, and the directives that there are. */
export function describeUnknown(unknown: readonly string[]): string {
  const known = DIRECTIVES.map(({ directive }) => directive)
  return `I do not know ${shorten(unknown.join(' or '))}. I know ${known.join(', ')}.`
}

/** Names what was to be called but is not declared, and the tools that are. */
export function describeUndeclared(request: ChatRequest, names: readonly string[]): string {
  return `I cannot call ${shorten(names.join(' or '))}. ${describeTools(request)}`
}

/** Summarises a request as JSON. */
export function echoAsJson(request: ChatRequest): string {
  return JSON.stringify({
    model: shorten(request.model),
    effort: request.effort ?? 'unset',
    user_messages: countUserMessages(request),
    images: countParts(request, 'image'),
    files: countParts(request, 'file'),
    prompt: shorten(promptOf(request)),
  })
}

/** Returns a text of exactly so many words. */
export function fillWords(count: number): string {
  return Array.from({ length: count }, (_, index) => FILLER[index % FILLER.length]).join(' ')
}

function isUserMessage(item: Item): boolean {
  return item.type === 'message' && item.role === 'user'
}

function countUserMessages(request: ChatRequest): number {
  return request.items.filter(isUserMessage).length
}

function countParts(request: ChatRequest, type: Part['type']): number {
  return request.items
    .flatMap(item => {
      if (item.type === 'tool-call') return []
      const parts = item.type === 'message' ? item.parts : item.output
      return typeof parts === 'string' ? [] : parts
    })
    .filter(part => part.type === type).length
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

function cite(text: string): string {
  return `“${shorten(text)}”`
}

function shorten(text: string): string {
  const start = takeStart(text, MAX_QUOTE_LENGTH)
  return start === text ? text : `${start}…`
}
