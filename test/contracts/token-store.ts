import type { Test } from 'tap'
import { ProxyError } from '../../src/domain/errors.ts'
import type { LoginStore, Tokens } from '../../src/domain/login-ports.ts'

/** The ways to make a store. Each call gives one of its own. */
export interface TokenStoreFactory {
  /** A store without a login. */
  readonly empty: (t: Test) => LoginStore
  /** A store that holds `tokens` and cannot be written. */
  readonly readOnly: (t: Test, tokens: Tokens) => LoginStore
}

const first: Tokens = {
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  idToken: 'id-1',
  accountId: 'account-1',
  lastRefresh: '2026-11-22T10:00:00.000Z',
  loginId: 'login-1',
}

const second: Tokens = {
  accessToken: 'access-2',
  refreshToken: 'refresh-2',
  idToken: 'id-2',
  accountId: 'account-2',
  lastRefresh: '2026-11-22T11:00:00.000Z',
  loginId: 'login-2',
}

/** Saves in the place of `old`, as a renewal does. */
async function save(store: LoginStore, tokens: Tokens, old: Tokens): Promise<boolean> {
  return await store.hold(async login => (await login.reserve()).save(tokens, old))
}

async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return await work.then(
    () => undefined,
    (reason: unknown) => (reason instanceof ProxyError ? reason.code : 'no ProxyError'),
  )
}

/** Holds a store to the contract of the port. */
export function testTokenStore(t: Test, factory: TokenStoreFactory): void {
  t.test('says that there is no login before one was saved', async t => {
    t.equal(await factory.empty(t).load(), undefined)
  })

  t.test('returns the login that was saved', async t => {
    const store = factory.empty(t)
    await store.replace(first)
    t.strictSame(await store.load(), first)
  })

  t.test('replaces every token of the login before', async t => {
    const store = factory.empty(t)
    await store.replace(first)
    t.equal(await save(store, second, first), true)
    t.strictSame(await store.load(), second)
  })

  t.test('leaves a login alone that is not the one to be replaced', async t => {
    const store = factory.empty(t)
    t.equal(await save(store, second, first), false)
    t.equal(await store.load(), undefined)
    const third = { ...first, accessToken: 'access-3' }
    await store.replace(third)
    t.equal(await save(store, second, first), false)
    t.strictSame(await store.load(), third)
  })

  t.test('forgets a token that the new login does not have', async t => {
    const store = factory.empty(t)
    const bare: Tokens = {
      accessToken: 'access-3',
      refreshToken: undefined,
      idToken: undefined,
      accountId: undefined,
      lastRefresh: undefined,
      loginId: undefined,
    }
    await store.replace(first)
    await save(store, bare, first)
    t.strictSame(await store.load(), bare)
  })

  t.test('shows a reader the old login or the new one, never a mixture', async t => {
    const store = factory.empty(t)
    await store.replace(first)
    const saves = Array.from({ length: 10 }, (_, n) =>
      n % 2 ? save(store, first, second) : save(store, second, first),
    )
    const loads = Array.from({ length: 50 }, () => store.load())
    const seen = await Promise.all(loads)
    await Promise.all(saves)
    for (const tokens of seen) {
      t.strictSame(tokens, tokens?.accessToken === 'access-1' ? first : second)
    }
  })

  t.test('names another state after each change, and the same one without', async t => {
    const store = factory.empty(t)
    await store.replace(first)
    const before = await store.version()
    await store.load()
    await store.ensureWritable()
    t.equal(await store.version(), before)
    await save(store, second, first)
    t.not(await store.version(), before)
  })

  t.test('lets one holder work at a time, and the next one after a failure as well', async t => {
    const store = factory.empty(t)
    let holders = 0
    const turns = Array.from({ length: 10 }, (_, n) =>
      store.hold(async login => {
        holders += 1
        t.equal(holders, 1)
        await login.load()
        holders -= 1
        if (n % 2) throw new Error(`holder ${n}`)
        return n
      }),
    )
    const ends = await Promise.allSettled(turns)
    t.strictSame(
      ends.map(end => (end.status === 'fulfilled' ? end.value : end.reason.message)),
      [0, 'holder 1', 2, 'holder 3', 4, 'holder 5', 6, 'holder 7', 8, 'holder 9'],
    )
  })

  t.test('ends the wait for a turn, but no work, with its signal', async t => {
    const store = factory.empty(t)
    const controller = new AbortController()
    const reason = new Error('stopping')
    await store.hold(async () => {
      const waiting = store.hold(async () => t.fail('it had no turn'), controller.signal)
      controller.abort(reason)
      await t.rejects(waiting, reason)
    })
    const during = new AbortController()
    const worked = await store.hold(async () => {
      during.abort(reason)
      return 'done'
    }, during.signal)
    t.equal(worked, 'done')
  })

  t.test('changes nothing where the room that was taken is given back', async t => {
    const store = factory.empty(t)
    await store.replace(first)
    await store.hold(async login => (await login.reserve()).cancel())
    await store.ensureWritable()
    t.strictSame(await store.load(), first)
  })

  t.test('puts a new login in the place of the old one', async t => {
    const store = factory.empty(t)
    t.strictSame(await store.replace(first), { keptAside: undefined })
    t.strictSame(await store.replace(second), { keptAside: undefined })
    t.strictSame(await store.load(), second)
  })

  t.test('removes the login and returns it, and nothing where there is none', async t => {
    const store = factory.empty(t)
    await store.replace(first)
    t.strictSame(await store.clear(), first)
    t.equal(await store.load(), undefined)
    t.equal(await store.clear(), undefined)
  })

  t.test('says when it cannot be written, and keeps the old login', async t => {
    const store = factory.readOnly(t, first)
    const reserve = store.hold(login => login.reserve())
    t.equal(await codeOf(reserve), 'auth_store_unwritable')
    t.equal(await codeOf(store.replace(second)), 'auth_store_unwritable')
    t.equal(await codeOf(store.ensureWritable()), 'auth_store_unwritable')
    t.strictSame(await store.load(), first)
  })
}
