import t from 'tap'
import {
  createLog,
  LOG_LEVELS,
  type LogFormat,
  type LogLevel,
} from '../../../src/adapters/terminal/log.ts'
import type { LogFields } from '../../../src/domain/ports.ts'

function start(level: LogLevel, format: LogFormat) {
  const lines: string[] = []
  const now = () => new Date('2026-11-22T12:00:00.500Z')
  return { lines, log: createLog(level, format, line => lines.push(line), now) }
}

const texts: [title: string, fields: LogFields | undefined, end: string][] = [
  ['a message alone', undefined, ''],
  ['plain values', { status: 200, ok: true, id: 'req_1' }, ' status=200 ok=true id=req_1'],
  ['no field without a value', { code: undefined, ms: 0 }, ' ms=0'],
  ['an empty value so that it shows', { code: '' }, ' code=""'],
  ['a value with a space in quotes', { message: 'not found' }, ' message="not found"'],
  ['a value that looks like two', { path: 'a b=c' }, ' path="a b=c"'],
  ['a quote escaped', { path: '"a"' }, ' path="\\"a\\""'],
  ['lines as one', { stack: 'Error\n  at a' }, ' stack="Error\\n  at a"'],
  ['letters of any script as they are', { city: 'Zürich' }, ' city=Zürich'],
  ['what would steer a terminal escaped', { a: '\u001b[2J' }, ' a="\\u001b[2J"'],
  ['the same in one character', { a: '\u009b2J\u007f' }, ' a="\\u{9b}2J\\u{7f}"'],
  ['what would turn the line around escaped', { a: 'a\u202eb' }, ' a="a\\u{202e}b"'],
  ['an invisible letter beyond the first plane escaped', { a: '\u{e0041}' }, ' a="\\u{e0041}"'],
]
for (const [title, fields, end] of texts) {
  t.test(`writes ${title}`, async t => {
    const { log, lines } = start('info', 'text')
    log.info('request', fields)
    t.strictSame(lines, [`2026-11-22T12:00:00.500Z info  request${end}\n`])
  })
}

t.test('writes JSON for programs', async t => {
  const { log, lines } = start('info', 'json')
  log.warn('stream failed', { code: 'upstream_timeout', ms: 7, id: undefined, text: 'a\n"b"' })
  log.error('stopped')
  t.strictSame(lines, [
    '{"time":"2026-11-22T12:00:00.500Z","level":"warn","msg":"stream failed","code":"upstream_timeout","ms":7,"text":"a\\n\\"b\\""}\n',
    '{"time":"2026-11-22T12:00:00.500Z","level":"error","msg":"stopped"}\n',
  ])
})

const written: [level: LogLevel, levels: LogLevel[]][] = [
  ['debug', ['debug', 'info', 'warn', 'error']],
  ['info', ['info', 'warn', 'error']],
  ['warn', ['warn', 'error']],
  ['error', ['error']],
]
for (const [level, levels] of written) {
  t.test(`a log of level ${level} writes ${levels.join(', ')}`, async t => {
    const { log, lines } = start(level, 'text')
    for (const own of LOG_LEVELS) log[own]('message')
    t.strictSame(
      lines.map(line => line.slice(25, 30).trimEnd()),
      levels,
    )
  })
}
