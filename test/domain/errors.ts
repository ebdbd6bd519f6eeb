import t from 'tap'
import { ProxyError } from '../../src/domain/errors.ts'

t.test('an error of ours stays itself, any other becomes internal and keeps its cause', async t => {
  const own = new ProxyError('invalid_json', 'x')
  t.equal(ProxyError.from(own), own)
  const other = new TypeError('secret detail')
  const wrapped = ProxyError.from(other)
  t.match(wrapped, { code: 'internal', cause: other })
  t.notMatch(wrapped.message, 'secret')
  t.equal(ProxyError.from('a text').code, 'internal')
})
