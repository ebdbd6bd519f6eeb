import t from 'tap'
import { createAuthenticator } from '../../src/domain/credentials.ts'
import { ProxyError } from '../../src/domain/errors.ts'
import type { TokenStore } from '../../src/domain/ports.ts'
import { settle, signIn } from '../fakes/account.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE

const { signal } = new AbortController()
const full = new ProxyError('auth_store_unwritable', 'The disk is full.')

t.test('looks at the store again after a second', async t => {
  const { use, pass, store, identity, expiresIn } = signIn(HOUR)
  await use()
  store.put(identity.issue(expiresIn(HOUR)))
  pass(999)
  t.equal(await use(), 'access-1')
  t.equal(store.loads, 1)
  pass(1)
  t.equal(await use(), 'access-2')
  store.put(undefined)
  pass(SECOND)
  await t.rejects(use(), { code: 'chatgpt_login_required' })
})

t.test('takes a login that somebody else renewed in the meantime', async t => {
  const { use, identity, store, expiresIn } = signIn(-1)
  const pending = use()
  store.put(identity.issue(expiresIn(HOUR)))
  t.equal(await pending, 'access-2')
  t.strictSame(identity.spent, [])
})

t.test('spends the newest refresh token when the one in the store is old as well', async t => {
  const { use, identity, store, expiresIn } = signIn(-1)
  const pending = use()
  store.put(identity.issue(expiresIn(-1)))
  t.equal(await pending, 'access-3')
  t.strictSame(identity.spent, ['refresh-2'])
})

t.test('gives the new login to a caller that was still reading the old one', async t => {
  const { clock, log, identity, store } = signIn(-1)
  let release = () => {}
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  let isSlow = true
  const slow: TokenStore = {
    save: store.save,
    async load() {
      const tokens = await store.load()
      if (isSlow) {
        isSlow = false
        await gate
      }
      return tokens
    },
  }
  const authenticator = createAuthenticator({ store: slow, identity, clock, log })
  const late = authenticator.credentials(signal)
  t.match(await authenticator.credentials(signal), { accessToken: 'access-2' })
  release()
  t.match(await late, { accessToken: 'access-2' })
  t.strictSame(identity.spent, ['refresh-1'])
})

t.test('saves the new login before it is used', async t => {
  const { clock, log, identity, store } = signIn(-1)
  let release = () => {}
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  const slow: TokenStore = {
    load: store.load,
    save: tokens => gate.then(() => store.save(tokens)),
  }
  const authenticator = createAuthenticator({ store: slow, identity, clock, log })
  let isUsed = false
  const pending = authenticator.credentials(signal).then(() => {
    isUsed = true
  })
  await settle()
  t.strictSame(identity.spent, ['refresh-1'])
  t.equal(isUsed, false)
  release()
  await pending
  t.equal(store.saved.length, 1)
})

t.test('goes on with a login that cannot be saved, and saves it when it can', async t => {
  const { use, pass, identity, store, log } = signIn(-1)
  store.failSaves(full)
  t.equal(await use(), 'access-2')
  t.strictSame(
    log.entries.filter(entry => entry.level === 'error'),
    [
      {
        level: 'error',
        message: 'The renewed login could not be saved; it is in memory only.',
        fields: { error_code: 'auth_store_unwritable', reason: 'The disk is full.' },
      },
    ],
  )
  store.failSaves(undefined)
  pass(4999)
  t.equal(await use(), 'access-2')
  t.strictSame(store.saved, [])
  pass(SECOND)
  t.equal(await use(), 'access-2')
  t.match(store.saved, [{ accessToken: 'access-2', refreshToken: 'refresh-2' }])
  pass(MINUTE)
  t.equal(await use(), 'access-2')
  t.equal(store.saved.length, 1)
  t.strictSame(identity.spent, ['refresh-1'])
})

t.test('renews a login that could not be saved with its own refresh token', async t => {
  const { renew, use, pass, identity, store } = signIn(HOUR)
  store.failSaves(full)
  t.equal(await renew('access-1'), 'access-2')
  t.equal(await renew('access-2'), 'access-3')
  t.strictSame(identity.spent, ['refresh-1', 'refresh-2'])
  store.failSaves(undefined)
  pass(6 * SECOND)
  t.equal(await use(), 'access-3')
  t.match(store.saved, [{ accessToken: 'access-3', refreshToken: 'refresh-3' }])
})

t.test('knows its own late save from a change that somebody else made', async t => {
  const { renew, use, pass, identity, store } = signIn(HOUR)
  store.failSaves(full)
  t.equal(await renew('access-1'), 'access-2')
  const release = identity.hold()
  const pending = renew('access-2')
  await settle()
  store.failSaves(undefined)
  pass(6 * SECOND)
  t.equal(await use(), 'access-2')
  t.match(store.saved, [{ accessToken: 'access-2' }])
  store.failSaves(full)
  release()
  t.equal(await pending, 'access-3')
  pass(SECOND)
  t.equal(await use(), 'access-3')
})

t.test('prefers a login that somebody else stored to one that could not be saved', async t => {
  const { use, pass, identity, store, expiresIn } = signIn(-1)
  store.failSaves(full)
  t.equal(await use(), 'access-2')
  store.failSaves(undefined)
  store.put(identity.issue(expiresIn(HOUR)))
  pass(MINUTE)
  t.equal(await use(), 'access-3')
  t.strictSame(store.saved, [])
})

t.test('goes on with the login in memory while the store cannot be read', async t => {
  const { use, pass, store, identity, log } = signIn(20 * MINUTE)
  await use()
  store.failLoads(new ProxyError('auth_store_unreadable', 'EACCES'))
  pass(MINUTE)
  t.equal(await use(), 'access-1')
  pass(MINUTE)
  t.equal(await use(), 'access-1')
  t.strictSame(log.entries, [
    {
      level: 'warn',
      message: 'The login cannot be read; going on with the one in memory.',
      fields: { error_code: 'auth_store_unreadable', reason: 'EACCES' },
    },
  ])
  store.failLoads(undefined)
  pass(MINUTE)
  t.equal(await use(), 'access-1')
  store.failLoads(new ProxyError('auth_store_unreadable', 'EACCES'))
  pass(MINUTE)
  t.equal(await use(), 'access-1')
  t.equal(log.entries.length, 2, 'a second outage is logged again')
  pass(16 * MINUTE - 1)
  t.equal(await use(), 'access-1', 'to its last moment')
  pass(1)
  await t.rejects(use(), { code: 'auth_store_unreadable' })
  t.strictSame(identity.spent, [], 'a refresh token is not spent blindly')
})

t.test('passes on what is wrong with the store where memory cannot help', async t => {
  for (const code of ['auth_store_unreadable', 'auth_file_corrupt'] as const) {
    const { use, renew, store } = signIn(HOUR)
    store.failLoads(new ProxyError(code, 'The store is away.'))
    await t.rejects(use(), { code })
    await t.rejects(renew('access-1'), { code })
    store.failLoads(undefined)
    t.equal(await use(), 'access-1')
  }
  const { use, pass, store } = signIn(HOUR)
  await use()
  pass(SECOND)
  store.failLoads(new ProxyError('auth_file_corrupt', 'The file is damaged.'))
  await t.rejects(use(), { code: 'auth_file_corrupt' })
})
