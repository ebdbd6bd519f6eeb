/** Answers of a backend at random, each with what it amounts to. */

import fc from 'fast-check'
import {
  type BackendEvent,
  completed,
  customCall,
  functionCall,
  type ItemEvents,
  incomplete,
  message,
  numbered,
  reasoning,
  refusal,
  STARTED,
  USAGE,
} from './backend-events.ts'

/** A call of the answer. */
export interface ExpectedCall {
  readonly id: string
  readonly kind: 'function' | 'custom'
  readonly name: string
  readonly text: string
}

/** An answer, as the backend sends it and as a client should understand it. */
export interface RandomAnswer {
  readonly events: readonly BackendEvent[]
  readonly text: string
  readonly refusal: string
  readonly reasoning: string
  readonly calls: readonly ExpectedCall[]
  readonly citations: number
  readonly output: readonly object[]
  readonly status: 'completed' | 'incomplete'
}

/** What answers may be made of. */
export interface AnswerRange {
  readonly calls?: boolean
  readonly customCalls?: boolean
  /** Whether pieces, announcements or both may be missing, as some models have it. */
  readonly gaps?: boolean
}

/** Text of all kinds, never empty. */
const words = fc.oneof(
  fc.string({ unit: 'grapheme', minLength: 1, maxLength: 12 }),
  fc.constantFrom('"', '\\', '\n\n', '\u2028', '\u0000', 'data: x\n\n', '</think>', '😀é', ' '),
)
/** Text in pieces, which may be empty or cut inside a character. */
const pieces = fc.tuple(words, fc.array(fc.nat(20), { maxLength: 3 })).map(([text, cuts]) => {
  const places = [...cuts.map(cut => Math.min(cut, text.length)).sort((a, b) => a - b), text.length]
  return places.map((place, i) => text.slice(places[i - 1] ?? 0, place))
})
const json = fc.tuple(words, words).map(([key, value]) => JSON.stringify({ [key]: value }))
const jsonPieces = fc
  .tuple(json, fc.nat(30))
  .map(([text, cut]) => [text.slice(0, cut), text.slice(cut)])

type Part =
  | { readonly type: 'thoughts'; readonly parts: readonly (readonly string[])[] }
  | { readonly type: 'text'; readonly deltas: readonly string[]; readonly isCited: boolean }
  | { readonly type: 'refusal'; readonly deltas: readonly string[] }

const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ type: fc.constant('thoughts' as const), parts: fc.array(pieces, { maxLength: 3 }) }),
  fc.record({ type: fc.constant('text' as const), deltas: pieces, isCited: fc.boolean() }),
)
const call = fc.oneof(
  fc.record({ kind: fc.constant('function' as const), deltas: jsonPieces }),
  fc.record({ kind: fc.constant('custom' as const), deltas: pieces }),
)

/** Which events of an item are left out. */
type Gap = 'none' | 'pieces' | 'announcement'

/** Makes answers: thoughts, messages, a refusal, then calls whose events interleave. */
export function randomAnswers(range: AnswerRange = {}): fc.Arbitrary<RandomAnswer> {
  const { calls: hasCalls = true, customCalls = true, gaps = true } = range
  const kinds = fc
    .array(call, { maxLength: hasCalls ? 3 : 0 })
    .map(calls => (customCalls ? calls : calls.filter(({ kind }) => kind === 'function')))
  return fc
    .record({
      parts: fc.array(part, { maxLength: 4 }),
      refused: fc.option(pieces),
      calls: kinds,
      gap: fc.constantFrom<Gap>(
        ...(gaps ? (['none', 'pieces', 'announcement'] as const) : (['none'] as const)),
      ),
      turns: fc.array(fc.nat(2), { maxLength: 12 }),
      isFull: fc.boolean(),
      ending: fc.constantFrom('whole', 'whole', 'max_output_tokens', 'content_filter'),
      noise: fc.boolean(),
    })
    .map(({ parts, refused, calls, gap, turns, isFull, ending, noise }) => {
      const all: readonly Part[] =
        refused === null ? parts : [...parts, { type: 'refusal', deltas: refused }]
      const items = all.map(toItem)
      const callItems = calls.map(({ kind, deltas }, i) =>
        kind === 'function'
          ? functionCall(items.length + i, `call_${i}`, `tool_${i}`, deltas)
          : customCall(items.length + i, `call_${i}`, `tool_${i}`, deltas),
      )
      const output = [...items, ...callItems].map(({ item }) => item)
      // A free text that is cut cannot be told from one that is whole.
      const isWhole = ending === 'whole' || calls.some(({ kind }) => kind === 'custom')
      const over = isFull ? { output } : {}
      const told = [
        ...items.flatMap(item => eventsOf(item, gap)),
        ...interleaved(callItems, gap, turns),
      ]
      const events = [
        ...STARTED,
        ...(noise ? told.flatMap(event => [...NOISE, event]) : told),
        isWhole ? completed(over) : incomplete(ending, over),
      ]
      const texts = all.flatMap(each => (each.type === 'text' ? [each.deltas.join('')] : []))
      return {
        events: numbered(events),
        text: texts.join('\n\n'),
        refusal: refused?.join('') ?? '',
        reasoning: all
          .flatMap(each => (each.type === 'thoughts' ? each.parts : []))
          .map(deltas => deltas.join(''))
          .join('\n\n'),
        calls: calls.map(({ kind, deltas }, i) => ({
          id: `call_${i}`,
          kind,
          name: `tool_${i}`,
          text: deltas.join(''),
        })),
        citations: all.filter(each => each.type === 'text' && each.isCited).length,
        output,
        status: isWhole ? 'completed' : 'incomplete',
      }
    })
}

/** Events that say nothing to a client. */
const NOISE: readonly BackendEvent[] = [
  { type: 'codex.rate_limits', rate_limits: { primary: { used_percent: 1 } } },
  { type: 'keepalive' },
]

function toItem(part: Part, index: number): ItemEvents {
  if (part.type === 'thoughts') return reasoning(index, part.parts)
  if (part.type === 'refusal') return refusal(index, part.deltas)
  const end = part.deltas.join('').length
  const url = `https://example.com/${index}`
  const citation = { type: 'url_citation', start_index: 0, end_index: end, title: 'T', url }
  return message(index, part.deltas, part.isCited ? [citation] : [])
}

function eventsOf({ added, pieces, done }: ItemEvents, gap: Gap): readonly BackendEvent[] {
  const announcement = gap === 'announcement' ? [] : [added]
  return [...announcement, ...(gap === 'pieces' ? [] : pieces), ...done]
}

/** Calls are announced in order; then each goes on in turn, and ends when it is through. */
function interleaved(
  items: readonly ItemEvents[],
  gap: Gap,
  turns: readonly number[],
): readonly BackendEvent[] {
  const waiting = items.map(item => [...eventsOf(item, gap)])
  const announced = gap === 'announcement' ? [] : waiting.flatMap(events => events.splice(0, 1))
  // Who is told of no beginning orders calls by what it sees first: there they come in turn.
  const mixed =
    gap === 'announcement' ? [] : turns.flatMap(turn => waiting[turn]?.splice(0, 1) ?? [])
  return [...announced, ...mixed, ...waiting.flat()]
}

/** What usage every one of these answers has, in the names of the chat API. */
export const CHAT_USAGE = {
  prompt_tokens: USAGE.input_tokens,
  completion_tokens: USAGE.output_tokens,
  total_tokens: USAGE.total_tokens,
}
