import fc from 'fast-check'
import t from 'tap'
import { encodeWellFormed } from '../../../src/adapters/chatgpt/well-formed.ts'

t.test('a lone surrogate becomes the replacement character, in keys too', async t => {
  t.equal(encodeWellFormed({ a: 'x\ud83d', b: ['\ude00y'] }), '{"a":"x\ufffd","b":["\ufffdy"]}')
  t.equal(encodeWellFormed({ '\udc00': 1 }), '{"\ufffd":1}')
})

t.test('pairs and text that only looks like an escape stay', async t => {
  t.equal(encodeWellFormed('😀 \\ud83d'), '"😀 \\\\ud83d"')
  t.equal(encodeWellFormed('\\\ud83d\n\u0001'), '"\\\\\ufffd\\n\\u0001"')
})

t.test('any text comes out as its well-formed self', async () => {
  const unit = fc.oneof(
    fc.constantFrom('\ud83d', '\ude00', '\\', 'u', 'd83d', '"', '\n', '\u0000'),
    fc.string({ unit: 'binary', maxLength: 3 }),
  )
  fc.assert(
    fc.property(fc.array(unit), units => {
      const text = units.join('')
      return JSON.parse(encodeWellFormed(text)) === text.toWellFormed()
    }),
    { numRuns: 200 },
  )
})
