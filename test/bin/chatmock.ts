import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { HELP } from '../../src/app/help.ts'
import { type Ended, findOutput, startProgram, startServer } from '../fakes/program.ts'

/** Starts the demo on a free port; resolves when it listens. */
function startDemo(t: Test, nodeArguments: readonly string[] = []) {
  return startServer(t, ['--demo'], { nodeArguments })
}

/** Asks for a stream; resolves when it has begun, with the text of it all to wait for. */
async function askForStream(url: string, prompt: string): Promise<{ rest: Promise<string> }> {
  const answer = await fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo',
      stream: true,
      messages: [{ role: 'user', content: prompt }],
    }),
  })
  if (answer.body === null || !answer.ok) throw new Error(`status ${answer.status}`)
  return { rest: answer.text() }
}

const { version } = JSON.parse(
  readFileSync(new URL('../../package.json', import.meta.url), 'utf8'),
) as { version: string }

const SERVE_USAGE = 'Usage: chatmock serve [flags]\nchatmock serve --help lists the flags.\n'

const finished: [argv: string[], ended: Ended][] = [
  [['--version'], { code: 0, stdout: `${version}\n`, stderr: '' }],
  [['--help'], { code: 0, stdout: HELP, stderr: '' }],
  [[], { code: 2, stdout: '', stderr: `chatmock: No command.\n\n${HELP}` }],
  [['sreve'], { code: 2, stdout: '', stderr: `chatmock: Unknown command: sreve\n\n${HELP}` }],
  [
    ['serve', '--prot', '1'],
    { code: 2, stdout: '', stderr: `chatmock: Unknown option '--prot'.\n${SERVE_USAGE}` },
  ],
  [
    ['serve', '--port', 'http'],
    {
      code: 2,
      stdout: '',
      stderr:
        'chatmock: --port is "http"; it must be a port number from 0 (any free one) to 65535.\n',
    },
  ],
  [
    ['serve', '--host', '0.0.0.0'],
    {
      code: 78,
      stdout: '',
      stderr:
        'chatmock: Listening on 0.0.0.0 would let everybody who can reach this machine use your ChatGPT account. Use --host 127.0.0.1, or --insecure-no-auth if that is what you want.\n',
    },
  ],
  [
    ['serve', '--port', '11434', '--ollama-port', '11434'],
    {
      code: 78,
      stdout: '',
      stderr:
        'chatmock: --port and --ollama-port are both 11434. Use two ports, or leave --ollama-port out: Ollama clients are answered on --port too.\n',
    },
  ],
  [
    ['serve', '--demo', '--host', '192.0.2.1', '--port', '0'],
    {
      code: 1,
      stdout: '',
      stderr:
        'chatmock: Cannot listen on 192.0.2.1:0 (EADDRNOTAVAIL). Choose another place with --host and --port.\n',
    },
  ],
]
for (const [argv, ended] of finished) {
  t.test(`chatmock ${argv.join(' ')} exits with ${ended.code}`, async t => {
    t.strictSame(await startProgram(t, argv).ended, ended)
  })
}

t.test('refuses a prompt file that is missing or empty', async t => {
  const folder = t.testdir({ 'empty.md': '\n' })
  const cases = [
    ['missing.md', 'it does not exist'],
    ['empty.md', 'the file is empty'],
  ] as const
  for (const [name, reason] of cases) {
    t.test(name, async t => {
      const path = join(folder, name)
      t.strictSame(
        await startProgram(t, ['serve', '--demo', '--port', '0', '--prompt', path]).ended,
        {
          code: 78,
          stdout: '',
          stderr: `chatmock: The prompt file ${path} cannot be used: ${reason}. Name another with --prompt or CHATGPT_LOCAL_PROMPT.\n`,
        },
      )
    })
  }
})

t.test('says so when the port is in use', async t => {
  const other = createServer().listen(0, '127.0.0.1')
  t.teardown(() => other.close())
  await once(other, 'listening')
  const { port } = other.address() as AddressInfo
  t.strictSame(await startProgram(t, ['serve', '--demo', '--port', `${port}`]).ended, {
    code: 13,
    stdout: '',
    stderr: `chatmock: 127.0.0.1:${port} is in use, perhaps by another chatmock. Stop that, or choose another port with --port.\n`,
  })
})

t.test('prints a command that works', async t => {
  const { output } = await startDemo(t)
  const [command = '', url = '', header = '', body = ''] =
    /curl -N '([^']+)' -H '([^']+)' -d '([^']+)'$/m.exec(output.stdout) ?? []
  const [name = '', value = ''] = header.split(': ')

  t.test('as a request', async t => {
    const answer = await fetch(url, { method: 'POST', headers: { [name]: value }, body })
    t.equal(answer.status, 200)
    t.match(await answer.text(), /^data: \{.*\n\ndata: \[DONE\]\n\n$/s)
  })

  const hasCurl = spawnSync('curl', ['--version']).status === 0
  t.test('in a shell', { skip: hasCurl ? false : 'curl is not installed' }, async t => {
    const shell = spawn('sh', ['-c', `${command} -sS`], { stdio: ['ignore', 'pipe', 'inherit'] })
    const chunks: Buffer[] = await shell.stdout.toArray()
    t.match(Buffer.concat(chunks).toString(), /^data: \{.*\n\ndata: \[DONE\]\n\n$/s)
  })
})

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} stops an idle service with exit code 0`, async t => {
    const { child, ended } = await startDemo(t)
    child.kill(signal)
    const { code, stderr } = await ended
    t.equal(code, 0)
    t.match(stderr, `info  stopping signal=${signal} in_flight=0\n`)
  })
}

t.test('finishes a running answer before it stops', async t => {
  const program = await startDemo(t)
  const { rest } = await askForStream(program.url, 'words:20 pace:20ms')
  program.child.kill('SIGTERM')
  await findOutput(program, 'stderr', /stopping signal=SIGTERM in_flight=1\n/)
  t.match(await rest, /data: \[DONE\]\n\n$/)
  t.equal((await program.ended).code, 0)
})

const impatient: ['SIGTERM' | 'SIGINT', 'SIGTERM' | 'SIGINT', number][] = [
  ['SIGTERM', 'SIGTERM', 143],
  ['SIGINT', 'SIGINT', 130],
  ['SIGINT', 'SIGTERM', 143],
]
for (const [first, second, code] of impatient) {
  t.test(`${second} after ${first} ends a running answer with exit code ${code}`, async t => {
    const program = await startDemo(t)
    const { rest } = await askForStream(program.url, 'words:1000 pace:100ms')
    program.child.kill(first)
    await findOutput(program, 'stderr', /stopping/)
    program.child.kill(second)
    await t.rejects(rest)
    t.equal((await program.ended).code, code)
  })
}

t.test('goes on serving when nobody reads what it writes', async t => {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  await once(free, 'close')

  const { child } = startProgram(t, ['serve', '--demo', '--port', `${port}`])
  child.stdout?.destroy()
  child.stderr?.destroy()
  const health = () => fetch(`http://127.0.0.1:${port}/health`)
  while (child.exitCode === null && !(await health().catch(() => undefined))) await wait(20)
  // Each request is logged: the second shows that the first has not been the last.
  t.equal((await health()).status, 200)
  t.equal((await health()).status, 200)
  child.kill('SIGTERM')
  t.strictSame(await once(child, 'exit'), [0, null])
})

const crashes = {
  'an exception': 'throw new Error("boom")',
  'a rejection': 'Promise.reject(new Error("boom"))',
}
for (const [title, statement] of Object.entries(crashes)) {
  t.test(`${title} that nobody catches is one line of the log and exit code 70`, async t => {
    const script = `process.on("SIGUSR2", () => { ${statement} })`
    const { child, ended } = await startDemo(t, [
      `--import=data:text/javascript,${encodeURIComponent(script)}`,
    ])
    child.kill('SIGUSR2')
    const { code, stderr } = await ended
    t.equal(code, 70)
    t.match(stderr, /^\S+ error crashed stack="Error: boom\\n.*"\n$/)
  })
}

t.test('a fault of its own exits with 70 and tells where it was', async t => {
  const script = 'process.stdout.write = () => { throw new Error("boom") }'
  const program = startProgram(t, ['--help'], {
    nodeArguments: [`--import=data:text/javascript,${encodeURIComponent(script)}`],
  })
  const { code, stderr } = await program.ended
  t.equal(code, 70)
  t.match(stderr, /^chatmock: internal error\nError: boom\n {4}at /)
})
