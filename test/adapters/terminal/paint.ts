import t from 'tap'
import { createPaint, isColourful } from '../../../src/adapters/terminal/paint.ts'

const styles = [
  ['bold', '\u001b[1mtext\u001b[22m'],
  ['dim', '\u001b[2mtext\u001b[22m'],
  ['red', '\u001b[91mtext\u001b[39m'],
  ['yellow', '\u001b[93mtext\u001b[39m'],
  ['green', '\u001b[92mtext\u001b[39m'],
  ['blue', '\u001b[94mtext\u001b[39m'],
] as const
for (const [style, painted] of styles) {
  t.test(`${style} is a style of its own`, async t => {
    t.equal(createPaint(true)[style]('text'), painted)
    t.equal(createPaint(false)[style]('text'), 'text')
    t.equal(createPaint(true)[style](''), '', 'nothing is nothing')
  })
}

const cases: [title: string, isTTY: boolean | undefined, environment: object, expected: boolean][] =
  [
    ['a terminal has colours', true, { TERM: 'xterm-256color' }, true],
    ['a terminal that does not say what it is has colours', true, {}, true],
    ['a pipe has none', undefined, { TERM: 'xterm-256color' }, false],
    ['a stream that is no terminal has none', false, {}, false],
    ['NO_COLOR turns them off', true, { NO_COLOR: '1' }, false],
    ['NO_COLOR turns them off whatever it says', true, { NO_COLOR: '0' }, false],
    ['an empty NO_COLOR does not count', true, { NO_COLOR: '' }, true],
    ['a dumb terminal has none', true, { TERM: 'dumb' }, false],
  ]
for (const [title, isTTY, environment, expected] of cases) {
  t.test(title, async t => {
    t.equal(isColourful({ isTTY }, { ...environment }), expected)
  })
}
