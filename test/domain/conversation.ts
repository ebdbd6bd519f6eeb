import t from 'tap'
import { said, splitInstructions, textOf } from '../../src/domain/conversation.ts'
import { developerSays, userSays } from '../fakes/chat-request.ts'

t.test('the leading developer messages are the instructions', async t => {
  t.strictSame(
    splitInstructions([developerSays('A'), developerSays('B'), userSays('q'), developerSays('C')]),
    {
      instructions: 'A\n\nB',
      rest: [userSays('q'), developerSays('C')],
    },
  )
  t.strictSame(splitInstructions([userSays('q')]), { instructions: '', rest: [userSays('q')] })
  t.strictSame(splitInstructions([developerSays('A')]), { instructions: 'A', rest: [] })
  t.strictSame(splitInstructions([]), { instructions: '', rest: [] })
})

t.test('the text of a message is that of its text parts', async t => {
  t.equal(
    textOf({
      type: 'message',
      role: 'user',
      parts: [
        { type: 'text', text: 'a' },
        { type: 'image', url: 'data:image/png;base64,', detail: 'auto' },
        { type: 'text', text: 'b' },
      ],
    }),
    'ab',
  )
})

t.test('parts make one message, and no parts none', async t => {
  const parts = [{ type: 'text', text: 'A' }] as const
  t.strictSame(said('developer', parts), [{ type: 'message', role: 'developer', parts }])
  t.strictSame(said('user', []), [])
})
