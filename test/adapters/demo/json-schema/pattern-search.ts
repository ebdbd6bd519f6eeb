import t from 'tap'
import { createPatternSearch } from '../../../../src/adapters/demo/json-schema/pattern-search.ts'

t.test('a pattern is looked for anywhere in a text', async t => {
  const matches = createPatternSearch(() => 1000)
  t.equal(matches('b+', 'abbc'), true)
  t.equal(matches('^b', 'abbc'), false)
  t.equal(matches('^\\p{L}$', 'é'), true)
  t.equal(matches('^\\-$', '-'), true, 'which is a pattern only without the Unicode flag')
})

t.test('what does not compile matches nothing', async t => {
  t.equal(createPatternSearch(() => 1000)('(', '('), false)
})

t.test('a search without end is given up', async t => {
  t.equal(createPatternSearch(() => 20)('^(a+)+$', `${'a'.repeat(60)}!`), undefined)
})
