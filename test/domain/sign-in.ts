import t from 'tap'
import { ProxyError } from '../../src/domain/errors.ts'
import type { Grant } from '../../src/domain/login-ports.ts'
import { signIn, signOut } from '../../src/domain/sign-in.ts'
import { NOW } from '../fakes/account.ts'
import { createFakeClock } from '../fakes/clock.ts'
import { claims, createFakeIdentityProvider } from '../fakes/identity-provider.ts'
import { createFakeTokenStore } from '../fakes/token-store.ts'

const good: Grant = {
  code: 'good',
  verifier: 'verifier',
  redirectUri: 'http://localhost:1455/auth/callback',
}

function begin() {
  const identity = createFakeIdentityProvider(createFakeClock(NOW))
  const store = createFakeTokenStore()
  identity.nextClaims(claims({ accountId: 'account-1', email: 'ada@example.com', plan: 'plus' }))
  return { identity, store }
}

t.test('stores the login that a grant gives, under the name of the sign-in', async t => {
  const { identity, store } = begin()
  t.match(await signIn({ identity, store }, good, 'login-1'), {
    account: { accountId: 'account-1', email: 'ada@example.com', plan: 'plus' },
    previousAccountId: undefined,
    keptAside: undefined,
  })
  t.match(store.saved, [{ accessToken: 'access-1', refreshToken: 'refresh-1', loginId: 'login-1' }])
})

t.test('says when the account is another one than before', async t => {
  const { identity, store } = begin()
  const before = identity.issue(claims({ accountId: 'account-0' }))
  store.put(before)
  t.match(await signIn({ identity, store }, good, 'login-1'), { previousAccountId: 'account-0' })
  t.match(await signIn({ identity, store }, good, 'login-2'), { previousAccountId: undefined })
})

t.test('leaves the login before alone when the grant is refused', async t => {
  const { identity, store } = begin()
  const before = identity.issue(claims({ accountId: 'account-0' }))
  store.put(before)
  const bad = { ...good, code: 'bad' }
  await t.rejects(signIn({ identity, store }, bad, 'x'), { code: 'chatgpt_login_required' })
  t.equal(await store.load(), before)
})

t.test('leaves the login before alone when the new one names no account', async t => {
  const { identity, store } = begin()
  const before = identity.issue(claims({ accountId: 'account-0' }))
  store.put(before)
  identity.nextClaims(claims())
  await t.rejects(signIn({ identity, store }, good, 'x'), {
    code: 'chatgpt_login_required',
    message:
      'The sign-in named no ChatGPT account, so the login could not be used. Run: chatmock login',
  })
  t.equal(await store.load(), before)
})

t.test('signs in where the stored login cannot be read', async t => {
  const { identity, store } = begin()
  store.failLoads(new ProxyError('auth_file_corrupt', 'damaged'))
  t.match(await signIn({ identity, store }, good, 'login-1'), { previousAccountId: undefined })
  t.equal(store.saved.length, 1)
})

t.test('removes the login and revokes it', async t => {
  const { identity, store } = begin()
  await signIn({ identity, store }, good, 'login-1')
  t.equal(await signOut({ identity, store }, async () => false), 'revoked')
  t.equal(await store.load(), undefined)
  t.strictSame(identity.revoked, ['refresh-1'])
  t.equal(await signOut({ identity, store }, async () => false), 'not-signed-in')
  t.strictSame(identity.revoked, ['refresh-1'])
})

t.test('removes the login although the issuer is away', async t => {
  const { identity, store } = begin()
  await signIn({ identity, store }, good, 'login-1')
  identity.fail(new ProxyError('auth_refresh_unavailable', 'away'))
  t.equal(await signOut({ identity, store }, async () => false), 'not-revoked')
  t.equal(await store.load(), undefined)
})

t.test('never revokes tokens that another program holds too', async t => {
  const { identity, store } = begin()
  await signIn({ identity, store }, good, 'login-1')
  const shared: unknown[] = []
  const outcome = await signOut({ identity, store }, async tokens => {
    shared.push(tokens.refreshToken)
    return true
  })
  t.equal(outcome, 'shared')
  t.strictSame(shared, ['refresh-1'])
  t.strictSame(identity.revoked, [])
  t.equal(await store.load(), undefined)
})
