import t from 'tap'
import { type JsonString, quote, unquote } from '../../src/domain/events.ts'
import { createLiteralRun } from '../../src/domain/literal-run.ts'

t.test('a short run gives back what was pushed, once', async t => {
  const run = createLiteralRun()
  run.push(quote('a'))
  run.push(quote('"b"'))
  t.strictSame(run.take(), ['"a"', '"\\"b\\""'])
  t.strictSame(run.take(), [])
  run.push(quote('c'))
  t.strictSame(run.take(), ['"c"'])
})

t.test('a long run is joined every 64 Ki characters, quotes and escapes counted', async t => {
  const run = createLiteralRun()
  for (let i = 0; i < 8192; i++) run.push(quote('\ud83d\ude00\n"'))
  for (const half of ['"\\ud83d"', '"\\ude00"']) run.push(half as JsonString)
  const literals = run.take()
  t.strictSame(
    literals.map(text => text.length),
    [49_154, 8, 8],
  )
  t.equal(unquote(literals), `${'😀\n"'.repeat(8192)}😀`)
  t.strictSame(run.take(), [])
})

t.test('a literal that is long by itself is a run of its own', async t => {
  const run = createLiteralRun()
  const long = quote('x'.repeat(70_000))
  run.push(long)
  run.push(quote('y'))
  t.strictSame(run.take(), [long, '"y"'])
})
