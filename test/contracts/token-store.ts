import type { Test } from 'tap'
import { ProxyError } from '../../src/domain/errors.ts'
import type { TokenStore, Tokens } from '../../src/domain/ports.ts'

/** The ways to make a store. Each call gives one of its own. */
export interface TokenStoreFactory {
  /** A store without a login. */
  readonly empty: (t: Test) => TokenStore
  /** A store that holds `tokens` and cannot be written. */
  readonly readOnly: (t: Test, tokens: Tokens) => TokenStore
}

const first: Tokens = {
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  idToken: 'id-1',
  accountId: 'account-1',
  lastRefresh: '2026-11-22T10:00:00.000Z',
}

const second: Tokens = {
  accessToken: 'access-2',
  refreshToken: 'refresh-2',
  idToken: 'id-2',
  accountId: 'account-2',
  lastRefresh: '2026-11-22T11:00:00.000Z',
}

/** Holds a store to the contract of the port. */
export function testTokenStore(t: Test, factory: TokenStoreFactory): void {
  t.test('says that there is no login before one was saved', async t => {
    t.equal(await factory.empty(t).load(), undefined)
  })

  t.test('returns the login that was saved', async t => {
    const store = factory.empty(t)
    await store.save(first)
    t.strictSame(await store.load(), first)
  })

  t.test('replaces every token of the login before', async t => {
    const store = factory.empty(t)
    await store.save(first)
    await store.save(second)
    t.strictSame(await store.load(), second)
  })

  t.test('forgets a token that the new login does not have', async t => {
    const store = factory.empty(t)
    const bare: Tokens = {
      accessToken: 'access-3',
      refreshToken: undefined,
      idToken: undefined,
      accountId: undefined,
      lastRefresh: undefined,
    }
    await store.save(first)
    await store.save(bare)
    t.strictSame(await store.load(), bare)
  })

  t.test('shows a reader the old login or the new one, never a mixture', async t => {
    const store = factory.empty(t)
    await store.save(first)
    const saves = Array.from({ length: 10 }, (_, n) => store.save(n % 2 ? first : second))
    const loads = Array.from({ length: 50 }, () => store.load())
    const seen = await Promise.all(loads)
    await Promise.all(saves)
    for (const tokens of seen) {
      t.strictSame(tokens, tokens?.accessToken === 'access-1' ? first : second)
    }
  })

  t.test('says when it cannot be written, and keeps the old login', async t => {
    const store = factory.readOnly(t, first)
    const error = await store.save(second).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    t.ok(error instanceof ProxyError)
    t.match(error, { code: 'auth_store_unwritable' })
    t.strictSame(await store.load(), first)
  })
}
