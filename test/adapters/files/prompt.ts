import { join } from 'node:path'
import t from 'tap'
import { readPrompt } from '../../../src/adapters/files/prompt.ts'

const read: [title: string, content: string, text: string][] = [
  ['as it is', 'Be brief.', 'Be brief.'],
  ['with its lines', 'Be brief.\n\nBe kind.', 'Be brief.\n\nBe kind.'],
  ['without the white space around it', '\n  Be brief.\r\n\n', 'Be brief.'],
  ['without the mark that some editors put first', '\ufeffBe brief.', 'Be brief.'],
]
for (const [title, content, text] of read) {
  t.test(`reads a prompt ${title}`, async t => {
    t.equal(await readPrompt(join(t.testdir({ 'prompt.md': content }), 'prompt.md')), text)
  })
}

for (const content of ['', ' \n\t', '\ufeff\n']) {
  t.test(`refuses ${JSON.stringify(content)} as empty`, async t => {
    const path = join(t.testdir({ 'prompt.md': content }), 'prompt.md')
    await t.rejects(readPrompt(path), { message: 'the file is empty' })
  })
}

t.test('returns undefined where there is no file', async t => {
  t.equal(await readPrompt(join(t.testdir({}), 'prompt.md')), undefined)
  t.equal(await readPrompt(join(t.testdir({}), 'none', 'prompt.md')), undefined)
  t.equal(await readPrompt(join(t.testdir({ file: 'text' }), 'file', 'prompt.md')), undefined)
})

t.test('passes on what keeps a file from being read', async t => {
  await t.rejects(readPrompt(t.testdir({})), { code: 'EISDIR' })
})
