import t from 'tap'
import type { TokenClaims, Tokens } from '../../src/domain/login-ports.ts'
import { createSession, freshnessOf } from '../../src/domain/session.ts'
import { NOW } from '../fakes/account.ts'
import { createFakeClock } from '../fakes/clock.ts'
import { claims, createFakeIdentityProvider } from '../fakes/identity-provider.ts'

function session(told: TokenClaims, changes: Partial<Tokens> = {}) {
  const identity = createFakeIdentityProvider(createFakeClock(NOW))
  const id = identity.issue(claims({ accountId: 'of-id-token' })).accessToken
  return createSession({ ...identity.issue(told), idToken: id, ...changes }, identity)
}

t.test(
  'takes the account of the store, then of the access token, then of the id token',
  async t => {
    const named = claims({ accountId: 'of-access-token' })
    const nameless = claims()
    t.equal(session(named, { accountId: 'stored' }).credentials.accountId, 'stored')
    t.equal(session(named).credentials.accountId, 'of-access-token')
    t.equal(session(nameless).credentials.accountId, 'of-id-token')
    t.equal(session(nameless, { idToken: undefined }).credentials.accountId, undefined)
  },
)

t.test('judges a token by the time it has left', async t => {
  const cases: [number, string][] = [
    [864_000_000, 'fresh'],
    [300_001, 'fresh'],
    [300_000, 'expiring'],
    [60_001, 'expiring'],
    [60_000, 'urgent'],
    [0, 'urgent'],
    [-1, 'urgent'],
  ]
  for (const [left, expected] of cases) {
    const given = session(claims({ expiresAt: NOW + left }), { lastRefresh: '2020' })
    t.equal(freshnessOf(given, NOW), expected, `${left} ms`)
  }
})

t.test('judges a token that does not tell its end by the last renewal', async t => {
  const cases: [string | undefined, string][] = [
    ['2026-11-14T12:00:00.000Z', 'fresh'],
    ['2026-11-14T11:59:59.999Z', 'expiring'],
    ['2026-11-14T11:59:59.998594391Z', 'expiring'],
    ['2026-12-01T00:00:00Z', 'fresh'],
    ['some day', 'fresh'],
    [undefined, 'fresh'],
  ]
  for (const [lastRefresh, expected] of cases) {
    const given = session(claims(), { lastRefresh })
    t.equal(freshnessOf(given, NOW), expected, String(lastRefresh))
  }
})
