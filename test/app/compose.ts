import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { parseCommand } from '../../src/app/args.ts'
import { compose, type Service } from '../../src/app/compose.ts'
import { makeFolder } from '../fakes/folder.ts'
import { createFakeLog } from '../fakes/log.ts'
import { json, startUpstream } from '../fakes/upstream-server.ts'

async function composeFrom(
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Service> {
  const command = parseCommand(['serve', '--port', '0', ...argv], {
    CHATGPT_LOCAL_MODEL_SYNC: 'off',
    ...environment,
  })
  if (command.type !== 'serve') throw new Error('not a serve command')
  return compose(command.settings, command.network, createFakeLog())
}

async function listen(t: Test, service: Service): Promise<string> {
  const { port } = await service.server.listen(0, '127.0.0.1')
  t.teardown(() => service.close(0))
  return `http://127.0.0.1:${port}`
}

function ask(url: string): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'gpt-5', messages: [{ role: 'user', content: 'Hello' }] }),
  })
}

t.test('answers from the demo until it is closed', async t => {
  const service = await composeFrom(['--demo'], { CHATGPT_LOCAL_HOME: makeFolder(t) })
  const { port } = await service.server.listen(0, '127.0.0.1')
  const health = await fetch(`http://127.0.0.1:${port}/health`)
  t.equal(health.status, 200)
  t.strictSame(await health.json(), { status: 'ok' })
  await service.close(1000)
  await t.rejects(fetch(`http://127.0.0.1:${port}/health`))
})

t.test('the demo has one model and nothing to be done', async t => {
  const service = await composeFrom(['--demo'], { CHATGPT_LOCAL_HOME: makeFolder(t) })
  t.strictSame(
    service.catalog.list().map(({ slug }) => slug),
    ['demo'],
  )
  t.strictSame(service.hints, [])
})

t.test('starts signed out and says how to sign in', async t => {
  const service = await composeFrom([], { CHATGPT_LOCAL_HOME: makeFolder(t) })
  t.strictSame(service.hints, ['Not signed in yet. Run: chatmock login'])
  const url = await listen(t, service)
  const answer = await ask(url)
  t.equal(answer.status, 401)
  t.match(await answer.json(), { error: { code: 'chatgpt_login_required' } })
})

t.test('starts with a damaged login and says so', async t => {
  const home = makeFolder(t, { 'auth.json': 'oops' })
  const service = await composeFrom([], { CHATGPT_LOCAL_HOME: home })
  t.match(service.hints, [join(home, 'auth.json')])
})

t.test('has nothing to say of a login that is there', async t => {
  const home = makeFolder(t, { 'own.json': JSON.stringify({ tokens: { access_token: 'token' } }) })
  const service = await composeFrom(['--auth-file', join(home, 'own.json')], {
    CHATGPT_LOCAL_HOME: home,
  })
  t.strictSame(service.hints, [])
})

t.test('lets the origins in that the settings name', async t => {
  const home = makeFolder(t)
  const argv = ['--demo', '--cors-origins', 'https://app.example']
  const url = await listen(t, await composeFrom(argv, { CHATGPT_LOCAL_HOME: home }))
  const named = await fetch(`${url}/health`, { headers: { origin: 'https://app.example' } })
  t.equal(named.headers.get('access-control-allow-origin'), 'https://app.example')
  const other = await fetch(`${url}/health`, { headers: { origin: 'https://other.example' } })
  t.equal(other.status, 403)
})

t.test('answers to the host names that the settings name', async t => {
  const home = makeFolder(t)
  const argv = ['--demo', '--allowed-hosts', 'chat.example']
  const url = await listen(t, await composeFrom(argv, { CHATGPT_LOCAL_HOME: home }))
  const statusFor = async (host: string) => {
    const [answer] = (await once(get(`${url}/health`, { headers: { host } }), 'response')) as [
      IncomingMessage,
    ]
    answer.resume()
    return answer.statusCode
  }
  t.equal(await statusFor('chat.example'), 200)
  t.equal(await statusFor('other.example'), 403)
})

t.test('the prompt is', async t => {
  const chosen: [title: string, files: Record<string, string>, argv: string[], text: RegExp][] = [
    ['the one of the package where there is no other', {}, [], /^You are a helpful assistant\./],
    ['the one in the home', { 'prompt.md': 'Be kind.\n' }, [], /^Be kind\.$/],
    [
      'the one that is named, whatever the home has',
      { 'prompt.md': '', 'own.md': 'Be brief.\n' },
      ['--prompt', '~/own.md'],
      /^Be brief\.$/,
    ],
  ]
  for (const [title, files, argv, text] of chosen) {
    t.test(title, async t => {
      const home = makeFolder(t, { ...files, 'auth.json': '{"tokens":{"access_token":"canary"}}' })
      const upstream = await startUpstream(json(400, {}))
      t.teardown(() => upstream.close())
      const environment = { HOME: home, CHATGPT_LOCAL_HOME: home }
      const service = await composeFrom(['--base-url', upstream.url, ...argv], environment)
      await ask(await listen(t, service))
      t.match(upstream.requests[0]?.body.instructions, text)
    })
  }

  const refused: [title: string, files: Record<string, string>, argv: string[], reason: string][] =
    [
      ['refused where the named one is missing', {}, ['--prompt', 'own.md'], 'it does not exist'],
      [
        'refused where the named one is empty',
        { 'own.md': ' \n' },
        ['--prompt', 'own.md'],
        'the file is empty',
      ],
      ['refused where the one in the home is empty', { 'prompt.md': '' }, [], 'the file is empty'],
    ]
  for (const [title, files, argv, reason] of refused) {
    t.test(title, async t => {
      const home = makeFolder(t, files)
      const [flag, name = 'prompt.md'] = argv
      const path = join(home, name)
      const named = flag === undefined ? [] : [flag, path]
      await t.rejects(composeFrom(['--demo', ...named], { CHATGPT_LOCAL_HOME: home }), {
        name: 'RefusedConfiguration',
        exitCode: 78,
        message: `The prompt file ${path} cannot be used: ${reason}. Name another with --prompt or CHATGPT_LOCAL_PROMPT.`,
      })
    })
  }
})

t.test('refuses certificate authorities that cannot be read', async t => {
  const home = makeFolder(t)
  const path = join(home, 'ca.pem')
  await t.rejects(composeFrom([], { CHATGPT_LOCAL_HOME: home, SSL_CERT_FILE: path }), {
    name: 'RefusedConfiguration',
    message: `SSL_CERT_FILE or NODE_EXTRA_CA_CERTS names ${path}, which cannot be used: ENOENT`,
  })
})
