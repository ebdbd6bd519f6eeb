import t from 'tap'
import { infoJson } from '../../../src/adapters/terminal/info-json.ts'
import {
  type InfoFacts,
  infoScreen,
  type LoginFacts,
} from '../../../src/adapters/terminal/info-screen.ts'
import { createPaint } from '../../../src/adapters/terminal/paint.ts'
import type { UsageSnapshot } from '../../../src/domain/usage-ports.ts'

process.env['TZ'] = 'UTC'

const NOW = Date.parse('2026-11-22T12:59:00Z')
const SECONDS = NOW / 1000

const usage: UsageSnapshot = {
  accountId: 'acc-1',
  planType: 'plus',
  limits: [
    {
      id: 'codex',
      name: undefined,
      windows: [
        { windowMinutes: 300, usedPercent: 52.3, resetsAt: SECONDS + 3960 },
        { windowMinutes: 10_080, usedPercent: 20, resetsAt: undefined },
      ],
    },
    {
      id: 'codex_spark',
      name: 'GPT-5.3\u001b[2J Spark',
      windows: [{ windowMinutes: undefined, usedPercent: 95, resetsAt: SECONDS - 60 }],
    },
  ],
  limitReachedUntil: undefined,
  capturedAt: NOW - 60_000,
}

const login = {
  type: 'signed-in',
  account: {
    accountId: 'acc-1',
    email: 'ada@example.com',
    plan: 'plus',
    tokenExpiresAt: NOW + 86_400_000,
    lastRefresh: '2026-11-21T12:00:00Z',
  },
  isRenewable: true,
  problem: undefined,
} as const

function factsWith(over: Partial<InfoFacts>): InfoFacts {
  return {
    version: '1.2.3',
    now: NOW,
    login,
    loginOwner: 'chatmock',
    codexLogin: undefined,
    usage,
    usageProblem: undefined,
    files: {
      home: '/home/ada/.chatgpt-local',
      login: '/home/ada/.chatgpt-local/auth.json',
      usage: '/home/ada/.chatgpt-local/usage_limits.json',
      models: '/home/ada/.chatgpt-local/models.json',
    },
    hints: [],
    ...over,
  }
}

function show(over: Partial<InfoFacts>, columns = 80): string {
  return infoScreen(factsWith(over), createPaint(false), columns)
}

const FILES = `
Files
  Home    /home/ada/.chatgpt-local
  Login   /home/ada/.chatgpt-local/auth.json (chatmock's own)
  Usage   /home/ada/.chatgpt-local/usage_limits.json
  Models  /home/ada/.chatgpt-local/models.json
`

t.test('tells of the account, its usage and the files', async t => {
  t.equal(
    show({}),
    `Account
  Signed in as  ada@example.com
  Plan          Plus
  Account id    acc-1
  Access token  valid until 2026-11-23 12:59, renewed automatically

Usage as of 2026-11-22 12:58
  5 hour limit
  ███████████████▓░░░░░░░░░░░░░░  52.3% used, 47.7% left
  resets in 1h 6m (2026-11-22 14:05)

  Weekly limit
  ██████░░░░░░░░░░░░░░░░░░░░░░░░  20.0% used, 80.0% left
  when it resets is not known

  GPT-5.3 Spark: usage limit
  ████████████████████████████▓░  95.0% used, 5.0% left
  has reset since (2026-11-22 12:58)
${FILES}`,
  )
})

t.test('fits in a narrow terminal', async t => {
  const screen = show({ usage: { ...usage, limits: usage.limits.slice(0, 1) } }, 50)
  t.equal(
    screen,
    `Account
  Signed in as  ada@example.com
  Plan          Plus
  Account id    acc-1
  Access token  valid until 2026-11-23 12:59,
                renewed automatically

Usage as of 2026-11-22 12:58
  5 hour limit
  ████████████▓░░░░░░░░░░░  52.3% used, 47.7% left
  resets in 1h 6m (2026-11-22 14:05)

  Weekly limit
  ████▓░░░░░░░░░░░░░░░░░░░  20.0% used, 80.0% left
  when it resets is not known

Files
  Home    /home/ada/.chatgpt-local
  Login   /home/ada/.chatgpt-local/auth.json
          (chatmock's own)
  Usage   /home/ada/.chatgpt-local/usage_limits.json
  Models  /home/ada/.chatgpt-local/models.json
`,
  )
})

t.test('colours change nothing but the colour', async t => {
  const painted = infoScreen(factsWith({}), createPaint(true), 80)
  t.match(painted, '\u001b[1mAccount\u001b[22m\n')
  t.match(painted, '\u001b[91m████████████████████████████▓\u001b[39m\u001b[2m░\u001b[22m  95.0%')
  t.equal(painted.replaceAll(/\u001b\[\d+m/g, ''), show({}))
})

t.test('says what to do when signed out', async t => {
  t.equal(
    show({ login: { type: 'signed-out' } }),
    `Account
  Not signed in
  Run: chatmock login
${FILES}`,
  )
})

t.test('names a login of the Codex CLI that is not in use', async t => {
  const login = { type: 'signed-out' } as const
  t.equal(
    show({ login, codexLogin: '/home/ada/.codex/auth.json' }),
    `Account
  Not signed in
  Run: chatmock login
${FILES}
The Codex CLI has a login on this machine. chatmock uses it only when told to:
chatmock serve --auth-file /home/ada/.codex/auth.json
`,
  )
  t.match(show({ login, codexLogin: '/home/a b/x' }), "--auth-file '/home/a b/x'\n")
  t.notMatch(show({ codexLogin: '/home/ada/.codex/auth.json' }), /--auth-file/)
})

t.test('tells when the login is the one of the Codex CLI', async t => {
  const inPlace = {
    loginOwner: 'codex',
    files: { home: '/h', login: '/c/auth.json', usage: '/h/u', models: '/h/m' },
  } as const
  t.match(show(inPlace), "\n  Login   /c/auth.json (the Codex CLI's, used in place)\n")
  t.match(
    show({ ...inPlace, login: { type: 'signed-out' } }),
    '\n  Not signed in\n  The Codex CLI has no login in its file. Run: codex login\n',
  )
})

t.test('says what is wrong with a login that cannot be used', async t => {
  const problem = { code: 'auth_file_corrupt', message: 'The file is\u001b[2J damaged.' }
  t.equal(
    show({ login: { type: 'unusable', problem } }),
    `Account
  The file is damaged.
${FILES}`,
  )
})

t.test('says what stands in the way of using a login', async t => {
  const problem = { code: 'chatgpt_login_required', message: 'It is over. Run: chatmock login' }
  t.match(
    show({ login: { ...login, problem } }),
    ', cannot be renewed\n  It is over. Run: chatmock login\n',
  )
})

t.test('says why there is no newer usage', async t => {
  const usageProblem = { code: 'upstream_connection_error', message: 'No connection.' }
  t.match(show({ usage: undefined, usageProblem }), 'Usage\n  No connection.\n')
  t.match(show({ usageProblem }), /\n\n {2}No connection\.\n\nFiles/)
  t.match(infoJson(factsWith({ usageProblem })), { usage_problem: usageProblem })
})

t.test("names the Codex CLI's command for its login", async t => {
  t.match(
    show({ login: { ...login, isRenewable: false }, loginOwner: 'codex' }).replace(/\s+/g, ' '),
    'cannot be renewed; when it ends, run: codex login',
  )
})

t.test('says so where the tokens do not tell', async t => {
  const account = {
    accountId: undefined,
    email: undefined,
    plan: undefined,
    tokenExpiresAt: undefined,
    lastRefresh: undefined,
  }
  t.match(
    show({ login: { ...login, account }, usage: undefined }),
    `Account
  Signed in as  not told
  Plan          not told
  Account id    not told
  Access token  renewed automatically
`,
  )
})

const validities: [
  title: string,
  expiresAt: number | undefined,
  isRenewable: boolean,
  text: string,
][] = [
  ['has ended', NOW, true, 'expired 2026-11-22 12:59, renewed with the next request'],
  ['cannot be renewed', NOW + 60_000, false, 'valid until 2026-11-22 13:00, cannot be renewed'],
  ['is over for good', NOW, false, 'expired 2026-11-22 12:59, cannot be renewed. Run: chatmock'],
  ['tells no end and cannot be renewed', undefined, false, 'cannot be renewed; when it ends, run'],
]
for (const [title, tokenExpiresAt, isRenewable, text] of validities) {
  t.test(`tells of an access token that ${title}`, async t => {
    const account = { ...login.account, tokenExpiresAt }
    t.match(show({ login: { ...login, account, isRenewable } }, 120), `  Access token  ${text}`)
  })
}

const UNKNOWN = `
Usage
  Not known yet: ChatGPT tells it with each answer. Run chatmock serve and send
  a request.
`
const unknown: [title: string, usage: UsageSnapshot | undefined][] = [
  ['nothing is known', undefined],
  ['no window is known', { ...usage, limits: [] }],
  ['what is known is of another account', { ...usage, accountId: 'acc-2' }],
]
for (const [title, usage] of unknown) {
  t.test(`tells how to get the usage where ${title}`, async t => {
    t.match(show({ usage }), UNKNOWN)
  })
}

t.test('takes usage of no named account for that of the account', async t => {
  t.match(show({ usage: { ...usage, accountId: undefined } }), '\n  5 hour limit\n')
})

t.test('says until when requests are refused', async t => {
  t.match(
    show({ usage: { ...usage, limitReachedUntil: SECONDS + 3960 } }),
    `
Usage as of 2026-11-22 12:58
  The limit is reached. ChatGPT takes no requests until 2026-11-22 14:05, in 1h
  6m.

  5 hour limit
`,
  )
  t.match(
    show({ usage: { ...usage, limits: [], limitReachedUntil: SECONDS + 3960 } }),
    '\n  6m.\n\nFiles\n',
    'also where no window is known',
  )
  t.notMatch(show({ usage: { ...usage, limitReachedUntil: SECONDS } }), /is reached/)
})

t.test('ends with the hints', async t => {
  t.match(show({ hints: ['One.', 'Two.'] }), 'models.json\n\nOne.\n\nTwo.\n')
})

t.test('tells programs the same, with times as ISO 8601 has them', async t => {
  const json = infoJson(
    factsWith({ hints: ['One.'], usage: { ...usage, limitReachedUntil: SECONDS + 60 } }),
  )
  t.strictSame(JSON.parse(JSON.stringify(json)), {
    version: '1.2.3',
    account: {
      signed_in: true,
      email: 'ada@example.com',
      plan: 'plus',
      account_id: 'acc-1',
      token_expires_at: '2026-11-23T12:59:00.000Z',
      token_renewable: true,
      last_refresh: '2026-11-21T12:00:00Z',
      problem: null,
    },
    usage: {
      captured_at: '2026-11-22T12:58:00.000Z',
      windows: [
        {
          meter: 'codex',
          name: '5 hour',
          window_minutes: 300,
          used_percent: 52.3,
          resets_at: '2026-11-22T14:05:00.000Z',
        },
        {
          meter: 'codex',
          name: 'weekly',
          window_minutes: 10_080,
          used_percent: 20,
          resets_at: null,
        },
        {
          meter: 'codex_spark',
          name: 'GPT-5.3\u001b[2J Spark usage',
          window_minutes: null,
          used_percent: 95,
          resets_at: '2026-11-22T12:58:00.000Z',
        },
      ],
      limit_reached_until: '2026-11-22T13:00:00.000Z',
    },
    usage_problem: null,
    files: {
      home: '/home/ada/.chatgpt-local',
      login: '/home/ada/.chatgpt-local/auth.json',
      usage: '/home/ada/.chatgpt-local/usage_limits.json',
      models: '/home/ada/.chatgpt-local/models.json',
    },
    login_owner: 'chatmock',
    codex_login: null,
    hints: ['One.'],
  })
})

const logins: [title: string, login: LoginFacts, problem: unknown][] = [
  ['signed out', { type: 'signed-out' }, null],
  [
    'unusable',
    { type: 'unusable', problem: { code: 'auth_file_corrupt', message: 'Damaged.' } },
    { code: 'auth_file_corrupt', message: 'Damaged.' },
  ],
]
for (const [title, login, problem] of logins) {
  t.test(`tells programs of an account that is ${title}`, async t => {
    const json = infoJson(factsWith({ login, codexLogin: '/c/auth.json' }))
    t.strictSame(json['account'], {
      signed_in: false,
      email: null,
      plan: null,
      account_id: null,
      token_expires_at: null,
      token_renewable: false,
      last_refresh: null,
      problem,
    })
    t.equal(json['usage'], null)
    t.equal(json['codex_login'], '/c/auth.json')
  })
}

t.test('tells programs no time that no calendar has', async t => {
  const account = { ...login.account, tokenExpiresAt: 1e18 }
  const json = infoJson(factsWith({ login: { ...login, account } }))
  t.match(json['account'], { token_expires_at: null })
})
