import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const CHECKOUT = fileURLToPath(new URL('../../', import.meta.url))
/** What `npm pack` and the build read. */
const PACKED_FROM = [
  'bin',
  'src',
  'prompt.md',
  'README.md',
  'LICENSE',
  'package.json',
  'tsconfig.json',
  'tsconfig.build.json',
]

/** Runs a program without what tap and c8 put into the environment of children. */
async function run(folder: string, argv: readonly string[]): Promise<string> {
  const clean = ['-u', 'NODE_OPTIONS', '-u', 'NODE_V8_COVERAGE', '-u', 'npm_config_local_prefix']
  const { stdout } = await promisify(execFile)('env', [...clean, ...argv], { cwd: folder })
  return stdout
}

t.test('the package has what it needs, and works where it is installed', async t => {
  // Outside of the checkout, whose packages Node would find from any folder in it.
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'chatmock-package-')))
  t.teardown(() => rmSync(root, { recursive: true, force: true }))
  const source = join(root, 'source')
  const installed = join(root, 'installed')
  mkdirSync(source)
  mkdirSync(installed)
  // A copy, so that the build is in nobody's way.
  for (const name of PACKED_FROM) {
    const path = join(CHECKOUT, name)
    if (existsSync(path)) cpSync(path, join(source, name), { recursive: true })
  }
  symlinkSync(join(CHECKOUT, 'node_modules'), join(source, 'node_modules'))

  const packed = await run(source, ['npm', 'pack', '--json', '--pack-destination', root])
  // The build may have its say before the JSON.
  const [{ filename, files }] = JSON.parse(packed.slice(packed.search(/^\[/m))) as [
    { filename: string; files: { path: string; mode: number }[] },
  ]

  t.test('has the program and the build, and nothing else', async t => {
    const paths = files.map(({ path }) => path)
    const once = ['bin/chatmock', 'prompt.md', 'package.json']
    for (const path of once) t.ok(paths.includes(path), path)
    const rest = paths.filter(
      path => !once.includes(path) && !/^(?:README\.md|LICENSE)$/.test(path),
    )
    t.ok(rest.includes('dist/app/main.js'))
    t.strictSame(
      rest.filter(path => !/^dist\/[\w/-]+\.js$/.test(path)),
      [],
    )
  })

  await run(installed, [
    'npm',
    'install',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    join(root, filename),
  ])
  t.notOk(existsSync(join(installed, 'node_modules', 'tsx')), 'tsx is not installed')

  t.test('answers from where it is installed', async t => {
    const home = t.testdir({})
    const child = spawn(
      'env',
      [
        '-u',
        'NODE_OPTIONS',
        join('node_modules', '.bin', 'chatmock'),
        'serve',
        '--demo',
        '--port',
        '0',
      ],
      {
        cwd: installed,
        env: { PATH: process.env['PATH'], HOME: home, CHATGPT_LOCAL_HOME: home },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    t.teardown(() => child.kill('SIGKILL'))
    let screen = ''
    for await (const chunk of child.stdout.setEncoding('utf8')) {
      screen += chunk
      if (screen.includes('Ctrl-C')) break
    }
    const [, url = ''] = /Base URL\s+(\S+)/.exec(screen) ?? []
    const answer = await fetch(`${url}/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'demo',
        messages: [{ role: 'user', content: 'say:It works.' }],
      }),
    })
    t.equal(answer.status, 200)
    t.match(await answer.json(), { choices: [{ message: { content: 'It works.' } }] })
    child.kill('SIGTERM')
    t.strictSame(await once(child, 'exit'), [0, null])
  })
})
