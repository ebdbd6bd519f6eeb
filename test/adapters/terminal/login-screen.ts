import t from 'tap'
import {
  browserScreen,
  deviceScreen,
  signedInScreen,
} from '../../../src/adapters/terminal/login-screen.ts'
import { createPaint } from '../../../src/adapters/terminal/paint.ts'

process.env['TZ'] = 'UTC'

const plain = createPaint(false)
const LONG_URL = `https://auth.example.com/oauth/authorize?${'a=b&'.repeat(100)}c`

t.test('tells what to do in the browser, and what to paste', async t => {
  const facts = {
    address: 'http://localhost:1455',
    url: LONG_URL,
    browser: 'opened',
    canPaste: true,
  } as const
  t.equal(
    browserScreen(facts, plain, 80),
    `Signing in to ChatGPT. Waiting at http://localhost:1455

Your browser opens. If it does not, open this address:

${LONG_URL}

Is the browser on another machine? Then its last page does not load. Copy the
address of that page, paste it here and press Enter; it will not be shown.

Without any browser here: chatmock login --headless
`,
  )
})

const openings = [
  ['not-opened', 'No browser could be started here. Open this address in one:'],
  ['not-asked', 'Open this address in a browser:'],
] as const
for (const [browser, sentence] of openings) {
  t.test(`says "${sentence}"`, async t => {
    const facts = { address: 'http://localhost:1457', url: LONG_URL, browser, canPaste: false }
    t.equal(
      browserScreen(facts, plain, 80),
      `Signing in to ChatGPT. Waiting at http://localhost:1457

${sentence}

${LONG_URL}

Without any browser here: chatmock login --headless
`,
    )
  })
}

t.test('tells where to enter a device code', async t => {
  const facts = {
    url: 'https://auth.example.com/codex/device',
    code: 'ABCD-\u001b[2JEFGHI',
    expiresAt: Date.parse('2026-11-22T12:59:00Z'),
  }
  t.equal(
    deviceScreen(facts, plain, 80),
    `Signing in to ChatGPT with a code, on any device:

  1. Open this address:
     https://auth.example.com/codex/device

  2. Enter this code:
     ABCD-EFGHI

The code is good until 2026-11-22 12:59. Enter it only if you began this sign-in
yourself: it lets this machine use your account.

A personal account must allow this first: in the settings of ChatGPT, under
Security, turn on device code login. In a workspace its administrator does.
`,
  )
  t.match(deviceScreen(facts, createPaint(true), 80), '\u001b[1mABCD-EFGHI\u001b[22m\n')
})

const account = {
  accountId: 'acc-1',
  email: 'ada@example.com',
  plan: 'team',
  tokenExpiresAt: undefined,
  lastRefresh: undefined,
}

t.test('tells who is signed in and what to run next', async t => {
  const facts = {
    account,
    previousAccountId: undefined,
    loginFile: '/home/ada/.chatgpt-local/auth.json',
    keptAside: undefined,
  }
  t.equal(
    signedInScreen(facts, plain, 80),
    `Signed in as ada@example.com (Team).

The login is saved in /home/ada/.chatgpt-local/auth.json

Next: chatmock serve
`,
  )
})

t.test('tells that it is another account, and what became of a damaged file', async t => {
  const facts = {
    account: { ...account, email: undefined, plan: undefined },
    previousAccountId: 'acc-0\u0007',
    loginFile: '/h/auth.json',
    keptAside: '/h/auth.json.corrupt-1',
  }
  t.equal(
    signedInScreen(facts, plain, 80),
    `Signed in as acc-1.

This is another account than before (that was acc-0).
The login is saved in /h/auth.json
The file that was there could not be understood; it is kept as
/h/auth.json.corrupt-1

Next: chatmock serve
`,
  )
})

t.test('says that somebody is signed in where the tokens name nobody', async t => {
  const facts = {
    account: { ...account, accountId: undefined, email: undefined, plan: undefined },
    previousAccountId: undefined,
    loginFile: '/h/auth.json',
    keptAside: undefined,
  }
  t.match(signedInScreen(facts, plain, 80), /^Signed in as your account\.\n/)
})
