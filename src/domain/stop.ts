/** Stop texts, which no upstream takes: the answer is read and cut where one of them begins. */

import { countCharacters } from './characters.ts'
import type { ChatRequest, Item, Part } from './conversation.ts'
import { type Citation, type ModelEvent, quote, type Usage, unquote } from './events.ts'
import { createStopSearch, type SearchStep } from './stop-search.ts'
import { estimateTokens, tokensIn, utf8Length } from './token-estimate.ts'

type Finished = Extract<ModelEvent, { type: 'finished' }>

/** How much has been told. */
interface Told {
  /** Characters of the text. */
  textLength: number
  /** Bytes in UTF-8 of everything but the reasoning. */
  answerBytes: number
  reasoningBytes: number
}

/**
 * Tells an answer up to the first of the request's stop texts. They are looked for in the text
 * only, across the ends of deltas and messages; text that may be the beginning of one is held back.
 *
 * A match ends the upstream's events, and the usage of an answer that is cut so is an estimate:
 * images and files count nothing. Citations come at the end, without those that point behind the cut.
 */
export async function* cutAtStops(
  events: AsyncIterable<ModelEvent>,
  request: ChatRequest,
): AsyncGenerator<ModelEvent, void, void> {
  const search = createStopSearch(request.stop)
  const told: Told = { textLength: 0, answerBytes: 0, reasoningBytes: 0 }
  const citations: Citation[] = []
  /** What the event that the cut came with says of the end. */
  let ending: Partial<Finished> | undefined
  let lastText = ''

  for await (const event of events) {
    const step = searchIn(event, search)
    if (step?.isCut) {
      ending = event.type === 'finished' ? event : {}
      lastText = step.text
      // Ends the upstream's events before the end is told: whoever takes it may be slow.
      break
    }
    if (step !== undefined && step.text !== '') yield tellText(step.text, told)
    switch (event.type) {
      case 'text':
        break
      case 'citation':
        citations.push(event)
        break
      case 'finished':
        yield* citations
        yield event
        return
      default:
        count(event, told)
        yield event
    }
  }
  if (ending === undefined) return
  if (lastText !== '') yield tellText(lastText, told)
  yield* citations.filter(({ endIndex }) => endIndex <= told.textLength)
  yield {
    type: 'finished',
    reason: 'stop',
    usage: ending.usage ?? estimateUsage(request, told),
    serviceTier: ending.serviceTier,
  }
}

function searchIn(
  event: ModelEvent,
  search: ReturnType<typeof createStopSearch>,
): SearchStep | undefined {
  switch (event.type) {
    case 'text':
      return search.read(unquote([event.text]))
    case 'tool-call':
    case 'finished':
      return search.interrupt()
    default:
      return undefined
  }
}

function tellText(characters: string, told: Told): ModelEvent {
  const text = quote(characters)
  told.textLength += countCharacters(text)
  told.answerBytes += utf8Length(characters)
  return { type: 'text', text }
}

function count(event: ModelEvent, told: Told): void {
  switch (event.type) {
    case 'reasoning':
      told.reasoningBytes += utf8Length(unquote([event.text]))
      break
    case 'refusal':
    case 'tool-arguments':
      told.answerBytes += utf8Length(unquote([event.text]))
      break
    case 'tool-call':
      told.answerBytes += utf8Length(event.name)
  }
}

function estimateUsage(request: ChatRequest, told: Told): Usage {
  const inputTokens = textsOf(request).reduce((sum, text) => sum + estimateTokens(text), 0)
  const reasoningTokens = tokensIn(told.reasoningBytes)
  const outputTokens = reasoningTokens + tokensIn(told.answerBytes)
  return {
    inputTokens,
    cachedTokens: 0,
    cacheWriteTokens: 0,
    outputTokens,
    reasoningTokens,
    totalTokens: inputTokens + outputTokens,
  }
}

function textsOf({ items, tools }: ChatRequest): readonly string[] {
  return [...items.flatMap(textsOfItem), ...tools.map(tool => JSON.stringify(tool))]
}

function textsOfItem(item: Item): readonly string[] {
  switch (item.type) {
    case 'message':
      return item.parts.flatMap(textOfPart)
    case 'tool-call':
      return [item.name, item.arguments]
    case 'tool-result':
      return typeof item.output === 'string' ? [item.output] : item.output.flatMap(textOfPart)
    default:
      return item satisfies never
  }
}

function textOfPart(part: Part): readonly string[] {
  return part.type === 'text' || part.type === 'refusal' ? [part.text] : []
}
