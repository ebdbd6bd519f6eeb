import { inspect } from 'node:util'
import t from 'tap'
import { ProxyError } from '../../src/domain/errors.ts'
import type { Credentials } from '../../src/domain/ports.ts'
import { settle, signIn } from '../fakes/account.ts'
import { claims } from '../fakes/identity-provider.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const away = new ProxyError('auth_refresh_unavailable', 'The sign-in service is away.')
const over = new ProxyError('chatgpt_login_required', 'The login is over.')

t.test('names the command when nobody is signed in', async t => {
  const { use, renew, store } = signIn(HOUR)
  store.put(undefined)
  const expected = {
    code: 'chatgpt_login_required',
    message: 'Not signed in to ChatGPT. Run: chatmock login',
  }
  await t.rejects(use(), expected)
  await t.rejects(renew('access-1'), expected)
})

t.test('uses a token with more than 5 minutes left as it is', async t => {
  const { use, identity, log } = signIn(5 * MINUTE + 1)
  t.equal(await use(), 'access-1')
  await settle()
  t.strictSame(identity.spent, [])
  t.strictSame(log.entries, [])
})

t.test('renews a token with 5 minutes left in the background', async t => {
  const { use, identity, store, log } = signIn(5 * MINUTE)
  const release = identity.hold()
  t.equal(await use(), 'access-1')
  t.equal(await use(), 'access-1')
  release()
  await settle()
  t.equal(await use(), 'access-2')
  t.strictSame(identity.spent, ['refresh-1'])
  t.match(store.saved, [{ accessToken: 'access-2', refreshToken: 'refresh-2' }])
  t.match(log.entries, [{ level: 'info', message: 'Renewed the ChatGPT login.' }])
})

t.test('logs a background renewal that fails once, and tries again after 5 seconds', async t => {
  const { use, pass, identity, store, log } = signIn(4 * MINUTE)
  identity.fail(away)
  for (const ms of [0, 1, 4998]) {
    pass(ms)
    t.equal(await use(), 'access-1')
    await settle()
  }
  t.strictSame(identity.spent, ['refresh-1'])
  pass(1)
  t.equal(await use(), 'access-1')
  await settle()
  t.strictSame(identity.spent, ['refresh-1', 'refresh-1'])
  const entry = {
    level: 'warn',
    message: 'Could not renew the ChatGPT login.',
    fields: { error_code: 'auth_refresh_unavailable', reason: 'The sign-in service is away.' },
  }
  t.strictSame(log.entries, [entry, entry])
  t.strictSame(store.saved, [])
})

t.test('waits for the renewal of a token with a minute left or less', async t => {
  for (const left of [MINUTE, 0, -DAY]) {
    const { use, identity } = signIn(left)
    t.equal(await use(), 'access-2', `${left} ms`)
    t.strictSame(identity.spent, ['refresh-1'])
  }
})

t.test('uses an old token to its last moment while the issuer is away', async t => {
  const { use, pass, identity } = signIn(3 * SECOND)
  identity.fail(away)
  t.equal(await use(), 'access-1')
  pass(2999)
  t.equal(await use(), 'access-1')
  pass(1)
  await t.rejects(use(), { code: 'auth_refresh_unavailable' })
  t.strictSame(identity.spent, ['refresh-1'])
})

t.test('asks an issuer that was away again after 5 seconds', async t => {
  const { use, pass, identity } = signIn(-1)
  identity.fail(away)
  await t.rejects(use(), { code: 'auth_refresh_unavailable' })
  pass(4999)
  await t.rejects(use(), { code: 'auth_refresh_unavailable' })
  t.strictSame(identity.spent, ['refresh-1'])
  identity.fail(undefined)
  pass(1)
  t.equal(await use(), 'access-2')
  t.strictSame(identity.spent, ['refresh-1', 'refresh-1'])
})

t.test('never sends a refresh token again once it was refused', async t => {
  const { use, renew, pass, identity, store, expiresIn } = signIn(-1)
  identity.fail(over)
  await t.rejects(use(), { code: 'chatgpt_login_required' })
  pass(DAY)
  await t.rejects(use(), { code: 'chatgpt_login_required' })
  await t.rejects(renew('access-1'), { code: 'chatgpt_login_required' })
  t.strictSame(identity.spent, ['refresh-1'])

  identity.fail(undefined)
  store.put(identity.issue(expiresIn(-1)))
  t.equal(await use(), 'access-3')
  t.strictSame(identity.spent, ['refresh-1', 'refresh-2'])
})

t.test('passes a fault of the program on, even while the old token is good', async t => {
  const { use, identity } = signIn(30 * SECOND)
  identity.refresh = async () => {
    throw new TypeError('a bug')
  }
  await t.rejects(use(), { code: 'internal' })
})

t.test('renews once for 50 callers at the same time', async t => {
  const { use, identity, store } = signIn(-1)
  const tokens = await Promise.all(Array.from({ length: 50 }, use))
  t.strictSame(
    tokens,
    Array.from({ length: 50 }, () => 'access-2'),
  )
  t.strictSame(identity.spent, ['refresh-1'])
  t.equal(store.saved.length, 1)
})

t.test('renews once for 50 callers whose token was refused', async t => {
  const { renew, identity } = signIn(HOUR)
  const tokens = await Promise.all(Array.from({ length: 50 }, () => renew('access-1')))
  t.strictSame(
    tokens,
    Array.from({ length: 50 }, () => 'access-2'),
  )
  t.strictSame(identity.spent, ['refresh-1'])
})

t.test('lets a caller leave without ending the renewal', async t => {
  const { use, authenticator, identity, store } = signIn(-1)
  const release = identity.hold()
  const leaving = new AbortController()
  const left = authenticator.credentials(leaving.signal)
  const stayed = use()
  await settle()
  const reason = new Error('gone')
  leaving.abort(reason)
  t.equal(await left.catch(error => error), reason)
  release()
  t.equal(await stayed, 'access-2')
  t.equal(store.saved.length, 1)
})

t.test('saves the new login although every caller has left', async t => {
  const { authenticator, identity, store } = signIn(-1)
  const release = identity.hold()
  const leaving = new AbortController()
  const left = authenticator.credentials(leaving.signal)
  await settle()
  leaving.abort()
  await t.rejects(left, { name: 'AbortError' })
  release()
  await settle()
  t.match(store.saved, [{ accessToken: 'access-2', refreshToken: 'refresh-2' }])
})

t.test('begins nothing for a caller that has left already', async t => {
  const { authenticator, identity, store } = signIn(-1)
  const gone = AbortSignal.abort(new Error('gone'))
  const refused: Credentials = { accessToken: 'access-1', accountId: undefined }
  await t.rejects(authenticator.credentials(gone), { message: 'gone' })
  await t.rejects(authenticator.renew(refused, gone), { message: 'gone' })
  t.equal(store.loads, 0)
  t.strictSame(identity.spent, [])
})

t.test('trusts a token that looks old on arrival until the upstream refuses it', async t => {
  const { use, renew, pass, identity, expiresIn } = signIn(-1)
  identity.nextClaims(expiresIn(-DAY))
  t.equal(await use(), 'access-2')
  for (const ms of [SECOND, 2 * MINUTE, 3 * DAY]) {
    pass(ms)
    t.equal(await use(), 'access-2')
    await settle()
  }
  t.strictSame(identity.spent, ['refresh-1'])

  t.equal(await renew('access-2'), 'access-3')
  t.strictSame(identity.spent, ['refresh-1', 'refresh-2'])
})

t.test('stops trusting such a token once it was refused, even if it cannot be renewed', async t => {
  const { use, renew, pass, identity, expiresIn } = signIn(-1)
  identity.nextClaims(expiresIn(-DAY))
  t.equal(await use(), 'access-2')
  pass(2 * MINUTE)
  identity.fail(away)
  await t.rejects(renew('access-2'), { code: 'auth_refresh_unavailable' })
  await t.rejects(use(), { code: 'auth_refresh_unavailable' })
})

t.test('lets a minute pass between two renewals by the clock', async t => {
  const { use, pass, identity, store, expiresIn } = signIn(-1)
  t.equal(await use(), 'access-2')
  store.put(identity.issue(expiresIn(-1)))
  pass(MINUTE - 1)
  t.equal(await use(), 'access-3')
  t.strictSame(identity.spent, ['refresh-1'])
  pass(SECOND)
  t.equal(await use(), 'access-4')
  t.strictSame(identity.spent, ['refresh-1', 'refresh-3'])
})

t.test('returns the stored login, without the network, when another token was refused', async t => {
  const { use, renew, identity, store, expiresIn } = signIn(HOUR)
  await use()
  store.put(identity.issue(expiresIn(HOUR)))
  t.equal(await renew('access-1'), 'access-2')
  t.strictSame(identity.spent, [])
  t.equal(await renew('access-2'), 'access-3')
})

t.test('fails to renew a refused token while the issuer is away', async t => {
  const { use, renew, identity } = signIn(HOUR)
  identity.fail(away)
  await t.rejects(renew('access-1'), { code: 'auth_refresh_unavailable' })
  await t.rejects(renew('access-1'), { code: 'auth_refresh_unavailable' })
  t.strictSame(identity.spent, ['refresh-1'])
  t.equal(await use(), 'access-1')
})

t.test('says nothing of a token in its errors and its log', async t => {
  const { use, renew, pass, identity, store, log } = signIn(-1)
  const errors: unknown[] = []
  const fails = async (work: Promise<unknown>) => errors.push(await work.catch(error => error))
  identity.fail(away)
  await fails(use())
  identity.fail(over)
  pass(MINUTE)
  await fails(renew('access-1'))
  identity.fail(undefined)
  store.put(identity.issue(claims()))
  store.failSaves(new ProxyError('auth_store_unwritable', 'The disk is full.'))
  await renew('access-2')
  store.failLoads(new ProxyError('auth_store_unreadable', 'EACCES'))
  pass(MINUTE)
  await use()
  store.put(undefined)
  store.failLoads(undefined)
  await fails(renew('access-3'))
  t.equal(errors.length, 3)
  t.strictSame(
    log.entries.map(entry => entry.level),
    ['warn', 'warn', 'error', 'info', 'warn'],
  )
  t.notMatch(inspect([errors, log.entries], { depth: Infinity }), /(access|refresh)-\d/)
})
