import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import t from 'tap'
import { findPortHolder, type RunProgram } from '../../../src/adapters/oauth/port-holder.ts'

/** Plays the programs of a system that has only these. */
function system(outputs: Readonly<Record<string, string>>) {
  const runs: string[] = []
  const run: RunProgram = async (name, args) => {
    runs.push([name, ...args].join(' '))
    return outputs[name]
  }
  return { run, runs }
}

const SS = 'LISTEN 0      511    127.0.0.1:1455 0.0.0.0:* users:(("codex",pid=4711,fd=20))\n'
const SS_OF_OTHERS = 'LISTEN 0      511    127.0.0.1:1455 0.0.0.0:*\n'

t.test('asks ss', async t => {
  const { run, runs } = system({ ss: SS })
  t.equal(await findPortHolder(1455, run), 'codex (process 4711)')
  t.strictSame(runs, ['ss -Hltnp sport = :1455'])
})

t.test('asks lsof where ss is missing or may not tell', async t => {
  for (const outputs of [
    { lsof: 'p4711\ncnode\nf20\n' },
    { ss: SS_OF_OTHERS, lsof: 'p4711\ncnode\n' },
  ]) {
    const { run, runs } = system(outputs)
    t.equal(await findPortHolder(1457, run), 'node (process 4711)')
    t.strictSame(runs, ['ss -Hltnp sport = :1457', 'lsof -nP -iTCP:1457 -sTCP:LISTEN -Fpc'])
  }
})

t.test('names nobody where neither tells', async t => {
  t.equal(await findPortHolder(1455, system({}).run), undefined)
  t.equal(await findPortHolder(1455, system({ ss: '', lsof: '' }).run), undefined)
  t.equal(await findPortHolder(1455, system({ ss: SS_OF_OTHERS, lsof: 'garbage' }).run), undefined)
})

t.test('does not trust a program with its own name', async t => {
  const named = (name: string) => system({ ss: `users:(("${name}",pid=1,fd=2))` }).run
  t.equal(await findPortHolder(1455, named('\x1b[31mevil\n')), 'evil (process 1)')
  t.equal(await findPortHolder(1455, named('\x1b[2J')), 'a program (process 1)')
})

t.test('finds this very process with the system’s own tools', async t => {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const holder = await findPortHolder((server.address() as AddressInfo).port)
  const skip = holder === undefined ? 'neither ss nor lsof can tell here' : false
  t.match(holder, `(process ${process.pid})`, { skip })
})
