import t from 'tap'
import { type JsonString, quote, unquote } from '../../src/domain/events.ts'

t.test('a text survives quoting', async t => {
  for (const text of ['', 'a', '"\\\n\u2028', '😀', '\ud83d']) {
    t.equal(unquote([quote(text)]), text)
  }
})

t.test('literals are decoded as one run', async t => {
  t.equal(unquote([]), '')
  t.equal(unquote([quote('a"'), quote('b')]), 'a"b')
  t.equal(unquote(['"\\ud83d"' as JsonString, '"\\ude00"' as JsonString]), '😀')
})
