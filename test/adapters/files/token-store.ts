import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { inspect } from 'node:util'
import t from 'tap'
import { isCodexFile } from '../../../src/adapters/files/auth-reader.ts'
import { createFileTokenStore } from '../../../src/adapters/files/token-store.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import type { LoginStore, Tokens } from '../../../src/domain/login-ports.ts'
import { testTokenStore } from '../../contracts/token-store.ts'
import { mountFile, mountRefusal } from '../../fakes/small-disk.ts'

const tokens: Tokens = {
  accessToken: 'access-2',
  refreshToken: 'refresh-2',
  idToken: 'id-2',
  accountId: 'account-2',
  lastRefresh: '2026-11-22T12:00:00.000Z',
  loginId: undefined,
}

const codexFile = {
  auth_mode: 'chatgpt',
  OPENAI_API_KEY: null,
  tokens: {
    id_token: 'canary-id',
    access_token: 'canary-access',
    refresh_token: 'canary-refresh',
    oauth_provenance: { issuer: 'https://auth.openai.com', client_id: 'app_1' },
    login_owner_id: 'owner-1',
    account_id: 'account-1',
  },
  last_refresh: '2026-11-22T11:20:07.594391814Z',
  x_keep: [1, { deep: true }],
}

const codexText = JSON.stringify(codexFile)

/** Saves as a renewal does, in the place of whatever is there. */
async function save(store: LoginStore): Promise<void> {
  await store.hold(async login => {
    const room = await login.reserve()
    const old = await login.load().catch(() => undefined)
    await room.save(tokens, old ?? tokens)
  })
}

async function failureOf(work: Promise<unknown>): Promise<ProxyError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof ProxyError)) throw new Error('expected a ProxyError', { cause: error })
  return error
}

t.test('holds to the contract', async t => {
  testTokenStore(t, {
    empty: t => createFileTokenStore(join(t.testdir(), 'auth.json')),
    readOnly: (t, old) => {
      // The name can be read, but one with more behind it is too long to be made.
      const name = `${'a'.repeat(245)}.json`
      const content = {
        tokens: {
          id_token: old.idToken,
          access_token: old.accessToken,
          refresh_token: old.refreshToken,
          account_id: old.accountId,
        },
        last_refresh: old.lastRefresh,
        chatmock_login_id: old.loginId,
      }
      return createFileTokenStore(join(t.testdir({ [name]: JSON.stringify(content) }), name))
    },
  })
})

t.test('reads the layout of the Codex CLI and leaves the file as it is', async t => {
  const path = join(t.testdir({ 'auth.json': codexText }), 'auth.json')
  t.strictSame(await createFileTokenStore(path).load(), {
    accessToken: 'canary-access',
    refreshToken: 'canary-refresh',
    idToken: 'canary-id',
    accountId: 'account-1',
    lastRefresh: '2026-11-22T11:20:07.594391814Z',
    loginId: undefined,
  })
  t.equal(readFileSync(path, 'utf8'), codexText)
})

t.test('finds no login in a file that holds no tokens', async t => {
  for (const content of ['{}', '{"tokens":null}', '{"OPENAI_API_KEY":"sk-1","tokens":null}']) {
    const path = join(t.testdir({ 'auth.json': content }), 'auth.json')
    t.equal(await createFileTokenStore(path).load(), undefined, content)
  }
})

t.test('finds no login in a folder that does not exist', async t => {
  const path = join(t.testdir(), 'none', 'auth.json')
  t.equal(await createFileTokenStore(path).load(), undefined)
})

t.test('waits for a writer that is in the middle of the file', async t => {
  const path = join(t.testdir({ 'auth.json': codexText.slice(0, 100) }), 'auth.json')
  const loading = createFileTokenStore(path).load()
  // The first look has begun with the call; the second one comes 50 ms later.
  setImmediate(() => writeFileSync(path, codexText))
  t.match(await loading, { accessToken: 'canary-access' })
})

t.test('looks again at a damaged file when it has changed', async t => {
  const path = join(t.testdir({ 'auth.json': 'oops' }), 'auth.json')
  const store = createFileTokenStore(path)
  const loads = Array.from({ length: 5 }, () => failureOf(store.load()))
  for (const { code } of await Promise.all(loads)) t.equal(code, 'auth_file_corrupt')
  t.equal((await failureOf(store.load())).code, 'auth_file_corrupt')
  writeFileSync(path, codexText)
  t.match(await store.load(), { accessToken: 'canary-access' })
})

const damaged: [string, string, number][] = [
  ['empty', '', 0],
  ['cut', codexText.slice(0, 100), 100],
  ['not JSON', '{"tokens": "canary-access" oops}', 32],
  ['an array', '[]', 2],
  ['a string', '"canary-access"', 15],
  ['null', 'null', 4],
  ['without an access token', '{"tokens":{}}', 13],
  ['with an empty access token', '{"tokens":{"access_token":""}}', 30],
  ['with tokens of a wrong type', '{"tokens":{"access_token":"canary","id_token":7}}', 49],
  ['with tokens that are a list', '{"tokens":["canary"]}', 21],
]

for (const [what, content, bytes] of damaged) {
  t.test(`reports a file that is ${what}, and neither quotes nor changes it`, async t => {
    const directory = t.testdir({ 'auth.json': content })
    const path = join(directory, 'auth.json')
    const store = createFileTokenStore(path)

    const error = await failureOf(store.load())
    t.equal(error.code, 'auth_file_corrupt')
    t.equal(
      error.message,
      `The login file ${path} (${bytes} bytes) is damaged. Run: chatmock login`,
    )
    t.notMatch(inspect(error, { depth: Infinity }), 'canary')

    const saving = await failureOf(save(store))
    t.equal(saving.code, 'auth_store_unwritable')
    t.notMatch(inspect(saving, { depth: Infinity }), 'canary')
    t.equal(readFileSync(path, 'utf8'), content)
    t.strictSame(readdirSync(directory), ['auth.json'])
  })
}

t.test('reports a file that is larger than 1 MiB', async t => {
  const wrap = (padding: string) => `{"tokens":{"access_token":"a"},"padding":"${padding}"}`
  const fits = wrap('x'.repeat(1_048_576 - wrap('').length))
  const directory = t.testdir({ 'fits.json': fits, 'large.json': `${fits} ` })
  t.match(await createFileTokenStore(join(directory, 'fits.json')).load(), { accessToken: 'a' })
  const path = join(directory, 'large.json')
  const error = await failureOf(createFileTokenStore(path).load())
  t.equal(error.code, 'auth_file_corrupt')
  t.match(error.message, '(1048577 bytes)')
})

t.test('tells a store that cannot be read from one that is damaged', async t => {
  const directory = t.testdir({ 'auth.json': {}, file: '' })
  const cases: [string, string][] = [
    [join(directory, 'auth.json'), 'EISDIR'],
    [join(directory, 'file', 'auth.json'), 'ENOTDIR'],
  ]
  for (const [path, code] of cases) {
    const error = await failureOf(createFileTokenStore(path).load())
    t.equal(error.code, 'auth_store_unreadable')
    t.equal(error.message, `The login file ${path} cannot be read (${code}).`)
  }
})

t.test('changes the tokens and the time, and keeps every other key', async t => {
  const path = join(t.testdir({ 'auth.json': codexText }), 'auth.json')
  await save(createFileTokenStore(path))
  t.strictSame(JSON.parse(readFileSync(path, 'utf8')), {
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: {
      id_token: 'id-2',
      access_token: 'access-2',
      refresh_token: 'refresh-2',
      oauth_provenance: { issuer: 'https://auth.openai.com', client_id: 'app_1' },
      login_owner_id: 'owner-1',
      account_id: 'account-2',
    },
    last_refresh: '2026-11-22T12:00:00.000Z',
    x_keep: [1, { deep: true }],
  })
})

t.test('keeps a key that was added after the login was read', async t => {
  const path = join(t.testdir({ 'auth.json': codexText }), 'auth.json')
  const store = createFileTokenStore(path)
  await store.load()
  writeFileSync(path, JSON.stringify({ ...codexFile, added: 'later' }))
  await save(store)
  t.match(JSON.parse(readFileSync(path, 'utf8')), { added: 'later', x_keep: [1, { deep: true }] })
})

t.test('makes the folder and the file for their owner only', async t => {
  const directory = join(t.testdir(), 'new', 'home')
  const path = join(directory, 'auth.json')
  await createFileTokenStore(path).replace(tokens)
  t.equal(statSync(directory).mode & 0o777, 0o700)
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.strictSame(readdirSync(directory), ['auth.json'])
})

t.test('takes the rights of others from a file that it replaces', async t => {
  const path = join(t.testdir(), 'auth.json')
  writeFileSync(path, codexText, { mode: 0o644 })
  await save(createFileTokenStore(path))
  t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('writes through symbolic links and keeps them', async t => {
  const directory = t.testdir({ dotfiles: { 'real.json': codexText }, home: {} })
  const path = join(directory, 'home', 'auth.json')
  symlinkSync('../dotfiles/real.json', path)
  await save(createFileTokenStore(path))
  t.ok(lstatSync(path).isSymbolicLink())
  const real = readFileSync(join(directory, 'dotfiles', 'real.json'), 'utf8')
  t.match(JSON.parse(real), { tokens: { access_token: 'access-2' } })
  t.strictSame(readdirSync(join(directory, 'dotfiles')), ['real.json'])
})

t.test('makes the file that a symbolic link points at in vain', async t => {
  const directory = t.testdir({ home: {} })
  const path = join(directory, 'home', 'auth.json')
  symlinkSync('../dotfiles/real.json', path)
  const store = createFileTokenStore(path)
  t.equal(await store.load(), undefined)
  await store.replace(tokens)
  t.ok(lstatSync(path).isSymbolicLink())
  t.strictSame(await store.load(), tokens)
})

t.test('does not wait for a named pipe to be written', async t => {
  const path = join(t.testdir({}), 'auth.json')
  execFileSync('mkfifo', [path])
  const error = await failureOf(createFileTokenStore(path).load())
  t.equal(error.code, 'auth_store_unreadable')
  t.equal(error.message, `The login file ${path} cannot be read (it is no regular file).`)
})

t.test('names the path and the system code when it cannot write', async t => {
  const directory = t.testdir({ 'auth.json': {}, file: 'kept' })
  const cases: [string, string][] = [
    [join(directory, 'auth.json'), 'EISDIR'],
    [join(directory, 'file', 'auth.json'), 'ENOTDIR'],
  ]
  for (const [path, code] of cases) {
    const error = await failureOf(save(createFileTokenStore(path)))
    t.equal(error.code, 'auth_store_unwritable')
    t.equal(error.message, `The login file ${path} cannot be written (${code}).`)
    t.notMatch(inspect(error, { depth: Infinity }), 'access-2')
  }
  t.strictSame(readdirSync(directory).sort(), ['auth.json', 'file'])
})

const module = import.meta.resolve('../../../src/adapters/files/token-store.ts')
const node = [process.execPath, '--import=tsx', '--input-type=module', '--eval']
const script = (path: string) => `
  import { createFileTokenStore } from ${JSON.stringify(module)}
  const store = createFileTokenStore(${JSON.stringify(path)})
  const tokens = ${JSON.stringify(tokens)}
  const work = login => login.reserve().then(room => room.save(tokens, tokens))
  const error = await store.hold(work).catch(error => error)
  console.log(error.code + ' ' + error.message)
`

const posix = { skip: process.platform === 'win32' && 'ulimit is POSIX' }

t.test(
  'leaves the old file alone, and nothing beside it, when the disk is full',
  posix,
  async t => {
    const directory = t.testdir({ 'auth.json': codexText })
    const path = join(directory, 'auth.json')
    // A limit of 0 on the size of files stands for a full disk: every write fails, with EFBIG.
    // What tap preloads into children would die of the signal that comes with it, hence the unset.
    const child = spawnSync(
      'sh',
      ['-c', 'unset NODE_OPTIONS; ulimit -f 0; exec "$@"', 'sh', ...node, script(path)],
      { encoding: 'utf8', env: { PATH: process.env['PATH'] } },
    )
    t.equal(
      child.stdout,
      `auth_store_unwritable The login file ${path} cannot be written (EFBIG).\n`,
      child.stderr,
    )
    t.equal(readFileSync(path, 'utf8'), codexText)
    t.strictSame(readdirSync(directory), ['auth.json'])
  },
)

t.test('keeps the lock beside the file for as long as it is held, and no longer', async t => {
  const directory = t.testdir({ 'auth.json': codexText })
  const store = createFileTokenStore(join(directory, 'auth.json'))
  await store.hold(async () => {
    t.strictSame(readdirSync(directory).sort(), ['auth.json', 'auth.json.chatmock.lock'])
    t.equal(statSync(join(directory, 'auth.json.chatmock.lock')).mode & 0o777, 0o600)
  })
  t.strictSame(readdirSync(directory), ['auth.json'])
})

t.test("leaves the Codex CLI's locks their names beside its own login", async t => {
  const locks = { 'auth.json.lock': '', 'auth.lock': '' }
  const directory = t.testdir({ 'auth.json': codexText, ...locks })
  const path = join(directory, 'auth.json')
  const store = createFileTokenStore(path)
  await store.hold(async login => {
    t.strictSame(readdirSync(directory).sort(), [
      'auth.json',
      'auth.json.chatmock.lock',
      'auth.json.lock',
      'auth.lock',
    ])
    await (await login.reserve()).save(tokens, { ...tokens, accessToken: 'canary-access' })
  })
  t.strictSame(readdirSync(directory).sort(), ['auth.json', 'auth.json.lock', 'auth.lock'])
  t.match(JSON.parse(readFileSync(path, 'utf8')), {
    auth_mode: 'chatgpt',
    tokens: { access_token: 'access-2', login_owner_id: 'owner-1' },
    x_keep: [1, { deep: true }],
  })
})

const flock = {
  skip: spawnSync('flock', ['--version']).status !== 0 && 'flock(1) is not installed',
}
t.test('does not renew while the Codex CLI has its login locked', flock, async t => {
  const directory = t.testdir({ 'auth.json': codexText, 'auth.json.lock': '' })
  const path = join(directory, 'auth.json')
  const codex = spawn('flock', [join(directory, 'auth.json.lock'), 'cat'])
  t.teardown(() => codex.kill('SIGKILL'))
  codex.stdin.write('.')
  await once(codex.stdout, 'data')

  const impatient = createFileTokenStore(path, { lockWaitMs: 100 })
  const error = await failureOf(impatient.hold(async () => t.fail('it was not held')))
  t.equal(error.code, 'auth_refresh_unavailable')
  t.match(error.message, `Another program keeps the login file ${path} locked`)

  const patient = createFileTokenStore(path)
  const held = patient.hold(async () => 'held')
  codex.stdin.end()
  t.equal(await held, 'held')
})

t.test('gives up on a lock that another process keeps, and says which', async t => {
  const path = join(t.testdir(), 'auth.json')
  const patient = createFileTokenStore(path)
  await patient.hold(async () => {
    const error = await failureOf(
      createFileTokenStore(path, { lockWaitMs: 50 }).hold(async () => t.fail('two holders')),
    )
    t.equal(error.code, 'auth_refresh_unavailable')
    t.match(error.message, `is locked by process ${process.pid}.`)
  })
})

t.test('passes on what the holder throws as it is', async t => {
  const thrown = Object.assign(new Error('mine'), { code: 'ELOCKED' })
  const store = createFileTokenStore(join(t.testdir(), 'auth.json'))
  await t.rejects(
    store.hold(async () => {
      throw thrown
    }),
    thrown,
  )
})

t.test('puts a login in the place of a damaged file, which it keeps aside', async t => {
  const directory = t.testdir({ 'auth.json': '{"tokens": "canary-access" oops}' })
  const path = join(directory, 'auth.json')
  const store = createFileTokenStore(path)
  const { keptAside = '' } = await store.replace(tokens)
  t.match(keptAside, /auth\.json\.corrupt-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d-\d{3}Z$/)
  t.equal(readFileSync(keptAside, 'utf8'), '{"tokens": "canary-access" oops}')
  t.equal(statSync(keptAside).mode & 0o777, 0o600)
  t.strictSame(await store.load(), tokens)
  t.equal(readdirSync(directory).length, 2)
})

t.test('removes neither a damaged file nor one without a login', async t => {
  const cases: [content: string, code: string | undefined][] = [
    ['oops', 'auth_file_corrupt'],
    ['{"OPENAI_API_KEY":"sk-mine","x_keep":1}', undefined],
  ]
  for (const [content, code] of cases) {
    const directory = t.testdir({ 'auth.json': content })
    const path = join(directory, 'auth.json')
    const work = createFileTokenStore(path).clear()
    t.equal(code === undefined ? await work : (await failureOf(work)).code, code)
    t.equal(readFileSync(path, 'utf8'), content)
  }
})

t.test('makes nothing where there is nothing to remove', async t => {
  const directory = t.testdir()
  t.equal(await createFileTokenStore(join(directory, 'home', 'auth.json')).clear(), undefined)
  t.strictSame(readdirSync(directory), [])
})

t.test('removes what a crash has left of tokens together with the login', async t => {
  const left = { 'auth.json.99.0123456789ab.tmp': 'canary', 'auth.json.bak': 'canary' }
  const directory = t.testdir({ 'auth.json': codexText, ...left })
  await createFileTokenStore(join(directory, 'auth.json')).clear()
  t.strictSame(readdirSync(directory), [])
})

t.test('names the command of the program whose login is damaged', async t => {
  const path = join(t.testdir({ 'auth.json': 'oops' }), 'auth.json')
  const store = createFileTokenStore(path, { signInCommand: 'codex login' })
  t.match((await failureOf(store.load())).message, /is damaged\. Run: codex login$/)
})

t.test('makes a login file anew of what another program has made', async t => {
  const path = join(t.testdir({ 'auth.json': codexText }), 'auth.json')
  t.equal(await isCodexFile(path), true)
  await createFileTokenStore(path).replace({ ...tokens, loginId: 'login-1' })
  t.strictSame(JSON.parse(readFileSync(path, 'utf8')), {
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: {
      id_token: 'id-2',
      access_token: 'access-2',
      refresh_token: 'refresh-2',
      account_id: 'account-2',
    },
    last_refresh: '2026-11-22T12:00:00.000Z',
    x_keep: [1, { deep: true }],
    chatmock_login_id: 'login-1',
  })
  t.equal(await isCodexFile(path), false)
})

t.test('takes only what that program has made for a file of the Codex CLI', async t => {
  const cases: [content: string, expected: boolean][] = [
    ['{"tokens":{"access_token":"a"}}', false],
    ['{"auth_mode":"chatgpt","tokens":{"access_token":"a"}}', true],
    ['{"tokens":{"access_token":"a","login_owner_id":"o"}}', true],
    ['{"tokens":{"access_token":"a","oauth_provenance":{}}}', true],
    ['oops', false],
  ]
  for (const [content, expected] of cases) {
    const path = join(t.testdir({ 'auth.json': content }), 'auth.json')
    t.equal(await isCodexFile(path), expected, content)
  }
  t.equal(await isCodexFile(join(t.testdir(), 'none.json')), false)
})

t.test('removes what a symbolic link points at, so that no token stays', async t => {
  const directory = t.testdir({ dotfiles: { 'real.json': codexText }, home: {} })
  const path = join(directory, 'home', 'auth.json')
  symlinkSync('../dotfiles/real.json', path)
  const store = createFileTokenStore(path)
  t.match(await store.clear(), { accessToken: 'canary-access' })
  t.strictSame(readdirSync(join(directory, 'dotfiles')), [])
  t.equal(await store.load(), undefined)
})

t.test('empties a file that is mounted on its own', { skip: mountRefusal }, async t => {
  const source = join(t.testdir({ 'source.json': codexText }), 'source.json')
  const { folder, path } = mountFile(t, source)
  const store = createFileTokenStore(path)
  await store.replace(tokens)
  t.strictSame(readdirSync(folder).sort(), ['auth.json', 'auth.json.bak'])
  t.strictSame(await store.clear(), tokens)
  t.equal(await store.load(), undefined)
  t.equal(readFileSync(source, 'utf8'), '{}\n')
  t.strictSame(readdirSync(folder), ['auth.json'])
})
