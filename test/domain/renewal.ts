import t from 'tap'
import { createAuthenticator } from '../../src/domain/credentials.ts'
import { ProxyError } from '../../src/domain/errors.ts'
import type { LoginStore } from '../../src/domain/login-ports.ts'
import { settle, signIn } from '../fakes/account.ts'

const SECOND = 1000
const HOUR = 3_600_000

const away = new ProxyError('auth_refresh_unavailable', 'The sign-in service is away.')
const reused = new ProxyError('chatgpt_login_required', 'The login is over.')

/** Puts `next` into the store before its load number `count` (from 1) since this call. */
function putBefore(account: ReturnType<typeof signIn>, count: number, next: () => void) {
  const { ports, store } = account
  let loads = 0
  const load = async () => {
    loads += 1
    if (loads === count) next()
    return await store.load()
  }
  const late: LoginStore = {
    ...store,
    load,
    hold: work => store.hold(login => work({ ...login, load })),
  }
  const authenticator = createAuthenticator({ ...ports, store: late })
  const { signal } = new AbortController()
  return {
    use: async () => (await authenticator.credentials(signal)).accessToken,
    loads: () => loads,
  }
}

t.test('rests longer after each failure that may pass, and at most 5 minutes', async t => {
  const { use, pass, identity } = signIn(-1)
  identity.fail(away)
  const rests = [5, 10, 20, 40, 80, 160, 300, 300]
  for (const [n, seconds] of rests.entries()) {
    await t.rejects(use(), { code: away.code, retryAfterSeconds: seconds }, `failure ${n + 1}`)
    pass(seconds * SECOND - 1)
    await t.rejects(use(), { code: away.code, retryAfterSeconds: 1 })
    t.equal(identity.spent.length, n + 1)
    pass(1)
  }
  identity.fail(undefined)
  t.equal(await use(), 'access-2')
})

t.test('begins with the shortest rest again after a success', async t => {
  const { use, renew, pass, identity } = signIn(-1)
  identity.fail(away)
  await t.rejects(use(), { code: away.code, retryAfterSeconds: 5 })
  pass(5 * SECOND)
  await t.rejects(use(), { code: away.code, retryAfterSeconds: 10 })
  pass(10 * SECOND)
  identity.fail(undefined)
  t.equal(await use(), 'access-2')
  pass(60 * SECOND)
  identity.fail(away)
  await t.rejects(renew('access-2'), { code: away.code, retryAfterSeconds: 5 })
})

t.test('spreads the tries of many processes by up to a quarter', async t => {
  const { use, pass, identity } = signIn(-1, { random: () => 0.8 })
  identity.fail(away)
  await t.rejects(use(), { code: away.code, retryAfterSeconds: 6 })
  pass(6 * SECOND - 1)
  await t.rejects(use(), { code: away.code, retryAfterSeconds: 1 })
  t.equal(identity.spent.length, 1)
})

t.test('counts a rest by time that passes, not by a clock that is set', async t => {
  const { use, pass, clock, identity } = signIn(-1)
  identity.fail(away)
  await t.rejects(use(), { code: away.code })
  clock.jump(HOUR)
  await t.rejects(use(), { code: away.code })
  t.equal(identity.spent.length, 1)
  clock.jump(-2 * HOUR)
  pass(5 * SECOND)
  identity.fail(undefined)
  await use()
})

for (const [look, ms] of [
  [1, 0],
  [2, 250],
  [3, 1000],
] as const) {
  t.test(`after a refusal takes over a login that is stored ${ms} ms later`, async t => {
    const account = signIn(-1)
    const { identity, store, clock, expiresIn } = account
    identity.fail(reused)
    // The login is read once to be used and once under the lock before it is spent.
    const late = putBefore(account, 2 + look, () => store.put(identity.issue(expiresIn(HOUR))))
    const begun = clock.monotonic()
    t.equal(await late.use(), 'access-2')
    t.equal(clock.monotonic() - begun, ms)
    t.strictSame(identity.spent, ['refresh-1'])
    t.strictSame(store.saved, [])
    t.equal(store.reserved, 0)
  })
}

t.test('after a refusal spends the token of a login that is stored, but not fresh', async t => {
  const account = signIn(-1)
  const { identity, store, expiresIn } = account
  identity.fail(reused)
  const late = putBefore(account, 4, () => {
    store.put(identity.issue(expiresIn(-1)))
    identity.fail(undefined)
  })
  t.equal(await late.use(), 'access-3')
  t.strictSame(identity.spent, ['refresh-1', 'refresh-2'])
})

t.test('gives up after two refusals in a row', async t => {
  const account = signIn(-1)
  const { identity, store, expiresIn } = account
  identity.fail(reused)
  let issued = 0
  const late = putBefore(account, 4, () => {
    issued += 1
    store.put(identity.issue(expiresIn(-1)))
  })
  await t.rejects(late.use(), { code: 'chatgpt_login_required' })
  t.equal(issued, 1)
  t.strictSame(identity.spent, ['refresh-1', 'refresh-2'])
})

t.test('looks the store over for a second after a refusal, and only the first time', async t => {
  const account = signIn(-1)
  const { identity, clock } = account
  identity.fail(reused)
  const { use, loads } = putBefore(account, 99, () => {})
  const begun = clock.monotonic()
  await t.rejects(use(), { code: 'chatgpt_login_required' })
  t.equal(clock.monotonic() - begun, 1000)
  t.equal(loads(), 5)
  await t.rejects(use(), { code: 'chatgpt_login_required' })
  t.equal(clock.monotonic() - begun, 1000)
  t.equal(loads(), 6)
})

t.test('uses a token to its end although it can never be renewed', async t => {
  const { use, pass, identity } = signIn(30 * SECOND)
  identity.fail(reused)
  t.equal(await use(), 'access-1')
  pass(10 * SECOND)
  t.equal(await use(), 'access-1')
  pass(20 * SECOND)
  await t.rejects(use(), { code: 'chatgpt_login_required' })
  t.strictSame(identity.spent, ['refresh-1'])
})

t.test('renews for two keepers of one store once', async t => {
  const { ports, identity, use } = signIn(-1)
  const other = createAuthenticator(ports)
  const { signal } = new AbortController()
  const both = await Promise.all([use(), other.credentials(signal)])
  t.match(both, ['access-2', { accessToken: 'access-2' }])
  t.strictSame(identity.spent, ['refresh-1'])
})

t.test('writes nothing to the store when it fails', async t => {
  for (const error of [away, reused, new ProxyError('internal', 'a bug')]) {
    const { use, identity, store } = signIn(-1)
    identity.fail(error)
    await t.rejects(use(), { code: error.code })
    await settle()
    t.strictSame(store.saved, [])
    t.equal(store.reserved, 0)
  }
})

t.test('spends no token once it is told to stop, not even after a wait for the lock', async t => {
  const stopping = new AbortController()
  const { use, identity, store } = signIn(-1, { stopping: stopping.signal })
  const reason = new ProxyError('server_shutting_down', 'stopping')
  const release = identity.hold()
  let pass = () => {}
  const held = store.hold(
    () =>
      new Promise<void>(resolve => {
        pass = resolve
      }),
  )
  const waiting = use()
  await settle()
  stopping.abort(reason)
  await t.rejects(waiting, reason)
  pass()
  await held
  release()
  await t.rejects(use(), reason)
  t.strictSame(identity.spent, [])
  t.equal(store.reserved, 0)
})

t.test('gives up a login that is refused although it has just been renewed', async t => {
  const { renew, pass, identity } = signIn(HOUR)
  t.equal(await renew('access-1'), 'access-2')
  for (let n = 0; n < 3; n++) {
    await t.rejects(renew('access-2'), {
      code: 'chatgpt_login_required',
      message: 'ChatGPT refuses this login although it has just been renewed. Run: chatmock login',
    })
  }
  t.strictSame(identity.spent, ['refresh-1'])
  pass(60 * SECOND)
  t.equal(await renew('access-2'), 'access-3')
})

t.test(
  'what another process has renewed does not begin the minute between two renewals',
  async t => {
    const { use, pass, identity, store, expiresIn } = signIn(-1)
    const pending = use()
    store.put(identity.issue(expiresIn(310 * SECOND)))
    t.equal(await pending, 'access-2')
    pass(10 * SECOND)
    t.equal(await use(), 'access-2')
    await settle()
    t.strictSame(identity.spent, ['refresh-2'])
  },
)

t.test('tries a refused login again when its store has changed, looking once a second', async t => {
  const { use, pass, identity, store } = signIn(-1)
  const same = await store.load()
  identity.fail(reused)
  await t.rejects(use(), { code: 'chatgpt_login_required' })
  pass(SECOND)
  await t.rejects(use(), { code: 'chatgpt_login_required' })
  t.equal(identity.spent.length, 1)
  store.put(same)
  identity.fail(undefined)
  pass(SECOND - 1)
  await t.rejects(use(), { code: 'chatgpt_login_required' })
  t.equal(identity.spent.length, 1)
  pass(1)
  t.equal(await use(), 'access-2')
})
