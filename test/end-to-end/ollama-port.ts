import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { networkInterfaces } from 'node:os'
import t, { type Test } from 'tap'
import { type Json, post, readEvents, readJson } from '../fakes/api-client.ts'
import { answer, message, reasoning } from '../fakes/backend-events.ts'
import { plays } from '../fakes/chat-service.ts'
import { findOutput, startProgram, startServer } from '../fakes/program.ts'
import { type RunningService, startDemo, startService, startSignedIn } from '../fakes/service.ts'

const WITH_PORT = { CHATGPT_LOCAL_OLLAMA_PORT: '0' }
const hi = [{ role: 'user', content: 'hi' }]

/** Starts the demo on both ports; returns the base address of each. */
async function startBoth(t: Test, argv: readonly string[] = []) {
  const service = await startDemo(t, ['--ollama-port', '0', ...argv])
  return { service, own: service.url, ollama: ollamaUrl(service) }
}

function ollamaUrl({ ollamaUrl }: RunningService): string {
  if (ollamaUrl === undefined) throw new Error('there is no Ollama port')
  return ollamaUrl
}

/** What an answer is, without the headers that all have. */
async function told(response: Response) {
  const { status, headers } = response
  return { status, type: headers.get('content-type'), text: await response.text() }
}

const TEXT = 'text/plain; charset=utf-8'
const hasIpv6 = Object.values(networkInterfaces())
  .flat()
  .some(each => each?.address === '::1')
const JSON_TYPE = 'application/json; charset=utf-8'

t.test('without the setting there is one port, which answers Ollama clients too', async t => {
  const { url, ollamaUrl } = await startDemo(t)
  t.equal(ollamaUrl, undefined)
  t.match(await readJson(await fetch(`${url}/api/tags`)), { models: [{ name: 'demo:latest' }] })
})

t.test('the second port says what Ollama says', async t => {
  const { own, ollama } = await startBoth(t)
  const running = { status: 200, type: TEXT, text: 'Ollama is running' }
  const nowhere = { status: 404, type: TEXT, text: '404 page not found' }
  t.strictSame(await told(await fetch(ollama)), running)
  t.strictSame(await told(await fetch(ollama, { method: 'HEAD' })), { ...running, text: '' })
  for (const path of ['/nope', '/api/nope', '/v1/nope', '/api', '/api/tags/x']) {
    t.strictSame(await told(await fetch(ollama + path)), nowhere, path)
  }
  const wrong = await fetch(ollama, { method: 'POST' })
  t.match(wrong.headers.get('allow'), /^GET\b/)
  t.equal(wrong.status, 405)
  t.strictSame(await wrong.json(), { error: 'This URL answers to GET, HEAD, OPTIONS only.' })
  const show = await fetch(`${ollama}/api/show`)
  t.match(show.headers.get('allow'), /^POST\b/)
  t.equal(show.status, 405)
  for (const path of ['', '/nope', '/api/version']) {
    t.match((await fetch(ollama + path)).headers.get('x-request-id'), /^req_/, path)
  }

  t.strictSame(await told(await fetch(own)), {
    status: 200,
    type: JSON_TYPE,
    text: '{"status":"ok"}',
  })
  t.match(await readJson(await fetch(`${own}/nope`)), { error: { code: 'unknown_url' } })
  const unknown = await fetch(`${own}/api/nope`)
  t.equal(unknown.status, 404)
  const { error, ...rest } = await readJson(unknown)
  t.type(error, 'string')
  t.strictSame(rest, {})
})

t.test('both ports have the same Ollama API', async t => {
  const { own, ollama } = await startBoth(t)
  const version = { status: 200, type: JSON_TYPE, text: '{"version":"0.33.0"}' }
  for (const url of [own, ollama]) {
    t.strictSame(await told(await fetch(`${url}/api/version`)), version)
    for (const path of ['/api/tags', '/api/tags/', '//api/tags']) {
      t.match(
        await readJson(await fetch(url + path)),
        { models: [{ name: 'demo:latest', model: 'demo:latest', remote_model: 'demo' }] },
        path,
      )
    }
    const shown = await readJson(await post(`${url}/api/show`, { model: 'demo' }))
    t.equal(shown.remote_model, 'demo')
    t.equal(shown.remote_host, 'https://demo.invalid')
    t.equal((await fetch(`${url}/health`)).status, 200)
  }
})

t.test('the models of the account are at ChatGPT', async t => {
  const { url } = await startService(t, ['--base-url', 'https://chatgpt.example/backend-api'])
  const shown = await readJson(await post(`${url}/api/show`, { model: 'gpt-5.5' }))
  t.equal(shown.remote_model, 'gpt-5.5')
  t.equal(shown.remote_host, 'https://chatgpt.example')
})

t.test('web pages and foreign names are kept out of the second port as well', async t => {
  const { ollama } = await startBoth(t)
  const evil = { origin: 'https://evil.example' }
  for (const path of ['', '/api/tags', '/nope']) {
    const response = await fetch(ollama + path, { headers: evil })
    t.equal(response.status, 403, path)
    t.match(await readJson(response), { error: /--cors-origins/ }, path)
  }
  const preflight = await fetch(`${ollama}/api/chat`, {
    method: 'OPTIONS',
    headers: {
      origin: 'app://obsidian.md',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  })
  t.equal(preflight.status, 204)
  t.equal(preflight.headers.get('access-control-allow-origin'), 'app://obsidian.md')
  t.equal(preflight.headers.get('access-control-allow-headers'), 'authorization,content-type')
})

t.test('models of the OpenAI API have tags on the second port', async t => {
  const { own, ollama } = await startBoth(t, ['--expose-reasoning-models'])
  const listed = async (url: string) =>
    (await readJson(await fetch(`${url}/v1/models`))).data.map(({ id }: Json) => id)
  t.strictSame(await listed(ollama), [
    'demo:latest',
    'demo:low',
    'demo:medium',
    'demo:high',
    'demo:max',
  ])
  t.strictSame(await listed(own), ['demo', 'demo-low', 'demo-medium', 'demo-high', 'demo-max'])
  for (const id of ['demo', 'demo:latest', 'demo:high', 'DEMO']) {
    const model = await readJson(await fetch(`${ollama}/v1/models/${id}`))
    t.equal(model.id, id)
    t.match(model, { object: 'model', owned_by: /./ })
  }
  t.match(await readJson(await fetch(`${ollama}/models?client_version=0.169.0`)), {
    data: [{ id: 'demo:latest' }],
    models: [],
  })
})

t.test('what is not found is another kind of error in the OpenAI API of either port', async t => {
  const { own, ollama } = await startBoth(t)
  for (const [url, type] of [
    [ollama, 'not_found_error'],
    [own, 'invalid_request_error'],
  ] as const) {
    const refused: [path: string, body: object | undefined, code: string][] = [
      ['/v1/models/nope', undefined, 'model_not_found'],
      ['/v1/responses/resp_1', undefined, 'response_not_found'],
      ['/v1/embeddings', { model: 'demo', input: 'x' }, 'unsupported_endpoint'],
      ['/v1/chat/completions', { model: 'demo', messages: say('fail:404') }, 'model_not_found'],
    ]
    for (const [path, body, code] of refused) {
      const response = await (body ? post(url + path, body) : fetch(url + path))
      t.equal(response.status, 404, path)
      t.match((await readJson(response)).error, { type, code }, path)
    }
    const bad = await post(`${url}/v1/chat/completions`, { model: 'demo', messages: [] })
    t.match(await readJson(bad), { error: { type: 'invalid_request_error', param: 'messages' } })
  }
})

function say(content: string): object[] {
  return [{ role: 'user', content }]
}

t.test('the reasoning of a chat is where Ollama puts it, unless something else is set', async t => {
  const events = answer(reasoning(0, [['Let me ', 'see.']]), message(1, ['It is ', '42.']))
  const service = await startSignedIn(t, WITH_PORT)
  service.upstream.play(plays(events))
  const deltasOf = async (url: string, headers = {}) => {
    const body = {
      model: 'gpt-5.5:latest',
      messages: hi,
      stream: true,
      stream_options: { include_usage: true },
    }
    const response = await post(`${url}/v1/chat/completions`, body, headers)
    t.equal(response.status, 200)
    return readEvents(await response.text()).map(({ data }) => {
      if (data === '[DONE]') return data
      const { model, choices, usage } = JSON.parse(data)
      t.equal(model, 'gpt-5.5:latest')
      const [choice] = choices
      return choice ? [choice.delta, choice.finish_reason] : usage.total_tokens
    })
  }
  const deltas = (key: string) => [
    [{ role: 'assistant', content: '', refusal: null }, null],
    [{ [key]: 'Let me ' }, null],
    [{ [key]: 'see.' }, null],
    [{ content: 'It is ' }, null],
    [{ content: '42.' }, null],
    [{}, 'stop'],
    18,
    '[DONE]',
  ]
  t.strictSame(await deltasOf(ollamaUrl(service)), deltas('reasoning'))
  t.strictSame(await deltasOf(service.url), deltas('reasoning_content'))
  const chosen = { 'x-reasoning-compat': 'reasoning-content' }
  t.strictSame(await deltasOf(ollamaUrl(service), chosen), deltas('reasoning_content'))

  const whole = await post(`${ollamaUrl(service)}/chat/completions`, {
    model: 'gpt-5.5',
    messages: hi,
  })
  t.match((await readJson(whole)).choices[0].message, {
    content: 'It is 42.',
    reasoning: 'Let me see.',
    reasoning_content: undefined,
  })

  const environment = { ...WITH_PORT, CHATGPT_LOCAL_REASONING_COMPAT: 'think-tags' }
  const tagged = await startSignedIn(t, environment)
  tagged.upstream.play(plays(events))
  const body = { model: 'gpt-5.5', messages: hi }
  t.match(await readJson(await post(`${ollamaUrl(tagged)}/v1/chat/completions`, body)), {
    choices: [{ message: { content: '<think>Let me see.</think>It is 42.' } }],
  })
})

t.test('a response is kept for both ports', async t => {
  const { own, ollama } = await startBoth(t)
  const asked = await post(`${ollama}/v1/responses`, { model: 'demo', input: 'say:Hello' })
  const { id } = await readJson(asked)
  for (const url of [own, ollama]) {
    t.match(await readJson(await fetch(`${url}/v1/responses/${id}`)), { id, status: 'completed' })
  }
})

t.test('the status counts what is answered on either port', async t => {
  const { service, own, ollama } = await startBoth(t)
  const leave = new AbortController()
  const body = JSON.stringify({
    model: 'demo',
    stream: true,
    messages: say('words:1000 pace:100ms'),
  })
  const urls = [own, ollama].flatMap(url => [`${url}/api/chat`, `${url}/v1/chat/completions`])
  const answers = await Promise.all(
    urls.map(url => fetch(url, { method: 'POST', body, signal: leave.signal })),
  )
  t.strictSame(
    answers.map(({ status }) => status),
    [200, 200, 200, 200],
  )
  t.equal(service.inFlight(), 4)
  for (const url of [own, ollama]) {
    t.match(await readJson(await fetch(`${url}/v1/status`)), { in_flight: 4 })
  }
  leave.abort()
  while (service.inFlight() > 0) await new Promise(setImmediate)
  t.match(await readJson(await fetch(`${ollama}/v1/status`)), { in_flight: 0 })
})

t.test('the program tells both addresses and finishes on both ports before it stops', async t => {
  const program = await startServer(t, ['--demo', '--ollama-port', '0'])
  const [, ollama = ''] = await findOutput(program, 'stdout', /^ {2}Ollama {5}(http:\S+)$/m)
  t.not(ollama, program.url)
  t.match(ollama, /^http:\/\/127\.0\.0\.1:\d+$/)
  t.equal(await (await fetch(ollama)).text(), 'Ollama is running')
  if (hasIpv6) {
    const other = ollama.replace('127.0.0.1', '[::1]')
    t.equal(await (await fetch(other)).text(), 'Ollama is running', other)
  }
  const body = { model: 'demo', messages: say('words:20 pace:20ms') }
  const native = await post(`${ollama}/api/chat`, body)
  const openAi = await post(`${program.url}/v1/chat/completions`, { ...body, stream: true })
  program.child.kill('SIGTERM')
  await findOutput(program, 'stderr', /stopping signal=SIGTERM in_flight=2\n/)
  await t.rejects(fetch(`${ollama}/api/version`), 'takes no more on the second port')
  await t.rejects(fetch(`${program.url}/api/version`), 'takes no more on the first port')
  t.match((await native.text()).trimEnd().split('\n').at(-1), /"done":true/)
  t.match(await openAi.text(), /data: \[DONE\]\n\n$/)
  t.equal((await program.ended).code, 0)
})

t.test(
  'localhost is found at both its addresses',
  { skip: hasIpv6 ? false : 'no IPv6' },
  async t => {
    for (const host of ['localhost', '::1']) {
      const program = await startServer(t, ['--demo', '--host', host, '--ollama-port', '0'])
      const [, ollama = ''] = await findOutput(program, 'stdout', /^ {2}Ollama {5}(http:\S+)$/m)
      const { port } = new URL(ollama)
      for (const address of ['127.0.0.1', '[::1]']) {
        const greeting = await fetch(`http://${address}:${port}`)
        t.equal(await greeting.text(), 'Ollama is running', `${host}: ${address}`)
      }
      program.child.kill('SIGTERM')
      t.equal((await program.ended).code, 0)
    }
  },
)

t.test('one grace does for both ports', async t => {
  const argv = ['--demo', '--ollama-port', '0', '--shutdown-grace', '0']
  const program = await startServer(t, argv)
  const [, ollama = ''] = await findOutput(program, 'stdout', /^ {2}Ollama {5}(http:\S+)$/m)
  const body = { model: 'demo', messages: say('words:1000 pace:100ms') }
  const native = await post(`${ollama}/api/chat`, body)
  program.child.kill('SIGTERM')
  const lines = (await native.text()).trimEnd().split('\n')
  t.match(JSON.parse(lines.at(-1) ?? ''), { error: /stopping/ })
  t.notMatch(lines.join('\n'), /"done":true/)
  t.equal((await program.ended).code, 0)
})

t.test('the screen names the one port where there is no other', async t => {
  const { output, url } = await startServer(t, ['--demo'])
  t.match(output.stdout, `\n  Base URL   ${url}/v1\n  Ollama     ${url}\n`)
})

t.test('a second port that is in use keeps the program from starting', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  const argv = ['serve', '--demo', '--port', '0', '--ollama-port', `${port}`]
  t.strictSame(await startProgram(t, argv).ended, {
    code: 13,
    stdout: '',
    stderr: `chatmock: 127.0.0.1:${port} is in use, perhaps by Ollama itself. Stop that, or choose another port with --ollama-port.\n`,
  })
})
