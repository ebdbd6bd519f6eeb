/** The texts of one answer: which have been told, and where a blank line parts them. */

import { type JsonString, type ModelEvent, quote } from '../../domain/events.ts'

/** The kinds of text as event types name them. */
export const TEXT_KINDS = [
  'output_text',
  'refusal',
  'reasoning_summary_text',
  'reasoning_text',
] as const
/** One of {@link TEXT_KINDS}. */
export type TextKind = (typeof TEXT_KINDS)[number]

/** The event field that counts the parts of one item. */
export const INDEX_KEYS: Readonly<Record<TextKind, string>> = {
  output_text: 'content_index',
  refusal: 'content_index',
  reasoning_summary_text: 'summary_index',
  reasoning_text: 'content_index',
}

type Channel = 'text' | 'refusal' | 'reasoning'

const CHANNELS: Readonly<Record<TextKind, Channel>> = {
  output_text: 'text',
  refusal: 'refusal',
  reasoning_summary_text: 'reasoning',
  reasoning_text: 'reasoning',
}

const BLANK_LINE = quote('\n\n')

/** What has been told of one answer's texts. Each method returns what can be told now. */
export interface Texts {
  /** A piece of the part `index` of the item at `place`. */
  delta(kind: TextKind, place: string, index: string, text: JsonString): ModelEvent[]
  /** A part that is told whole; nothing if it has come in pieces. */
  whole(kind: TextKind, place: string, index: string, text: string): ModelEvent[]
  /** Whether anything of the answer itself, reasoning aside, has been told. */
  hasAnswer(): boolean
}

/** Where a channel stands. */
interface Position {
  kind: TextKind
  place: string
  index: string
}

/** Creates the record of one answer's texts. */
export function createTexts(): Texts {
  const positions = new Map<Channel, Position>()
  const told = new Set<string>()

  function delta(kind: TextKind, place: string, index: string, text: JsonString): ModelEvent[] {
    if (text === '""') return []
    const channel = CHANNELS[kind]
    const event: ModelEvent = { type: channel, text }
    const at = positions.get(channel)
    if (at?.index === index && at.place === place && at.kind === kind) return [event]
    positions.set(channel, { kind, place, index })
    told.add(`${kind} ${place} ${index}`)
    // A new message, or any new part of the reasoning, is a paragraph of its own.
    const isNewParagraph = at !== undefined && (channel === 'reasoning' || at.place !== place)
    return isNewParagraph ? [{ type: channel, text: BLANK_LINE }, event] : [event]
  }

  return {
    delta,
    whole: (kind, place, index, text) =>
      told.has(`${kind} ${place} ${index}`) ? [] : delta(kind, place, index, quote(text)),
    hasAnswer: () => positions.has('text') || positions.has('refusal'),
  }
}
