import t from 'tap'
import { cacheKeyOf } from '../../src/domain/cache-key.ts'

const fingerprint = (text: string) => `print of ${text}`

t.test("the client's key stands, up to 64 characters", async t => {
  t.equal(cacheKeyOf('mine', ['a'], fingerprint), 'mine')
  t.equal(cacheKeyOf('k'.repeat(64), ['a'], fingerprint), 'k'.repeat(64))
})

t.test('a longer key is told by its print', async t => {
  t.equal(cacheKeyOf('k'.repeat(65), ['a'], fingerprint), `print of ${'k'.repeat(65)}`)
})

t.test('without a key the beginning gives one', async t => {
  t.equal(
    cacheKeyOf(undefined, ['a-1', undefined, { role: 'user' }], fingerprint),
    'print of ["a-1",null,{"role":"user"}]',
  )
})
