import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { LockedError, withLock } from '../../../src/adapters/files/lock.ts'
import { describeThisProcess } from '../../../src/adapters/files/lock-owner.ts'
import { startChild } from '../../fakes/child.ts'
import type { LockPlan } from '../../fakes/lock-process.ts'
import { createSmallDisk, mountRefusal } from '../../fakes/small-disk.ts'

const NONCE = '0123456789abcdef0123456789abcdef'
const OTHER_NONCE = 'fedcba9876543210fedcba9876543210'
const THIRD_NONCE = '00112233445566778899aabbccddeeff'

const linux = { skip: process.platform !== 'linux' && 'only Linux tells when a process began' }

/** The number of a process that has ended. */
const deadPid = spawnSync(process.execPath, ['--version']).pid

const self = await describeThisProcess()

function ownedBy(change: object, nonce = NONCE): string {
  return JSON.stringify({ ...self, nonce, ...change })
}

async function failureOf(work: Promise<unknown>): Promise<LockedError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof LockedError)) throw new Error('expected a LockedError', { cause: error })
  return error
}

/** A lock that stands there as `content` says, so many milliseconds old. */
function standing(t: Test, content: string, ageMs = 0) {
  const root = t.testdir({ home: { 'auth.json.lock': content } })
  const folder = join(root, 'home')
  const path = join(folder, 'auth.json.lock')
  const time = (Date.now() - ageMs) / 1000
  utimesSync(path, time, time)
  return { folder, path, log: join(root, 'log') }
}

t.test('is a file as long as the work takes', async t => {
  const folder = join(t.testdir(), 'new', 'home')
  const path = join(folder, 'auth.json.lock')
  const result = await withLock(path, async () => {
    t.strictSame(readdirSync(folder), ['auth.json.lock'])
    const { nonce, ...owner } = JSON.parse(readFileSync(path, 'utf8'))
    t.match(nonce, /^[0-9a-f]{32}$/)
    t.strictSame(owner, self)
    t.match(owner, { pid: process.pid, host: hostname() })
    if (process.platform === 'linux') {
      t.match(owner.boot_id, /^[0-9a-f-]{36}$/)
      t.match(owner.start, /^\d+$/)
    }
    if (process.platform !== 'win32') t.equal(statSync(path).mode & 0o777, 0o600)
    return 'result'
  })
  t.equal(result, 'result')
  t.strictSame(readdirSync(folder), [])
})

t.test('is given back when the work fails', async t => {
  const folder = t.testdir()
  const failing = withLock(join(folder, 'lock'), async () => {
    throw new Error('the work failed')
  })
  await t.rejects(failing, { message: 'the work failed' })
  t.strictSame(readdirSync(folder), [])
})

t.test('keeps apart the callers of one process', async t => {
  const path = join(t.testdir(), 'lock')
  const seen: string[] = []
  const work = (name: string) => async () => {
    seen.push(name)
    await new Promise(setImmediate)
    seen.push(name)
  }
  await Promise.all([...'abcdef'].map(name => withLock(path, work(name))))
  t.equal(seen.length, 12)
  for (let index = 0; index < 12; index += 2) t.equal(seen[index], seen[index + 1])
})

t.test('tells who holds it when the turn does not come', async t => {
  const path = join(t.testdir(), 'lock')
  await withLock(path, async () => {
    const error = await failureOf(withLock(path, async () => t.fail('no turn'), { waitMs: 0 }))
    t.equal(error.code, 'ELOCKED')
    t.equal(error.pid, process.pid)
    t.equal(error.message, `${path} is locked by process ${process.pid}`)
  })
})

t.test('passes on why no lock can be made', async t => {
  const folder = t.testdir({ file: 'kept', folder: {} })
  const cases: [path: string, code: string][] = [
    [join(folder, 'file', 'lock'), 'ENOTDIR'],
    [join(folder, 'a'.repeat(250)), 'ENAMETOOLONG'],
    [join(folder, 'folder'), 'EISDIR'],
  ]
  for (const [path, code] of cases) {
    await t.rejects(
      withLock(path, async () => t.fail('no lock')),
      { code },
      path,
    )
  }
  t.strictSame(readdirSync(folder).sort(), ['file', 'folder'])
})

t.test('leaves nothing on a full disk', { skip: mountRefusal }, async t => {
  const disk = createSmallDisk(t)
  disk.fill()
  await t.rejects(
    withLock(join(disk.path, 'lock'), async () => t.fail('no lock')),
    { code: 'ENOSPC' },
  )
  t.strictSame(readdirSync(disk.path), ['filler'])
})

const untouchable: [title: string, content: string, pid: number | undefined][] = [
  ['of a process that lives', ownedBy({ start: null }), process.pid],
  ['of another host', ownedBy({ pid: deadPid, host: 'other' }), deadPid],
  ['of another start of the machine', ownedBy({ pid: deadPid, boot_id: 'other' }), deadPid],
  ['of another container', ownedBy({ pid: deadPid, pid_namespace: 'pid:[1]' }), deadPid],
  ['without content', '', undefined],
  ['of another program', 'held by vim', undefined],
  ['with other JSON', '{"pid":1}', undefined],
  ['with a name that leads elsewhere', ownedBy({ pid: deadPid }, '../../etc/x'), undefined],
  ['that is large', 'x'.repeat(1_000_000), undefined],
]
for (const [title, content, pid] of untouchable) {
  t.test(`leaves alone a fresh lock ${title}`, async t => {
    const { folder, path } = standing(t, content)
    const times = { waitMs: 150, heartbeatMs: 10 }
    const error = await failureOf(withLock(path, async () => t.fail('no turn'), times))
    t.equal(error.pid, pid)
    t.equal(readFileSync(path, 'utf8'), content)
    t.strictSame(readdirSync(folder), ['auth.json.lock'])
  })

  for (const ageMs of [61_000, -3_600_000]) {
    t.test(`takes a lock ${title} that is ${ageMs} ms old`, async t => {
      const { folder, path } = standing(t, content, ageMs)
      const times = { heartbeatMs: 10 }
      t.equal(await withLock(path, async () => readdirSync(folder).join(), times), 'auth.json.lock')
      t.strictSame(readdirSync(folder), [])
    })
  }
}

const signs: [title: string, content: string, pid: number | undefined][] = [
  ['of a process that has slept', ownedBy({ start: null }), process.pid],
  ['of a host with another clock', ownedBy({ pid: deadPid, host: 'other' }), deadPid],
  ['of another program', 'held by vim', undefined],
]
for (const [title, content, pid] of signs) {
  t.test(`leaves alone a lock ${title} as long as signs of life come`, async t => {
    const { path } = standing(t, content, 3_600_000)
    let age = 3_600_000
    const timer = setInterval(() => {
      const time = (Date.now() - age++) / 1000
      utimesSync(path, time, time)
    }, 20)
    const times = { waitMs: 600, heartbeatMs: 200 }
    const error = await failureOf(withLock(path, async () => t.fail('no turn'), times))
    clearInterval(timer)
    t.equal(error.pid, pid)
  })
}

t.test('takes at once what a process has left that has ended', async t => {
  const { folder, path } = standing(t, ownedBy({ pid: deadPid }))
  await withLock(path, async () => t.strictSame(readdirSync(folder), ['auth.json.lock']))
  t.strictSame(readdirSync(folder), [])
})

t.test('takes at once what belonged to another process of the same number', linux, async t => {
  const { folder, path } = standing(t, ownedBy({ start: '1' }))
  await withLock(path, async () => {})
  t.strictSame(readdirSync(folder), [])
})

t.test('takes at once what a dead process has left that nobody waits for', linux, async t => {
  // The child ends after its parent has become a program that does not wait for children.
  const parent = spawn('sh', ['-c', 'exec 3<&0; cat <&3 >&2 & echo $!; exec sleep 60 3<&-'])
  t.teardown(() => parent.kill('SIGKILL'))
  const [output] = await once(parent.stdout, 'data')
  const pid = Number(String(output))
  while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await pause(5)
  parent.stdin.end()
  while (!/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) await pause(5)
  const { path } = standing(t, ownedBy({ pid, start: null }))
  await withLock(path, async () => t.match(readFileSync(path, 'utf8'), `"pid":${process.pid}`))
})

t.test('is not stopped by what those have left who died while they broke it', async t => {
  const { folder, path } = standing(t, ownedBy({ pid: deadPid }))
  writeFileSync(`${path}.${NONCE}.break`, ownedBy({ pid: deadPid }, OTHER_NONCE))
  writeFileSync(`${path}.${OTHER_NONCE}.break`, ownedBy({ pid: deadPid }, THIRD_NONCE))
  await withLock(path, async () => {})
  t.strictSame(readdirSync(folder), [])
})

t.test('waits for one who is about to break it', async t => {
  const { path } = standing(t, ownedBy({ pid: deadPid }))
  writeFileSync(`${path}.${NONCE}.break`, ownedBy({}, OTHER_NONCE))
  await failureOf(withLock(path, async () => t.fail('no turn'), { waitMs: 100 }))
  t.equal(readFileSync(path, 'utf8'), ownedBy({ pid: deadPid }))
})

t.test('clears away what crashes have left, and nothing else', async t => {
  const left = [
    'auth.json.lock.12345.0123456789ab.tmp',
    `auth.json.lock.${NONCE}.break`,
    'auth.json.lock.1234-56789.break',
  ]
  const others = ['auth.json', 'auth.json.lock.txt', 'auth.json.1.0123456789ab.tmp', 'a.break']
  const folder = t.testdir(Object.fromEntries([...left, ...others].map(name => [name, ''])))
  await withLock(join(folder, 'auth.json.lock'), async () => {})
  t.strictSame(readdirSync(folder).sort(), others.sort())
})

t.test('does not follow a link to nowhere, and does not spin', async t => {
  const folder = t.testdir()
  const path = join(folder, 'lock')
  symlinkSync('nowhere', path)
  await failureOf(withLock(path, async () => t.fail('no turn'), { waitMs: 100 }))
  t.strictSame(readdirSync(folder), ['lock'])
})

t.test('gives signs of life, and neither touches nor removes the lock of another', async t => {
  const folder = t.testdir()
  const path = join(folder, 'lock')
  const ours = join(folder, 'ours')
  await withLock(
    path,
    async () => {
      linkSync(path, ours)
      rmSync(path)
      writeFileSync(path, ownedBy({}))
      utimesSync(path, 1, 1)
      utimesSync(ours, 1, 1)
      while (statSync(ours).mtimeMs === 1000) await pause(5)
      t.equal(statSync(path).mtimeMs, 1000)
    },
    { heartbeatMs: 10 },
  )
  t.equal(readFileSync(path, 'utf8'), ownedBy({}))
})

t.test('does not mind that it is gone when it is given back', async t => {
  const path = join(t.testdir(), 'lock')
  t.equal(await withLock(path, async () => rmSync(path)), undefined)
  t.notOk(existsSync(path))
})

/** Reads who was inside when; throws if ever two were. */
function countVisits(log: string): number {
  let inside: string | undefined
  let visits = 0
  for (const line of log.trim().split('\n')) {
    const [, pid = '', what = ''] = /^(\d+) (.*)$/.exec(line) ?? []
    if (what === 'enters') {
      if (inside !== undefined) throw new Error(`${pid} enters while ${inside} is inside`)
      inside = pid
      visits++
    } else if (what === 'dies') {
      if (inside === pid) inside = undefined
    } else {
      if (inside !== pid) throw new Error(`${pid} ${what}, but ${inside} has entered`)
      if (what === 'leaves') inside = undefined
    }
  }
  return visits
}

t.test('notices two who are inside', async t => {
  t.equal(countVisits('1 enters\n2 dies\n1 is inside\n1 dies\n3 enters\n3 leaves'), 2)
  t.throws(() => countVisits('1 enters\n2 enters'), { message: '2 enters while 1 is inside' })
  t.throws(() => countVisits('1 enters\n1 leaves\n1 is inside'))
})

/** Runs processes that all want the lock at once. */
async function compete(t: Test, plans: readonly Partial<LockPlan>[]) {
  const folder = t.testdir({ home: {}, log: '' })
  const path = join(folder, 'home', 'auth.json.lock')
  const log = join(folder, 'log')
  const children = plans.map(plan =>
    startChild(t, 'lock-process.ts', { path, log, rounds: 1, eager: true, ...plan }),
  )
  await Promise.all(children.map(child => child.until('ready')))
  for (const child of children) child.go()
  const ended = await Promise.all(children.map(child => child.ended))
  return { path, ended, visits: countVisits(readFileSync(log, 'utf8')) }
}

// What one process does who finds the lock of a dead one, step by step, and whether another gets
// in if that process stands still before the step.
const steps: [number: number, step: string, what: string, isOpen: boolean][] = [
  [1, 'create', 'to want the guard', true],
  [2, 'writeFile', 'to write the guard', true],
  [3, 'link', 'to take the guard', true],
  [4, 'rm', 'to go on with the guard', false],
  [5, 'rm', 'to break the lock', false],
  [6, 'rm', 'to give the guard back', true],
  [7, 'create', 'to want the lock', true],
  [8, 'writeFile', 'to write the lock', true],
  [9, 'link', 'to take the lock', true],
  [10, 'rm', 'to go on with the lock', false],
  [11, 'work', 'to work', false],
  [16, 'rm', 'to give the lock back', false],
]
t.test('with a process that is about', { jobs: 2 }, async t => {
  for (const [number, step, what, isOpen] of steps) {
    const start = async (t: Test) => {
      const { folder, path, log } = standing(t, ownedBy({ pid: deadPid }))
      const plan: LockPlan = { path, log, rounds: 1, waitAt: number, times: { waitMs: 300 } }
      const child = startChild(t, 'lock-process.ts', plan)
      child.go()
      t.ok(await child.until(`waits before ${step};`))
      return { child, folder, path, log }
    }

    t.test(`${what}, ${isOpen ? 'another gets in, alone' : 'nobody else gets in'}`, async t => {
      const { child, folder, path, log } = await start(t)
      const tell = (what: string) => appendFileSync(log, `${process.pid} ${what}\n`)
      const work = async () => {
        tell('enters')
        child.go()
        t.match((await child.ended).stderr, 'LockedError')
        tell('leaves')
      }
      if (isOpen) await withLock(path, work)
      else {
        await failureOf(withLock(path, work, { waitMs: 100 }))
        child.go()
        t.match(await child.ended, { code: 0, stderr: '' })
      }
      t.equal(countVisits(readFileSync(log, 'utf8')), 1)
      t.strictSame(readdirSync(folder), [])
    })

    t.test(`${what} and dies, another gets in at once`, async t => {
      const { child, folder, path } = await start(t)
      child.kill('SIGKILL')
      await child.ended
      await withLock(path, async () => t.strictSame(readdirSync(folder), ['auth.json.lock']))
      t.strictSame(readdirSync(folder), [])
    })
  }
})

t.test('never lets two in, with 24 processes that die at any moment', async t => {
  const rounds = 20
  const plans = Array.from({ length: 24 }, (_, index) => ({
    rounds,
    dieAt: index % 4 === 0 ? 0 : 1 + Math.floor(Math.random() * 150),
  }))
  t.comment(JSON.stringify(plans.map(({ dieAt }) => dieAt)))
  const { path, ended, visits } = await compete(t, plans)
  ended.forEach(({ code, signal, stderr }, index) => {
    const survived = code === 0 && signal === null
    const died = signal === 'SIGKILL' && plans[index]?.dieAt !== 0
    t.ok(survived || died, stderr)
  })
  const survivors = ended.filter(({ code }) => code === 0).length
  t.ok(survivors >= 6)
  t.ok(visits >= survivors * rounds)
  await withLock(path, async () => {})
  t.strictSame(readdirSync(join(path, '..')), [])
})

t.test('never lets two in where the file system has no links', async t => {
  const plan = { rounds: 5, withoutLink: true }
  const { path, ended, visits } = await compete(t, [plan, plan, plan, plan])
  for (const { code, stderr } of ended) t.equal(code, 0, stderr)
  t.equal(visits, 20)
  t.strictSame(readdirSync(join(path, '..')), [])
})

t.test('breaks what it finds where the file system has no links', async t => {
  const { folder, path, log } = standing(t, ownedBy({ pid: deadPid }))
  const plan: LockPlan = { path, log, rounds: 1, withoutLink: true }
  const child = startChild(t, 'lock-process.ts', plan)
  child.go()
  const { code, stderr } = await child.ended
  t.equal(code, 0, stderr)
  t.equal(countVisits(readFileSync(log, 'utf8')), 1)
  t.strictSame(readdirSync(folder), [])
})

const rooted = { skip: process.getuid?.() !== 0 && 'only root can be two users' }
t.test("another user's lock is waited for, and taken when it is old", rooted, async t => {
  const folder = t.testdir({ lock: '{}' })
  const path = join(folder, 'lock')
  const nobody = 65_534
  chmodSync(path, 0o600)
  chownSync(folder, nobody, nobody)
  process.seteuid?.(nobody)
  try {
    await t.rejects(
      withLock(path, async () => t.fail('it is held'), { waitMs: 50 }),
      {
        code: 'ELOCKED',
      },
    )
    const times = { waitMs: 5000, staleMs: 20, heartbeatMs: 10 }
    t.equal(await withLock(path, async () => 'taken', times), 'taken')
  } finally {
    process.seteuid?.(0)
  }
})

t.test("root's lock belongs to whose folder it is in", rooted, async t => {
  const folder = t.testdir()
  const nobody = 65_534
  chownSync(folder, nobody, nobody)
  const path = join(folder, 'lock')
  await withLock(path, async () => {
    t.equal(statSync(path).uid, nobody)
    t.equal(statSync(path).mode & 0o777, 0o600)
  })
})
