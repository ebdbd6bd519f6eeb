import t from 'tap'
import { ignoredHeader } from '../../../src/adapters/fields/ignored.ts'

t.test('names what was ignored, and only names that can stand in a header', async t => {
  t.strictSame(ignoredHeader([]), {})
  t.strictSame(ignoredHeader(['seed', 'stream_options.include_obfuscation', 'tools[0].x']), {
    'x-chatmock-ignored': 'seed, stream_options.include_obfuscation, tools[0].x',
  })
  t.strictSame(ignoredHeader(['a\r\nset-cookie: b', 'ключ', 'x'.repeat(65), '']), {})
  const many = Array.from({ length: 60 }, (_, i) => `f${i}`)
  t.equal(ignoredHeader(many)['x-chatmock-ignored']?.split(', ').length, 50)
})
