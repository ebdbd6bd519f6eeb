import t from 'tap'
import { plainText } from '../../src/domain/plain-text.ts'

const cases: [title: string, text: string, expected: string][] = [
  ['keeps letters of any script', 'Zoë 東京 😀', 'Zoë 東京 😀'],
  ['drops colours', '\u001b[31mred\u001b[0m', 'red'],
  ['drops what clears the screen', 'a\u001b[2J\u001b[Hb', 'ab'],
  ['drops a title for the window', '\u001b]0;owned\u0007text', 'text'],
  ['drops the one-character form of an escape', 'a\u009b2Jb', 'ab'],
  ['drops an escape that never ends', 'a\u001b', 'a'],
  ['drops what overwrites', 'pass\b\b\b\bfail\u007f', 'passfail'],
  ['drops what turns the line around', 'a\u202egnp.exe\u2069', 'agnp.exe'],
  ['drops invisible letters', 'a\u200bb\u{e0041}', 'ab'],
  ['drops half characters', 'a\ud800b', 'ab'],
  ['drops links whole', '\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['drops a title that never ends', 'a\u001b]0;owned', 'a'],
  ['keeps what looks like a tag', '<b>', '<b>'],
  ['makes one line of several', ' a\r\n\tb\u2028c\n', 'a b c'],
  ['leaves nothing of nothing', '\u0000', ''],
]
for (const [title, text, expected] of cases) {
  t.test(title, async t => {
    t.equal(plainText(text), expected)
  })
}

t.test('cuts a long text between characters', async t => {
  t.equal(plainText('😀'.repeat(500)), '😀'.repeat(500))
  t.equal(plainText('😀'.repeat(501)), `${'😀'.repeat(499)}…`)
})

t.test('cuts where it is told to', async t => {
  t.equal(plainText('x'.repeat(300), 300), 'x'.repeat(300))
  t.equal(plainText('x'.repeat(301), 300), `${'x'.repeat(299)}…`)
})
