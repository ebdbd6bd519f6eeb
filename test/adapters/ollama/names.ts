import t from 'tap'
import {
  findModel,
  isName,
  modelNotFound,
  shownName,
  toldName,
} from '../../../src/adapters/ollama/names.ts'
import { modelEntry } from '../../fakes/model-entry.ts'

const models = [
  modelEntry({ slug: 'gpt-6.1-sol' }),
  modelEntry({ slug: 'demo' }),
  modelEntry({ slug: 'codex-mini-latest' }),
  modelEntry({ slug: 'openai/Whole' }),
]

/** Returns the slug of the model found, and the effort that its name asks for. */
function find(text: string) {
  const found = findModel(text, models)
  return found && [found.entry.slug, found.effort]
}

t.test('many spellings mean one model', async t => {
  const spellings = [
    'demo',
    'DEMO',
    'demo:latest',
    'Demo:LATEST',
    'library/demo',
    'Library/demo:latest',
    'registry.ollama.ai/library/demo',
    'Registry.Ollama.AI/LIBRARY/demo:latest',
    ' demo\n',
    'demo-latest',
    'openai/demo',
  ]
  for (const text of spellings) t.strictSame(find(text), ['demo', undefined], text)
})

t.test('a tag, or the end of a name, may be an effort', async t => {
  for (const text of ['demo:high', 'DEMO:High', 'library/demo:high', 'demo-high', 'demo_high']) {
    t.strictSame(find(text), ['demo', 'high'], text)
  }
  t.strictSame(find('demo-high:latest'), ['demo', 'high'])
  t.strictSame(find('demo:ultra'), ['demo', 'ultra'])
})

t.test('names that the catalogue has in other words are found', async t => {
  t.strictSame(find('gpt6.1-sol'), ['gpt-6.1-sol', undefined])
  t.strictSame(find('codex'), ['gpt-6.1-sol', undefined])
  t.strictSame(find('codex-mini:low'), ['codex-mini-latest', 'low'])
  t.strictSame(find('codex-mini-latest:Latest'), ['codex-mini-latest', undefined])
  t.strictSame(find('openai/whole:latest'), ['openai/Whole', undefined])
})

t.test('other models, and tags that are no efforts, are not there', async t => {
  const texts = [
    'nope',
    'nope:high',
    'demo:7b',
    'demo:cloud',
    'demo2',
    'constructor',
    'openai/nope',
  ]
  for (const text of texts) t.equal(find(text), undefined, text)
  t.equal(findModel('demo', []), undefined)
})

t.test('a name is shown with its tag, and without what goes without saying', async t => {
  const cases = [
    ['demo', 'demo:latest'],
    ['DEMO', 'DEMO:latest'],
    [' demo:Latest\t', 'demo:Latest'],
    ['demo:7b-q4_0', 'demo:7b-q4_0'],
    ['library/demo', 'demo:latest'],
    ['LIBRARY/demo:7b', 'demo:7b'],
    ['registry.ollama.ai/library/demo', 'demo:latest'],
    ['Registry.Ollama.AI/library/demo', 'demo:latest'],
    ['registry.ollama.ai/someone/demo', 'someone/demo:latest'],
    ['someone/demo', 'someone/demo:latest'],
    ['hf.co/someone/demo', 'hf.co/someone/demo:latest'],
    ['hf.co/library/demo:7b', 'hf.co/library/demo:7b'],
    ['localhost:5000/library/demo', 'localhost:5000/library/demo:latest'],
    ['_a', '_a:latest'],
    ['0', '0:latest'],
  ]
  for (const [text = '', shown] of cases) t.equal(shownName(text), shown, text)
})

t.test('what another host has is no model of ours, whatever its name', async t => {
  t.equal(findModel('evil.example/library/demo', models), undefined)
  t.equal(findModel('hf.co/openai/demo:latest', models), undefined)
  t.equal(findModel('REGISTRY.ollama.ai/openai/demo', models)?.entry.slug, 'demo')
})

t.test('a name may have parts of 80 characters, and a host of 350', async t => {
  const part = 'x'.repeat(80)
  const longest = `${'h'.repeat(350)}/${part}/${part}:${part}`
  t.equal(shownName(longest), longest)
  for (const text of [`${part}x`, `a:${part}x`, `${part}x/a`, `${'h'.repeat(351)}/a/b`]) {
    t.equal(isName(text), false, text)
  }
})

t.test('what is no name is refused', async t => {
  const texts = [
    '',
    ' ',
    ':',
    ':latest',
    'demo:',
    'a b',
    'a\nb',
    'a\0b',
    'démo',
    '.demo',
    '-demo',
    'demo:.a',
    'demo:a:b',
    'demo:high:latest',
    '/demo',
    'demo/',
    'a//demo',
    'na.me/demo',
    'a/b/c/demo',
    'a/b/c/d/demo',
    'http://demo',
    '../demo',
    'demo?x',
    '"demo"',
    '/'.repeat(1_000_000),
    ':'.repeat(1_000_000),
  ]
  for (const text of texts) {
    const shown = text.slice(0, 20)
    const refusal = { code: 'invalid_value', message: 'invalid model name', param: 'model' }
    t.equal(isName(text), false, shown)
    t.throws(() => findModel(text, models), refusal, shown)
    t.throws(() => shownName(text), refusal, shown)
  }
})

t.test('a name is told back short, and without what steers a screen', async t => {
  t.equal(toldName(`\u001b[31m${'x'.repeat(101)}\u202e`), `${'x'.repeat(99)}…`)
  t.match(modelNotFound('x'), {
    code: 'model_not_found',
    message: "model 'x' not found",
    param: 'model',
  })
  t.equal(modelNotFound('').message, "model '' not found")
  t.equal(modelNotFound('a\u0007\nb').message, "model 'a b' not found")
})
