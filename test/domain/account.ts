import t from 'tap'
import { describeAccount } from '../../src/domain/account.ts'
import { createSession } from '../../src/domain/session.ts'
import { NOW } from '../fakes/account.ts'
import { createFakeClock } from '../fakes/clock.ts'
import { claims, createFakeIdentityProvider } from '../fakes/identity-provider.ts'

t.test('tells whose login it is, by the access token before the id token', async t => {
  const identity = createFakeIdentityProvider(createFakeClock(NOW))
  const told = claims({ expiresAt: NOW + 5, accountId: 'account-1', plan: 'pro' })
  const idToken = identity.issue(claims({ email: 'ada@example.com', plan: 'plus' })).accessToken
  const tokens = { ...identity.issue(told), idToken }
  t.strictSame(describeAccount(createSession(tokens, identity), identity), {
    accountId: 'account-1',
    email: 'ada@example.com',
    plan: 'pro',
    tokenExpiresAt: NOW + 5,
    lastRefresh: '2026-11-22T12:00:00.000Z',
  })
})

t.test('tells nothing where the tokens tell nothing', async t => {
  const identity = createFakeIdentityProvider(createFakeClock(NOW))
  const tokens = { ...identity.issue(claims()), lastRefresh: undefined }
  t.strictSame(describeAccount(createSession(tokens, identity), identity), {
    accountId: undefined,
    email: undefined,
    plan: undefined,
    tokenExpiresAt: undefined,
    lastRefresh: undefined,
  })
})
