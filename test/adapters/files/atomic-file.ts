import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import {
  removeTemporaries,
  renameWhileOpen,
  replaceFile,
  reserveFile,
  targetOf,
} from '../../../src/adapters/files/atomic-file.ts'
import { startChild } from '../../fakes/child.ts'
import { createSmallDisk, makeReadOnly, mountFile, mountRefusal } from '../../fakes/small-disk.ts'
import type { WriterPlan } from '../../fakes/writer-process.ts'

const OLD = '{"tokens":"old"}'
const NEW = '{"tokens":"new and longer"}'
const NEVER = 1_000_000

const posix = { skip: process.platform === 'win32' && 'Windows has no such modes' }
const mounting = { skip: mountRefusal }

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8)
}

/** Runs the writer in a process of its own, over a file with the old content. */
async function write(t: Test, path: string, plan: Partial<WriterPlan>) {
  const whole: WriterPlan = { path, content: NEW, dieAt: NEVER, halfway: false, ...plan }
  const ended = await startChild(t, 'writer-process.ts', whole).ended
  return { ...ended, steps: ended.stdout.trim().split('\n') }
}

// The writer's own way, which the crashes below interrupt everywhere.
const STEPS = [
  ...['mkdir', 'create', 'chmod', 'write', 'truncate', 'sync'],
  ...['write', 'truncate', 'sync', 'rename'],
  ...['open', 'sync'],
]

t.test('makes the new content last before it is renamed, and then the name', async t => {
  const path = join(t.testdir({ 'auth.json': OLD }), 'auth.json')
  const { steps, stderr } = await write(t, path, {})
  t.equal(stderr, '')
  t.strictSame(steps, STEPS)
  t.equal(readFileSync(path, 'utf8'), NEW)
})

const crashes: [title: string, step: number, halfway: boolean, content: string][] = [
  ...STEPS.map((name, index): [string, number, boolean, string] => [
    `before step ${index + 1}, ${name}`,
    index + 1,
    false,
    index < 10 ? OLD : NEW,
  ]),
  ['in the middle of taking the room', 4, true, OLD],
  ['in the middle of writing', 7, true, OLD],
]
t.test('survives kill -9', { jobs: 2 }, async t => {
  for (const [title, dieAt, halfway, content] of crashes) {
    t.test(title, async t => {
      const folder = t.testdir()
      const path = join(folder, 'auth.json')
      writeFileSync(path, OLD, { mode: 0o600 })
      const { signal, steps } = await write(t, path, { dieAt, halfway })
      t.equal(signal, 'SIGKILL')
      t.strictSame(steps, STEPS.slice(0, dieAt))
      t.equal(readFileSync(path, 'utf8'), content)
      for (const name of readdirSync(folder)) t.equal(modeOf(join(folder, name)), '600', name)
    })
  }
})

t.test('leaves the old file, and nothing beside it, when a step fails', { jobs: 2 }, async t => {
  const failures: [step: string, code: string][] = [
    ['write', 'EIO'],
    ['truncate', 'EIO'],
    ['sync', 'EDQUOT'],
    ['rename', 'EACCES'],
  ]
  for (const [step, code] of failures) {
    t.test(step, async t => {
      const folder = t.testdir({ 'auth.json': OLD })
      const path = join(folder, 'auth.json')
      const { stderr } = await write(t, path, { failing: { step, code } })
      t.equal(stderr, code)
      t.equal(readFileSync(path, 'utf8'), OLD)
      t.strictSame(readdirSync(folder), ['auth.json'])
    })
  }
})

t.test('never writes in place on Windows', async t => {
  const path = join(t.testdir({ 'auth.json': OLD }), 'auth.json')
  const failing = { step: 'rename', code: 'EBUSY', times: 2 }
  const { stderr, steps } = await write(t, path, { platform: 'win32', failing })
  t.equal(stderr, '')
  t.strictSame(steps, [...STEPS.slice(0, 9), 'rename', 'rename', 'rename', 'open', 'sync'])
  t.equal(readFileSync(path, 'utf8'), NEW)
})

t.test('renames again while another program has the file open', async t => {
  for (const code of ['EPERM', 'EACCES', 'EBUSY']) {
    let attempts = 0
    await renameWhileOpen(async () => {
      attempts++
      if (attempts < 11) throw Object.assign(new Error(), { code })
    }, 0)
    t.equal(attempts, 11, code)
  }
  let attempts = 0
  const failing = renameWhileOpen(async () => {
    attempts++
    throw Object.assign(new Error(), { code: 'ENOSPC' })
  }, 0)
  await t.rejects(failing, { code: 'ENOSPC' })
  t.equal(attempts, 1)
})

t.test('takes 64 KiB more than the old content until it knows the new one', async t => {
  const folder = t.testdir({ 'auth.json': OLD })
  const path = join(folder, 'auth.json')
  const reservation = await reserveFile(path)
  const [temporary = '', ...rest] = readdirSync(folder).filter(name => name !== 'auth.json')
  t.strictSame(rest, [])
  t.match(temporary, new RegExp(`^auth\\.json\\.${process.pid}\\.[0-9a-f]{12}\\.tmp$`))
  const { size, blocks } = statSync(join(folder, temporary))
  t.equal(size, 65_552)
  t.ok(blocks * 512 >= 65_552, 'the room is really taken')
  t.equal(readFileSync(path, 'utf8'), OLD)
  await reservation.commit(NEW)
  t.equal(readFileSync(path, 'utf8'), NEW)
  t.strictSame(readdirSync(folder), ['auth.json'])
})

t.test('gives the room back', async t => {
  const folder = t.testdir({ 'auth.json': OLD })
  const reservation = await reserveFile(join(folder, 'auth.json'))
  await reservation.cancel()
  await reservation.cancel()
  t.strictSame(readdirSync(folder), ['auth.json'])
  t.equal(readFileSync(join(folder, 'auth.json'), 'utf8'), OLD)
})

t.test('uses a reservation once', async t => {
  const folder = t.testdir({ 'auth.json': OLD })
  const path = join(folder, 'auth.json')
  const saved = await reserveFile(path)
  await saved.commit(NEW)
  await saved.cancel()
  await t.rejects(saved.commit(OLD), { message: `The reservation for ${path} is used up.` })
  const cancelled = await reserveFile(path)
  await cancelled.cancel()
  await t.rejects(cancelled.commit(OLD), { message: `The reservation for ${path} is used up.` })
  t.equal(readFileSync(path, 'utf8'), NEW)
  t.strictSame(readdirSync(folder), ['auth.json'])
})

t.test('writes what it is given, whatever its length', async t => {
  const path = join(t.testdir({ 'auth.json': 'x'.repeat(100_000) }), 'auth.json')
  const contents = ['', 'é€😀', 'y'.repeat(65_536), 'z'.repeat(5_000_000)]
  for (const content of contents) {
    await (await reserveFile(path)).commit(content)
    t.equal(readFileSync(path, 'utf8'), content)
    await replaceFile(path, content.slice(1))
    t.equal(readFileSync(path, 'utf8'), content.slice(1))
  }
  const bytes = Buffer.from([0, 255, 10])
  await replaceFile(path, bytes)
  t.strictSame(readFileSync(path), bytes)
})

t.test('takes a bounded room for a file that is no login of anybody', async t => {
  const folder = t.testdir({ 'auth.json': Buffer.alloc(3_000_000) })
  const reservation = await reserveFile(join(folder, 'auth.json'))
  const temporary = readdirSync(folder).find(name => name.endsWith('.tmp')) ?? ''
  t.equal(statSync(join(folder, temporary)).size, 1_114_112)
  await reservation.cancel()
})

t.test('keeps several writers apart', async t => {
  const folder = t.testdir({ 'auth.json': OLD })
  const path = join(folder, 'auth.json')
  const contents = Array.from({ length: 20 }, (_, index) => `${index}`.repeat(10_000))
  const reservations = await Promise.all(contents.map(() => reserveFile(path)))
  t.equal(readdirSync(folder).length, 21)
  await Promise.all(reservations.map((each, index) => each.commit(contents[index] ?? '')))
  t.ok(contents.includes(readFileSync(path, 'utf8')))
  t.strictSame(readdirSync(folder), ['auth.json'])
})

t.test('makes folder and file for their owner only, whatever the umask', posix, async t => {
  const old = process.umask(0)
  t.teardown(() => process.umask(old))
  const folder = join(t.testdir(), 'new', 'home')
  const path = join(folder, 'auth.json')
  for (const umask of [0o000, 0o277]) {
    process.umask(0)
    const reservation = await reserveFile(path)
    process.umask(umask)
    const other = await reserveFile(path)
    for (const name of readdirSync(folder)) t.equal(modeOf(join(folder, name)), '600', name)
    await reservation.commit(OLD)
    await other.commit(NEW)
    t.equal(modeOf(path), '600')
  }
  t.equal(modeOf(folder), '700')
  t.equal(modeOf(join(folder, '..')), '700')
})

t.test('takes the rights of others from a file that it replaces', posix, async t => {
  const path = join(t.testdir({ 'auth.json': OLD }), 'auth.json')
  chmodSync(path, 0o644)
  await replaceFile(path, NEW)
  t.equal(modeOf(path), '600')
})

t.test('writes through symbolic links and keeps them', async t => {
  const folder = t.testdir({ dotfiles: { 'real.json': OLD }, home: {} })
  const path = join(folder, 'home', 'auth.json')
  symlinkSync('../dotfiles/real.json', join(folder, 'home', 'link.json'))
  symlinkSync('link.json', path)
  await (await reserveFile(path)).commit(NEW)
  t.ok(lstatSync(path).isSymbolicLink())
  t.ok(lstatSync(join(folder, 'home', 'link.json')).isSymbolicLink())
  t.equal(readFileSync(join(folder, 'dotfiles', 'real.json'), 'utf8'), NEW)
  t.strictSame(readdirSync(join(folder, 'dotfiles')), ['real.json'])
  t.strictSame(readdirSync(join(folder, 'home')).sort(), ['auth.json', 'link.json'])
})

t.test('makes the file that a symbolic link points at in vain', async t => {
  const folder = t.testdir({ real: { home: {} } })
  // Relative to where the link is, not to the way that led there.
  symlinkSync(join(folder, 'real', 'home'), join(folder, 'way'))
  const path = join(folder, 'way', 'auth.json')
  symlinkSync('../dotfiles/auth.json', path)
  const target = join(folder, 'real', 'dotfiles', 'auth.json')
  t.equal(await targetOf(path), target)
  await replaceFile(path, NEW)
  t.ok(lstatSync(path).isSymbolicLink())
  t.equal(readFileSync(target, 'utf8'), NEW)
})

t.test('passes on what the system says, and leaves nothing', async t => {
  const folder = t.testdir({ 'auth.json': {}, file: 'kept' })
  symlinkSync('loop', join(folder, 'loop'))
  const cases: [path: string, code: string][] = [
    [join(folder, 'auth.json'), 'EISDIR'],
    [join(folder, 'file', 'auth.json'), 'ENOTDIR'],
    [join(folder, 'loop'), 'ELOOP'],
    [join(folder, 'a'.repeat(250)), 'ENAMETOOLONG'],
    ['/dev/null', 'EINVAL'],
  ]
  for (const [path, code] of cases) {
    await t.rejects(reserveFile(path), { code }, path)
    await t.rejects(replaceFile(path, NEW), { code }, path)
  }
  t.strictSame(readdirSync(folder).sort(), ['auth.json', 'file', 'loop'])
  t.ok(statSync('/dev/null').isCharacterDevice())
})

t.test('removes its own temporary files that are older than an hour, and no others', async t => {
  const temporary = 'auth.json.12345.0123456789ab.tmp'
  const young = 'auth.json.12345.ba9876543210.tmp'
  const others = [
    'auth.json',
    'auth.json.bak',
    'auth.json.lock',
    'auth.json.tmp',
    'auth.json.12345.0123456789ab.tmp.old',
    'auth.json.x.0123456789ab.tmp',
    'models.json.12345.0123456789ab.tmp',
  ]
  const real = t.testdir(Object.fromEntries([temporary, young, ...others].map(name => [name, ''])))
  const now = Date.now() / 1000
  for (const name of [temporary, ...others]) utimesSync(join(real, name), now, now - 3601)
  utimesSync(join(real, young), now, now - 3500)
  mkdirSync(join(real, 'home'))
  symlinkSync('../auth.json', join(real, 'home', 'auth.json'))
  await removeTemporaries(join(real, 'home', 'auth.json'))
  t.strictSame(readdirSync(real).sort(), [young, 'home', ...others].sort())
})

t.test('does not mind that there is nothing to remove', async t => {
  await removeTemporaries(join(t.testdir(), 'none', 'auth.json'))
  await removeTemporaries(join(t.testdir({ file: '' }), 'file', 'auth.json'))
  const folder = t.testdir({ 'auth.json.1.0123456789ab.tmp': { kept: '' } })
  utimesSync(join(folder, 'auth.json.1.0123456789ab.tmp'), 0, 0)
  await removeTemporaries(join(folder, 'auth.json'))
  t.ok(existsSync(join(folder, 'auth.json.1.0123456789ab.tmp', 'kept')))
})

t.test('on a full disk', mounting, async t => {
  const disk = createSmallDisk(t)
  const path = join(disk.path, 'auth.json')
  writeFileSync(path, OLD)

  t.test('refuses the room and leaves the old file alone', async t => {
    disk.fill()
    await t.rejects(reserveFile(path), { code: 'ENOSPC' })
    await t.rejects(replaceFile(path, NEW), { code: 'ENOSPC' })
    t.equal(readFileSync(path, 'utf8'), OLD)
    t.strictSame(readdirSync(disk.path).sort(), ['auth.json', 'filler'])
    disk.empty()
  })

  t.test('saves what it has reserved room for', async t => {
    const reservation = await reserveFile(path)
    disk.fill()
    const content = 'n'.repeat(65_536)
    await reservation.commit(content)
    t.equal(readFileSync(path, 'utf8'), content)
    t.strictSame(readdirSync(disk.path).sort(), ['auth.json', 'filler'])
    disk.empty()
  })

  t.test('leaves the old file alone if the new one needs more after all', async t => {
    await replaceFile(path, OLD)
    const reservation = await reserveFile(path)
    disk.fill()
    await t.rejects(reservation.commit('n'.repeat(200_000)), { code: 'ENOSPC' })
    t.equal(readFileSync(path, 'utf8'), OLD)
    t.strictSame(readdirSync(disk.path).sort(), ['auth.json', 'filler'])
  })
})

t.test('a file that is mounted on its own', mounting, async t => {
  t.test('is written in place, after a copy', async t => {
    const source = join(t.testdir({ 'real.json': OLD }), 'real.json')
    chmodSync(source, 0o644)
    const { folder, path } = mountFile(t, source)
    const { ino } = statSync(source)
    await (await reserveFile(path)).commit(NEW)
    t.equal(readFileSync(source, 'utf8'), NEW)
    t.equal(readFileSync(`${path}.bak`, 'utf8'), OLD)
    await (await reserveFile(path)).commit('short')
    t.equal(readFileSync(path, 'utf8'), 'short')
    t.equal(readFileSync(`${path}.bak`, 'utf8'), NEW)
    t.equal(statSync(source).ino, ino)
    t.strictSame(readdirSync(folder).sort(), ['auth.json', 'auth.json.bak'])
    for (const each of [path, `${path}.bak`]) t.equal(modeOf(each), '600')
  })

  t.test('is whole itself or in its copy after kill -9 at any step', { jobs: 2 }, async t => {
    // As above, with a look whether the file can be written; then the copy and its folder, the
    // file, and the folder again.
    const steps = [
      ...[...STEPS.slice(0, 3), 'open', ...STEPS.slice(3, 10)],
      ...['open', 'chmod', 'write', 'truncate', 'sync'],
      ...['open', 'sync'],
      ...['open', 'chmod', 'write', 'truncate', 'sync'],
      ...['rm', 'open', 'sync'],
    ]
    const long = 'o'.repeat(50)
    const mixed = `${NEW}${long.slice(NEW.length)}`
    const half = `${NEW.slice(0, NEW.length / 2)}${long.slice(NEW.length / 2)}`
    const plans: [dieAt: number, halfway: boolean, file: string, copy: string | undefined][] = [
      [12, false, long, undefined],
      [13, false, long, ''],
      [14, false, long, ''],
      [14, true, long, long.slice(0, 25)],
      [15, false, long, long],
      [16, false, long, long],
      [17, false, long, long],
      [18, false, long, long],
      [19, false, long, long],
      [20, false, long, long],
      [21, false, long, long],
      [21, true, half, long],
      [22, false, mixed, long],
      [23, false, NEW, long],
      [24, false, NEW, long],
      [25, false, NEW, long],
      [26, false, NEW, long],
    ]
    for (const [dieAt, halfway, file, copy] of plans) {
      t.test(`${halfway ? 'in the middle of' : 'before'} step ${dieAt}`, async t => {
        const source = join(t.testdir({ 'real.json': long }), 'real.json')
        const { path } = mountFile(t, source)
        const { signal, steps: done } = await write(t, path, { dieAt, halfway })
        t.equal(signal, 'SIGKILL')
        t.strictSame(done, steps.slice(0, dieAt))
        t.equal(readFileSync(path, 'utf8'), file)
        t.equal(existsSync(`${path}.bak`) ? readFileSync(`${path}.bak`, 'utf8') : undefined, copy)
      })
    }
  })

  t.test('gets its old content back if it cannot be written', async t => {
    const disk = createSmallDisk(t)
    const source = join(disk.path, 'auth.json')
    writeFileSync(source, OLD)
    const { folder, path } = mountFile(t, source)
    const reservation = await reserveFile(path)
    disk.fill()
    await t.rejects(reservation.commit('n'.repeat(200_000)), { code: 'ENOSPC' })
    t.equal(readFileSync(source, 'utf8'), OLD)
    t.strictSame(readdirSync(folder).sort(), ['auth.json', 'auth.json.bak'])
  })

  t.test('is refused if its own disk is full', async t => {
    const disk = createSmallDisk(t)
    const source = join(disk.path, 'auth.json')
    writeFileSync(source, OLD)
    const { folder, path } = mountFile(t, source)
    disk.fill()
    await t.rejects(reserveFile(path), { code: 'ENOSPC' })
    t.equal(readFileSync(source, 'utf8'), OLD)
    t.strictSame(readdirSync(folder), ['auth.json'])
  })

  t.test('is refused if it is mounted read-only', async t => {
    const source = join(t.testdir({ 'real.json': OLD }), 'real.json')
    const mounted = mountFile(t, source)
    makeReadOnly(mounted)
    await t.rejects(reserveFile(mounted.path), { code: 'EROFS' })
    t.strictSame(readdirSync(mounted.folder), ['auth.json'])
  })
})

const rooted = { skip: process.getuid?.() !== 0 && 'only root can write for others' }
t.test('what root writes stays with the user whose file or folder it is', rooted, async t => {
  const folder = t.testdir({ 'theirs.json': OLD })
  const nobody = 65_534
  const theirs = join(folder, 'theirs.json')
  chownSync(theirs, nobody, nobody)
  await (await reserveFile(theirs)).commit(NEW)
  t.equal(statSync(theirs).uid, nobody)
  t.equal(modeOf(theirs), '600')

  chownSync(folder, nobody, nobody)
  const fresh = join(folder, 'fresh.json')
  await replaceFile(fresh, NEW)
  t.equal(statSync(fresh).uid, nobody)

  const mine = join(folder, 'mine.json')
  writeFileSync(mine, OLD)
  await replaceFile(mine, NEW)
  t.equal(statSync(mine).uid, 0)
})

t.test("does not take over somebody else's file", rooted, async t => {
  const folder = t.testdir({ 'auth.json': OLD })
  const nobody = 65_534
  chownSync(folder, nobody, nobody)
  process.seteuid?.(nobody)
  try {
    const path = join(folder, 'auth.json')
    await t.rejects(reserveFile(path), { code: 'EPERM' })
  } finally {
    process.seteuid?.(0)
  }
  t.strictSame(readdirSync(folder), ['auth.json'])
  t.equal(statSync(join(folder, 'auth.json')).uid, 0)
})
