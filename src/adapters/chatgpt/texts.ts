/** The texts of one answer: which have been told, and where a blank line parts them. */

import { countCharacters } from '../../domain/characters.ts'
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
  hasReasoning(): boolean
  /**
   * Returns how many characters (code points) come before the part `index` of the message at `place`
   * in the answer's text, which is told as one.
   */
  offsetOf(place: string, index: string): number
  /** A message has been added at `place`; its text may come later, or never. */
  announceMessage(place: string): void
  /** Returns the places of the messages, in the order of first sight. */
  messages(): readonly string[]
  /** Whether anything of the message at `place` has been told. */
  hasTold(place: string): boolean
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
  /** Where each part of the text begins, by its key. */
  const offsets = new Map<string, number>()
  /** Whether each message has told anything, by its place. */
  const messages = new Map<string, boolean>()
  let length = 0

  function delta(kind: TextKind, place: string, index: string, text: JsonString): ModelEvent[] {
    if (text === '""') return []
    const channel = CHANNELS[kind]
    const event = eventOf(kind, text)
    const at = positions.get(channel)
    const hasBegun = at?.index === index && at.place === place && at.kind === kind
    // A new message, or any new part of the reasoning, is a paragraph of its own.
    const isNewParagraph =
      !hasBegun && at !== undefined && (channel === 'reasoning' || at.place !== place)
    if (!hasBegun) begin(kind, place, index, isNewParagraph)
    if (channel === 'text') length += countCharacters(text)
    return isNewParagraph ? [eventOf(kind, BLANK_LINE), event] : [event]
  }

  function begin(kind: TextKind, place: string, index: string, isNewParagraph: boolean): void {
    const key = keyOf(kind, place, index)
    positions.set(CHANNELS[kind], { kind, place, index })
    told.add(key)
    if (CHANNELS[kind] !== 'reasoning') messages.set(place, true)
    if (CHANNELS[kind] !== 'text') return
    if (isNewParagraph) length += 2
    if (!offsets.has(key)) offsets.set(key, length)
  }

  return {
    delta,
    whole: (kind, place, index, text) =>
      told.has(keyOf(kind, place, index)) ? [] : delta(kind, place, index, quote(text)),
    hasAnswer: () => positions.has('text') || positions.has('refusal'),
    hasReasoning: () => positions.has('reasoning'),
    offsetOf(place, index) {
      const at = positions.get('text')
      const ifItBeganNow = at === undefined || at.place === place ? length : length + 2
      return offsets.get(keyOf('output_text', place, index)) ?? ifItBeganNow
    },
    announceMessage(place) {
      if (!messages.has(place)) messages.set(place, false)
    },
    messages: () => [...messages.keys()],
    hasTold: place => messages.get(place) ?? false,
  }
}

function keyOf(kind: TextKind, place: string, index: string): string {
  return `${kind} ${place} ${index}`
}

function eventOf(kind: TextKind, text: JsonString): ModelEvent {
  switch (kind) {
    case 'output_text':
      return { type: 'text', text }
    case 'refusal':
      return { type: 'refusal', text }
    case 'reasoning_summary_text':
      return { type: 'reasoning', source: 'summary', text }
    case 'reasoning_text':
      return { type: 'reasoning', source: 'raw', text }
    default:
      return kind satisfies never
  }
}
