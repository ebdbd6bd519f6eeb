import t from 'tap'
import { readClaims } from '../../../src/adapters/oauth/claims.ts'

function jwt(payload: unknown): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(payload)}.c2lnbmF0dXJl`
}

const AUTH = 'https://api.openai.com/auth'
const PROFILE = 'https://api.openai.com/profile'

const NONE = { expiresAt: undefined, accountId: undefined, email: undefined, plan: undefined }

const cases: [string, unknown, ReturnType<typeof readClaims>][] = [
  [
    'reads all four of a token as the issuer makes it',
    {
      exp: 1_795_000_000,
      email: 'ada@example.com',
      [AUTH]: { chatgpt_account_id: 'account-1', chatgpt_plan_type: 'plus' },
    },
    {
      expiresAt: 1_795_000_000_000,
      accountId: 'account-1',
      email: 'ada@example.com',
      plan: 'plus',
    },
  ],
  [
    'prefers the namespace to the top level',
    {
      chatgpt_account_id: 'top',
      chatgpt_plan_type: 'free',
      [AUTH]: { chatgpt_account_id: 'scoped', chatgpt_plan_type: 'pro' },
    },
    { ...NONE, accountId: 'scoped', plan: 'pro' },
  ],
  [
    'falls back to the account and the plan at top level',
    {
      chatgpt_account_id: 'top',
      chatgpt_plan_type: 'team',
      [AUTH]: { organizations: [{ id: 'org-1' }] },
    },
    { ...NONE, accountId: 'top', plan: 'team' },
  ],
  [
    'falls back to the first organization of the namespace',
    {
      organizations: [{ id: 'org-top' }],
      [AUTH]: { organizations: [{ id: 'org-1' }, { id: 'org-2' }] },
    },
    { ...NONE, accountId: 'org-1' },
  ],
  [
    'falls back to the first organization at top level',
    { organizations: [{ id: 'org-top' }] },
    { ...NONE, accountId: 'org-top' },
  ],
  [
    'prefers the e-mail at top level',
    { email: 'top@example.com', [PROFILE]: { email: 'profile@example.com' } },
    { ...NONE, email: 'top@example.com' },
  ],
  [
    'falls back to the e-mail of the profile',
    { [PROFILE]: { email: 'profile@example.com', email_verified: true } },
    { ...NONE, email: 'profile@example.com' },
  ],
  [
    'skips claims of a wrong type, each on its own',
    {
      exp: 'soon',
      email: 7,
      chatgpt_account_id: 'top',
      chatgpt_plan_type: 'plus',
      [AUTH]: { chatgpt_account_id: 7, chatgpt_plan_type: ['pro'] },
      [PROFILE]: { email: 'profile@example.com' },
    },
    { ...NONE, accountId: 'top', email: 'profile@example.com', plan: 'plus' },
  ],
  [
    'reads on where the namespaces are no objects',
    { exp: 1, organizations: 'none', [AUTH]: 'none', [PROFILE]: [] },
    { ...NONE, expiresAt: 1000 },
  ],
  [
    'takes what is empty for nothing',
    {
      chatgpt_account_id: '',
      email: '',
      [AUTH]: { chatgpt_account_id: '', chatgpt_plan_type: '' },
      [PROFILE]: { email: '' },
    },
    NONE,
  ],
]

for (const [title, payload, expected] of cases) {
  t.test(title, async t => {
    t.strictSame(readClaims(jwt(payload)), expected)
  })
}

t.test('knows nothing of a token that is no JWT', async t => {
  for (const token of [
    '',
    'opaque',
    'a.b',
    'a.b.c',
    'a.b.c.d.e',
    jwt([]),
    jwt('text'),
    jwt(null),
  ]) {
    t.strictSame(readClaims(token), NONE, token)
  }
})
