import t from 'tap'
import { usageBar } from '../../../src/adapters/terminal/bars.ts'
import { createPaint } from '../../../src/adapters/terminal/paint.ts'

const plain = createPaint(false)

const bars: [title: string, usedPercent: number, bar: string][] = [
  ['nothing is used', 0, '░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0.0% used, 100.0% left'],
  ['a little is not nothing', 0.3, '▓░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0.3% used, 99.7% left'],
  ['whole segments', 10, '███░░░░░░░░░░░░░░░░░░░░░░░░░░░  10.0% used, 90.0% left'],
  ['somewhat over a half', 52.3, '███████████████▓░░░░░░░░░░░░░░  52.3% used, 47.7% left'],
  ['nearly all is not all', 99.99, '█████████████████████████████▓  99.9% used, 0.1% left'],
  ['all is used', 100, '██████████████████████████████  100.0% used, 0.0% left'],
  ['more than all is all', 130, '██████████████████████████████  100.0% used, 0.0% left'],
  ['less than nothing is nothing', -5, '░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░  0.0% used, 100.0% left'],
]
for (const [title, usedPercent, bar] of bars) {
  t.test(title, async t => {
    t.equal(usageBar(usedPercent, plain, 80), bar)
  })
}

const widths: [columns: number, bar: string][] = [
  [56, '███████████████░░░░░░░░░░░░░░░  50.0% used, 50.0% left'],
  [50, '████████████░░░░░░░░░░░░  50.0% used, 50.0% left'],
  [40, '███████░░░░░░░  50.0% used, 50.0% left'],
  [20, '██▓░░  50.0% used, 50.0% left'],
]
for (const [columns, bar] of widths) {
  t.test(`a bar fits in ${columns} columns or is as short as it can be`, async t => {
    t.equal(usageBar(50, plain, columns), bar)
  })
}

const colours: [usedPercent: number, code: number][] = [
  [49.9, 92],
  [50, 94],
  [74.9, 94],
  [75, 93],
  [89.9, 93],
  [90, 91],
]
for (const [usedPercent, code] of colours) {
  t.test(`${usedPercent} % has the colour ${code}`, async t => {
    const bar = usageBar(usedPercent, createPaint(true), 80)
    t.equal(/^\u001b\[(\d+)m█/.exec(bar)?.[1], String(code))
  })
}
