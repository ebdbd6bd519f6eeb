import t from 'tap'
import { plainText } from '../../../src/adapters/oauth/plain-text.ts'

const cases: [title: string, text: string, expected: string][] = [
  [
    'keeps words as they are',
    'Zugriff verweigert – “nein” 🚫 <b>',
    'Zugriff verweigert – “nein” 🚫 <b>',
  ],
  ['takes colours out whole', '\x1b[1;31mred\x1b[0m', 'red'],
  ['takes links and titles out whole', '\x1b]0;title\x07\x1b]8;;http://x\x1b\\link', 'link'],
  ['takes the one-byte forms out', '\x9b31mred', 'red'],
  ['takes an unfinished sequence’s start out', 'a\x1b', 'a'],
  ['takes control characters out', 'a\x00b\x07c\x08d\x7fe\x85f', 'abcdef'],
  ['puts lines on one', 'one\r\ntwo\u2028three\n\n\tfour', 'one two three four'],
  ['takes out what turns the reading direction', 'abc\u202Edef\u2066g\u200b', 'abcdefg'],
  ['trims', '  a  ', 'a'],
  ['leaves nothing of nothing', '\x1b[2J', ''],
]

for (const [title, text, expected] of cases) {
  t.test(title, async t => {
    t.equal(plainText(text), expected)
  })
}

t.test('cuts at 300 characters, between them', async t => {
  t.equal(plainText('x'.repeat(301)), 'x'.repeat(300))
  t.equal(plainText('🚫'.repeat(301)), '🚫'.repeat(300))
})
