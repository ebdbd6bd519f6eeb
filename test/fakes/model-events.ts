import fc from 'fast-check'
import type { ToolKind } from '../../src/domain/conversation.ts'
import {
  type Citation,
  type FinishReason,
  type JsonString,
  type ModelEvent,
  quote,
  type Usage,
} from '../../src/domain/events.ts'

/** Plays events one after the other. */
export async function* play(...events: readonly ModelEvent[]): AsyncGenerator<ModelEvent> {
  yield* events
}

/** Begins an answer. */
export function started(
  over: Partial<Extract<ModelEvent, { type: 'started' }>> = {},
): Extract<ModelEvent, { type: 'started' }> {
  return { type: 'started', id: 'resp_abc', createdAt: 1795346783, serviceTier: 'auto', ...over }
}

/** Usage in which each number is another. */
export const usage: Usage = {
  inputTokens: 11,
  cachedTokens: 4,
  cacheWriteTokens: 0,
  outputTokens: 7,
  reasoningTokens: 2,
  totalTokens: 18,
}

/** Ends an answer that is whole, with {@link usage}, but for what is given. */
export function finished(
  over: Partial<Extract<ModelEvent, { type: 'finished' }>> = {},
): Extract<ModelEvent, { type: 'finished' }> {
  return { type: 'finished', reason: 'stop', usage, serviceTier: 'default', ...over }
}

/** A piece of text. */
export function says(text: string): ModelEvent {
  return { type: 'text', text: quote(text) }
}

/** A piece of a refusal. */
export function refuses(text: string): ModelEvent {
  return { type: 'refusal', text: quote(text) }
}

/** A piece of reasoning. */
export function thinks(text: string, source: 'summary' | 'raw' = 'summary'): ModelEvent {
  return { type: 'reasoning', source, text: quote(text) }
}

/** The beginning of call `index`, whose id is `call_` and one more. */
export function calls(index: number, name: string, kind: ToolKind = 'function'): ModelEvent {
  return { type: 'tool-call', index, kind, callId: `call_${index + 1}`, name }
}

/** A piece of the arguments of call `index`. */
export function passes(index: number, text: string): ModelEvent {
  return { type: 'tool-arguments', index, text: quote(text) }
}

/** A source of a stretch of the text. */
export function cites(startIndex: number, endIndex: number): Citation {
  return { type: 'citation', url: 'https://a.example/', title: 'A', startIndex, endIndex }
}

/** Makes up texts of any characters; none is empty. */
export const texts = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 })

/** Spells a text as literals, cut anywhere, inside surrogate pairs too, and escaped at will. */
export function literalsOf(text: string): fc.Arbitrary<readonly JsonString[]> {
  const pieces = fc.array(fc.tuple(fc.integer({ min: 1, max: 5 }), fc.boolean()), {
    minLength: text.length,
    maxLength: text.length,
  })
  return pieces.map(sizes => {
    const literals: JsonString[] = []
    let start = 0
    for (const [size, isEscaped] of sizes) {
      const piece = text.slice(start, start + size)
      start += size
      if (piece !== '') literals.push(isEscaped ? spellOut(piece) : quote(piece))
    }
    return literals
  })
}

function spellOut(text: string): JsonString {
  const units = Array.from({ length: text.length }, (_, i) =>
    text.charCodeAt(i).toString(16).padStart(4, '0'),
  )
  return `"${units.map(unit => `\\u${unit}`).join('')}"` as JsonString
}

/** A stretch of an answer; `index` is that of its call, if it is one. */
type Stretch = (index: number) => readonly ModelEvent[]

const pieces = fc
  .tuple(
    fc.constantFrom('text', 'text', 'refusal', 'summary', 'raw'),
    texts.chain(text => literalsOf(text)),
  )
  .map(
    ([type, literals]): Stretch =>
      () =>
        literals.map((text): ModelEvent => {
          if (type === 'text' || type === 'refusal') return { type, text }
          return { type: 'reasoning', source: type === 'raw' ? 'raw' : 'summary', text }
        }),
  )

const citation = fc.tuple(fc.nat(20), fc.nat(20), fc.webUrl(), texts).map(
  ([startIndex, length, url, title]): Stretch =>
    () => [{ type: 'citation', url, title, startIndex, endIndex: startIndex + length }],
)

function call(kind: ToolKind, input: fc.Arbitrary<string>): fc.Arbitrary<Stretch> {
  return fc
    .tuple(
      fc.stringMatching(/^[a-z_]{1,8}$/),
      input.chain(text => literalsOf(text)),
    )
    .map(([name, literals]) => index => [
      { type: 'tool-call', index, kind, callId: `call_${index + 1}`, name },
      ...literals.map((text): ModelEvent => ({ type: 'tool-arguments', index, text })),
    ])
}

const functionCall = call(
  'function',
  fc.dictionary(texts, texts, { maxKeys: 2 }).map(value => JSON.stringify(value)),
)
const brokenCall = call('function', fc.constantFrom('{"a', '{"a":"', '{'))
const customCall = call('custom', texts)

/**
 * Makes up answers: any sequence of events that a model may tell. The last call of one that was cut
 * may be cut too. `kinds` are those of its calls.
 */
export function answers(kinds: readonly ToolKind[]): fc.Arbitrary<readonly ModelEvent[]> {
  const stretch = fc.oneof(
    { weight: 4, arbitrary: pieces },
    { weight: 1, arbitrary: citation },
    ...(kinds.includes('function') ? [{ weight: 2, arbitrary: functionCall }] : []),
    ...(kinds.includes('custom') ? [{ weight: 1, arbitrary: customCall }] : []),
  )
  const reason = fc.constantFrom<FinishReason>('stop', 'length', 'content-filter')
  const tier = fc.constantFrom(undefined, 'auto', 'default', 'priority')
  return fc
    .tuple(
      fc.array(stretch, { maxLength: 8 }),
      fc.option(kinds.includes('function') ? brokenCall : pieces, { nil: undefined }),
      reason,
      fc.option(
        fc.record<Usage>({
          inputTokens: fc.nat(99),
          cachedTokens: fc.nat(99),
          cacheWriteTokens: fc.nat(2),
          outputTokens: fc.nat(99),
          reasoningTokens: fc.nat(99),
          totalTokens: fc.nat(999),
        }),
        { nil: undefined },
      ),
      fc.constantFrom(undefined, 'resp_abc'),
      tier,
      tier,
    )
    .map(([stretches, cut, reason, usage, id, startTier, endTier]) => {
      const events: ModelEvent[] = [started({ id, serviceTier: startTier })]
      let index = 0
      for (const stretch of reason === 'stop' || !cut ? stretches : [...stretches, cut]) {
        const next = stretch(index)
        if (next[0]?.type === 'tool-call') index++
        events.push(...next)
      }
      return [...events, finished({ reason, usage, serviceTier: endTier })]
    })
}
