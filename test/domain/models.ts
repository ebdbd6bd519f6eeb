import t from 'tap'
import { fitEffort, resolveModel } from '../../src/domain/models.ts'
import type { ModelEntry } from '../../src/domain/ports.ts'

const entry = (slug: string, efforts: ModelEntry['efforts']): ModelEntry => ({
  slug,
  efforts,
  defaultEffort: undefined,
  contextWindow: undefined,
  priority: false,
})
const plain = entry('gpt-5.1-codex', ['low', 'medium', 'high'])
const max = entry('gpt-5.1-codex-max', ['low', 'xhigh'])
const models = [plain, max]

t.test('an exact name wins over a name with an effort', async t => {
  t.strictSame(resolveModel('gpt-5.1-codex-max', models), {
    slug: 'gpt-5.1-codex-max',
    effort: undefined,
    entry: max,
  })
})

t.test('an effort may follow a dash, an underscore or a colon', async t => {
  for (const name of ['gpt-5.1-codex-high', 'gpt-5.1-codex_high', 'gpt-5.1-codex:high']) {
    t.strictSame(resolveModel(name, models), {
      slug: 'gpt-5.1-codex',
      effort: 'high',
      entry: plain,
    })
  }
  t.strictSame(resolveModel('gpt-5.1-codex-max-low', models), {
    slug: 'gpt-5.1-codex-max',
    effort: 'low',
    entry: max,
  })
})

t.test('any other name passes unchanged', async t => {
  for (const name of [
    'gpt-9',
    'gpt-5.1-codexhigh',
    'gpt-5.1-codex-',
    'gpt-5.1-codex-huge',
    'constructor',
    '',
  ]) {
    t.strictSame(resolveModel(name, models), { slug: name, effort: undefined, entry: undefined })
  }
})

t.test('an effort is fitted to the nearest level below, else to the lowest', async t => {
  t.equal(fitEffort('high', plain), 'high')
  t.equal(fitEffort('max', plain), 'high')
  t.equal(fitEffort('high', max), 'low')
  t.equal(fitEffort('minimal', plain), 'low')
  t.equal(fitEffort('none', plain), 'low')
  t.equal(fitEffort('max', undefined), 'max')
  t.equal(fitEffort('low', entry('x', [])), 'low')
})
