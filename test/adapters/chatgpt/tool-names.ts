import fc from 'fast-check'
import t from 'tap'
import { createToolNames } from '../../../src/adapters/chatgpt/tool-names.ts'
import type { Item, Tool } from '../../../src/domain/conversation.ts'
import { chatRequest } from '../../fakes/chat-request.ts'

const tool = (name: string): Tool => ({
  type: 'custom',
  name,
  description: undefined,
  grammar: undefined,
})
const call = (name: string): Item => ({
  type: 'tool-call',
  kind: 'function',
  callId: `call_${name}`,
  name,
  arguments: '{}',
})
const namesOf = (names: readonly string[], called: readonly string[] = []) =>
  createToolNames(chatRequest({ tools: names.map(tool), items: called.map(call) }))

t.test('a name that the backend takes stays as it is', async t => {
  const fits = ['get_weather', 'A-1', '_', 'x'.repeat(64)]
  const names = namesOf(fits)
  for (const name of fits) {
    t.equal(names.toSent(name), name)
    t.equal(names.toOriginal(name), name)
  }
})

t.test('a name that it does not take keeps its readable part and gets a hash', async t => {
  for (const [name, sent] of [
    ['get weather', 'get_weather_7e72a725'],
    ['files.read/all', 'files_read_all_294fd390'],
    ['天気😀', '_____a983e58d'],
    ['', '_e3b0c442'],
    ['x'.repeat(65), `${'x'.repeat(55)}_48db1fc4`],
    [
      `read_${'everything_'.repeat(9)}`,
      'read_everything_everything_everything_everything_everyt_2eb9aa0a',
    ],
    ['mcp__my files__read', 'mcp__my_files__read_8f231fd5'],
    [`mcp__${'server_'.repeat(9)}__read_file`, 'mcp__read_file_d9a60d65'],
    [`mcp__server__${'read_'.repeat(13)}file`, `mcp__${'read_'.repeat(10)}_d186e4ac`],
    [`mcp__${'server_'.repeat(9)}__`, `mcp__${'server_'.repeat(7)}s_334515de`],
  ] as const) {
    const names = namesOf([name])
    t.equal(names.toSent(name), sent, name)
    t.equal(names.toOriginal(sent), name, name)
  }
})

t.test('names that look alike are told apart', async t => {
  const long = 'x'.repeat(70)
  for (const alike of [
    ['a b', 'a.b', 'a_b'],
    [`${long}1`, `${long}2`],
    ['\ud800', '\ud801', '\udc00'],
  ]) {
    const names = namesOf(alike)
    const sent = alike.map(names.toSent)
    t.equal(new Set(sent).size, alike.length)
    t.strictSame(sent.map(names.toOriginal), alike)
  }
})

t.test('a name that is what another would become keeps its own', async t => {
  const first = namesOf(['a b']).toSent('a b')
  const second = namesOf(['a b', first]).toSent('a b')
  const names = namesOf(['a b', first, second])
  t.equal(names.toSent(first), first)
  t.equal(names.toSent(second), second)
  t.equal(new Set([first, second, names.toSent('a b')]).size, 3)
  t.equal(names.toOriginal(names.toSent('a b')), 'a b')
})

t.test('a name is spelled alike whatever else the request holds', async t => {
  const alone = namesOf(['a b']).toSent('a b')
  t.equal(namesOf(['z', 'c d', 'a b'], ['e f']).toSent('a b'), alone)
  t.equal(namesOf([], ['a b', 'a b']).toSent('a b'), alone)
})

t.test('names of earlier calls are held too, those of nobody stay', async t => {
  const names = namesOf(['now'], ['gone away'])
  t.equal(names.toOriginal(names.toSent('gone away')), 'gone away')
  t.equal(names.toSent('never heard of'), 'never heard of')
  t.equal(names.toOriginal('invented'), 'invented')
  t.equal(names.toOriginal('constructor'), 'constructor')
})

t.test('any names are sent as ones that the backend takes, and come back', async () => {
  const name = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.string({ minLength: 60, maxLength: 80 }),
    fc.constantFrom('a b', 'a.b', namesOf(['a b']).toSent('a b'), 'mcp__a__b c'),
  )
  fc.assert(
    fc.property(fc.uniqueArray(name), fc.array(name), (tools, called) => {
      const names = namesOf(tools, called)
      const all = [...new Set([...tools, ...called])]
      const sent = all.map(names.toSent)
      return (
        new Set(sent).size === all.length &&
        sent.every(each => /^[a-zA-Z0-9_-]{1,64}$/.test(each)) &&
        sent.every((each, i) => names.toOriginal(each) === all[i])
      )
    }),
  )
})

t.test('a hundred thousand names, and names of megabytes, take no long time', async t => {
  const many = Array.from({ length: 100_000 }, (_, i) => `tool number ${i}`)
  t.equal(new Set(many.map(namesOf(many).toSent)).size, 100_000)
  const long = `mcp__${'_'.repeat(4 * 1024 * 1024)} `
  t.equal(namesOf([long]).toOriginal(namesOf([long]).toSent(long)), long)
})
