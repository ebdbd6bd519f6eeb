import { chmodSync, chownSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { makeFolder, syncFolder, tightenAccess } from '../../../src/adapters/files/folder.ts'
import { makeReadOnly, mountFile, mountRefusal } from '../../fakes/small-disk.ts'

const posix = { skip: process.platform === 'win32' && 'Windows has no such modes' }
const root = { skip: process.geteuid?.() !== 0 && 'only root can give files away' }

function modeOf(path: string): string {
  return (statSync(path).mode & 0o7777).toString(8)
}

/** Makes a home with one login, with these modes. */
function home(t: Test, folderMode: number, fileMode: number) {
  const folder = join(t.testdir(), 'home')
  const file = join(folder, 'auth.json')
  mkdirSync(folder)
  writeFileSync(file, '')
  chmodSync(file, fileMode)
  chmodSync(folder, folderMode)
  return { folder, file }
}

t.test('makes folders for their owner only', posix, async t => {
  const old = process.umask(0)
  t.teardown(() => process.umask(old))
  const top = t.testdir()
  await makeFolder(join(top, 'a', 'b'))
  t.equal(modeOf(join(top, 'a')), '700')
  t.equal(modeOf(join(top, 'a', 'b')), '700')
})

t.test('leaves a folder that exists as it is', posix, async t => {
  const { folder } = home(t, 0o755, 0o600)
  await makeFolder(folder)
  t.equal(modeOf(folder), '755')
})

t.test('says what keeps a folder from being made', async t => {
  const top = t.testdir({ file: '' })
  await t.rejects(makeFolder(join(top, 'file')), {
    code: 'ENOTDIR',
    message: `ENOTDIR: ${join(top, 'file')} is no folder`,
  })
  await t.rejects(makeFolder(join(top, 'file', 'a')), { code: 'ENOTDIR' })
  await t.rejects(makeFolder(join(top, 'a'.repeat(300))), { code: 'ENAMETOOLONG' })
})

t.test('syncs a folder, and says if there is none', posix, async t => {
  await syncFolder(t.testdir())
  await t.rejects(syncFolder(join(t.testdir(), 'none')), { code: 'ENOENT' })
})

t.test('says nothing of what only its owner can read', posix, async t => {
  for (const [folderMode, fileMode] of [
    [0o700, 0o600],
    [0o500, 0o400],
  ] as const) {
    const { folder, file } = home(t, folderMode, fileMode)
    t.strictSame(await tightenAccess(folder, file), [])
    t.equal(modeOf(file), fileMode.toString(8))
    t.equal(modeOf(folder), folderMode.toString(8))
    chmodSync(folder, 0o700)
  }
})

t.test('takes the rights of others and names what they had', posix, async t => {
  const { folder, file } = home(t, 0o755, 0o640)
  t.strictSame(await tightenAccess(folder, file), [
    `Other users had access to ${folder} (mode 0755); it is now 0700.`,
    `Other users had access to ${file} (mode 0640); it is now 0600.`,
  ])
  t.equal(modeOf(folder), '700')
  t.equal(modeOf(file), '600')
  t.strictSame(await tightenAccess(folder, file), [])
})

t.test('gives its owner no rights, and keeps the special ones', posix, async t => {
  const { folder, file } = home(t, 0o2775, 0o444)
  await tightenAccess(folder, file)
  t.equal(modeOf(folder), '2700')
  t.equal(modeOf(file), '400')
})

t.test('tightens a file alone, behind symbolic links', posix, async t => {
  const { folder, file } = home(t, 0o755, 0o604)
  const link = join(folder, 'link')
  symlinkSync('auth.json', link)
  t.strictSame(await tightenAccess(undefined, link), [
    `Other users had access to ${link} (mode 0604); it is now 0600.`,
  ])
  t.equal(modeOf(file), '600')
  t.equal(modeOf(folder), '755')
})

t.test('leaves a folder alone that is shared by design', posix, async t => {
  const { folder, file } = home(t, 0o1777, 0o600)
  t.strictSame(await tightenAccess(folder, file), [])
  t.equal(modeOf(folder), '1777')
})

t.test('does not mind what is not there or cannot be looked at', async t => {
  const top = t.testdir({ file: '' })
  const paths = [join(top, 'none'), join(top, 'none', 'none'), join(top, 'file', 'none')]
  t.strictSame(await tightenAccess(...(paths as [string, ...string[]])), [])
})

t.test('refuses what belongs to another user', root, async t => {
  const { folder, file } = home(t, 0o755, 0o644)
  chownSync(file, 1234, 1234)
  await t.rejects(tightenAccess(folder, file), {
    message: `${file} belongs to user 1234, but chatmock runs as user 0. Run it as user 1234, or change the owner: chown 0 ${file}`,
  })
  t.equal(modeOf(file), '644')
  chownSync(folder, 1234, 1234)
  await t.rejects(tightenAccess(folder, file), { message: /^[^ ]*home belongs to user 1234, but/ })
})

t.test('refuses what belongs to root, for others', root, async t => {
  const { file } = home(t, 0o755, 0o644)
  const { geteuid } = process
  t.teardown(() => Object.assign(process, { geteuid }))
  process.geteuid = () => 1234
  await t.rejects(tightenAccess(undefined, file), {
    message: `${file} belongs to user 0, but chatmock runs as user 1234. Run it as user 0, or change the owner: chown 1234 ${file}`,
  })
})

t.test('does nothing where there are no users', async t => {
  const { folder, file } = home(t, 0o755, 0o644)
  const { geteuid } = process
  t.teardown(() => Object.assign(process, { geteuid }))
  delete process.geteuid
  t.strictSame(await tightenAccess(folder, file), [])
  t.equal(modeOf(folder), '755')
})

t.test('says that it cannot change a mode', { skip: mountRefusal }, async t => {
  const source = join(t.testdir({ 'auth.json': '' }), 'auth.json')
  chmodSync(source, 0o644)
  const mounted = mountFile(t, source)
  makeReadOnly(mounted)
  t.strictSame(await tightenAccess(undefined, mounted.path), [
    `Other users had access to ${mounted.path} (mode 0644), and that cannot be changed (EROFS).`,
  ])
})
