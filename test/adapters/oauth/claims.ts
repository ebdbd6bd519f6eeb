import t from 'tap'
import { readClaims } from '../../../src/adapters/oauth/claims.ts'

function jwt(payload: unknown): string {
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode({ alg: 'RS256', typ: 'JWT' })}.${encode(payload)}.c2lnbmF0dXJl`
}

const NAMESPACE = 'https://api.openai.com/auth'

const cases: [string, unknown, ReturnType<typeof readClaims>][] = [
  [
    'reads the expiry in milliseconds and the account of the namespace',
    { exp: 1_795_000_000, [NAMESPACE]: { chatgpt_account_id: 'account-1' } },
    { expiresAt: 1_795_000_000_000, accountId: 'account-1' },
  ],
  [
    'prefers the namespace to the top level',
    { chatgpt_account_id: 'top', [NAMESPACE]: { chatgpt_account_id: 'scoped' } },
    { expiresAt: undefined, accountId: 'scoped' },
  ],
  [
    'falls back to the account at top level',
    { chatgpt_account_id: 'top', [NAMESPACE]: { organizations: [{ id: 'org-1' }] } },
    { expiresAt: undefined, accountId: 'top' },
  ],
  [
    'falls back to the first organization of the namespace',
    {
      organizations: [{ id: 'org-top' }],
      [NAMESPACE]: { organizations: [{ id: 'org-1' }, { id: 'org-2' }] },
    },
    { expiresAt: undefined, accountId: 'org-1' },
  ],
  [
    'falls back to the first organization at top level',
    { organizations: [{ id: 'org-top' }] },
    { expiresAt: undefined, accountId: 'org-top' },
  ],
  [
    'skips claims of a wrong type, each on its own',
    { exp: 'soon', chatgpt_account_id: 'top', [NAMESPACE]: { chatgpt_account_id: 7 } },
    { expiresAt: undefined, accountId: 'top' },
  ],
  [
    'reads on where the namespace is no object',
    { exp: 1, organizations: 'none', [NAMESPACE]: 'none' },
    { expiresAt: 1000, accountId: undefined },
  ],
  [
    'takes an empty account for none',
    { chatgpt_account_id: '', [NAMESPACE]: { chatgpt_account_id: '' } },
    { expiresAt: undefined, accountId: undefined },
  ],
]

for (const [title, payload, expected] of cases) {
  t.test(title, async t => {
    t.strictSame(readClaims(jwt(payload)), expected)
  })
}

t.test('knows nothing of a token that is no JWT', async t => {
  const unknown = { expiresAt: undefined, accountId: undefined }
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
    t.strictSame(readClaims(token), unknown, token)
  }
})
