import t from 'tap'
import { parsePattern } from '../../../../src/adapters/demo/json-schema/pattern.ts'
import { type Pick, writeMatch } from '../../../../src/adapters/demo/json-schema/pattern-text.ts'

const first = (): Pick => () => 0
const last = (): Pick => options => options - 1

const write = (source: string, minLength = 0, createPick = first) => {
  const pattern = parsePattern(source)
  return pattern && writeMatch(pattern, createPick, minLength)
}

const SHORTEST = [
  ['^abc$', 'abc'],
  ['^[A-Z]{2,3}-\\d+$', 'AA-0'],
  ['^(?:foo|bar)?baz$', 'baz'],
  ['^(?<word>ab)-\\k<word>-\\1$', 'ab-ab-ab'],
  ['^[^a-z]\\w\\s\\S$', '0a a'],
  ['^\\u00e9\\x41\\t\\.\\/\\u{1F600}$', 'éA\t./😀'],
  ['^[\\u4e00-\\u9fff][а-я]$', '中я'],
  ['^\\p{Lu}\\P{L}$', 'A0'],
  ['\\bx{3}\\B|y', 'xxx'],
  ['^(?=.*b)(?!c)a*?$', ''],
  ['^[\\]\\-]+?$', '-'],
  ['^\\-$', '-'],
  ['^\\cJ$', '\n'],
] as const

for (const [source, text] of SHORTEST) {
  t.test(`/${source}/ is written as ${JSON.stringify(text)}`, async t => {
    t.equal(write(source), text)
  })
}

t.test('a part that may repeat grows to the length that is asked for', async t => {
  t.equal(write('^[a-z]+$', 5), 'aaaaa')
  t.equal(write('^(ab){2,}!$', 7), 'ababab!')
  t.equal(write('^(ab*c)+$', 6), 'abbbbc')
  t.equal(write('^(ab?c)+$', 8), 'abcabcabc')
  t.equal(write('^(ab?c)+$', 20), 'abc'.repeat(7))
  t.equal(write('^a{2,4}$', 9), 'aaaa')
})

t.test('another pick writes another text', async t => {
  t.equal(write('^(?:foo|bar)x{1,2}[ab]$', 0, last), 'barxxb')
})

t.test('a class without a known member, and a text without end, cannot be written', async t => {
  t.equal(write('^[\\u{10FFFD}--\\u{10FFFE}]\\p{Script=Tibetan}$'), undefined)
  t.equal(write('^[]$'), undefined)
  t.equal(write('((a{1000}){1000}){1000}'), undefined)
  t.equal(write('(){1000000000}'), undefined)
})

t.test('what is no pattern, or a very long or deep one, is not parsed', async t => {
  t.equal(parsePattern('('), undefined)
  t.equal(parsePattern('a'.repeat(2001)), undefined)
  t.equal(parsePattern('('.repeat(51) + ')'.repeat(51)), undefined)
})
