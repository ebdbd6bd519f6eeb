import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import t from 'tap'
import { readSecretLines } from '../../../src/adapters/terminal/secret-line.ts'
import { quote } from '../../../src/adapters/terminal/shell.ts'

/** Reads from a pipe, or with `isTTY` from what looks like a terminal to the reader. */
function start(isTTY: boolean, onLine: (line: string) => void = () => {}) {
  const modes: boolean[] = []
  const input = Object.assign(new PassThrough(), {
    isTTY,
    setRawMode: (isRaw: boolean) => modes.push(isRaw),
  })
  const lines: string[] = []
  const abort = new AbortController()
  let cancelled = 0
  const listener = {
    onLine: (line: string) => {
      lines.push(line)
      onLine(line)
    },
    onCancel: () => {
      cancelled++
    },
  }
  const ended = readSecretLines(input, listener, abort.signal)
  return { input, modes, lines, abort, ended, cancelled: () => cancelled }
}

t.test('reads lines of a pipe until it ends', async t => {
  const { input, lines, ended, modes } = start(false)
  input.end('one\r\n\n  \ntwo\nthree')
  await ended
  t.strictSame(lines, ['one', 'two', 'three'])
  t.strictSame(modes, [])
})

t.test('an empty input is no error', async t => {
  const { input, lines, ended } = start(false)
  input.end()
  await ended
  t.strictSame(lines, [])
})

for (const isTTY of [false, true]) {
  const kind = isTTY ? 'terminal' : 'pipe'
  t.test(`a ${kind} that breaks is one that has ended, then and later`, async t => {
    const { input, ended, cancelled } = start(isTTY)
    input.emit('error', new Error('EIO'))
    await ended
    input.emit('error', new Error('EIO'))
    t.equal(cancelled(), 0)
  })

  t.test(`stops at the signal and leaves the rest of a ${kind} unread`, async t => {
    const { input, lines, abort, ended } = start(isTTY, () => abort.abort())
    input.write(isTTY ? 'one\rtwo\r' : 'one\ntwo\n')
    await ended
    t.strictSame(lines, ['one'])
    t.ok(input.isPaused())
  })

  t.test(`what the listener throws ends the reading of a ${kind}`, async t => {
    const { input, modes, lines, ended } = start(isTTY, () => {
      throw new Error('broken listener')
    })
    input.write(isTTY ? 'one\rtwo\r' : 'one\ntwo\n')
    await t.rejects(ended, { message: 'broken listener' })
    t.strictSame(lines, ['one'])
    t.strictSame(modes, isTTY ? [true, false] : [])
  })

  t.test(`does not read without end from a ${kind}`, async t => {
    const { input, lines, ended } = start(isTTY)
    input.write(' '.repeat(1024 * 1024))
    input.write(' ')
    await ended
    t.strictSame(lines, [])
  })
}

t.test('reads nothing after the signal', async t => {
  const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => t.fail('raw') })
  await readSecretLines(
    input,
    { onLine: () => t.fail('line'), onCancel: () => t.fail('cancel') },
    AbortSignal.abort(),
  )
  t.equal(input.listenerCount('data'), 0)
})

t.test('puts a terminal in raw mode, and back at its end', async t => {
  const { input, modes, lines, ended } = start(true)
  t.strictSame(modes, [true])
  input.write('one\rtwo\n\u0004')
  await ended
  t.strictSame(lines, ['one', 'two'])
  t.strictSame(modes, [true, false])
})

t.test('Ctrl-C cancels', async t => {
  const { input, modes, lines, ended, cancelled } = start(true)
  input.write('half a line\u0003the rest\r')
  await ended
  t.strictSame(lines, [])
  t.equal(cancelled(), 1)
  t.strictSame(modes, [true, false])
})

t.test('a line can be corrected, and none comes back', async t => {
  const { input, lines, ended } = start(true)
  input.write('wrong\u0015secreT\u007ft\r\u001b[A\r\u0004')
  await ended
  t.strictSame(lines, ['secret'])
})

/** Reads one line on standard input and tells how it went, but not what the line was. */
const READER = `
import { createHash } from 'node:crypto'
import { readSecretLines } from './src/adapters/terminal/secret-line.ts'
const abort = new AbortController()
const onLine = line => {
  console.log('got ' + createHash('sha256').update(line).digest('hex'))
  abort.abort()
}
const ended = readSecretLines(process.stdin, { onLine, onCancel: () => console.log('cancelled') }, abort.signal)
console.log('ready ' + process.pid)
await ended
console.log('ended')
`

const READER_ARGUMENTS = ['--import', 'tsx', '--input-type=module', '-e', READER]

/** Runs {@link READER} in a terminal that echoes; `act` is called when it reads. */
async function runInTerminal(act: (write: (text: string) => void, pid: number) => void) {
  const reader = [process.execPath, ...READER_ARGUMENTS].map(quote).join(' ')
  // What the test runner preloads takes SIGTERM away from Node, which puts the terminal right.
  const command = `unset NODE_OPTIONS; stty -g; ${reader}; echo "status $?"; stty -g`
  const child = spawn('script', ['-q', '-e', '--echo', 'always', '-c', command, '/dev/null'], {
    env: { ...process.env, SHELL: '/bin/sh' },
  })
  let output = ''
  let isReady = false
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text
    const ready = /ready (\d+)\r\n/.exec(output)
    if (isReady || ready === null) return
    isReady = true
    act(text => child.stdin.write(text), Number(ready[1]))
  })
  await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve))
  const lines = output.trimEnd().split('\r\n')
  return { output, lines: lines.slice(2, -1), before: lines[0], after: lines.at(-1) }
}

function noTerminal(): string | false {
  const { stdout } = spawnSync('script', ['--version'], { encoding: 'utf8' })
  if (!stdout?.includes('util-linux')) return 'script of util-linux is not installed'
  return false
}

t.test('in a real terminal', { skip: noTerminal() }, async t => {
  // Longer than the 4095 bytes that a terminal takes in its line mode.
  const secret = `http://localhost:1455/auth/callback?code=${'s3cret'.repeat(2000)}`

  t.test('takes a long paste without showing it', async t => {
    const { output, lines, before, after } = await runInTerminal(write => write(`${secret}\r`))
    const hash = createHash('sha256').update(secret).digest('hex')
    t.strictSame(lines, [`got ${hash}`, 'ended', 'status 0'])
    t.notMatch(output, /s3cret/)
    t.equal(after, before)
  })

  t.test('Ctrl-C cancels and the process goes on to its end', async t => {
    const { lines, before, after } = await runInTerminal(write => write('\u0003'))
    t.strictSame(lines, ['cancelled', 'ended', 'status 0'])
    t.equal(after, before)
  })

  t.test('a process that is told to stop leaves the terminal as it was', async t => {
    const { lines, before, after } = await runInTerminal((_, pid) => process.kill(pid, 'SIGTERM'))
    t.match(lines.at(-1), 'status 143')
    t.equal(after, before)
  })
})

t.test('lets a process end while its pipe stays open', async t => {
  const child = spawn(process.execPath, [...READER_ARGUMENTS], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdout.resume()
  child.stdin.write('one\n')
  const [code] = await once(child, 'exit')
  t.equal(code, 0)
})

t.test('lets a process end that has nothing to read', async t => {
  const child = spawn(process.execPath, [...READER_ARGUMENTS], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const output = text(child.stdout)
  const [code] = await once(child, 'exit')
  t.equal(code, 0)
  t.match(await output, /^ready \d+\nended\n$/)
})
