import t from 'tap'
import { showCountdown } from '../../../src/adapters/terminal/countdown.ts'

function start(isTTY: boolean, options: { columns?: number; hint?: string } = {}) {
  const written: string[] = []
  let now = 5000
  let ticking: (() => void) | undefined
  const countdown = showCountdown(
    { isTTY, columns: options.columns, write: text => written.push(text) },
    {
      seconds: 900,
      hint: options.hint ?? 'Stop with Ctrl-C.',
      monotonic: () => now,
      everySecond: tick => {
        ticking = tick
        return () => {
          ticking = undefined
        }
      },
    },
  )
  const pass = (ms: number) => {
    now += ms
    ticking?.()
  }
  return { countdown, pass, takeWritten: () => written.splice(0), isTicking: () => !!ticking }
}

t.test('rewrites one line each second', async t => {
  const { pass, takeWritten } = start(true)
  pass(1000)
  pass(27_600)
  t.strictSame(takeWritten(), [
    '\rWaiting… 15:00 left. Stop with Ctrl-C.',
    '\rWaiting… 14:59 left. Stop with Ctrl-C.',
    '\rWaiting… 14:32 left. Stop with Ctrl-C.',
  ])
})

t.test('leaves nothing of a longer line, and does not go below zero', async t => {
  const { pass, takeWritten } = start(true, { hint: '' })
  takeWritten()
  pass(895_000)
  pass(60_000)
  t.strictSame(takeWritten(), ['\rWaiting… 0:05 left. ', '\rWaiting… 0:00 left.'])
})

t.test('takes the line off the screen at the end', async t => {
  const { countdown, pass, takeWritten, isTicking } = start(true, { hint: '' })
  takeWritten()
  countdown.stop()
  countdown.stop()
  pass(1000)
  t.strictSame(takeWritten(), [`\r${' '.repeat(20)}\r`])
  t.notOk(isTicking())
})

t.test('writes a note above the line', async t => {
  const { countdown, takeWritten } = start(true, { hint: '' })
  takeWritten()
  countdown.note('That was another address.')
  t.strictSame(takeWritten(), [
    `\r${' '.repeat(20)}\r`,
    'That was another address.\n',
    '\rWaiting… 15:00 left.',
  ])
})

t.test('writes a note after the end without the line', async t => {
  const { countdown, takeWritten } = start(true)
  countdown.stop()
  takeWritten()
  countdown.note('Late.')
  t.strictSame(takeWritten(), ['Late.\n'])
})

t.test('cuts the line so that it never reaches the last column', async t => {
  const { takeWritten } = start(true, { columns: 16 })
  t.strictSame(takeWritten(), ['\rWaiting… 15:00 '])
})

t.test('prints once where there is no terminal', async t => {
  const { countdown, pass, takeWritten, isTicking } = start(false)
  pass(1000)
  countdown.note('A note.')
  countdown.stop()
  t.strictSame(takeWritten(), ['Waiting… 15:00 left. Stop with Ctrl-C.\n', 'A note.\n'])
  t.notOk(isTicking())
})

t.test('its own timer ticks, and stops', async t => {
  const texts: string[] = []
  let ticked = () => {}
  const twoTicks = new Promise<void>(resolve => {
    ticked = () => texts.length === 2 && resolve()
  })
  const write = (text: string) => {
    texts.push(text)
    ticked()
  }
  const countdown = showCountdown(
    { isTTY: true, columns: 80, write },
    { seconds: 60, hint: '', monotonic: () => performance.now() },
  )
  // The timer alone would let the process end.
  const alive = setInterval(() => {}, 60_000)
  await twoTicks
  clearInterval(alive)
  countdown.stop()
  t.match(texts[0], /^\rWaiting… 1:00 left\./)
  t.match(texts[1], /^\rWaiting… 0:5\d left\./)
})
