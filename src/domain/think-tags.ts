/** Reasoning told inside the text, between tags, for clients that have no other place for it. */

import { countCharacters } from './characters.ts'
import { type Citation, type ModelEvent, quote } from './events.ts'

const OPENING = quote('<think>')
const CLOSING = quote('</think>')
const BLANK_LINE = quote('\n\n')

/** The state of one answer's tags. */
export interface ThinkTags {
  /** Returns what is told in place of an event. */
  tell(event: ModelEvent): readonly ModelEvent[]
  /** Returns what closes the tag if it is open: for an answer that breaks off. */
  close(): readonly ModelEvent[]
}

/** A stretch of the told text that is none of the answer's own. */
interface Insertion {
  /** Where it stands in the answer's own text, in characters. */
  readonly at: number
  length: number
}

/**
 * Creates the tags of one answer. They are closed before anything that is told and is no
 * reasoning; reasoning that comes after that opens them anew. Citations point where the text is now.
 */
export function createThinkTags(): ThinkTags {
  const insertions: Insertion[] = []
  let ownLength = 0
  /** The stretch whose tag is open. */
  let open: Insertion | undefined

  function insert(into: Insertion, text: typeof OPENING): ModelEvent {
    into.length += countCharacters(text)
    return { type: 'text', text }
  }

  function think(text: typeof OPENING): readonly ModelEvent[] {
    if (open) return [insert(open, text)]
    // What parts a thought from the one before it has nothing to part at the beginning.
    if (text === BLANK_LINE) return []
    open = { at: ownLength, length: 0 }
    insertions.push(open)
    return [insert(open, OPENING), insert(open, text)]
  }

  function close(): readonly ModelEvent[] {
    if (!open) return []
    const closing = insert(open, CLOSING)
    open = undefined
    return [closing]
  }

  function move(citation: Citation): Citation {
    const { startIndex, endIndex } = citation
    return {
      ...citation,
      startIndex: startIndex + lengthOf(insertions.filter(({ at }) => at <= startIndex)),
      endIndex: endIndex + lengthOf(insertions.filter(({ at }) => at < endIndex)),
    }
  }

  return {
    tell(event) {
      switch (event.type) {
        case 'started':
          return [event]
        case 'reasoning':
          return think(event.text)
        case 'citation':
          return [move(event)]
        case 'text':
          ownLength += countCharacters(event.text)
          return [...close(), event]
        case 'refusal':
        case 'tool-call':
        case 'tool-arguments':
        case 'finished':
          return [...close(), event]
        default:
          return event satisfies never
      }
    },
    close,
  }
}

/** Tells an answer with its reasoning inside its text. */
export async function* withThinkTags(
  events: AsyncIterable<ModelEvent>,
): AsyncGenerator<ModelEvent, void, void> {
  const tags = createThinkTags()
  for await (const event of events) yield* tags.tell(event)
}

function lengthOf(insertions: readonly Insertion[]): number {
  return insertions.reduce((sum, { length }) => sum + length, 0)
}
