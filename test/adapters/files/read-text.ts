import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { readText } from '../../../src/adapters/files/read-text.ts'

t.test('a file is read whole up to its limit', async t => {
  const path = join(t.testdir({ file: 'ä23' }), 'file')
  t.equal(await readText(path, 4), 'ä23')
  t.equal(await readText(path, 3), undefined)
})

t.test('what is not there, or is no file, has no text', async t => {
  const directory = t.testdir({ folder: {} })
  t.equal(await readText(join(directory, 'none'), 10), undefined)
  t.equal(await readText(join(directory, 'none', 'none'), 10), undefined)
  t.equal(await readText(join(directory, 'folder'), 1_000_000), undefined)
})

t.test('a file that cannot be read is an error', async t => {
  const path = join(t.testdir({ file: '' }), 'file', 'below')
  await t.rejects(readText(path, 10), { code: 'ENOTDIR' })
})

t.test(
  'a named pipe has no text, and is not waited for',
  { skip: process.platform === 'win32' && 'mkfifo is POSIX' },
  async t => {
    const path = join(t.testdir({}), 'pipe')
    execFileSync('mkfifo', [path])
    t.equal(await readText(path, 10), undefined)
  },
)
