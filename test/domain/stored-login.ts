import t from 'tap'
import { createAuthenticator } from '../../src/domain/credentials.ts'
import { ProxyError } from '../../src/domain/errors.ts'
import type { LoginStore } from '../../src/domain/login-ports.ts'
import { settle, signIn } from '../fakes/account.ts'
import { claims } from '../fakes/identity-provider.ts'

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
  const { ports, identity, store } = signIn(-1)
  let release = () => {}
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  let isSlow = true
  const slow: LoginStore = {
    ...store,
    async load() {
      const tokens = await store.load()
      if (isSlow) {
        isSlow = false
        await gate
      }
      return tokens
    },
  }
  const authenticator = createAuthenticator({ ...ports, store: slow })
  const late = authenticator.credentials(signal)
  t.match(await authenticator.credentials(signal), { accessToken: 'access-2' })
  release()
  t.match(await late, { accessToken: 'access-2' })
  t.strictSame(identity.spent, ['refresh-1'])
})

t.test('saves the new login before it is used', async t => {
  const { ports, identity, store } = signIn(-1)
  let release = () => {}
  const gate = new Promise<void>(resolve => {
    release = resolve
  })
  const slow: LoginStore = {
    ...store,
    hold: work =>
      store.hold(login =>
        work({
          ...login,
          async reserve() {
            const room = await login.reserve()
            return { ...room, save: (tokens, old) => gate.then(() => room.save(tokens, old)) }
          },
        }),
      ),
  }
  const authenticator = createAuthenticator({ ...ports, store: slow })
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
  const { use, pass, authenticator, identity, store, log } = signIn(-1)
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
  await authenticator.flush()
  pass(MINUTE)
  t.equal(await use(), 'access-2')
  t.strictSame(store.saved, [])
  store.failSaves(undefined)
  await authenticator.flush()
  t.match(store.saved, [{ accessToken: 'access-2', refreshToken: 'refresh-2' }])
  t.match(log.entries.at(-1), { level: 'info', message: 'The renewed login is saved now.' })
  pass(MINUTE)
  await authenticator.flush()
  t.equal(await use(), 'access-2')
  t.equal(store.saved.length, 1)
  t.strictSame(identity.spent, ['refresh-1'])
})

t.test('renews a login that could not be saved with its own refresh token', async t => {
  const { renew, pass, authenticator, identity, store } = signIn(HOUR)
  store.failSaves(full)
  t.equal(await renew('access-1'), 'access-2')
  pass(MINUTE)
  t.equal(await renew('access-2'), 'access-3')
  t.strictSame(identity.spent, ['refresh-1', 'refresh-2'])
  store.failSaves(undefined)
  await authenticator.close()
  t.match(store.saved, [{ accessToken: 'access-3', refreshToken: 'refresh-3' }])
})

t.test('knows its own late save from a change that somebody else made', async t => {
  const { renew, use, pass, authenticator, store } = signIn(HOUR)
  store.failSaves(full)
  t.equal(await renew('access-1'), 'access-2')
  store.failSaves(undefined)
  await authenticator.flush()
  t.match(store.saved, [{ accessToken: 'access-2' }])
  store.failSaves(full)
  pass(MINUTE)
  t.equal(await renew('access-2'), 'access-3')
  pass(SECOND)
  t.equal(await use(), 'access-3')
})

t.test('waits for an exchange that is under way before it lets go', async t => {
  const { use, authenticator, identity, store } = signIn(-1)
  const release = identity.hold()
  const pending = use()
  await settle()
  let isClosed = false
  const closed = authenticator.close().then(() => {
    isClosed = true
  })
  await settle()
  t.equal(isClosed, false)
  release()
  await closed
  t.match(store.saved, [{ accessToken: 'access-2' }])
  t.equal(await pending, 'access-2')
})

t.test('prefers a login that somebody else stored to one that could not be saved', async t => {
  const { use, pass, authenticator, identity, store, expiresIn } = signIn(-1)
  store.failSaves(full)
  t.equal(await use(), 'access-2')
  store.failSaves(undefined)
  store.put(identity.issue(expiresIn(HOUR)))
  await authenticator.flush()
  t.strictSame(store.saved, [])
  pass(MINUTE)
  t.equal(await use(), 'access-3')
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

t.test('spends no token where the new login could not be saved', async t => {
  const { use, pass, identity, store, log } = signIn(2 * MINUTE)
  store.failReservations(full)
  for (let n = 0; n < 3; n++) {
    t.equal(await use(), 'access-1')
    await settle()
  }
  pass(2 * MINUTE)
  await t.rejects(use(), { code: 'auth_store_unwritable', retryAfterSeconds: 5 })
  t.strictSame(identity.spent, [])
  const entry = {
    level: 'warn',
    message: 'Could not renew the ChatGPT login.',
    fields: { error_code: 'auth_store_unwritable', reason: 'The disk is full.' },
  }
  t.strictSame(log.entries, [entry, entry])
  store.failReservations(undefined)
  pass(5 * SECOND)
  t.equal(await use(), 'access-2')
})

t.test('waits 5 seconds each time, never longer, for a store that cannot be written', async t => {
  const { use, pass, store } = signIn(-1)
  store.failReservations(full)
  for (let n = 0; n < 4; n++) {
    await t.rejects(use(), { code: 'auth_store_unwritable', retryAfterSeconds: 5 })
    pass(5 * SECOND)
  }
  store.failReservations(undefined)
  t.equal(await use(), 'access-2')
})

t.test('gives the room back when the exchange fails', async t => {
  const { use, identity, store } = signIn(-1)
  identity.fail(new ProxyError('auth_refresh_unavailable', 'away'))
  await t.rejects(use(), { code: 'auth_refresh_unavailable' })
  t.equal(store.reserved, 0)
})

t.test('renews a login that cannot be saved where that is allowed, in memory only', async t => {
  for (const spoil of ['failReservations', 'failLocks'] as const) {
    const { use, pass, identity, store, log } = signIn(-1, { allowsUnsaved: true })
    store[spoil](full)
    t.equal(await use(), 'access-2', spoil)
    pass(MINUTE)
    t.equal(await use(), 'access-2')
    t.strictSame(identity.spent, ['refresh-1'])
    t.match(log.entries, [
      {
        level: 'warn',
        message: 'The renewed login is in memory only: its store cannot be written.',
      },
      { message: 'Renewed the ChatGPT login.' },
    ])
  }
})

t.test('does without the lock while the old token is good', async t => {
  const { use, pass, identity, store, log } = signIn(30 * SECOND)
  store.failLocks(new ProxyError('auth_refresh_unavailable', 'locked'))
  t.equal(await use(), 'access-1')
  pass(30 * SECOND)
  await t.rejects(use(), {
    code: 'auth_refresh_unavailable',
    message: 'locked',
    retryAfterSeconds: 10,
  })
  t.strictSame(identity.spent, [])
  const entry = {
    level: 'warn',
    message: 'Could not renew the ChatGPT login.',
    fields: { error_code: 'auth_refresh_unavailable', reason: 'locked' },
  }
  t.strictSame(log.entries, [entry, entry])
})

t.test('refuses the login of another account that another program has stored', async t => {
  const { use, renew, pass, authenticator, identity, store } = signIn(HOUR)
  store.put({ ...identity.issue(claims({ accountId: 'mine' })), loginId: 'login-1' })
  t.equal(await use(), 'access-2')
  for (const loginId of [undefined, 'login-1']) {
    store.put({ ...identity.issue(claims({ accountId: 'another' })), loginId })
    pass(SECOND)
    await t.rejects(use(), {
      code: 'account_changed',
      message:
        'The stored login is now of another ChatGPT account than the one in use. To go on with it restart chatmock (or send it SIGHUP); to choose another run: chatmock login',
    })
    await t.rejects(renew('access-2'), { code: 'account_changed' })
  }
  t.strictSame(identity.spent, [])
  authenticator.rebind()
  t.equal(await use(), 'access-4')
})

t.test('takes whatever is stored at once when it is told to', async t => {
  const { use, pass, authenticator, identity, store } = signIn(HOUR)
  store.put(identity.issue(claims({ accountId: 'mine' })))
  t.equal(await use(), 'access-2')
  store.put(identity.issue(claims({ accountId: 'another' })))
  pass(SECOND - 1)
  t.equal(await use(), 'access-2', 'for it was read less than a second ago')
  authenticator.rebind()
  t.equal(await use(), 'access-3')
})

t.test('refuses another account that turns up when the login is to be renewed', async t => {
  const { use, identity, store, expiresIn } = signIn(-1)
  store.put(identity.issue({ ...expiresIn(30 * SECOND), accountId: 'mine' }))
  const pending = use()
  store.put(identity.issue({ ...expiresIn(HOUR), accountId: 'another' }))
  await t.rejects(pending, { code: 'account_changed' })
  t.strictSame(identity.spent, [])
})

t.test('takes another account that a sign-in through chatmock has chosen', async t => {
  const { use, pass, identity, store } = signIn(HOUR)
  store.put({ ...identity.issue(claims({ accountId: 'mine' })), loginId: undefined })
  t.equal(await use(), 'access-2')
  store.put({ ...identity.issue(claims({ accountId: 'another' })), loginId: 'login-2' })
  pass(SECOND)
  t.equal(await use(), 'access-3')
})

t.test('leaves a login alone that was stored while the old one was renewed', async t => {
  const { use, pass, identity, store, log, expiresIn } = signIn(-1)
  const release = identity.hold()
  const pending = use()
  await settle()
  store.put(identity.issue(expiresIn(HOUR)))
  release()
  t.equal(await pending, 'access-2')
  t.strictSame(store.saved, [])
  t.match(log.entries, [
    {
      level: 'warn',
      message: 'Another login was stored while this one was renewed; going on with that.',
    },
  ])
  pass(SECOND)
  t.equal(await use(), 'access-2')
})

t.test('does not bring back a login that was removed while it was renewed', async t => {
  const { use, identity, store } = signIn(-1)
  const release = identity.hold()
  const pending = use()
  await settle()
  store.put(undefined)
  release()
  await t.rejects(pending, { code: 'chatgpt_login_required' })
  t.strictSame(store.saved, [])
})

t.test('refuses another account that was stored while the old one was renewed', async t => {
  const { use, identity, store } = signIn(-1)
  store.put(identity.issue({ ...claims({ accountId: 'mine' }), expiresAt: 0 }))
  const release = identity.hold()
  const pending = use()
  await settle()
  store.put(identity.issue(claims({ accountId: 'another' })))
  release()
  await t.rejects(pending, { code: 'account_changed' })
  t.strictSame(store.saved, [])
})

t.test('a login that could not be saved does not replace one that came after', async t => {
  const { use, authenticator, identity, store, expiresIn } = signIn(-1)
  store.failSaves(full)
  t.equal(await use(), 'access-2')
  store.failSaves(undefined)
  store.put(identity.issue(expiresIn(HOUR)))
  await authenticator.flush()
  await authenticator.close()
  t.strictSame(store.saved, [])
})

/** Lets another login be stored, and be seen by a request, at the moment before a save. */
function interfere(account: ReturnType<typeof signIn>) {
  const { ports, store, identity, expiresIn } = account
  const state = { isOn: true, failure: undefined as ProxyError | undefined }
  let authenticator = createAuthenticator(ports)
  const busy: LoginStore = {
    ...store,
    hold: (work, signal) =>
      store.hold(
        login =>
          work({
            ...login,
            async reserve() {
              const room = await login.reserve()
              return {
                ...room,
                async save(tokens, old) {
                  if (state.isOn) {
                    store.put(identity.issue(expiresIn(HOUR)))
                    await authenticator.session()
                  }
                  if (state.failure) throw state.failure
                  return await room.save(tokens, old)
                },
              }
            },
          }),
        signal,
      ),
  }
  authenticator = createAuthenticator({ ...ports, store: busy })
  return { authenticator, state }
}

t.test('a save that fails does not make room for a later one over another login', async t => {
  const account = signIn(-1)
  const { authenticator, state } = interfere(account)
  state.failure = full
  await authenticator.credentials(signal)
  state.failure = undefined
  state.isOn = false
  await authenticator.flush()
  t.strictSame(account.store.saved, [])
  t.match(await account.store.load(), { accessToken: 'access-3' })
})

t.test('a late save does not take the place of a login that was stored meanwhile', async t => {
  const account = signIn(-1)
  const { authenticator, state } = interfere(account)
  state.failure = full
  state.isOn = false
  t.match(await authenticator.credentials(signal), { accessToken: 'access-2' })
  state.failure = undefined
  state.isOn = true
  await authenticator.flush()
  t.strictSame(account.store.saved, [])
  t.match(await account.store.load(), { accessToken: 'access-3' })
})
