import fc from 'fast-check'
import t from 'tap'
import { createStopSearch } from '../../src/domain/stop-search.ts'

/** Reads pieces up to the cut; a `null` interrupts. */
function search(stops: readonly string[], ...pieces: readonly (string | null)[]) {
  const search = createStopSearch(stops)
  const told: string[] = []
  for (const piece of pieces) {
    const { text, isCut } = piece === null ? search.interrupt() : search.read(piece)
    told.push(isCut ? `${text}|` : text)
    if (isCut) break
  }
  return told
}

t.test('text that cannot become a match is told at once', async t => {
  t.strictSame(search(['END'], 'one', ' two', ''), ['one', ' two', ''])
})

t.test('a match cuts the text before it, wherever the pieces end', async t => {
  t.strictSame(search(['END'], 'one END two'), ['one |'])
  t.strictSame(search(['END'], 'one E', 'N', 'D two'), ['one ', '', '|'])
  t.strictSame(search(['END'], 'END'), ['|'])
})

t.test('only what can still become a match is held back', async t => {
  t.strictSame(search(['END'], 'one EN', 'TER'), ['one ', 'ENTER'])
  t.strictSame(search(['END'], 'EEE', 'EN'), ['EE', 'E'])
  t.strictSame(search(['aab'], 'a', 'a', 'a', 'c'), ['', '', 'a', 'aac'])
})

t.test('the match that begins first counts, even if another one ends before it', async t => {
  t.strictSame(search(['abcd', 'bc'], 'abc', 'd'), ['', '|'])
  t.strictSame(search(['abcd', 'bc'], 'abc', 'x'), ['', 'a|'])
  t.strictSame(search(['bc', 'abcd'], 'abc', null), ['', 'a|'])
  t.strictSame(search(['ab', 'abc'], 'xab'), ['x|'])
})

t.test('an interruption gives up what is held back, and the search begins anew', async t => {
  t.strictSame(search(['END'], 'EN', null, 'D'), ['', 'EN', 'D'])
  t.strictSame(search(['END'], 'EN', null, 'END'), ['', 'EN', '|'])
  t.strictSame(search(['END'], null), [''])
})

t.test('one character is enough of a stop', async t => {
  t.strictSame(search(['\n'], 'a', 'b\nc'), ['a', 'b|'])
})

t.test(
  'any pieces give the text up to the first match, and hold back no more than they must',
  async () => {
    const letters = fc.string({ unit: fc.constantFrom('a', 'b', '😀', '😁'), maxLength: 16 })
    const stop = fc.string({
      unit: fc.constantFrom('a', 'b', '😀', '😁'),
      minLength: 1,
      maxLength: 5,
    })
    fc.assert(
      fc.property(
        letters,
        fc.array(stop, { minLength: 1, maxLength: 4 }),
        fc.array(fc.integer({ min: 1, max: 4 })),
        (text, stops, sizes) => {
          const search = createStopSearch(stops)
          let told = ''
          let start = 0
          for (const size of [...sizes, text.length]) {
            const read = text.slice(start, start + size)
            start += read.length
            const step = search.read(read)
            told += step.text
            if (step.isCut) return told === beforeStop(text, stops)
            if (text.slice(0, start) !== told + longestBeginning(text.slice(0, start), stops)) {
              return false
            }
          }
          const { text: rest, isCut } = search.interrupt()
          return told + rest === beforeStop(text, stops) && isCut === (told + rest !== text)
        },
      ),
      { numRuns: 2000 },
    )
  },
)

/** The text before the first stop, found the plain way. */
function beforeStop(text: string, stops: readonly string[]): string {
  const places = stops.map(stop => text.indexOf(stop)).filter(place => place >= 0)
  return text.slice(0, Math.min(text.length, ...places))
}

/** The longest proper beginning of a stop that ends the text, found the plain way. */
function longestBeginning(text: string, stops: readonly string[]): string {
  const starts = Array.from({ length: text.length }, (_, i) => i)
  const start = starts.find(i =>
    stops.some(stop => stop.length > text.length - i && stop.startsWith(text.slice(i))),
  )
  return start === undefined ? '' : text.slice(start)
}

t.test('a long stop and a long text that nearly match take linear time', async t => {
  const stop = `${'a'.repeat(100_000)}b`
  const text = 'a'.repeat(400_000)
  t.strictSame(
    search([stop], text, null).map(({ length }) => length),
    [300_000, 100_000],
  )
})
