import t from 'tap'
import { DIRECTIVES, readDirectives } from '../../../src/adapters/demo/directives.ts'

t.test('a prompt without directives asks for nothing', async t => {
  const nothing = { any: false, calls: [], unknown: [] }
  t.same(readDirectives('Why did the build fail: was it the end: of words?'), nothing)
  t.same(readDirectives('see front-end:8080 and essay:long'), nothing)
  t.same(readDirectives('say: \nwhat?'), nothing)
})

t.test('directives are read anywhere in a prompt', async t => {
  const read = readDirectives('Please pace:50ms and (words:7), then end:length. Thanks; fail:cut!')
  t.equal(read.paceMs, 50)
  t.equal(read.words, 7)
  t.equal(read.ending?.reason, 'length')
  t.equal(read.failure?.code, 'upstream_stream_incomplete')
  t.same(read.unknown, [])
})

t.test('a directive may have spaces after its colon, and any letter case', async t => {
  t.equal(readDirectives('fail: 429').failure?.name, '429')
  t.equal(readDirectives('Fail:429').failure?.name, '429')
  t.equal(readDirectives('FAIL: Limit').failure?.name, 'limit')
  t.equal(readDirectives('End:Length').ending?.reason, 'length')
  t.equal(readDirectives('Pace:  5MS').paceMs, 5)
  t.equal(readDirectives('Words:\t5').words, 5)
  t.equal(readDirectives('Say: hello').say, 'hello')
  t.same(readDirectives('Call: ping').calls, [{ name: 'ping', arguments: undefined }])
})

t.test('say: takes the rest of its line, and no directive is read from it', async t => {
  t.same(readDirectives('pace:1ms say:Hello fail:503 call:x there!\nwords:3\nsay:bye fail:429'), {
    any: true,
    say: 'Hello fail:503 call:x there!',
    paceMs: 1,
    words: 3,
    calls: [],
    unknown: [],
  })
})

t.test('call: takes the JSON object after its name as it is written', async t => {
  const prompt = 'call:a { "n": 1.0, "s": "say:}\\"{ fail:429", "o": {\n} } then call:b {}, call:a.'
  t.same(readDirectives(prompt), {
    any: true,
    calls: [
      { name: 'a', arguments: '{ "n": 1.0, "s": "say:}\\"{ fail:429", "o": {\n} }' },
      { name: 'b', arguments: '{}' },
      { name: 'a', arguments: undefined },
    ],
    unknown: [],
  })
})

t.test('what is no JSON object after call: counts as none', async t => {
  for (const text of ['{a:1}', '{"a":1', '[1]', '{"a}', '\n{}', '{ ', 'x {}']) {
    t.same(readDirectives(`call:ping ${text}`).calls, [{ name: 'ping', arguments: undefined }])
  }
})

t.test('no more than 128 calls are read', async t => {
  t.equal(readDirectives('call:ping {} '.repeat(129)).calls.length, 128)
})

t.test('of two directives that exclude each other the first counts', async t => {
  const read = readDirectives('words:1 words:2 fail:429 fail:503')
  t.equal(read.words, 1)
  t.equal(read.failure?.name, '429')
})

t.test('numbers have an upper limit', async t => {
  t.equal(readDirectives('words:99999999').words, 100000)
  t.equal(readDirectives('pace:99999999ms').paceMs, 3600000)
})

t.test('what only looks like a directive is kept as unknown', async t => {
  t.same(readDirectives('fail:xyz end:never words:many pace:50 fail:constructor').unknown, [
    'fail:xyz',
    'end:never',
    'words:many',
    'pace:50',
    'fail:constructor',
  ])
})

t.test('a long prompt is read in linear time', async t => {
  const prompts = [
    'fail:xyz '.repeat(40_000),
    'fail:429 '.repeat(40_000),
    'say: '.repeat(40_000),
    'call:a {'.repeat(40_000),
    `call:a {"${'\\"'.repeat(20_000)}`.repeat(4),
  ]
  for (const prompt of prompts) {
    const start = performance.now()
    readDirectives(prompt)
    t.ok(performance.now() - start < 2000, prompt.slice(0, 9))
  }
})

t.test('the help lists every directive with its effect', async t => {
  t.same(
    DIRECTIVES.map(({ directive }) => directive),
    [
      'say:TEXT',
      'words:500',
      'call:NAME {json}',
      'pace:50ms',
      'end:length',
      'end:filter',
      'end:refusal',
      'fail:400',
      'fail:401',
      'fail:403',
      'fail:404',
      'fail:429',
      'fail:502',
      'fail:503',
      'fail:504',
      'fail:timeout',
      'fail:limit',
      'fail:context',
      'fail:cut',
      'fail:late',
      'fail:stall',
    ],
  )
  t.ok(DIRECTIVES.every(({ effect }) => effect.length > 5))
})
