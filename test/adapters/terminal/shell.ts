import { execFileSync } from 'node:child_process'
import t from 'tap'
import { quote, shellWord } from '../../../src/adapters/terminal/shell.ts'

t.test('leaves a plain path as it is', async t => {
  t.equal(shellWord('/home/ada/.codex/auth.json'), '/home/ada/.codex/auth.json')
})

t.test('quotes what a shell would change', async t => {
  t.equal(shellWord('/home/ada lovelace/$x'), "'/home/ada lovelace/$x'")
  t.equal(shellWord('~/auth.json'), "'~/auth.json'")
  t.equal(shellWord(''), "''")
})

t.test('a shell reads the word that was meant', { skip: noShell() }, async t => {
  for (const word of ['it\'s "here"', '`id` $(id) \\n *', '-n', 'a\nb', '~']) {
    for (const quoted of [quote(word), shellWord(word)]) {
      t.equal(execFileSync('sh', ['-c', `printf %s ${quoted}`], { encoding: 'utf8' }), word)
    }
  }
})

function noShell(): string | false {
  return process.platform === 'win32' && 'there is no POSIX shell'
}
