import t from 'tap'
import { paragraph, table, wrap } from '../../../src/adapters/terminal/wrap.ts'

t.test('breaks a text at its spaces', async t => {
  t.strictSame(wrap('one two three four', 9), ['one two', 'three', 'four'])
  t.strictSame(wrap('one two', 7), ['one two'])
  t.strictSame(wrap('', 7), [''])
})

t.test('keeps a long word whole', async t => {
  t.strictSame(wrap('see https://example.com/a here', 8), ['see', 'https://example.com/a', 'here'])
  t.strictSame(wrap('https://example.com/a', 8), ['https://example.com/a'])
})

t.test('does not count what only colours', async t => {
  t.strictSame(wrap('\u001b[1mone\u001b[22m two', 7), ['\u001b[1mone\u001b[22m two'])
})

t.test('indents a paragraph within the columns', async t => {
  t.strictSame(paragraph('one two three', 9), ['  one two', '  three'])
  t.strictSame(paragraph('one two three', 9, 0), ['one two', 'three'])
})

t.test('puts rows in columns', async t => {
  t.strictSame(
    table(
      [
        ['a', 'bb', 'ccc'],
        ['\u001b[1mlong\u001b[22m', 'b', ''],
      ],
      80,
    ),
    ['  a     bb  ccc', '  \u001b[1mlong\u001b[22m  b'],
  )
})

t.test('goes on below where the last column has no room', async t => {
  t.strictSame(table([['name', 'the first of many words']], 28), [
    '  name  the first of many',
    '        words',
  ])
})

t.test('leaves the last column room for some words however narrow the terminal is', async t => {
  t.strictSame(table([['name', 'twelve letter words']], 10), [
    '  name  twelve letter',
    '        words',
  ])
})

t.test('a table without rows has no lines', async t => {
  t.strictSame(table([], 80), [])
})
