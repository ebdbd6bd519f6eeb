import t from 'tap'
import { readPasted } from '../../../src/adapters/oauth/pasted.ts'

const STATE = 'Zq3-right_state'
const QUERY = `code=ac_1&scope=openid+profile&state=${STATE}`

const understood = [
  `http://localhost:1455/auth/callback?${QUERY}`,
  `http://127.0.0.1:1457/auth/callback?${QUERY}`,
  `http://[::1]:1455/auth/callback?${QUERY}`,
  `HTTP://LOCALHOST:1455/auth/callback?${QUERY}`,
  `localhost:1455/auth/callback?${QUERY}`,
  `https://my-tunnel.example/auth/callback?${QUERY}`,
  `http://localhost:1455/auth/callback?state=${STATE}&code=ac_1`,
  `http://localhost:1455/auth/callback?theme=dark&${QUERY}`,
  `http://localhost:1455/auth/callback?${QUERY}#`,
  `http://localhost:1455/auth/callback?${QUERY}#_=_`,
  `http://localhost:1455/auth/callback#${QUERY}`,
  `/auth/callback?${QUERY}`,
  `?${QUERY}`,
  QUERY,
  `state=${STATE}&code=ac_1`,
  `ac_1#${STATE}`,
  `ac_1 ${STATE}`,
  `ac_1\t ${STATE}`,
  `  "http://localhost:1455/auth/callback?${QUERY}"\n`,
  `<http://localhost:1455/auth/callback?${QUERY}>`,
  `'ac_1#${STATE}'`,
  `\x1b[200~http://localhost:1455/auth/callback?${QUERY}\x1b[201~`,
  `http://localhost:1455/auth/callback?code=ac\n_1&scope=openid&st\n  ate=${STATE}`,
]

for (const text of understood) {
  t.test(`takes ${JSON.stringify(text)}`, async t => {
    t.strictSame(readPasted(text, STATE), { type: 'allowed', code: 'ac_1' })
  })
}

t.test('takes an address that says no', async t => {
  const url = `http://localhost:1455/auth/callback?error=access_denied&error_description=no&state=${STATE}`
  t.strictSame(readPasted(url, STATE), {
    type: 'declined',
    message: 'You declined the sign-in.',
  })
})

t.test('takes an address that says why not', async t => {
  const url = `?error_description=Try+later&error=server_error&state=${STATE}`
  t.strictSame(readPasted(url, STATE), {
    type: 'refused',
    message: 'The sign-in service refused: Try later',
  })
})

const OTHER = 'That belongs to another attempt to sign in.'
const LACKS = 'That lacks the part that tells which attempt it belongs to.'
const ELSE = 'That is not the address that the sign-in ends at.'
const WHAT = 'That is not understood.'

const refused: [text: string, sentence: string][] = [
  ['http://localhost:1455/auth/callback?code=canary&state=canary', OTHER],
  ['?error=access_denied&state=canary', OTHER],
  ['canary#canary', OTHER],
  ['canary canary', OTHER],
  ['http://localhost:1455/auth/callback?code=canary', LACKS],
  ['code=canary', LACKS],
  ['?error=access_denied&error_description=canary', LACKS],
  [
    `https://auth.openai.com/oauth/authorize?response_type=code&code_challenge=canary&state=${STATE}`,
    ELSE,
  ],
  [`?code=&state=${STATE}`, ELSE],
  ['canary', WHAT],
  [`#${STATE}`, WHAT],
  [`canary#${STATE}#canary`, WHAT],
  [`canary ${STATE} canary`, WHAT],
  [`https://chatgpt.com/ ${STATE}`, WHAT],
  ['', WHAT],
  ['   ', WHAT],
  [`${'c'.repeat(8192)}#${STATE}`, WHAT],
]

for (const [text, sentence] of refused) {
  t.test(`does not take ${JSON.stringify(text.slice(0, 100))}`, async t => {
    t.strictSame(readPasted(text, STATE), {
      type: 'not-accepted',
      message: `${sentence} Paste the whole address that the browser shows at the end, http://localhost:…/auth/callback?code=…&state=….`,
    })
  })
}
