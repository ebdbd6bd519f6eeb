import fc from 'fast-check'
import t from 'tap'
import { estimateTokens, tokensIn, utf8Length } from '../../src/domain/token-estimate.ts'

t.test('four bytes are a token, and what is left over is one more', async t => {
  t.equal(estimateTokens(''), 0)
  t.equal(estimateTokens('a'), 1)
  t.equal(estimateTokens('abcd'), 1)
  t.equal(estimateTokens('abcde'), 2)
  t.equal(estimateTokens('é'.repeat(4)), 2)
  t.equal(estimateTokens('日本語日'), 3)
  t.equal(estimateTokens('😀😀'), 2)
  t.equal(tokensIn(0), 0)
  t.equal(tokensIn(9), 3)
})

t.test('the length is that of UTF-8', async t => {
  t.equal(utf8Length('\u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff'), 17)
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      text => utf8Length(text) === Buffer.byteLength(text),
    ),
  )
})

t.test('a text has the same length in pieces, even inside a surrogate pair', async t => {
  t.equal(utf8Length('\ud83d') + utf8Length('\ude00'), 4)
})
