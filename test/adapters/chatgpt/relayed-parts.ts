import t from 'tap'
import { withoutDetails, withStrictData } from '../../../src/adapters/chatgpt/relayed-parts.ts'

t.test('an item with nothing to change is not copied', async t => {
  const strict = 'data:image/png;base64,AA=='
  const items = [
    { type: 'message', role: 'user', content: [{ type: 'input_image', image_url: strict }] },
    { type: 'message', role: 'user', content: 'data:image/png;base64,AA' },
    { type: 'function_call_output', output: [{ type: 'input_file', file_data: strict }, null] },
    { type: 'future' },
  ]
  for (const item of items) {
    t.equal(withStrictData(item), item)
    t.equal(withoutDetails(item), item)
  }
})

t.test('content and output of one item are both changed, other parts are the same', async t => {
  const loose = { type: 'input_file', file_data: 'data:text/plain;base64,YQ' }
  const text = { type: 'input_text', text: 'a' }
  const item = withStrictData({ content: [text, loose], output: [loose] })
  const strict = { type: 'input_file', file_data: 'data:text/plain;base64,YQ==' }
  t.strictSame(item, { content: [text, strict], output: [strict] })
  t.equal((item['content'] as unknown[])[0], text)
})
