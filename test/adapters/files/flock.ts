import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { withFlock } from '../../../src/adapters/files/flock.ts'
import { LockedError } from '../../../src/adapters/files/lock.ts'
import { startChild } from '../../fakes/child.ts'

const flock = {
  skip: spawnSync('flock', ['--version']).error !== undefined && 'there is no flock(1) here',
}

/** Makes the two files that the Codex CLI locks. */
function lockFiles(t: Test) {
  const folder = t.testdir({ 'auth.json.lock': '', 'auth.lock': '' })
  const first = join(folder, 'auth.json.lock')
  const second = join(folder, 'auth.lock')
  return { folder, first, second, both: [first, second] }
}

function isLocked(path: string): boolean {
  return spawnSync('flock', ['-n', '-x', path, 'true']).status === 1
}

/** Resolves when nobody holds it any more; throws if that takes for ever. */
function freed(path: string): void {
  execFileSync('flock', ['-w', '10', '-x', path, 'true'])
}

/** Lets another program lock a file until its input ends. */
async function lockElsewhere(t: Test, path: string) {
  const child = spawn('flock', ['-x', path, 'cat'])
  t.teardown(() => child.kill('SIGKILL'))
  child.stdin.write('.')
  await once(child.stdout, 'data')
  return {
    async free() {
      child.stdin.end()
      await once(child, 'close')
    },
  }
}

/** The processes whose command line names `path`, with their children. */
function processesOf(path: string): readonly number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(pid => read(`/proc/${pid}/cmdline`).includes(`\0${path}\0`))
    .flatMap(pid => [pid, ...read(`/proc/${pid}/task/${pid}/children`).trim().split(' ')])
    .filter(pid => pid !== '')
    .map(Number)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It has ended meanwhile.
    return ''
  }
}

t.test('holds all files that exist while it works, and makes none', flock, async t => {
  const { folder, first, second, both } = lockFiles(t)
  const result = await withFlock([...both, join(folder, 'none.lock')], async () => {
    t.strictSame([isLocked(first), isLocked(second)], [true, true])
    return 'result'
  })
  t.equal(result, 'result')
  t.strictSame([isLocked(first), isLocked(second)], [false, false])
  t.strictSame(readdirSync(folder).sort(), ['auth.json.lock', 'auth.lock'])
  t.strictSame(processesOf(first), [])
})

t.test('frees them when the work fails', flock, async t => {
  const { first, second, both } = lockFiles(t)
  const failing = withFlock(both, async () => {
    throw new Error('the work failed')
  })
  await t.rejects(failing, { message: 'the work failed' })
  t.strictSame([isLocked(first), isLocked(second)], [false, false])
})

t.test('waits until another program is done', flock, async t => {
  const { second, both } = lockFiles(t)
  const other = await lockElsewhere(t, second)
  let isFree = false
  const done = withFlock(both, async () => t.ok(isFree))
  // Not before it has tried.
  await t.rejects(
    withFlock([second], async () => {}, { waitMs: 100 }),
    LockedError,
  )
  isFree = true
  await other.free()
  await done
})

t.test('gives up after a time, and holds nothing then', flock, async t => {
  const { first, second, both } = lockFiles(t)
  await lockElsewhere(t, second)
  const failing = withFlock(both, async () => t.fail('no turn'), { waitMs: 0 })
  await t.rejects(failing, { code: 'ELOCKED', message: `${second} is locked by another program` })
  t.notOk(isLocked(first))
  t.strictSame(processesOf(first), [])
})

t.test(
  'keeps apart the callers of one process, in whatever order they name files',
  flock,
  async t => {
    const { both } = lockFiles(t)
    const seen: string[] = []
    const work = (name: string) => async () => {
      seen.push(name)
      await new Promise(setImmediate)
      seen.push(name)
    }
    await Promise.all([
      withFlock(both, work('a')),
      withFlock(both.toReversed(), work('b')),
      withFlock([...both, ...both], work('c')),
    ])
    t.equal(seen.length, 6)
    for (let index = 0; index < 6; index += 2) t.equal(seen[index], seen[index + 1])
  },
)

t.test('frees them when the process is killed, and leaves no child', flock, async t => {
  const { first, second, both } = lockFiles(t)
  const child = startChild(t, 'flock-process.ts', both)
  await child.until('holds')
  t.strictSame([isLocked(first), isLocked(second)], [true, true])
  child.kill('SIGKILL')
  await child.ended
  freed(first)
  freed(second)
})

t.test('leaves no child when it is killed while it waits', flock, async t => {
  const { second, both } = lockFiles(t)
  const other = await lockElsewhere(t, second)
  const child = startChild(t, 'flock-process.ts', both)
  // It asks again and again; that it has asked shows in the first file, which it takes before.
  while (!isLocked(both[0] ?? '')) await new Promise(setImmediate)
  child.kill('SIGKILL')
  await child.ended
  await other.free()
  freed(second)
  while (processesOf(both[0] ?? '').length > 0) await new Promise(setImmediate)
})

t.test('keeps them through the signals of a terminal and a service', flock, async t => {
  const { first, second, both } = lockFiles(t)
  const child = startChild(t, 'flock-process.ts', both)
  await child.until('holds')
  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'] as const) {
    for (const pid of processesOf(first)) if (pid !== child.pid) process.kill(pid, signal)
  }
  t.strictSame([isLocked(first), isLocked(second)], [true, true])
  child.go()
  t.match(await child.ended, { code: 0, stderr: '' })
  t.strictSame([isLocked(first), isLocked(second)], [false, false])
})

t.test('does without what is no file', flock, async t => {
  const folder = t.testdir({ folder: {} })
  const pipe = join(folder, 'pipe')
  execFileSync('mkfifo', [pipe])
  t.equal(await withFlock([pipe, join(folder, 'folder')], async () => 'done'), 'done')
})

/** Lets this process find no program but those in `folder`. */
function usePath(t: Test, folder: string): void {
  const { PATH } = process.env
  t.teardown(() => {
    process.env['PATH'] = PATH
  })
  process.env['PATH'] = folder
}

t.test('does without where there is no flock(1)', async t => {
  const { both } = lockFiles(t)
  usePath(t, t.testdirName)
  t.equal(await withFlock(both, async () => 'done'), 'done')
})

t.test('does without for a file that cannot be locked', flock, async t => {
  const { folder, both } = lockFiles(t)
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', 'flock'), '#!/bin/sh\nexit 66\n')
  chmodSync(join(folder, 'bin', 'flock'), 0o755)
  usePath(t, join(folder, 'bin'))
  t.equal(await withFlock(both, async () => 'done'), 'done')
})

t.test('does without on other systems than Linux', async t => {
  const { first } = lockFiles(t)
  const platform = Object.getOwnPropertyDescriptor(process, 'platform') ?? {}
  t.teardown(() => Object.defineProperty(process, 'platform', platform))
  Object.defineProperty(process, 'platform', { ...platform, value: 'darwin' })
  t.equal(await withFlock([first], async () => processesOf(first).length), 0)
})
