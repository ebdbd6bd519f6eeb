import t from 'tap'
import {
  encodeCodexCatalog,
  encodeModelNamed,
  encodeModels,
} from '../../../src/adapters/openai/models.ts'
import { modelEntry } from '../../fakes/model-entry.ts'

const entry = (slug: string) => modelEntry({ slug })
const model = (id: string) => ({
  id,
  object: 'model',
  created: 1767225600,
  owned_by: 'openai',
})

t.test('the list has each model once, in order', async t => {
  const listed = encodeModels([entry('b'), entry('a')], { exposesEfforts: false, isTagged: false })
  t.strictSame(listed, { object: 'list', data: [model('b'), model('a')] })
  t.strictSame(encodeModels([], { exposesEfforts: true, isTagged: false }), {
    object: 'list',
    data: [],
  })
})

t.test('the size of the context is told where it is known', async t => {
  const known = modelEntry({ slug: 'a', contextWindow: 272_000 })
  t.strictSame(encodeModels([known], { exposesEfforts: false, isTagged: false }).data, [
    { ...model('a'), context_length: 272_000 },
  ])
  t.strictSame(encodeModelNamed('a', [known]), { ...model('a'), context_length: 272_000 })
})

t.test('each effort has a name of its own where the service says so', async t => {
  const models = [
    modelEntry({ slug: 'a', efforts: ['high', 'none', 'ultra'] }),
    modelEntry({ slug: 'b', efforts: [] }),
  ]
  t.strictSame(
    encodeModels(models, { exposesEfforts: true, isTagged: false }).data.map(({ id }) => id),
    ['a', 'a-none', 'a-high', 'a-ultra', 'b'],
  )
})

t.test('names have tags for Ollama clients, the default one included', async t => {
  const models = [
    modelEntry({ slug: 'a', efforts: ['high', 'none'] }),
    modelEntry({ slug: 'b:1', efforts: ['low'] }),
  ]
  const idsOf = (list: { readonly data: readonly { readonly id: string }[] }) =>
    list.data.map(({ id }) => id)
  const listed = (exposesEfforts: boolean) =>
    idsOf(encodeModels(models, { exposesEfforts, isTagged: true }))
  t.strictSame(listed(false), ['a:latest', 'b:1'])
  t.strictSame(listed(true), ['a:latest', 'a:none', 'a:high', 'b:1', 'b:1-low'])
  for (const name of listed(true)) t.equal(encodeModelNamed(name, models).id, name)
  t.match(encodeCodexCatalog(models, undefined, { isTagged: true }), {
    data: [{ id: 'a:latest' }, { id: 'b:1' }],
    models: [],
  })
})

t.test('one model is found by any name that a request may use', async t => {
  t.equal(encodeModelNamed('a', [entry('a')]).id, 'a')
  t.equal(encodeModelNamed('a-high', [entry('a')]).id, 'a-high')
  t.equal(encodeModelNamed('A:latest', [entry('a')]).id, 'A:latest')
  t.throws(() => encodeModelNamed('__proto__', [entry('a')]), {
    code: 'model_not_found',
    param: 'model',
    message:
      'The model "__proto__" does not exist, or this account does not have it. GET /v1/models lists what there is.',
  })
  t.throws(() => encodeModelNamed(`\u001b[31m${'x'.repeat(101)}\u202e`, [entry('a')]), {
    message: `The model "${'x'.repeat(99)}…" does not exist, or this account does not have it. GET /v1/models lists what there is.`,
  })
})

t.test('the catalogue of the Codex CLI is told as the upstream told it', async t => {
  const models = [{ slug: 'x', visibility: 'hide', anything: [1] }, 'odd']
  const record = { fetchedAt: 1, etag: undefined, clientVersion: '1.0.0', models }
  t.strictSame(encodeCodexCatalog([entry('a')], record, { isTagged: false }), { models })
})

t.test('of models that are known by heart the Codex CLI knows more by itself', async t => {
  const known = modelEntry({ slug: 'a', contextWindow: 1000 })
  t.strictSame(encodeCodexCatalog([known, entry('b')], undefined, { isTagged: false }), {
    object: 'list',
    data: [{ ...model('a'), context_length: 1000 }, model('b')],
    models: [],
  })
})
