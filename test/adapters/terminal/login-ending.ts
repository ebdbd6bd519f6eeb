import t from 'tap'
import { type LoginEnding, loginEnding } from '../../../src/adapters/terminal/login-ending.ts'

const endings: [title: string, ending: LoginEnding, sentence: string][] = [
  [
    'that the person declined',
    { type: 'declined' },
    'You declined the sign-in; nothing has changed. To try again, run: chatmock login',
  ],
  [
    'that nobody came',
    { type: 'timed-out', minutes: 10 },
    'Nobody signed in within 10 minutes; nothing has changed. To try again, run: chatmock login',
  ],
  [
    'that nobody came in a minute',
    { type: 'timed-out', minutes: 1 },
    'Nobody signed in within 1 minute; nothing has changed. To try again, run: chatmock login',
  ],
  [
    'that it was cancelled',
    { type: 'cancelled' },
    'The sign-in was cancelled; nothing has changed.',
  ],
  [
    'what failed',
    { type: 'failed', message: 'The disk is full' },
    'The disk is full. The login that was there before, if any, has not changed.',
  ],
  [
    'what failed, with its own stop',
    { type: 'failed', message: 'The disk is full!' },
    'The disk is full! The login that was there before, if any, has not changed.',
  ],
]
for (const [title, ending, sentence] of endings) {
  t.test(`says ${title}`, async t => {
    t.equal(loginEnding(ending), sentence)
  })
}
