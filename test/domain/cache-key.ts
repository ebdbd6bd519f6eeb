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
  const whole = 'w'.repeat(4096)
  t.equal(cacheKeyOf(undefined, [whole], fingerprint), `print of ["${whole}"]`)
})

t.test('of a long text both ends and its length count', async t => {
  const begins = 'b'.repeat(2048)
  const ends = 'e'.repeat(2048)
  const keyOf = (text: string) => cacheKeyOf(undefined, [{ parts: [{ text }] }], fingerprint)
  const expected = `print of [{"parts":[{"text":["${begins}",4097,"${ends}"]}]}]`
  t.equal(keyOf(`${begins}1${ends}`), expected)
  t.equal(keyOf(`${begins}2${ends}`), expected)
  const keys = [
    keyOf(`${begins}1${ends}`),
    keyOf(`${begins}12${ends}`),
    keyOf(`x${begins}${ends}`),
    keyOf(`${begins}${ends}x`),
  ]
  t.equal(new Set(keys).size, 4)
})

t.test('an image of any size makes for a short text', async t => {
  const lengths: number[] = []
  const image = `data:image/png;base64,${'A'.repeat(20 * 1024 * 1024)}`
  cacheKeyOf(undefined, [{ image_url: image }], text => {
    lengths.push(text.length)
    return ''
  })
  t.strictSame(lengths, [4128])
})
