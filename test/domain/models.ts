import fc from 'fast-check'
import t from 'tap'
import { EFFORTS } from '../../src/domain/conversation.ts'
import {
  canThink,
  fitEffort,
  listedName,
  listedNames,
  resolveModel,
} from '../../src/domain/models.ts'
import { modelEntry } from '../fakes/model-entry.ts'

const best = modelEntry({ slug: 'gpt-6.1-sol' })
const plain = modelEntry({ slug: 'gpt-5.1-codex' })
const max = modelEntry({ slug: 'gpt-5.1-codex-max' })
const latest = modelEntry({ slug: 'codex-mini-latest' })
const models = [best, plain, max, latest]

/** Returns the slug, the effort, and the slug of the entry, if there is one. */
function read(name: string, among = models) {
  const { slug, effort, entry } = resolveModel(name, among)
  return [slug, effort, entry?.slug]
}

/** What {@link read} returns for a name that is left as it is. */
const untouched = (name: string) => [name, undefined, undefined]

t.test('an exact name wins over a name with an effort', async t => {
  t.equal(resolveModel('gpt-5.1-codex-max', models).entry, max)
  t.strictSame(read('gpt-5.1-codex-max'), ['gpt-5.1-codex-max', undefined, 'gpt-5.1-codex-max'])
  t.strictSame(read('gpt-5.1-codex-max', [plain]), ['gpt-5.1-codex', 'max', 'gpt-5.1-codex'])
})

t.test('an effort may follow a dash, an underscore or a colon', async t => {
  for (const name of ['gpt-5.1-codex-high', 'gpt-5.1-codex_high', 'gpt-5.1-codex:high']) {
    t.strictSame(read(name), ['gpt-5.1-codex', 'high', 'gpt-5.1-codex'])
  }
  t.strictSame(read('gpt-5.1-codex-ultra'), ['gpt-5.1-codex', 'ultra', 'gpt-5.1-codex'])
  t.strictSame(read('gpt-5.1-codex_MAX'), ['gpt-5.1-codex', 'max', 'gpt-5.1-codex'])
  t.strictSame(read('gpt-5.1-codex-max-low'), ['gpt-5.1-codex-max', 'low', 'gpt-5.1-codex-max'])
})

t.test('a provider may stand before a listed name', async t => {
  t.strictSame(read('openai/gpt-5.1-codex'), ['gpt-5.1-codex', undefined, 'gpt-5.1-codex'])
  t.strictSame(read('router/openai/GPT5.1-codex-high'), ['gpt-5.1-codex', 'high', 'gpt-5.1-codex'])
  t.strictSame(read('openai/nope'), untouched('openai/nope'))
  t.strictSame(read('openai/'), untouched('openai/'))
  const whole = modelEntry({ slug: 'openai/gpt-5.1-codex' })
  t.strictSame(read('openai/gpt-5.1-codex', [plain, whole])[2], 'openai/gpt-5.1-codex')
})

t.test('a model and an effort are found behind their name in any catalogue', async () => {
  const slug = fc.oneof(
    fc.stringMatching(/^[!-~]{1,12}$/),
    fc
      .tuple(fc.constantFrom('a', 'gpt-5', 'GPT-5', 'codex'), fc.constantFrom(...EFFORTS, 'latest'))
      .map(([base, end]) => `${base}-${end}`),
  )
  fc.assert(
    fc.property(
      fc.uniqueArray(slug, { minLength: 1, maxLength: 6 }),
      fc.nat(),
      fc.constantFrom('-', '_', ':'),
      fc.constantFrom(...EFFORTS),
      (slugs, index, separator, effort) => {
        const wanted = slugs[index % slugs.length] ?? ''
        const name = `${wanted}${separator}${effort}`
        const found = resolveModel(
          name,
          slugs.map(slug => modelEntry({ slug })),
        )
        return slugs.includes(name)
          ? found.slug === name && found.effort === undefined
          : found.slug === wanted && found.effort === effort && found.entry?.slug === wanted
      },
    ),
  )
})

t.test('a name may be written in other ways, with an effort or without', async t => {
  const aliases: [string, string][] = [
    ['GPT-5.1-Codex', 'gpt-5.1-codex'],
    ['gpt5.1-codex', 'gpt-5.1-codex'],
    ['gpt-5.1-codex-latest', 'gpt-5.1-codex'],
    ['gpt-5.1-codex:latest', 'gpt-5.1-codex'],
    ['GPT5.1-CODEX-MAX', 'gpt-5.1-codex-max'],
    ['codex-mini', 'codex-mini-latest'],
    ['Codex-Mini:latest', 'codex-mini-latest'],
    ['codex', 'gpt-6.1-sol'],
    ['Codex:latest', 'gpt-6.1-sol'],
  ]
  for (const [name, slug] of aliases) {
    t.strictSame(read(name), [slug, undefined, slug], name)
    t.strictSame(read(`${name}-high`), [slug, 'high', slug], name)
    t.strictSame(read(`${name}_XHIGH`), [slug, 'xhigh', slug], name)
    t.strictSame(read(`${name}:low:latest`), [slug, 'low', slug], name)
  }
})

t.test('an empty name is the first model', async t => {
  t.strictSame(read(''), ['gpt-6.1-sol', undefined, 'gpt-6.1-sol'])
  t.strictSame(read('', []), untouched(''))
  t.strictSame(read('codex', []), untouched('codex'))
  t.strictSame(read('-latest'), untouched('-latest'))
})

t.test('the spelling of a name decides between two that are alike', async t => {
  const alike = ['x', 'x-latest', 'X', 'y-latest', 'y', 'codex'].map(slug => modelEntry({ slug }))
  t.equal(read('x', alike)[0], 'x')
  t.equal(read('X', alike)[0], 'X')
  t.equal(read('X-LATEST', alike)[0], 'x-latest')
  t.equal(read('Y', alike)[0], 'y')
  t.equal(read('codex', alike)[0], 'codex')
})

t.test('an effort is cut off an unlisted name where it cannot be part of it', async t => {
  t.strictSame(read('gpt-9-high'), ['gpt-9', 'high', undefined])
  t.strictSame(read('gpt-9_XHigh'), ['gpt-9', 'xhigh', undefined])
  t.strictSame(read('gpt-9:max'), ['gpt-9', 'max', undefined])
  t.strictSame(read('gpt-9-max-low'), ['gpt-9-max', 'low', undefined])
  for (const name of ['gpt-9-max', 'gpt-9_max', 'gpt-9-ultra', 'gpt-9-mini']) {
    t.strictSame(read(name), untouched(name))
  }
})

t.test('any other name passes unchanged', async t => {
  const names = [
    'gpt-9',
    'gpt5',
    'llama3:latest',
    'gpt-5.1-codexhigh',
    'gpt-5.1-codex-',
    'gpt-5.1-codex-huge',
    'gpt-5.1-codex\nhigh',
    '-high',
    'high',
    'constructor',
    '__proto__',
  ]
  for (const name of names) t.strictSame(read(name), untouched(name))
})

t.test('an effort is fitted to the nearest level below, else to the lowest', async t => {
  const low = modelEntry({ efforts: ['xhigh', 'low'] })
  t.equal(fitEffort('high', plain), 'high')
  t.equal(fitEffort('max', plain), 'high')
  t.equal(fitEffort('high', low), 'low')
  t.equal(fitEffort('max', low), 'xhigh')
  t.equal(fitEffort('minimal', plain), 'low')
  t.equal(fitEffort('low', modelEntry({ efforts: ['high'] })), 'high')
  t.equal(fitEffort('low', modelEntry({ efforts: [] })), 'low')
})

t.test('thinking is switched off only where that is wanted', async t => {
  const thinks = modelEntry({ efforts: ['none', 'low', 'high'] })
  t.equal(fitEffort('none', thinks), 'none')
  t.equal(fitEffort('none', plain), 'low')
  t.equal(fitEffort('minimal', thinks), 'low')
  t.equal(fitEffort('medium', modelEntry({ efforts: ['none', 'high'] })), 'high')
  t.equal(fitEffort('medium', modelEntry({ efforts: ['none'] })), 'none')
})

t.test('ultra becomes what the model has for it', async t => {
  const efforts = ['low', 'xhigh', 'max', 'ultra'] as const
  t.equal(fitEffort('ultra', modelEntry({ efforts, ultraEffort: 'xhigh' })), 'xhigh')
  t.equal(fitEffort('ultra', modelEntry({ efforts, ultraEffort: 'max' })), 'max')
  t.equal(fitEffort('ultra', modelEntry({ efforts: ['low', 'high'] })), 'high')
  t.equal(fitEffort('ultra', modelEntry({ efforts: ['ultra'] })), 'max')
  t.equal(fitEffort('max', modelEntry({ efforts: ['low', 'ultra'] })), 'low')
})

t.test('without a catalogue entry every effort but ultra stands', async t => {
  t.equal(fitEffort('max', undefined), 'max')
  t.equal(fitEffort('minimal', undefined), 'minimal')
  t.equal(fitEffort('none', undefined), 'none')
  t.equal(fitEffort('ultra', undefined), 'max')
})

t.test('a model is listed under its name, and with each effort where that is wished', async t => {
  const entry = modelEntry({ slug: 'a', efforts: ['ultra', 'high', 'none'] })
  const names = (exposesEfforts: boolean, isTagged: boolean) =>
    listedNames(entry, { exposesEfforts, isTagged })
  t.strictSame(names(false, false), ['a'])
  t.strictSame(names(false, true), ['a:latest'])
  t.strictSame(names(true, false), ['a', 'a-none', 'a-high', 'a-ultra'])
  t.strictSame(names(true, true), ['a:latest', 'a:none', 'a:high', 'a:ultra'])
  t.equal(listedName(entry, 'high', true), 'a:high')
})

t.test('a name that has a tag gets no other', async t => {
  const entry = modelEntry({ slug: 'b:20b', efforts: ['low'] })
  for (const isTagged of [false, true]) {
    t.strictSame(listedNames(entry, { exposesEfforts: true, isTagged }), ['b:20b', 'b:20b-low'])
  }
})

t.test('a model thinks if it takes any effort but none', async t => {
  t.equal(canThink(modelEntry({ efforts: ['none', 'low'] })), true)
  t.equal(canThink(modelEntry({ efforts: ['none'] })), false)
  t.equal(canThink(modelEntry({ efforts: [] })), false)
})
