import { createHash } from 'node:crypto'
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { Tokens } from '../../src/domain/login-ports.ts'
import { makeFolder } from '../fakes/folder.ts'
import { CLIENT_ID, type Issuer, type IssuerFault, startIssuer } from '../fakes/issuer.ts'
import { findOutput, startProgram, startServer } from '../fakes/program.ts'
import { type RunningService, startService } from '../fakes/service.ts'
import { createSmallDisk, mountRefusal } from '../fakes/small-disk.ts'
import {
  type Answer,
  json,
  startUpstream,
  stream,
  type UpstreamRequest,
  type UpstreamServer,
} from '../fakes/upstream-server.ts'

const text = stream(readFileSync(new URL('../recordings/text.sse', import.meta.url), 'utf8'))

/** Answers as the backend does: a token that is over is refused. */
const judging: Answer = (response, request) =>
  expiryOf(request) > Date.now()
    ? text(response, request)
    : json(401, { detail: 'Unauthorized' })(response, request)

function tokenOf(request: UpstreamRequest | undefined): string {
  return request?.headers.authorization?.replace('Bearer ', '') ?? ''
}

function expiryOf(request: UpstreamRequest): number {
  const claims = tokenOf(request).split('.')[1] ?? ''
  return JSON.parse(Buffer.from(claims, 'base64url').toString()).exp * 1000
}

function authFile({ accessToken, refreshToken, idToken, accountId, lastRefresh }: Tokens): string {
  const tokens = {
    id_token: idToken,
    access_token: accessToken,
    refresh_token: refreshToken,
    account_id: accountId,
  }
  return JSON.stringify({ tokens, last_refresh: lastRefresh, x_keep: 1 })
}

/** A login that ends after so many seconds, with its issuer and the backend. */
async function prepare(t: Test, leftSeconds: number, home = makeFolder(t)) {
  const issuer = await startIssuer(t)
  const upstream = await startUpstream(judging)
  t.teardown(() => upstream.close())
  const login = issuer.issue({ lifetimeSeconds: leftSeconds })
  const path = join(home, 'auth.json')
  writeFileSync(path, authFile(login), { mode: 0o600 })
  const environment = {
    CHATGPT_LOCAL_HOME: home,
    CHATGPT_LOCAL_ISSUER: issuer.url,
    CHATGPT_LOCAL_CLIENT_ID: CLIENT_ID,
    CHATGPT_LOCAL_BASE_URL: upstream.url,
    CHATGPT_LOCAL_MODEL_SYNC: 'off',
  }
  return { issuer, upstream, login, path, home, environment }
}

interface Signed {
  readonly service: RunningService
  readonly issuer: Issuer
  readonly upstream: UpstreamServer
  readonly login: Tokens
  readonly path: string
  readonly home: string
}

async function start(t: Test, leftSeconds: number, home?: string): Promise<Signed> {
  const { environment, ...rest } = await prepare(t, leftSeconds, home)
  return { ...rest, service: await startService(t, [], environment) }
}

function ask({ url }: { readonly url: string }): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'gpt-5.5', messages: [{ role: 'user', content: 'hi' }] }),
  })
}

async function errorOf(response: Response): Promise<{ code: string; message: string }> {
  return ((await response.json()) as { error: { code: string; message: string } }).error
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(resolve => setImmediate(resolve))
}

/** What of the home are not the files that belong there. */
function leftovers(home: string): readonly string[] {
  return readdirSync(home).filter(name => !/^(auth|usage_limits|models)\.json$/.test(name))
}

function fingerprint(path: string): string {
  return `${createHash('sha256').update(readFileSync(path)).digest('hex')} ${statSync(path).mtimeMs}`
}

t.test('a login that the backend refuses is renewed once and the request repeated', async t => {
  const { service, issuer, upstream, login, path } = await start(t, 3600)
  upstream.play(json(401, { detail: 'Unauthorized' }), text)
  t.equal((await ask(service)).status, 200)
  t.equal(upstream.requests.length, 2)
  t.equal(issuer.tokenCalls(), 1)
  const stored = JSON.parse(readFileSync(path, 'utf8'))
  t.equal(tokenOf(upstream.requests[0]), login.accessToken)
  t.equal(tokenOf(upstream.requests[1]), stored.tokens.access_token)
  t.not(stored.tokens.refresh_token, login.refreshToken)
  t.equal(stored.x_keep, 1)
  t.equal(statSync(path).mode & 0o777, 0o600)
})

t.test('a login that the backend refuses for ever is renewed once, then given up', async t => {
  const { service, issuer, upstream } = await start(t, 3600)
  upstream.play(json(401, { detail: 'Unauthorized' }))
  const response = await ask(service)
  t.equal(response.status, 401)
  t.equal((await errorOf(response)).code, 'chatgpt_login_required')
  t.equal(upstream.requests.length, 2)
  t.equal(issuer.tokenCalls(), 1)
})

t.test('fifty requests with a login that is over renew it once', async t => {
  const { service, issuer, upstream, path, home } = await start(t, -10)
  const release = issuer.hold()
  const answers = Array.from({ length: 50 }, () => ask(service))
  await until(() => service.inFlight() === 50 && issuer.tokenCalls() === 1)
  release()
  const statuses = (await Promise.all(answers)).map(({ status }) => status)
  t.strictSame(
    statuses,
    Array.from({ length: 50 }, () => 200),
  )
  t.equal(issuer.tokenCalls(), 1)
  t.equal(issuer.counts.reused, 0)
  const stored = JSON.parse(readFileSync(path, 'utf8'))
  t.ok(upstream.requests.every(request => tokenOf(request) === stored.tokens.access_token))
  t.strictSame(leftovers(home), [])
})

for (const fault of ['refused', 'error', 'html', 'silent'] as const satisfies IssuerFault[]) {
  t.test(`while the issuer is ${fault} the old token serves to its end`, async t => {
    const { service, issuer, upstream, login, path } = await start(t, 120)
    await issuer.fail(fault)
    const before = fingerprint(path)
    t.equal((await ask(service)).status, 200)
    const failed = () => service.log.entries.some(({ message }) => /Could not renew/.test(message))
    await until(() => (fault === 'silent' ? issuer.tokenCalls() === 1 : failed()))
    t.equal((await ask(service)).status, 200)
    t.ok(upstream.requests.every(request => tokenOf(request) === login.accessToken))
    t.equal(issuer.tokenCalls(), fault === 'refused' ? 0 : 1)
    t.equal(fingerprint(path), before)
    await issuer.fail(undefined)
  })
}

t.test('once its token is over a login that cannot be renewed for now is a 503', async t => {
  const { service, issuer, path, home } = await start(t, -10)
  await issuer.fail('error')
  const before = fingerprint(path)
  const response = await ask(service)
  t.equal(response.status, 503)
  t.match(response.headers.get('retry-after'), /^[567]$/)
  t.equal((await errorOf(response)).code, 'auth_refresh_unavailable')
  t.equal((await ask(service)).status, 503)
  t.equal(issuer.tokenCalls(), 1)
  t.equal(fingerprint(path), before)
  t.strictSame(leftovers(home), [])
})

const spoilt: readonly (readonly [title: string, content: (valid: string) => string])[] = [
  ['cut', valid => valid.slice(0, 100)],
  ['empty', () => ''],
  ['a list', () => '[]'],
]
for (const [title, content] of spoilt) {
  t.test(
    `a login file that is ${title} is told of, kept, and healed without a restart`,
    async t => {
      const { issuer, path, home, environment, login } = await prepare(t, 3600)
      const damaged = content(readFileSync(path, 'utf8'))
      writeFileSync(path, damaged)
      const service = await startService(t, [], environment)
      const askedTwice = await startService(t, [], environment)
      for (const each of [...Array.from({ length: 10 }, () => service), askedTwice]) {
        const response = await ask(each)
        t.equal(response.status, 401)
        const { code, message } = await errorOf(response)
        t.equal(code, 'auth_file_corrupt')
        t.equal(
          message,
          `The login file ${path} (${damaged.length} bytes) is damaged. Run: chatmock login`,
        )
      }
      t.equal(readFileSync(path, 'utf8'), damaged)
      t.equal((await fetch(`${service.url}/health`)).status, 200)

      writeFileSync(join(home, 'new'), authFile(login))
      renameSync(join(home, 'new'), path)
      t.equal((await ask(service)).status, 200)
      t.equal(issuer.tokenCalls(), 0)
    },
  )
}

t.test('a login file that may not be read is a 503, and no reason to stop', async t => {
  const { path, home, environment } = await prepare(t, 3600)
  chmodSync(path, 0)
  await asNobody([home, path], async () => {
    const service = await startService(t, [], environment)
    const response = await ask(service)
    t.equal(response.status, 503)
    t.match(await errorOf(response), {
      code: 'auth_store_unreadable',
      message: `The login file ${path} cannot be read (EACCES).`,
    })
    chmodSync(path, 0o600)
    t.equal((await ask(service)).status, 200)
  })
})

/** Root may read anything, so for a while the test is somebody who may not. */
async function asNobody(paths: readonly string[], work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return await work()
  const nobody = 65_534
  for (const path of paths) chownSync(path, nobody, nobody)
  process.seteuid?.(nobody)
  try {
    await work()
  } finally {
    process.seteuid?.(0)
  }
}

t.test('a full disk spends no refresh token', { skip: mountRefusal }, async t => {
  const disk = createSmallDisk(t)
  const { service, issuer, upstream, login, path, home } = await start(t, 120, disk.path)
  disk.fill()
  const before = fingerprint(path)
  t.equal((await ask(service)).status, 200)
  await until(() => service.log.entries.some(({ message }) => /Could not renew/.test(message)))
  t.equal(tokenOf(upstream.requests[0]), login.accessToken)
  t.equal(issuer.tokenCalls(), 0)
  t.equal(fingerprint(path), before)
  t.strictSame(leftovers(home), ['filler'])
})

t.test(
  'a full disk is a 503 once the token is over, and heals by itself',
  { skip: mountRefusal },
  async t => {
    const disk = createSmallDisk(t)
    const { issuer, path, environment } = await prepare(t, -10, disk.path)
    disk.fill()
    const before = fingerprint(path)
    const service = await startService(t, [], environment)
    const response = await ask(service)
    t.equal(response.status, 503)
    t.match(await errorOf(response), {
      code: 'auth_store_unwritable',
      message: `The login file ${path} cannot be written (ENOSPC).`,
    })
    t.equal(issuer.tokenCalls(), 0)
    t.equal(fingerprint(path), before)
    disk.empty()
    const again = await startService(t, [], environment)
    t.equal((await ask(again)).status, 200)
    t.equal(issuer.tokenCalls(), 1)
  },
)

/** A login file of the Codex CLI with its locks, in a folder of its own beside the home. */
async function prepareCodex(t: Test, leftSeconds: number) {
  const prepared = await prepare(t, leftSeconds)
  const codexHome = join(prepared.home, 'codex')
  mkdirSync(codexHome)
  const path = join(codexHome, 'auth.json')
  const { tokens, last_refresh } = JSON.parse(readFileSync(prepared.path, 'utf8'))
  const file = {
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: { ...tokens, login_owner_id: 'owner-1' },
    last_refresh,
  }
  writeFileSync(path, JSON.stringify(file))
  for (const lock of ['auth.json.lock', 'auth.lock']) writeFileSync(join(codexHome, lock), '')
  rmSync(prepared.path)
  const environment = {
    ...prepared.environment,
    CODEX_HOME: codexHome,
    CHATGPT_LOCAL_AUTH_FILE: path,
  }
  return { ...prepared, environment, path, codexHome }
}

t.test("the Codex CLI's login is renewed in its own file, all else being kept", async t => {
  const { environment, path, codexHome, home, issuer } = await prepareCodex(t, -10)
  const service = await startService(t, [], environment)
  t.equal((await ask(service)).status, 200)
  t.equal(issuer.tokenCalls(), 1)
  const stored = JSON.parse(readFileSync(path, 'utf8'))
  t.match(stored, {
    auth_mode: 'chatgpt',
    OPENAI_API_KEY: null,
    tokens: { login_owner_id: 'owner-1', account_id: 'account-1' },
  })
  t.ok(Date.parse(stored.last_refresh) > Date.now() - 60_000)
  t.strictSame(readdirSync(codexHome).sort(), ['auth.json', 'auth.json.lock', 'auth.lock'])
  t.equal(existsSync(join(home, 'auth.json')), false)
})

t.test('what the Codex CLI has renewed is taken over', async t => {
  const { environment, path, issuer, upstream } = await prepareCodex(t, 3600)
  const service = await startService(t, [], environment)
  t.equal((await ask(service)).status, 200)
  const newer = issuer.issue({ lifetimeSeconds: 7200 })
  writeFileSync(path, authFile(newer))
  upstream.play(json(401, { detail: 'Unauthorized' }), text)
  t.equal((await ask(service)).status, 200)
  t.equal(tokenOf(upstream.requests.at(-1)), newer.accessToken)
  t.equal(issuer.tokenCalls(), 0)
})

t.test("another account in the Codex CLI's file is refused, and told how to go on", async t => {
  const { environment, path, issuer, upstream } = await prepareCodex(t, 3600)
  const service = await startService(t, [], environment)
  t.equal((await ask(service)).status, 200)
  writeFileSync(path, authFile(issuer.issue({ accountId: 'account-2' })))
  upstream.play(json(401, { detail: 'Unauthorized' }))
  const response = await ask(service)
  t.equal(response.status, 401)
  t.match(await errorOf(response), {
    code: 'account_changed',
    message: /restart chatmock \(or send it SIGHUP\); to choose another run: codex login$/,
  })
  t.equal(issuer.tokenCalls(), 0)
})

t.test("a login of the Codex CLI that is over names that program's command", async t => {
  const { environment, issuer, path } = await prepareCodex(t, 3600)
  const service = await startService(t, [], environment)
  writeFileSync(path, authFile({ ...issuer.issue({ lifetimeSeconds: -10 }), refreshToken: 'rt_0' }))
  const response = await ask(service)
  t.equal(response.status, 401)
  t.match(await errorOf(response), {
    code: 'chatgpt_login_required',
    message: 'The ChatGPT login is over (refresh_token_invalidated). Run: codex login',
  })
})

t.test('SIGHUP takes up the login of another account', async t => {
  const { environment, path, issuer } = await prepareCodex(t, 3600)
  const server = await startServer(t, [], { environment })
  t.equal((await ask(server)).status, 200)
  writeFileSync(path, authFile(issuer.issue({ accountId: 'account-2' })))
  server.child.kill('SIGHUP')
  await findOutput(server, 'stderr', /reading the login file anew signal=SIGHUP/)
  t.equal((await ask(server)).status, 200)
})

t.test('SIGTERM waits for a renewal that may have spent the token', async t => {
  const { environment, path, issuer, login } = await prepare(t, -10)
  const server = await startServer(t, ['--shutdown-grace', '100ms'], { environment })
  const release = issuer.hold()
  const asked = issuer.next('/oauth/token')
  const answer = ask(server).then(
    ({ status }) => status,
    () => 'cut',
  )
  await asked
  server.child.kill('SIGTERM')
  t.equal(await answer, 503)
  release()
  t.equal((await server.ended).code, 0)
  const stored = JSON.parse(readFileSync(path, 'utf8'))
  t.not(stored.tokens.refresh_token, login.refreshToken)
})

t.test('a port in use cuts no renewal off and lets the program end', async t => {
  const { environment, path, issuer, login } = await prepare(t, -10)
  const other = await startServer(t, ['--demo'])
  const { port } = new URL(other.url)
  const again = startProgram(t, ['serve', '--port', port], { environment })
  t.equal((await again.ended).code, 13)
  t.equal(issuer.tokenCalls(), 0)
  t.equal(JSON.parse(readFileSync(path, 'utf8')).tokens.refresh_token, login.refreshToken)
})

/** A server whose renewed login could not be saved; `mend` makes its file what it was. */
async function startUnsaved(t: Test) {
  const { environment, path, issuer, login, upstream } = await prepare(t, -10)
  const server = await startServer(t, [], { environment })
  const valid = readFileSync(path, 'utf8')
  const release = issuer.hold()
  const asked = issuer.next('/oauth/token')
  const answer = ask(server)
  await asked
  writeFileSync(path, 'oops')
  release()
  t.equal((await answer).status, 200)
  await findOutput(server, 'stderr', /could not be saved; it is in memory only/)
  t.equal(readFileSync(path, 'utf8'), 'oops')
  const stored = () => JSON.parse(readFileSync(path, 'utf8')).tokens
  return { server, login, upstream, stored, mend: () => writeFileSync(path, valid) }
}

t.test('a login that could not be saved is saved when it can be', async t => {
  const { server, login, upstream, stored, mend } = await startUnsaved(t)
  mend()
  await findOutput(server, 'stderr', /The renewed login is saved now/)
  t.equal(stored().access_token, tokenOf(upstream.requests[0]))
  t.not(stored().refresh_token, login.refreshToken)
})

t.test('a login that could not be saved is saved before the program ends', async t => {
  const { server, login, stored, mend } = await startUnsaved(t)
  mend()
  server.child.kill('SIGTERM')
  t.equal((await server.ended).code, 0)
  t.not(stored().refresh_token, login.refreshToken)
})

t.test('a backend that refuses for ever does not spend one token after the other', async t => {
  const { service, issuer, upstream } = await start(t, 3600)
  upstream.play(json(401, { detail: 'Unauthorized' }))
  for (let n = 0; n < 5; n++) t.equal((await ask(service)).status, 401)
  t.equal(issuer.tokenCalls(), 1)
})

t.test('two servers on one home renew a login that is over once, ten times over', async t => {
  const { issuer, upstream, path, home, environment } = await prepare(t, -10)
  for (let round = 1; round <= 10; round++) {
    t.test(`round ${round}`, async t => {
      writeFileSync(path, authFile(issuer.issue({ lifetimeSeconds: -10 })))
      const servers = await Promise.all(
        Array.from({ length: 2 }, () => startServer(t, [], { environment })),
      )
      const asked = upstream.requests.length
      const answers = servers.flatMap(server => Array.from({ length: 20 }, () => ask(server)))
      const statuses = (await Promise.all(answers)).map(({ status }) => status)
      t.strictSame(
        statuses,
        Array.from({ length: 40 }, () => 200),
      )
      t.equal(issuer.counts.refreshed, round)
      t.equal(issuer.tokenCalls(), round)
      t.equal(upstream.requests.length - asked, 40, 'none was refused and repeated')
      for (const { child, ended } of servers) {
        child.kill('SIGTERM')
        t.equal((await ended).code, 0)
      }
      t.strictSame(leftovers(home), [])
    })
  }
})
