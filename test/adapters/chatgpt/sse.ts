import fc from 'fast-check'
import t from 'tap'
import { createSseReader } from '../../../src/adapters/chatgpt/sse.ts'
import { ProxyError } from '../../../src/domain/errors.ts'

/** Reads a text cut at the given places. */
function readAll(bytes: Uint8Array, cuts: readonly number[] = []): string[] {
  const reader = createSseReader()
  const places = [...cuts.map(cut => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b)
  let start = 0
  const events: string[] = []
  for (const place of places) {
    events.push(...reader.read(bytes.subarray(start, place)))
    start = place
  }
  return events
}

const utf8 = (text: string) => new TextEncoder().encode(text)
const everyByte = (bytes: Uint8Array) => [...bytes.keys()]

const CASES: readonly (readonly [title: string, text: string, events: readonly string[]])[] = [
  ['an event is the data between blank lines', 'data: a\n\ndata: b\n\n', ['a', 'b']],
  ['the space after the colon may be missing', 'data:a\n\n', ['a']],
  ['only one space is dropped', 'data:  a\n\n', [' a']],
  ['several data lines are joined by LF', 'data: a\ndata: b\n\n', ['a\nb']],
  ['a data field without a colon is an empty line', 'data\ndata: b\n\n', ['\nb']],
  ['comments and other fields are ignored', ': hi\nevent: x\nid: 1\nretry: 9\ndata: a\n\n', ['a']],
  ['an event without data is none', 'event: x\n\ndata: a\n\n', ['a']],
  ['a field that begins like data is another', 'database: x\n\ndata: a\n\n', ['a']],
  ['U+2028 and U+2029 end no line', 'data: a\u2028b\u2029c\n\n', ['a\u2028b\u2029c']],
  ['a byte order mark at the start is dropped', '\ufeffdata: a\n\n', ['a']],
  ['a byte order mark elsewhere stays', 'data: a\ufeff\n\n', ['a\ufeff']],
  ['blank lines in a row make no events', '\n\n\n\ndata: a\n\n\n\n', ['a']],
  ['an event that has not ended is held back', 'data: a\n\ndata: b\n', ['a']],
]

for (const [title, text, events] of CASES) {
  t.test(title, async t => {
    for (const lineEnd of ['\n', '\r\n', '\r']) {
      const bytes = utf8(text.replaceAll('\n', lineEnd))
      t.strictSame(readAll(bytes), events, `whole, ${JSON.stringify(lineEnd)}`)
      t.strictSame(readAll(bytes, everyByte(bytes)), events, `bytewise, ${JSON.stringify(lineEnd)}`)
    }
  })
}

t.test('mixed line ends are each an end', async t => {
  t.strictSame(readAll(utf8('data: a\r\ndata: b\rdata: c\n\r\n')), ['a\nb\nc'])
})

t.test('a character cut between two reads arrives whole', async t => {
  const bytes = utf8('data: Héllo € 😀\n\n')
  t.strictSame(readAll(bytes, everyByte(bytes)), ['Héllo € 😀'])
})

t.test('bytes that are no UTF-8 become U+FFFD and nothing is lost after them', async t => {
  const bytes = Buffer.concat([utf8('data: a'), Buffer.from([0xff]), utf8('b\n\ndata: c\n\n')])
  t.strictSame(readAll(bytes), ['a\ufffdb', 'c'])
})

t.test('any cutting and any comments give the same events', async t => {
  const line = fc
    .string({ unit: 'binary', maxLength: 12 })
    .map(text => text.replace(/[\r\n]/g, ' '))
  const event = fc.array(line, { minLength: 1, maxLength: 3 })
  fc.assert(
    fc.property(
      fc.array(event, { maxLength: 6 }),
      fc.constantFrom('\n', '\r\n', '\r'),
      fc.boolean(),
      fc.array(fc.nat(400), { maxLength: 60 }),
      (events, lineEnd, comments, cuts) => {
        const text = events
          .flatMap(lines => [...lines.map(data => `data: ${data}`), ''])
          .map(row => (comments && row !== '' ? `: comment${lineEnd}${row}` : row) + lineEnd)
          .join('')
        const bytes = utf8(text)
        const expected = events.map(lines => lines.map(data => data.toWellFormed()).join('\n'))
        t.strictSame(readAll(bytes, cuts), expected)
      },
    ),
    { numRuns: 500 },
  )
})

t.test('the last event counts at the end if only its blank line is missing', async t => {
  const reader = createSseReader()
  t.strictSame(reader.read(utf8('data: a\n')), [])
  t.equal(reader.end(), 'a')
  const cut = createSseReader()
  t.strictSame(cut.read(utf8('data: a')), [])
  t.equal(cut.end(), undefined)
})

t.test('a 16 MiB event in small pieces passes, one character more is refused', async t => {
  const limit = 16 * 1024 * 1024
  const piece = utf8('x'.repeat(16 * 1024))
  const read = (length: number) => {
    const reader = createSseReader()
    reader.read(utf8('data: '))
    for (let sent = 'data: '.length; sent < length; sent += piece.length) {
      reader.read(piece.subarray(0, Math.min(piece.length, length - sent)))
    }
    return reader.read(utf8('\n\n'))
  }
  t.equal(read(limit)[0]?.length, limit - 'data: '.length)
  t.throws(
    () => read(limit + 1),
    new ProxyError('upstream_event_too_large', 'The upstream sent an event larger than 16 MiB.'),
  )
})

t.test('many data lines count together', async t => {
  const reader = createSseReader(20)
  reader.read(utf8('data: 1234\ndata: 56\n'))
  t.throws(() => reader.read(utf8('data: 7890\n')), { code: 'upstream_event_too_large' })
})

t.test('the limit is for one event, not for the stream', async t => {
  const reader = createSseReader(20)
  for (let i = 0; i < 100; i++)
    t.strictSame(reader.read(utf8('data: 0123456789\n\n')), ['0123456789'])
})
