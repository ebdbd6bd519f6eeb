import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { makeFolder } from '../fakes/folder.ts'
import { CLIENT_ID, startIssuer } from '../fakes/issuer.ts'
import { startService } from '../fakes/service.ts'
import { type Answer, json, startUpstream } from '../fakes/upstream-server.ts'

const text = readFileSync(new URL('../recordings/text.sse', import.meta.url), 'utf8')
const resetsAt = Math.floor(Date.now() / 1000) + 3600

const entry = (slug: string) => ({
  slug,
  visibility: 'list',
  supported_reasoning_levels: ['low', 'high'],
})

/** An answer to a chat, which tells of usage and of the models in passing. */
const chat: Answer = response => {
  response.writeHead(200, {
    'content-type': 'text/event-stream',
    'x-codex-primary-used-percent': '42',
    'x-codex-primary-window-minutes': '300',
    'x-codex-primary-reset-at': String(resetsAt),
    'x-models-etag': 'W/"2"',
  })
  response.end(text)
}

// biome-ignore lint/suspicious/noExplicitAny: tests read it as the JSON that it is
const read = async (url: string): Promise<any> => (await fetch(url)).json()

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(resolve => setImmediate(resolve))
}

t.test('the service follows the account, and keeps what it knows for the next start', async t => {
  const issuer = await startIssuer(t)
  let models = [entry('gpt-7')]
  const upstream = await startUpstream((response, request) => {
    if (request.path.startsWith('/codex/models')) {
      return json(
        200,
        { models },
        { etag: models.length > 1 ? 'W/"2"' : 'W/"1"' },
      )(response, request)
    }
    // What is told in passing has to do.
    if (request.path === '/wham/usage') return json(503, {})(response, request)
    return chat(response, request)
  })
  t.teardown(() => upstream.close())
  const { accessToken, refreshToken, idToken } = issuer.issue()
  const tokens = { access_token: accessToken, refresh_token: refreshToken, id_token: idToken }
  const home = makeFolder(t, { 'auth.json': JSON.stringify({ tokens }) })
  const environment = {
    CHATGPT_LOCAL_HOME: home,
    CHATGPT_LOCAL_ISSUER: issuer.url,
    CHATGPT_LOCAL_CLIENT_ID: CLIENT_ID,
    CHATGPT_LOCAL_BASE_URL: upstream.url,
    CHATGPT_LOCAL_MODEL_SYNC: 'on',
  }
  const ask = async (url: string) => {
    const answer = await fetch(`${url}/v1/chat/completions`, {
      method: 'POST',
      body: JSON.stringify({ model: 'GPT7:high', messages: [{ role: 'user', content: 'hi' }] }),
    })
    t.match(await answer.json(), { choices: [{ message: { content: 'Hello' } }] })
  }
  const ids = async (url: string) =>
    (await read(`${url}/v1/models`)).data.map(({ id }: { id: string }) => id)

  const service = await startService(t, [], environment)
  await until(async () => (await ids(service.url)).length === 1)
  t.strictSame(await ids(service.url), ['gpt-7'])
  t.match(await read(`${service.url}/v1/status`), {
    status: 'ok',
    upstream: 'chatgpt',
    in_flight: 0,
    account: { signed_in: true, email: 'ada@example.com', plan: 'plus' },
    usage: { captured_at: null, windows: [], limit_reached_until: null },
    models: { count: 1, fetched_at: /^\d{4}-/ },
  })

  models = [entry('gpt-8'), entry('gpt-7')]
  await ask(service.url)
  const asked = upstream.requests.find(({ path }) => path === '/codex/responses')
  t.match(asked?.body, { model: 'gpt-7', reasoning: { effort: 'high' } })
  const usage = {
    windows: [
      {
        name: '5 hour',
        window_minutes: 300,
        used_percent: 42,
        resets_at: new Date(resetsAt * 1000).toISOString(),
      },
    ],
  }
  t.match((await read(`${service.url}/v1/status`)).usage, usage)
  await service.close()
  t.match(JSON.parse(readFileSync(join(home, 'models.json'), 'utf8')), {
    accounts: [{ account_id: 'account-1', etag: 'W/"1"', models: [{ slug: 'gpt-7' }] }],
  })
  t.match(JSON.parse(readFileSync(join(home, 'usage_limits.json'), 'utf8')), {
    account_id: 'account-1',
    limits: [{ id: 'codex', windows: [{ used_percent: 42 }] }],
  })

  const again = await startService(t, [], environment)
  t.strictSame(await ids(again.url), ['gpt-7'], 'the list is young')
  await ask(again.url)
  await until(async () => (await ids(again.url)).length === 2)
  t.strictSame(await ids(again.url), ['gpt-8', 'gpt-7'], 'an answer has told that there is another')
  await again.close()

  await upstream.close()
  const offline = await startService(t, [], environment)
  t.strictSame(await ids(offline.url), ['gpt-8', 'gpt-7'])
  t.match((await read(`${offline.url}/v1/status`)).usage, usage)
})
