import fc from 'fast-check'
import t from 'tap'
import {
  countWords,
  cutIntoSlices,
  cutIntoWords,
  takeStart,
} from '../../../src/adapters/demo/pieces.ts'

t.test('words keep the whitespace before them', async t => {
  t.same(cutIntoWords('Hello big  world'), ['Hello', ' big', '  world'])
  t.same(cutIntoWords('\n one\ttwo \n'), ['\n one', '\ttwo', ' \n'])
  t.same(cutIntoWords(''), [])
  t.same(cutIntoWords('  '), ['  '])
})

t.test('slices are cut without regard to words, at least two of them', async t => {
  t.same(cutIntoSlices('{}'), ['{', '}'])
  t.same(cutIntoSlices('{"city":"Rome"}'), ['{"ci', 'ty":', '"Rom', 'e"}'])
  t.same(
    cutIntoSlices('0123456789'.repeat(5)).map(slice => slice.length),
    [8, 8, 8, 8, 8, 8, 2],
  )
  t.same(cutIntoSlices('a😀'), ['a', '😀'])
  t.same(cutIntoSlices(''), [])
})

t.test('the pieces of any text spell it', async () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), text => {
      return cutIntoWords(text).join('') === text && cutIntoSlices(text).join('') === text
    }),
  )
})

t.test('words are counted between whitespace', async t => {
  t.equal(countWords(' one two\nthree '), 3)
  t.equal(countWords(' '), 0)
  t.equal(countWords('one'), 1)
})

t.test('the start of a text ends before a character that would be cut in half', async t => {
  t.equal(takeStart('abc', 3), 'abc')
  t.equal(takeStart('abcd', 3), 'abc')
  t.equal(takeStart('ab😀', 3), 'ab')
  t.equal(takeStart('ab😀', 4), 'ab😀')
})
