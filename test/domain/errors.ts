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

t.test('the same failure with other facts keeps the rest', async t => {
  const cause = new Error('why')
  const upstream = { status: 400, code: 'x' }
  const error = new ProxyError('upstream_refused', 'said', { param: 'a', upstream, cause })
  t.match(error.with({ param: 'b' }), {
    name: 'ProxyError',
    code: 'upstream_refused',
    message: 'said',
    param: 'b',
    upstream,
    cause,
  })
  t.equal(error.param, 'a')
})
