import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createCatalogCache } from '../../../src/adapters/files/catalog-cache.ts'
import type { CatalogRecord } from '../../../src/domain/ports.ts'

const FETCHED_AT = Date.UTC(2026, 10, 22, 12)

const record = (slug: string): CatalogRecord => ({
  fetchedAt: FETCHED_AT,
  etag: 'W/"1"',
  clientVersion: '0.169.0',
  models: [{ slug, unknown: [1, { deep: null }] }],
})

const pathIn = (t: Test) => join(t.testdir({}), 'models.json')

t.test('a catalogue is kept by its account', async t => {
  const cache = createCatalogCache(pathIn(t))
  t.equal(await cache.load('account-1'), undefined)
  await cache.save('account-1', record('one'))
  await cache.save('account-2', { ...record('two'), etag: undefined })
  await cache.save(undefined, record('nameless'))
  t.strictSame(await cache.load('account-1'), record('one'))
  t.strictSame(await cache.load('account-2'), { ...record('two'), etag: undefined })
  t.strictSame(await cache.load(undefined), record('nameless'))
  t.equal(await cache.load(''), undefined)
  t.equal(await cache.load('account-3'), undefined)
})

t.test('the file is one line of JSON for its owner, and nothing lies beside it', async t => {
  const home = join(t.testdir({}), 'new')
  const path = join(home, 'models.json')
  await createCatalogCache(path).save('account-1', record('one'))
  t.equal(
    readFileSync(path, 'utf8'),
    '{"accounts":[{"account_id":"account-1","fetched_at":"2026-11-22T12:00:00.000Z","etag":"W/\\"1\\"","client_version":"0.169.0","models":[{"slug":"one","unknown":[1,{"deep":null}]}]}]}\n',
  )
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.strictSame(readdirSync(home), ['models.json'])
})

t.test('a later catalogue takes the place of the earlier one of its account', async t => {
  const path = pathIn(t)
  const cache = createCatalogCache(path)
  await cache.save('account-1', record('one'))
  await cache.save('account-1', record('other'))
  t.strictSame(await cache.load('account-1'), record('other'))
  t.equal(JSON.parse(readFileSync(path, 'utf8')).accounts.length, 1)
})

t.test('eight accounts are kept, and the one saved longest ago goes first', async t => {
  const cache = createCatalogCache(pathIn(t))
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']) await cache.save(id, record(id))
  await cache.save('a', record('again'))
  await cache.save('i', record('i'))
  t.strictSame(await cache.load('a'), record('again'))
  t.equal(await cache.load('b'), undefined)
  t.strictSame(await cache.load('c'), record('c'))
  t.strictSame(await cache.load('i'), record('i'))
})

t.test('an account may have any name', async t => {
  const cache = createCatalogCache(pathIn(t))
  for (const id of ['__proto__', 'constructor', 'ä "\n']) {
    t.equal(await cache.load(id), undefined)
    await cache.save(id, record('named'))
    t.strictSame(await cache.load(id), record('named'))
  }
})

t.test('saves that come at once are all kept', async t => {
  const cache = createCatalogCache(pathIn(t))
  await Promise.all(['a', 'b', 'c', 'd'].map(id => cache.save(id, record(id))))
  for (const id of ['a', 'b', 'c', 'd']) t.strictSame(await cache.load(id), record(id))
})

const stored = {
  account_id: 'account-1',
  fetched_at: '2026-11-22T12:00:00.000Z',
  etag: null,
  client_version: '0.169.0',
  models: [],
}

t.test('a damaged file counts as not kept, and is replaced', async t => {
  const whole = JSON.stringify({ accounts: [stored] })
  for (const content of ['', 'null', '[]', '{}', '{"accounts":{}}', whole.slice(0, -1)]) {
    const path = pathIn(t)
    writeFileSync(path, content)
    const cache = createCatalogCache(path)
    t.equal(await cache.load('account-1'), undefined, content)
    await cache.save('account-1', record('one'))
    t.strictSame(await cache.load('account-1'), record('one'), content)
  }
})

t.test('an account that makes no sense is left out, the others are read', async t => {
  const path = pathIn(t)
  const damaged = [
    null,
    [],
    { ...stored, account_id: 7 },
    { ...stored, fetched_at: 'yesterday' },
    { ...stored, client_version: undefined },
    { ...stored, models: { 0: {} } },
  ]
  const good = { ...stored, account_id: 'account-2', x_new: true }
  writeFileSync(path, JSON.stringify({ accounts: [...damaged, good] }))
  const cache = createCatalogCache(path)
  t.equal(await cache.load('account-1'), undefined)
  t.strictSame(await cache.load('account-2'), {
    fetchedAt: FETCHED_AT,
    etag: undefined,
    clientVersion: '0.169.0',
    models: [],
  })
})

t.test('a file is read up to 8 MiB and never written larger', async t => {
  const path = pathIn(t)
  const cache = createCatalogCache(path)
  const text = (bytes: number) => {
    const empty = JSON.stringify({ accounts: [{ ...stored, models: [''] }] })
    return empty.replace('[""]', `["${'x'.repeat(bytes - empty.length)}"]`)
  }
  writeFileSync(path, text(8_388_608))
  t.ok(await cache.load('account-1'))
  writeFileSync(path, text(8_388_609))
  t.equal(await cache.load('account-1'), undefined)

  const large = (slug: string) => ({ ...record(slug), models: [slug.repeat(3_000_000)] })
  for (const id of ['a', 'b', 'c']) await cache.save(id, large(id))
  t.equal(await cache.load('a'), undefined)
  t.ok(await cache.load('b'))
  t.ok(await cache.load('c'))
  await cache.save('d', { ...record('d'), models: ['d'.repeat(9_000_000)] })
  t.equal(await cache.load('d'), undefined)
  t.ok(await cache.load('c'))
})

t.test('what cannot be read or written is not kept, and nothing is thrown', async t => {
  const directory = t.testdir({ file: 'kept', 'models.json': {} })
  for (const path of [join(directory, 'models.json'), join(directory, 'file', 'models.json')]) {
    const cache = createCatalogCache(path)
    t.equal(await cache.load('account-1'), undefined)
    await cache.save('account-1', record('one'))
    t.equal(await cache.load('account-1'), undefined)
  }
  const cache = createCatalogCache(pathIn(t))
  await cache.save('account-1', { ...record('one'), fetchedAt: Number.NaN })
  t.equal(await cache.load('account-1'), undefined)
})
