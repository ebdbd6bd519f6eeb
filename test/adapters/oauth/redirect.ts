import t from 'tap'
import { readRedirect } from '../../../src/adapters/oauth/redirect.ts'

const STATE = 'Zq3-right_state'

const MISSING =
  'Your ChatGPT workspace does not include Codex, which chatmock needs. Ask its administrator for access, or sign in with another account.'

const cases: [title: string, query: string, expected: ReturnType<typeof readRedirect>][] = [
  ['takes a code', `code=ac_1&scope=openid&state=${STATE}`, { type: 'allowed', code: 'ac_1' }],
  ['decodes it', `code=a%2Fb%2Bc%20d&state=${STATE}`, { type: 'allowed', code: 'a/b+c d' }],
  [
    'takes a no for a no',
    `error=access_denied&error_description=whatever&state=${STATE}`,
    { type: 'declined', message: 'You declined the sign-in.' },
  ],
  [
    'takes an error for one, even beside a code',
    `code=ac_1&error=access_denied&state=${STATE}`,
    { type: 'declined', message: 'You declined the sign-in.' },
  ],
  [
    'says what a workspace without Codex is missing',
    `error=access_denied&error_description=user+has+missing_codex_entitlement&state=${STATE}`,
    { type: 'refused', message: MISSING },
  ],
  [
    'takes only a no for what is missing',
    `error=server_error&error_description=missing_codex_entitlement&state=${STATE}`,
    { type: 'refused', message: 'The sign-in service refused: missing_codex_entitlement' },
  ],
  [
    'shows the words of another error',
    `error=server_error&error_description=Try+%3Cb%3Elater%3C%2Fb%3E&state=${STATE}`,
    { type: 'refused', message: 'The sign-in service refused: Try <b>later</b>' },
  ],
  [
    'shows its code where it has no words',
    `error=server_error&error_description=%07&state=${STATE}`,
    { type: 'refused', message: 'The sign-in service refused: server_error' },
  ],
  [
    'shows an error without anything',
    `error=&state=${STATE}`,
    { type: 'refused', message: 'The sign-in service refused: no reason given' },
  ],
  [
    'keeps escape sequences and line ends from the terminal',
    `error=x&error_description=a%1B%5B31mb%0D%0A%1B%5D0%3Btitle%07c%C2%9B2Jd&state=${STATE}`,
    { type: 'refused', message: 'The sign-in service refused: ab cd' },
  ],
  [
    'cuts long words',
    `error=x&error_description=${'y'.repeat(1000)}&state=${STATE}`,
    { type: 'refused', message: `The sign-in service refused: ${'y'.repeat(299)}…` },
  ],
  ['refuses a wrong state', 'code=ac_1&state=other', { type: 'foreign', reason: 'other-state' }],
  ['refuses an empty state', 'code=ac_1&state=', { type: 'foreign', reason: 'other-state' }],
  [
    'refuses the beginning of the state',
    `code=ac_1&state=${STATE.slice(0, -1)}`,
    { type: 'foreign', reason: 'other-state' },
  ],
  [
    'refuses the state in other letters',
    `code=ac_1&state=${STATE.toLowerCase()}`,
    { type: 'foreign', reason: 'other-state' },
  ],
  [
    'refuses two states, even if one is right',
    `code=ac_1&state=${STATE}&state=${STATE}`,
    { type: 'foreign', reason: 'other-state' },
  ],
  ['refuses a code without a state', 'code=ac_1', { type: 'foreign', reason: 'no-state' }],
  [
    'looks at the state of an error too',
    'error=access_denied&state=other',
    { type: 'foreign', reason: 'other-state' },
  ],
  [
    'refuses an error without a state',
    'error=access_denied',
    { type: 'foreign', reason: 'no-state' },
  ],
  ['refuses a state alone', `state=${STATE}`, { type: 'foreign', reason: 'no-code' }],
  ['refuses an empty code', `code=&state=${STATE}`, { type: 'foreign', reason: 'no-code' }],
  ['refuses two codes', `code=a&code=b&state=${STATE}`, { type: 'foreign', reason: 'no-code' }],
  ['refuses nothing', '', { type: 'foreign', reason: 'no-state' }],
]

for (const [title, query, expected] of cases) {
  t.test(title, async t => {
    t.strictSame(readRedirect(new URLSearchParams(query), STATE), expected)
  })
}
