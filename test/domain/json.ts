import t from 'tap'
import { parseJson } from '../../src/domain/json.ts'

t.test('text that is JSON gives its value, any other nothing', async t => {
  t.strictSame(parseJson('{"a":[1,null]}'), { a: [1, null] })
  t.equal(parseJson('null'), null)
  for (const text of ['', '{', 'undefined', "{'a':1}"]) t.equal(parseJson(text), undefined)
})
