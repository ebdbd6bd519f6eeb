/** The search for the first of several texts in a text that comes in pieces. */

/** What of the text can be told; nothing of it can be told after a cut. */
export interface SearchStep {
  readonly text: string
  readonly isCut: boolean
}

/** The search through one text. */
export interface StopSearch {
  /** Reads on, and holds back only what can still become a match. */
  read(piece: string): SearchStep
  /** Gives up what is held back: it is followed by something that no match reaches across. */
  interrupt(): SearchStep
}

/**
 * Creates a search that cuts a text before the match that begins first, however the text is cut
 * into pieces. Takes time linear in the text, whatever the texts to find look like.
 */
export function createStopSearch(stops: readonly string[]): StopSearch {
  const patterns = stops.map(createPattern)
  /** Text that has been read and not told. */
  let held = ''
  /** Where the match that begins first begins in `held`; one that begins earlier may be under way. */
  let first = Number.POSITIVE_INFINITY

  /** Tells the text before a place in `held`. */
  function tell(end: number): string {
    const text = held.slice(0, end)
    held = held.slice(end)
    first -= text.length
    return text
  }

  return {
    read(piece) {
      let at = held.length
      held += piece
      /** Where the longest beginning of a match begins. */
      let open = 0
      while (at < held.length) {
        const unit = held.charCodeAt(at)
        at++
        open = at
        for (const pattern of patterns) {
          if (pattern.advance(unit)) first = Math.min(first, at - pattern.length)
          open = Math.min(open, at - pattern.matched())
        }
        if (first <= open) return { text: tell(first), isCut: true }
      }
      return { text: tell(open), isCut: false }
    },
    interrupt() {
      const isCut = first < held.length
      const text = tell(Math.min(first, held.length))
      for (const pattern of patterns) pattern.reset()
      return { text, isCut }
    },
  }
}

/** A text to find, by the algorithm of Knuth, Morris and Pratt. */
interface Pattern {
  readonly length: number
  /** Reads a code unit; `true` where a match ends with it. */
  advance(unit: number): boolean
  /** How much of a match has been read. */
  matched(): number
  reset(): void
}

function createPattern(text: string): Pattern {
  /** By the length of a beginning, less one: the length of its longest proper end that begins `text`. */
  const borders: number[] = [0]
  let matched = 0

  function step(unit: number): void {
    while (matched > 0 && text.charCodeAt(matched) !== unit) matched = borders[matched - 1] ?? 0
    if (text.charCodeAt(matched) === unit) matched++
  }

  for (let i = 1; i < text.length; i++) {
    step(text.charCodeAt(i))
    borders.push(matched)
  }
  matched = 0
  return {
    length: text.length,
    advance(unit) {
      step(unit)
      if (matched < text.length) return false
      // Whatever begins inside of a match does not begin first.
      matched = 0
      return true
    },
    matched: () => matched,
    reset() {
      matched = 0
    },
  }
}
