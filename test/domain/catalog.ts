import t from 'tap'
import { type CatalogOptions, createCatalog } from '../../src/domain/catalog.ts'
import { type ErrorCode, ProxyError } from '../../src/domain/errors.ts'
import type { CatalogRecord, Credentials, ModelEntry } from '../../src/domain/ports.ts'
import { settle } from '../fakes/account.ts'
import { createFakeClock } from '../fakes/clock.ts'
import { createGate } from '../fakes/http-service.ts'
import { createFakeLog } from '../fakes/log.ts'
import { modelEntry } from '../fakes/model-entry.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const never = new AbortController().signal

/** A record of models by their slugs. */
const record = (slugs: readonly string[], over: Partial<CatalogRecord> = {}): CatalogRecord => ({
  fetchedAt: NOW,
  etag: 'W/"1"',
  clientVersion: '0.169.0',
  models: slugs,
  ...over,
})

/** Puts a catalogue over an upstream whose accounts have models named after them. */
function start(over: Partial<CatalogOptions<ModelEntry>> = {}) {
  const clock = createFakeClock(NOW)
  const log = createFakeLog()
  const stored = new Map<string | undefined, CatalogRecord>()
  const asked: Credentials[] = []
  const world = {
    credentials: { accessToken: 'token-1', accountId: 'a' as string | undefined },
    renewed: { accessToken: 'token-2', accountId: 'a' as string | undefined },
    /** What every call for credentials fails with. */
    signedOut: undefined as ErrorCode | undefined,
    /** What the upstream fails with; `refused` is the access token that it does not take. */
    failure: undefined as ErrorCode | undefined,
    refused: undefined as string | undefined,
    etag: 'W/"1"' as string | undefined,
    models: undefined as readonly string[] | undefined,
    answers: Promise.resolve(),
    loads: Promise.resolve(),
    renewals: 0,
    /** How often credentials were asked for. */
    looks: 0,
  }
  const stop = new AbortController()
  const catalog = createCatalog<ModelEntry>({
    source: {
      async fetch(credentials, signal) {
        asked.push(credentials)
        await Promise.race([
          world.answers,
          new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
        ])
        if (world.failure) throw new ProxyError(world.failure, 'canary words of the upstream')
        if (credentials.accessToken === world.refused) {
          throw new ProxyError('chatgpt_login_required', 'refused')
        }
        return record(world.models ?? [`of-${credentials.accountId}`], {
          fetchedAt: clock.now(),
          etag: world.etag,
        })
      },
      decode: ({ models }) => models.map(slug => modelEntry({ slug: String(slug) })),
    },
    cache: {
      async load(accountId) {
        await world.loads
        return stored.get(accountId)
      },
      save: async (accountId, record) => {
        stored.set(accountId, record)
      },
    },
    authenticator: {
      async credentials() {
        world.looks += 1
        if (world.signedOut) throw new ProxyError(world.signedOut, 'Run: chatmock login')
        return world.credentials
      },
      async renew(refused) {
        world.renewals += 1
        if (refused.accessToken !== world.credentials.accessToken) throw new Error('not in use')
        return world.renewed
      },
    },
    clock,
    log,
    fallback: [modelEntry({ slug: 'known' })],
    clientVersion: '0.169.0',
    refreshIntervalMs: HOUR,
    isSynced: true,
    stopped: stop.signal,
    ...over,
  })
  const names = () => catalog.list().map(({ slug }) => slug)
  return {
    catalog,
    clock,
    log,
    stored,
    asked,
    world,
    stop: () => stop.abort(new ProxyError('server_shutting_down', 'stopping')),
    names,
    /** Lists, and lists again when the work behind the first time is done. */
    async settled() {
      names()
      await catalog.settle()
      return names()
    },
    pass: (ms: number) => clock.set(clock.now() + ms),
  }
}

t.test('the fallback is listed until the models of the account have come', async t => {
  const { catalog, names, asked, stored } = start()
  catalog.start()
  t.strictSame(names(), ['known'])
  t.equal(catalog.record()?.fetchedAt, undefined)
  await catalog.settle()
  t.strictSame(names(), ['of-a'])
  t.equal(catalog.record()?.fetchedAt, NOW)
  t.strictSame(asked, [{ accessToken: 'token-1', accountId: 'a' }])
  t.strictSame(stored.get('a'), record(['of-a']))
})

t.test('a list that nobody has started begins to find out as well', async t => {
  const { settled } = start()
  t.strictSame(await settled(), ['of-a'])
})

t.test('what was kept is listed while it is young, and nothing is asked', async t => {
  const { catalog, stored, settled, pass, asked } = start()
  stored.set('a', record(['kept'], { fetchedAt: NOW - HOUR + 1 }))
  t.strictSame(await settled(), ['kept'])
  t.equal(catalog.record()?.fetchedAt, NOW - HOUR + 1)
  t.equal(asked.length, 0)
  pass(1)
  t.strictSame(await settled(), ['of-a'])
  t.equal(asked.length, 1)
})

t.test('what was kept of an account can be listed before anything is asked', async t => {
  const { catalog, stored, world } = start()
  stored.set('a', record(['kept']))
  await catalog.load('a')
  t.equal(world.looks, 0)
  t.strictSame(
    catalog.list().map(({ slug }) => slug),
    ['kept'],
  )
  t.equal(catalog.record()?.fetchedAt, NOW)
})

t.test('what was kept is listed while something newer is asked for', async t => {
  for (const old of [
    { fetchedAt: NOW - HOUR },
    { fetchedAt: NOW + 1 },
    { fetchedAt: Number.NaN },
    { clientVersion: '0.168.0' },
  ]) {
    const { catalog, stored, names, world, asked } = start()
    stored.set('a', record(['kept'], old))
    const gate = createGate()
    world.answers = gate.passed
    catalog.start()
    await settle()
    t.strictSame(names(), ['kept'])
    t.equal(asked.length, 1)
    gate.open()
    await catalog.settle()
    t.strictSame(names(), ['of-a'])
  }
})

t.test('a record without models is neither listed nor kept', async t => {
  const { stored, settled, world, log } = start()
  stored.set('a', record([]))
  world.models = []
  t.strictSame(await settled(), ['known'])
  t.strictSame(stored.get('a'), record([]))
  t.strictSame(log.entries, [
    {
      level: 'info',
      message: 'could not ask for the models',
      fields: { error_code: 'upstream_invalid_response' },
    },
  ])
})

t.test('models that have come are asked for again when they are old', async t => {
  const { settled, pass, asked, clock } = start()
  await settled()
  pass(HOUR - 1)
  clock.jump(5 * HOUR)
  await settled()
  t.equal(asked.length, 1)
  pass(1)
  await settled()
  t.equal(asked.length, 2)
})

t.test('an interval of 0 asks once a minute', async t => {
  const { settled, pass, asked } = start({ refreshIntervalMs: 0 })
  await settled()
  pass(MINUTE - 1)
  await settled()
  t.equal(asked.length, 1)
  pass(1)
  await settled()
  t.equal(asked.length, 2)
})

t.test('a failure rests for a minute, and what was known stays', async t => {
  const { settled, pass, asked, world } = start()
  await settled()
  world.failure = 'upstream_connection_error'
  pass(HOUR)
  t.strictSame(await settled(), ['of-a'])
  t.equal(asked.length, 2)
  pass(MINUTE - 1)
  await settled()
  t.equal(asked.length, 2)
  pass(1)
  await settled()
  t.equal(asked.length, 3)
})

t.test('lists that come at once share one question', async t => {
  const { catalog, names, asked, world, pass } = start()
  const gate = createGate()
  world.answers = gate.passed
  names()
  names()
  await settle()
  names()
  t.equal(world.looks, 1)
  const refreshed = catalog.refresh(never)
  await settle()
  t.equal(asked.length, 1)
  gate.open()
  await refreshed
  t.strictSame(names(), ['of-a'])
  t.equal(asked.length, 1)
  pass(HOUR)
  names()
  names()
  await catalog.settle()
  t.equal(world.looks, 3, 'the refresh was the second')
  t.equal(asked.length, 2)
})

t.test('an unsynced catalogue asks nobody', async t => {
  const { catalog, settled, asked, stored } = start({ isSynced: false })
  stored.set('a', record(['kept']))
  catalog.start()
  catalog.noteEtag('"2"')
  await catalog.refresh(never)
  t.strictSame(await settled(), ['known'])
  t.equal(catalog.record()?.fetchedAt, undefined)
  t.equal(asked.length, 0)
})

t.test('being signed out is told once, and looked at every ten seconds', async t => {
  const { settled, pass, log, world } = start()
  world.signedOut = 'chatgpt_login_required'
  t.strictSame(await settled(), ['known'])
  pass(10 * SECOND - 1)
  await settled()
  t.equal(log.entries.length, 1)
  pass(1)
  await settled()
  t.strictSame(
    log.entries.map(({ level, fields }) => [level, fields['error_code']]),
    [
      ['info', 'chatgpt_login_required'],
      ['debug', 'chatgpt_login_required'],
    ],
  )
  world.signedOut = undefined
  pass(10 * SECOND)
  t.strictSame(await settled(), ['of-a'])
})

t.test('a login that fails while the models are old is looked at every ten seconds', async t => {
  const { settled, pass, log, world } = start()
  await settled()
  world.signedOut = 'auth_refresh_unavailable'
  pass(HOUR)
  t.strictSame(await settled(), ['of-a'])
  const { length } = log.entries
  await settled()
  pass(10 * SECOND - 1)
  await settled()
  t.equal(log.entries.length, length)
  pass(1)
  await settled()
  t.equal(log.entries.length, length + 1)
})

t.test('a failure is told anew after it has worked in between, without its words', async t => {
  const { settled, pass, log, world } = start({ refreshIntervalMs: 0 })
  for (const failure of [
    'upstream_error',
    'upstream_error',
    undefined,
    'upstream_error',
  ] as const) {
    world.failure = failure
    await settled()
    pass(MINUTE)
  }
  t.strictSame(
    log.entries.map(({ level, fields }) => [level, fields]),
    [
      ['info', { error_code: 'upstream_error' }],
      ['debug', { error_code: 'upstream_error' }],
      ['debug', { models: 1 }],
      ['info', { error_code: 'upstream_error' }],
    ],
  )
  t.notMatch(JSON.stringify(log.entries), 'canary')
})

t.test('models of one account are not listed once another has signed in', async t => {
  const { settled, names, pass, world, asked, catalog, stored } = start()
  await settled()
  world.credentials = { accessToken: 'token-9', accountId: 'b' }
  const loaded = createGate()
  const answered = createGate()
  world.loads = loaded.passed
  world.answers = answered.passed
  stored.set('b', record(['kept-of-b'], { fetchedAt: NOW - HOUR }))
  pass(10 * SECOND)
  names()
  await settle()
  t.strictSame(names(), ['known'])
  t.equal(catalog.record()?.fetchedAt, undefined)
  loaded.open()
  await settle()
  t.strictSame(names(), ['kept-of-b'])
  t.equal(asked.length, 2)
  answered.open()
  await catalog.settle()
  t.strictSame(names(), ['of-b'])
  t.strictSame(stored.get('a')?.models, ['of-a'])

  world.credentials = { accessToken: 'token-1', accountId: 'a' }
  pass(10 * SECOND)
  t.strictSame(await settled(), ['of-a'])
  t.equal(asked.length, 2, 'the cache was young enough')
})

t.test('models that come after another account has signed in are kept, not listed', async t => {
  const { catalog, names, world, stored } = start()
  const gate = createGate()
  world.answers = gate.passed
  catalog.start()
  await settle()
  world.credentials = { accessToken: 'token-9', accountId: 'b' }
  stored.set('b', record(['kept-of-b']))
  const refreshed = catalog.refresh(never)
  await settle()
  gate.open()
  await refreshed
  await catalog.settle()
  t.strictSame(names(), ['of-b'])
  t.strictSame(stored.get('a')?.models, ['of-a'])
})

t.test('a login that names no account has models of its own', async t => {
  const { settled, world, stored } = start()
  world.credentials = { accessToken: 'token-1', accountId: undefined }
  t.strictSame(await settled(), ['of-undefined'])
  t.strictSame(stored.get(undefined)?.models, ['of-undefined'])
})

t.test('another version upstream is asked for once', async t => {
  const { catalog, settled, pass, asked, world } = start()
  await settled()
  pass(MINUTE)
  for (const same of ['W/"1"', '"1"', null]) {
    catalog.noteEtag(same)
    await catalog.settle()
  }
  t.equal(asked.length, 1)
  world.etag = '"2"'
  world.models = ['newer']
  catalog.noteEtag('W/"2"')
  await catalog.settle()
  t.equal(asked.length, 2)
  t.strictSame(await settled(), ['newer'])
  pass(MINUTE)
  catalog.noteEtag('W/"2"')
  await settled()
  t.equal(asked.length, 2)
})

t.test('another version is asked for at most once a minute, but not forgotten', async t => {
  const { catalog, settled, pass, asked } = start()
  await settled()
  pass(MINUTE - 1)
  catalog.noteEtag('"2"')
  await settled()
  t.equal(asked.length, 1)
  catalog.noteEtag(null)
  pass(1)
  await settled()
  t.equal(asked.length, 2)
})

t.test('a version that the models never come with is not asked for again and again', async t => {
  for (const etag of ['"1"', undefined]) {
    const { catalog, settled, pass, asked, world } = start()
    world.etag = etag
    await settled()
    for (let times = 0; times < 3; times++) {
      pass(MINUTE)
      catalog.noteEtag('"2"')
      await settled()
    }
    t.equal(asked.length, 2)
    catalog.noteEtag('"3"')
    pass(MINUTE)
    await settled()
    t.equal(asked.length, 3)
  }
})

t.test('a version whose models could not be had is asked for again', async t => {
  const { catalog, settled, pass, asked, world } = start()
  await settled()
  world.failure = 'upstream_error'
  pass(MINUTE)
  catalog.noteEtag('"2"')
  await settled()
  world.failure = undefined
  pass(MINUTE)
  await settled()
  t.equal(asked.length, 3)
})

t.test('a version that is told before the account is known is of no use', async t => {
  const { catalog, settled, asked } = start()
  catalog.noteEtag('"2"')
  await catalog.settle()
  t.equal(asked.length, 0)
  await settled()
  t.equal(asked.length, 1)
})

t.test('refused credentials are renewed once', async t => {
  const { settled, asked, world } = start()
  world.refused = 'token-1'
  t.strictSame(await settled(), ['of-a'])
  t.strictSame(
    asked.map(({ accessToken }) => accessToken),
    ['token-1', 'token-2'],
  )
  t.equal(world.renewals, 1)
})

t.test('credentials that are refused twice are given up', async t => {
  const { catalog, names, asked, world } = start()
  world.failure = 'chatgpt_login_required'
  await t.rejects(catalog.refresh(never), { code: 'chatgpt_login_required' })
  t.equal(asked.length, 2)
  t.equal(world.renewals, 1)
  t.strictSame(names(), ['known'])
})

t.test('renewed credentials of another account bring the models of that one', async t => {
  const { settled, stored, world } = start()
  stored.set('a', record(['kept-of-a'], { fetchedAt: NOW - HOUR }))
  world.refused = 'token-1'
  world.renewed = { accessToken: 'token-2', accountId: 'b' }
  world.credentials = { accessToken: 'token-1', accountId: 'a' }
  t.strictSame(await settled(), ['of-b'])
  t.strictSame(stored.get('a')?.models, ['kept-of-a'])
  t.strictSame(stored.get('b')?.models, ['of-b'])
})

t.test('a refresh asks whatever the age, and tells what went wrong', async t => {
  const { catalog, names, asked, world, settled } = start()
  await settled()
  await catalog.refresh(never)
  t.equal(asked.length, 2)
  world.failure = 'usage_limit_reached'
  await t.rejects(catalog.refresh(never), { code: 'usage_limit_reached' })
  world.failure = undefined
  world.models = []
  await t.rejects(catalog.refresh(never), {
    code: 'upstream_invalid_response',
    message: 'The upstream listed no models.',
  })
  world.signedOut = 'chatgpt_login_required'
  await t.rejects(catalog.refresh(never), { code: 'chatgpt_login_required' })
  t.strictSame(names(), ['of-a'])
})

t.test('refreshes share one question, and one who leaves does not end it', async t => {
  const { catalog, names, asked, world } = start()
  const gate = createGate()
  world.answers = gate.passed
  const leaving = new AbortController()
  const left = catalog.refresh(leaving.signal)
  const stayed = catalog.refresh(never)
  await settle()
  leaving.abort(new Error('gone'))
  await t.rejects(left, new Error('gone'))
  gate.open()
  await stayed
  t.equal(asked.length, 1)
  t.strictSame(names(), ['of-a'])
  await t.rejects(catalog.refresh(leaving.signal), new Error('gone'))
  t.equal(asked.length, 1)
})

t.test('what is behind the scenes ends with the service, without a word', async t => {
  const { catalog, names, asked, world, stop, log, pass } = start()
  world.answers = createGate().passed
  catalog.start()
  await settle()
  stop()
  await catalog.settle()
  t.strictSame(log.entries, [])
  pass(HOUR)
  names()
  await catalog.settle()
  t.equal(asked.length, 1)
})

t.test('settling waits for a refresh that nobody waits for any more', async t => {
  const { catalog, names, world } = start()
  const gate = createGate()
  world.answers = gate.passed
  const leaving = new AbortController()
  const left = catalog.refresh(leaving.signal)
  await settle()
  leaving.abort(new Error('gone'))
  await t.rejects(left)
  let isSettled = false
  const settling = catalog.settle().then(() => {
    isSettled = true
  })
  await settle()
  t.equal(isSettled, false)
  gate.open()
  await settling
  t.strictSame(names(), ['of-a'])
})
