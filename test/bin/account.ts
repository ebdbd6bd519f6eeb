import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createFileTokenStore } from '../../src/adapters/files/token-store.ts'
import type { Tokens } from '../../src/domain/login-ports.ts'
import { chromiumAbsence, startBrowser } from '../fakes/chromium.ts'
import { makeFolder } from '../fakes/folder.ts'
import { CLIENT_ID, type IssuerOptions, startIssuer } from '../fakes/issuer.ts'
import { findOutput, type Program, startProgram } from '../fakes/program.ts'
import { json, startUpstream } from '../fakes/upstream-server.ts'

/** The content of a login file, as a sign-in writes it. */
interface AuthFile {
  readonly tokens: Readonly<Record<string, string>>
  readonly last_refresh: string
  readonly chatmock_login_id: string
  readonly [key: string]: unknown
}

/** An address where nobody listens. */
async function deserted(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return `http://127.0.0.1:${port}`
}

async function prepare(t: Test, options: IssuerOptions = {}) {
  const issuer = await startIssuer(t, options)
  const home = makeFolder(t)
  const environment: Record<string, string> = {
    CHATGPT_LOCAL_HOME: join(home, 'own'),
    CODEX_HOME: join(home, 'codex'),
    CHATGPT_LOCAL_ISSUER: issuer.url,
    CHATGPT_LOCAL_CLIENT_ID: CLIENT_ID,
    CHATGPT_LOCAL_BASE_URL: await deserted(),
  }
  const path = join(home, 'own', 'auth.json')
  return {
    issuer,
    home,
    environment,
    path,
    codexPath: join(home, 'codex', 'auth.json'),
    stored: (): AuthFile => JSON.parse(readFileSync(path, 'utf8')),
    run: (...argv: string[]) => startProgram(t, argv, { environment }),
    runWithInput: (...argv: string[]) => startProgram(t, argv, { environment, hasInput: true }),
  }
}

function write(path: string, tokens: Tokens, more: object = {}): void {
  const { accessToken, refreshToken, idToken, accountId } = tokens
  mkdirSync(join(path, '..'), { recursive: true, mode: 0o700 })
  const file = {
    tokens: {
      id_token: idToken,
      access_token: accessToken,
      refresh_token: refreshToken,
      account_id: accountId,
    },
    ...more,
  }
  writeFileSync(path, JSON.stringify(file), { mode: 0o600 })
}

/** Waits for the address to open. */
async function addressOf(program: Program): Promise<string> {
  const [address] = await findOutput(program, 'stderr', /^http:\S+\/oauth\/authorize\?\S+$/m)
  return address
}

t.test('signs in when the browser comes back', async t => {
  const { issuer, path, stored, run } = await prepare(t)
  const program = run('login', '--no-browser')
  const address = await addressOf(program)
  const query = new URL(address).searchParams
  t.match(query.get('redirect_uri'), /^http:\/\/localhost:145[57]\/auth\/callback$/)
  const last = await fetch(issuer.decide(address, 'allow'))
  t.equal(last.status, 200)
  t.match(last.url, /^http:\/\/localhost:145[57]\/success$/)
  const { code, stdout } = await program.ended
  t.equal(code, 0)
  t.equal(
    stdout,
    `Signed in as ada@example.com (Plus).\n\nThe login is saved in\n${path}\n\nNext: chatmock serve\n`,
  )
  t.match(stored(), {
    tokens: { account_id: 'account-1', refresh_token: /^rt_/ },
    last_refresh: /^\d{4}-/,
    chatmock_login_id: /^[0-9a-f-]{36}$/,
  })
  t.equal(statSync(path).mode & 0o777, 0o600)
  t.equal(statSync(join(path, '..')).mode & 0o777, 0o700)
  t.strictSame(readdirSync(join(path, '..')), ['auth.json'])
  t.equal(issuer.counts.redeemed, 1)
})

t.test('signs in with a real browser', { skip: chromiumAbsence }, async t => {
  const { issuer, stored, run } = await prepare(t)
  const page = await (await startBrowser(t, 'light')).newPage()
  const program = run('login', '--no-browser')
  await page.goto(await addressOf(program))
  await page.click('#allow')
  await page.waitForURL('**/success')
  t.equal(await page.innerText('h1'), 'You are signed in')
  t.match(page.url(), /^http:\/\/localhost:145[57]\/success$/)
  const { code, stdout } = await program.ended
  t.equal(code, 0)
  t.match(stdout, 'Signed in as ada@example.com (Plus).')
  t.equal(stored().tokens['account_id'], 'account-1')
  t.equal(issuer.counts.redeemed, 1)
})

const hasScript = { skip: process.platform !== 'linux' && 'the browser is a script for Linux' }
t.test("opens the person's browser at the address that it shows", hasScript, async t => {
  const { issuer, home, environment } = await prepare(t)
  const opened = join(home, 'opened')
  const browser = join(home, 'browser.sh')
  writeFileSync(
    browser,
    `#!/bin/sh\nprintf %s "$1" > '${opened}.tmp' && mv '${opened}.tmp' '${opened}'\n`,
  )
  chmodSync(browser, 0o755)
  // Without this the programs of the machine come first.
  const noPrograms = { XDG_DATA_DIRS: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home }
  const desktop = { ...environment, ...noPrograms, DISPLAY: ':0', BROWSER: browser }
  const program = startProgram(t, ['login'], { environment: desktop })
  const address = await addressOf(program)
  t.match(program.output.stderr, 'Your browser opens. If it does not, open this address:')
  while (!existsSync(opened)) await new Promise(resolve => setImmediate(resolve))
  t.equal(readFileSync(opened, 'utf8'), address)
  await fetch(issuer.decide(address, 'allow'))
  t.equal((await program.ended).code, 0)
})

t.test('signs in with the address that the person pastes', async t => {
  const { issuer, stored, runWithInput } = await prepare(t)
  const program = runWithInput('login', '--no-browser')
  const address = await addressOf(program)
  const right = issuer.decide(address, 'allow')
  const wrong = new URL(right)
  wrong.searchParams.set('state', 'canary-state')
  program.child.stdin?.write(`${wrong}\nhello\n`)
  await findOutput(program, 'stderr', /not understood/)
  program.child.stdin?.write(`${right}\n`)
  const { code, stdout, stderr } = await program.ended
  t.equal(code, 0)
  t.match(stdout, /^Signed in as ada@example\.com/)
  t.notMatch(stderr, /canary-state|ac_/)
  t.equal(stored().tokens['account_id'], 'account-1')
})

t.test('signs in with a code on another device', async t => {
  const { issuer, stored, run } = await prepare(t, { deviceInterval: '1' })
  const program = run('login', '--headless')
  await findOutput(program, 'stdout', /ABCD-EFGHI/)
  await issuer.next('/api/accounts/deviceauth/token')
  issuer.allowDevice()
  const { code, stdout, stderr } = await program.ended
  t.equal(code, 0)
  t.match(stdout, `${issuer.url}/codex/device`)
  t.match(stdout, /turn on device code login/)
  t.match(stdout, /Signed in as ada@example\.com \(Plus\)\.\n/)
  t.match(stderr, /^Waiting… 1[45]:\d\d left\. Press Ctrl-C to cancel\.\n$/)
  t.equal(stored().tokens['account_id'], 'account-1')
})

t.test('says where device codes are switched on when the issuer gives none', async t => {
  const { run, path } = await prepare(t, { device: false })
  const { code, stdout, stderr } = await run('login', '--device').ended
  t.equal(code, 1)
  t.equal(stdout, '')
  t.match(stderr, /^chatmock: .*settings.*chatmock login/is)
  t.equal(existsSync(path), false)
})

t.test('replaces the login before only by one that is complete', async t => {
  const { issuer, path, run, stored } = await prepare(t)
  write(path, issuer.issue({ accountId: 'account-0' }), { OPENAI_API_KEY: null, x_keep: 1 })
  const before = readFileSync(path, 'utf8')

  const declined = run('login', '--no-browser')
  const last = await fetch(issuer.decide(await addressOf(declined), 'decline'))
  t.match(last.url, /\/failure$/)
  const { code, stderr } = await declined.ended
  t.equal(code, 1)
  t.match(stderr, /chatmock: You declined the sign-in; nothing has changed\./)
  t.equal(readFileSync(path, 'utf8'), before)

  const failed = run('login', '--no-browser')
  const address = await addressOf(failed)
  const back = issuer.decide(address, 'allow')
  await issuer.fail('error')
  t.match((await fetch(back)).url, /\/failure$/)
  t.equal((await failed.ended).code, 1)
  t.equal(readFileSync(path, 'utf8'), before)
  await issuer.fail(undefined)

  const done = run('login', '--no-browser')
  await fetch(issuer.decide(await addressOf(done), 'allow'))
  const { stdout } = await done.ended
  t.match(stdout, 'This is another account than before (that was account-0).')
  t.match(stored(), { x_keep: 1, tokens: { account_id: 'account-1' } })
})

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} ends a sign-in and changes nothing`, async t => {
    const { run, path } = await prepare(t)
    const program = run('login', '--no-browser')
    await addressOf(program)
    program.child.kill(signal)
    const { code, stderr } = await program.ended
    t.equal(code, 1)
    t.match(stderr, /chatmock: The sign-in was cancelled; nothing has changed\.\n$/)
    t.equal(existsSync(path), false)
  })
}

t.test('exits with 13 when both ports are in use', async t => {
  const { run } = await prepare(t)
  for (const port of [1455, 1457]) {
    const server = createServer().listen(port, '127.0.0.1')
    t.teardown(() => server.close())
    // Where somebody else's server has it, that does as well.
    await once(server, 'listening').catch(() => {})
  }
  const { code, stderr } = await run('login', '--no-browser').ended
  t.equal(code, 13)
  t.match(stderr, /port 1455 or 1457.*chatmock login --headless\n$/)
})

for (const command of [['login'], ['serve', '--port', '0']]) {
  t.test(`${command[0]} exits with 73 when the home cannot be made`, async t => {
    const { home, run } = await prepare(t)
    writeFileSync(join(home, 'own'), '')
    const { code, stderr } = await run(...command).ended
    t.equal(code, 73)
    t.match(
      stderr,
      /^chatmock: The folder \S+\/own cannot be made \((ENOTDIR|EEXIST)\)\. Name another/,
    )
  })
}

t.test("neither signs in nor out in the Codex CLI's own file", async t => {
  const { issuer, codexPath, run } = await prepare(t)
  write(codexPath, issuer.issue())
  const before = readFileSync(codexPath, 'utf8')
  for (const command of ['login', 'logout']) {
    const { code, stderr } = await run(command, '--auth-file', codexPath).ended
    t.equal(code, 78)
    t.match(stderr, `${codexPath} is the login of the Codex CLI`)
  }
  t.equal(readFileSync(codexPath, 'utf8'), before)
  t.equal(issuer.requests.length, 0)
})

t.test("takes a file that the Codex CLI has made for that program's, wherever it lies", async t => {
  const { issuer, home, run } = await prepare(t)
  const path = join(home, 'elsewhere', 'auth.json')
  write(path, issuer.issue(), { auth_mode: 'chatgpt' })
  const before = readFileSync(path, 'utf8')
  const told = await run('info', '--json', '--auth-file', path).ended
  t.match(JSON.parse(told.stdout), { login_owner: 'codex' })
  t.equal((await run('logout', '--auth-file', path).ended).code, 78)
  t.equal(readFileSync(path, 'utf8'), before)
  t.equal(issuer.counts.revoked, 0)
})

t.test("signs out of a copy of the Codex CLI's file without revoking it", async t => {
  const { issuer, path, run } = await prepare(t)
  write(path, issuer.issue(), { auth_mode: 'chatgpt' })
  const { stdout } = await run('logout').ended
  t.match(stdout, /so it stays valid for that/)
  t.equal(existsSync(path), false)
  t.equal(issuer.counts.revoked, 0)
})

t.test('does not remove a damaged login', async t => {
  const { path, run } = await prepare(t)
  mkdirSync(join(path, '..'), { mode: 0o700 })
  writeFileSync(path, 'oops')
  const { code, stderr } = await run('logout').ended
  t.equal(code, 1)
  t.match(stderr, /auth\.json is damaged, so nobody can tell what it holds\./)
  t.equal(readFileSync(path, 'utf8'), 'oops')
})

t.test('says so when its home is the one of the Codex CLI', async t => {
  const { home, environment } = await prepare(t)
  const both = { ...environment, CODEX_HOME: join(home, 'own') }
  const { code, stderr } = await startProgram(t, ['login'], { environment: both }).ended
  t.equal(code, 78)
  t.match(stderr, /let CHATGPT_LOCAL_HOME and CODEX_HOME name two folders\.\n$/)
})

t.test('signs out: the login is removed and revoked', async t => {
  const { issuer, path, run } = await prepare(t)
  const tokens = issuer.issue()
  write(path, tokens)
  t.strictSame(await run('logout').ended, {
    code: 0,
    stdout: 'Signed out. ChatGPT no longer accepts this login.\n',
    stderr: '',
  })
  t.equal(existsSync(path), false)
  t.match(issuer.requests, [
    { path: '/oauth/revoke', fields: { token: tokens.refreshToken, client_id: CLIENT_ID } },
  ])
  const again = await run('logout').ended
  t.equal(again.code, 0)
  t.equal(again.stdout, 'Not signed in; there was nothing to do.\n')
})

t.test('signs out without the issuer', async t => {
  const { issuer, path, run } = await prepare(t)
  write(path, issuer.issue())
  await issuer.fail('refused')
  const { code, stdout } = await run('logout').ended
  t.equal(code, 0)
  t.match(stdout, /^Signed out here\. ChatGPT could not be told/)
  t.equal(existsSync(path), false)
})

t.test('signs out without revoking a login that the Codex CLI holds too', async t => {
  const { issuer, path, codexPath, run } = await prepare(t)
  const tokens = issuer.issue()
  write(path, tokens)
  write(codexPath, tokens)
  const { stdout } = await run('logout').ended
  t.match(stdout, /The Codex CLI uses the same login, so it stays valid/)
  t.equal(issuer.requests.length, 0)
  t.equal(existsSync(path), false)
  t.equal(existsSync(codexPath), true)
})

const usage = {
  plan_type: 'plus',
  rate_limit: {
    allowed: true,
    limit_reached: false,
    primary_window: {
      used_percent: 27,
      limit_window_seconds: 18_000,
      reset_after_seconds: 3600,
      reset_at: Math.floor(Date.now() / 1000) + 3600,
    },
    secondary_window: null,
  },
}

const catalog = {
  models: [
    {
      slug: 'gpt-7',
      display_name: 'GPT-7',
      visibility: 'list',
      priority: 1,
      supported_reasoning_levels: [{ effort: 'low' }, { effort: 'high' }],
      default_reasoning_level: 'low',
      context_window: 400_000,
      input_modalities: ['text'],
    },
  ],
}

/** A backend that tells the usage and the models. */
async function startBackend(t: Test) {
  const upstream = await startUpstream((response, request) => {
    const isUsage = request.path === '/wham/usage'
    return json(200, isUsage ? usage : catalog)(response, request)
  })
  t.teardown(() => upstream.close())
  return upstream
}

t.test('tells whose account it is and how much of it is used', async t => {
  const { issuer, path, environment } = await prepare(t)
  const { url } = await startBackend(t)
  write(path, issuer.issue())
  const signedIn = { environment: { ...environment, CHATGPT_LOCAL_BASE_URL: url } }
  const { code, stdout, stderr } = await startProgram(t, ['info'], signedIn).ended
  t.equal(code, 0)
  t.equal(stderr, '')
  t.match(stdout, /ada@example\.com/)
  t.match(stdout, /Plus/)
  t.match(stdout, /5 hour.*\n?.*27\.0% used/)
  t.match(stdout, path)
  t.notMatch(stdout, '\u001b')
  const asJson = await startProgram(t, ['info', '--json'], signedIn).ended
  t.match(JSON.parse(asJson.stdout), {
    account: { signed_in: true, email: 'ada@example.com', plan: 'plus', account_id: 'account-1' },
    usage: { windows: [{ name: '5 hour', window_minutes: 300, used_percent: 27 }] },
    files: { login: path },
    login_owner: 'chatmock',
  })
  t.notMatch(asJson.stdout, /rt_|eyJ/)
})

for (const [signal, command] of [
  ['SIGINT', 'info'],
  ['SIGTERM', 'info'],
  ['SIGHUP', 'info'],
  ['SIGINT', 'models'],
] as const) {
  t.test(`${signal} during ${command} loses no login that is being renewed`, async t => {
    const { issuer, path, run } = await prepare(t)
    const tokens = issuer.issue({ lifetimeSeconds: -10 })
    write(path, tokens)
    const release = issuer.hold()
    const asked = issuer.next('/oauth/token')
    const program = run(command)
    await asked
    program.child.kill(signal)
    release()
    const { code, stdout, stderr } = await program.ended
    t.equal(code, 1)
    t.equal(stdout, '')
    t.equal(stderr, 'chatmock: Interrupted.\n')
    const { refresh_token: stored } = JSON.parse(readFileSync(path, 'utf8')).tokens
    t.not(stored, tokens.refreshToken)
    t.strictSame(readdirSync(join(path, '..')), ['auth.json'])
  })
}

t.test('Ctrl-C ends the wait for another process, and signs nobody out after that', async t => {
  const { issuer, path, run } = await prepare(t)
  write(path, issuer.issue())
  await createFileTokenStore(path).hold(async () => {
    const { child, ended } = run('logout')
    // The lock is waited for once the program has had the time to begin; then it must end soon.
    const again = setInterval(() => child.kill('SIGINT'), 50)
    const { code, stderr } = await ended
    clearInterval(again)
    t.ok(code !== 0, `${code} ${stderr}`)
  })
  t.equal(existsSync(path), true)
  t.equal(issuer.counts.revoked, 0)
})

t.test('a second Ctrl-C waits for nothing', async t => {
  const { issuer, path, run } = await prepare(t)
  write(path, issuer.issue({ lifetimeSeconds: -10 }))
  issuer.hold()
  const asked = issuer.next('/oauth/token')
  const { child, ended } = run('info')
  await asked
  child.kill('SIGINT')
  const again = setInterval(() => child.kill('SIGINT'), 20)
  t.equal((await ended).code, 130)
  clearInterval(again)
})

t.test('tells the account offline, from what is known', async t => {
  const { issuer, path, run } = await prepare(t)
  write(path, issuer.issue())
  const windows = [{ window_minutes: 300, used_percent: 12.5, resets_at: null }]
  const limits = [{ id: 'codex', name: null, windows }]
  const kept = { captured_at: '2026-11-22T12:00:00.000Z', account_id: 'account-1', limits }
  writeFileSync(join(path, '..', 'usage_limits.json'), JSON.stringify(kept))
  const { code, stdout } = await run('info').ended
  t.equal(code, 0)
  t.match(stdout, /ada@example\.com/)
  t.match(stdout, /12\.5% used/)
  t.match(stdout, /No connection to the upstream \(ECONNREFUSED\)/)
})

t.test('lists the models that are kept where the login cannot be renewed', async t => {
  const { issuer, path, environment, run } = await prepare(t)
  const upstream = await startBackend(t)
  write(path, issuer.issue())
  const signedIn = { environment: { ...environment, CHATGPT_LOCAL_BASE_URL: upstream.url } }
  await startProgram(t, ['models'], signedIn).ended
  write(path, issuer.issue({ lifetimeSeconds: -10 }))
  await issuer.fail('refused')
  const { code, stdout } = await run('models', '--json').ended
  t.equal(code, 0)
  t.match(JSON.parse(stdout), { source: 'account', models: [{ id: 'gpt-7' }] })
})

t.test('names the flag for a login of the Codex CLI, and does not take it', async t => {
  const { issuer, codexPath, run } = await prepare(t)
  write(codexPath, issuer.issue())
  const { code, stdout } = await run('info').ended
  t.equal(code, 0)
  t.match(stdout, /Not signed in/)
  t.match(stdout.replaceAll('\n', ' '), `--auth-file ${codexPath}`)
  t.match(JSON.parse((await run('info', '--json').ended).stdout), {
    account: { signed_in: false },
    codex_login: codexPath,
  })
  const server = run('serve', '--port', '0')
  const [screen] = await findOutput(server, 'stdout', /.*Ctrl-C/s)
  t.match(
    screen,
    `The Codex CLI is signed in. To use its login start with: --auth-file ${codexPath}`,
  )
  const inPlace = await run('info', '--json', '--auth-file', codexPath).ended
  t.match(JSON.parse(inPlace.stdout), {
    account: { signed_in: true, email: 'ada@example.com' },
    login_owner: 'codex',
  })
})

t.test('info of a damaged login says so and exits with 0', async t => {
  const { path, run } = await prepare(t)
  mkdirSync(join(path, '..'), { mode: 0o700 })
  writeFileSync(path, 'oops')
  const { code, stdout } = await run('info', '--json').ended
  t.equal(code, 0)
  t.match(JSON.parse(stdout), {
    account: { signed_in: false, problem: { code: 'auth_file_corrupt' } },
  })
})

t.test('lists the models of the account, and keeps them for the next time', async t => {
  const { issuer, home, path, environment } = await prepare(t)
  const upstream = await startBackend(t)
  write(path, issuer.issue())
  const signedIn = { environment: { ...environment, CHATGPT_LOCAL_BASE_URL: upstream.url } }
  const { code, stdout } = await startProgram(t, ['models'], signedIn).ended
  t.equal(code, 0)
  t.match(stdout, /gpt-7 +400k +text +no +low\* high/)
  t.match(upstream.requests, [{ path: '/codex/models?client_version=0.169.0' }])
  t.equal(statSync(join(home, 'own', 'models.json')).mode & 0o777, 0o600)

  const offline = await startProgram(t, ['models', '--json'], { environment }).ended
  t.equal(offline.code, 0)
  t.match(JSON.parse(offline.stdout), {
    source: 'account',
    problem: /^No connection to the upstream \(ECONNREFUSED\)/,
    models: [{ id: 'gpt-7', efforts: ['low', 'high'], default_effort: 'low', takes: ['text'] }],
  })
})

t.test('lists the built-in models while nobody is signed in', async t => {
  const { run } = await prepare(t)
  const { code, stdout } = await run('models', '--json').ended
  t.equal(code, 0)
  const told = JSON.parse(stdout)
  t.match(told, { source: 'built_in', problem: 'Not signed in to ChatGPT. Run: chatmock login' })
  t.equal(told.models.length, 9)
})
