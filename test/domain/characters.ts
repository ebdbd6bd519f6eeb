import fc from 'fast-check'
import t from 'tap'
import { countCharacters } from '../../src/domain/characters.ts'
import { type JsonString, quote } from '../../src/domain/events.ts'
import { literalsOf } from '../fakes/model-events.ts'

t.test('characters are counted as they are spelled', async t => {
  for (const [literal, count] of [
    ['""', 0],
    ['"abc"', 3],
    ['"\\n\\\\u"', 3],
    ['"\\u00e9é"', 2],
    ['"😀"', 1],
    ['"\\ud83d\\uDE00"', 1],
    ['"\\ud83d"', 1],
    ['"\\ude00"', 0],
    ['"\\\\ude00"', 6],
  ] as const) {
    t.equal(countCharacters(literal as JsonString), count, literal)
  }
})

t.test('a text has as many characters in any pieces and any spelling', async () => {
  const text = fc.string({ unit: 'binary', maxLength: 20 })
  fc.assert(
    fc.property(
      text.chain(text => fc.tuple(fc.constant(text), literalsOf(text))),
      ([text, literals]) => {
        const count = literals.reduce((sum, literal) => sum + countCharacters(literal), 0)
        return count === Array.from(text).length && count === countCharacters(quote(text))
      },
    ),
  )
})
