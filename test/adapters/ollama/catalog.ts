import fc from 'fast-check'
import t from 'tap'
import { type CatalogFacts, encodeShow, encodeTags } from '../../../src/adapters/ollama/catalog.ts'
import { findModel } from '../../../src/adapters/ollama/names.ts'
import { EFFORTS } from '../../../src/domain/conversation.ts'
import type { ModelEntry } from '../../../src/domain/ports.ts'
import { modelEntry } from '../../fakes/model-entry.ts'

const facts: CatalogFacts = {
  remoteHost: 'https://upstream.example',
  fetchedAt: Date.UTC(2026, 10, 22, 11, 0, 0, 123),
}
const plain = { exposesEfforts: false }
const exposed = { exposesEfforts: true }

const demo = modelEntry({
  slug: 'demo',
  efforts: ['high', 'low'],
  images: false,
  contextWindow: 128_000,
})

/** Returns the one model of the list that has a name. */
function tag(entry: ModelEntry, { name = `${entry.slug}:latest`, among = facts } = {}) {
  return encodeTags([entry], among, exposed).models.find(model => model.name === name)
}

t.test('a listed model says where it is, and what it can do', async t => {
  // The digest is what sha256sum says of the entry without its date, its size and itself.
  t.strictSame(encodeTags([demo], facts, plain), {
    models: [
      {
        name: 'demo:latest',
        model: 'demo:latest',
        remote_model: 'demo',
        remote_host: 'https://upstream.example',
        modified_at: '2026-11-22T11:00:00.123Z',
        size: 289,
        digest: '263672aa3f57c6095b3ae66e5161a9a657c0ac635839d668224fde795ec865df',
        details: {
          parent_model: '',
          format: '',
          family: 'demo',
          families: ['demo'],
          parameter_size: '',
          quantization_level: '',
          context_length: 128_000,
        },
        capabilities: ['completion', 'tools', 'insert', 'thinking'],
      },
    ],
  })
})

t.test('a model whose name could not be asked for is not listed', async t => {
  const slugs = ['a.example/b/c', 'a b', 'b/c', 'demo']
  const { models } = encodeTags(
    slugs.map(slug => modelEntry({ slug })),
    facts,
    plain,
  )
  t.strictSame(
    models.map(({ name }) => name),
    ['b/c:latest', 'demo:latest'],
  )
})

t.test('what is not known is left out, and what is not there is not claimed', async t => {
  const simple = modelEntry({ slug: 'x', efforts: ['none'], images: false })
  const listed = tag(simple)
  t.strictSame(Object.keys(listed?.details ?? {}), [
    'parent_model',
    'format',
    'family',
    'families',
    'parameter_size',
    'quantization_level',
  ])
  t.strictSame(listed?.capabilities, ['completion', 'tools', 'insert'])
  t.strictSame(tag(modelEntry({ slug: 'x', efforts: [] }))?.capabilities, [
    'completion',
    'tools',
    'insert',
    'vision',
  ])
  t.strictSame(tag(modelEntry({ slug: 'x', efforts: ['none', 'low'] }))?.capabilities, [
    'completion',
    'tools',
    'insert',
    'vision',
    'thinking',
  ])
})

t.test('models known by heart are dated with the first day of 2026', async t => {
  for (const fetchedAt of [undefined, Number.NaN, 9e15]) {
    const among = { ...facts, fetchedAt }
    t.equal(tag(demo, { among })?.modified_at, '2026-01-01T00:00:00.000Z')
    t.equal(
      encodeShow({ entry: demo, effort: undefined }, among).modified_at,
      '2026-01-01T00:00:00.000Z',
    )
  }
})

t.test('a date has a fraction even where it is a full second', async t => {
  t.equal(
    tag(demo, { among: { ...facts, fetchedAt: 1_767_225_601_000 } })?.modified_at,
    '2026-01-01T00:00:01.000Z',
  )
})

t.test('the family of a model is the word that its name begins with', async t => {
  const cases = [
    ['gpt-5.5', 'gpt'],
    ['GPT5', 'gpt'],
    ['o3-mini', 'o'],
    ['demo', 'demo'],
    ['openai/codex-mini', 'codex'],
    ['4o', 'gpt'],
    ['_x', 'gpt'],
  ]
  for (const [slug = '', family] of cases) {
    t.match(tag(modelEntry({ slug }))?.details, { family, families: [family] }, slug)
  }
})

t.test('the digest stays the same until something else is said of the model', async t => {
  const same = tag(modelEntry({ ...demo }), { among: { ...facts, fetchedAt: 1 } })
  t.equal(same?.digest, tag(demo)?.digest)
  t.equal(same?.size, tag(demo)?.size)
  const others = [
    tag(modelEntry({ ...demo, slug: 'demo2' })),
    tag({ ...demo, contextWindow: 128_001 }),
    tag({ ...demo, images: true }),
    tag({ ...demo, efforts: [] }),
    tag(demo, { among: { ...facts, remoteHost: 'https://other.example' } }),
    tag(demo, { name: 'demo:high' }),
  ]
  const digests = new Set([tag(demo), ...others].map(model => model?.digest))
  t.equal(digests.size, 7)
  for (const digest of digests) t.match(digest, /^[0-9a-f]{64}$/)
})

t.test('the list has the models in the order of the catalogue', async t => {
  const names = (slugs: readonly string[], how = plain) =>
    encodeTags(
      slugs.map(slug => modelEntry({ slug, efforts: ['ultra', 'none', 'high'] })),
      facts,
      how,
    ).models.map(({ name }) => name)
  t.strictSame(names(['b', 'a']), ['b:latest', 'a:latest'])
  t.strictSame(names(['b', 'a'], exposed), [
    'b:latest',
    'b:none',
    'b:high',
    'b:ultra',
    'a:latest',
    'a:none',
    'a:high',
    'a:ultra',
  ])
  t.strictSame(encodeTags([], facts, exposed), { models: [] })
})

t.test('a model with a tag of its own keeps it', async t => {
  const tagged = modelEntry({ slug: 'gpt-oss:20b', efforts: ['low'] })
  const { models } = encodeTags([tagged], facts, exposed)
  t.strictSame(
    models.map(({ name, remote_model }) => [name, remote_model]),
    [
      ['gpt-oss:20b', 'gpt-oss:20b'],
      ['gpt-oss:20b-low', 'gpt-oss:20b'],
    ],
  )
})

t.test('a model whose name cannot be asked for is left out', async t => {
  const slugs = ['a+b', 'a b', '', 'x'.repeat(81), 'ok']
  const { models } = encodeTags(
    slugs.map(slug => modelEntry({ slug })),
    facts,
    plain,
  )
  t.strictSame(
    models.map(({ name }) => name),
    ['ok:latest'],
  )
})

t.test('whatever is listed can be asked for under the name that is listed', async () => {
  const word = fc.stringMatching(/^[a-zA-Z0-9_][\w.-]{0,12}$/)
  const namespaced = fc
    .tuple(fc.constantFrom('openai', 'library'), word)
    .map(parts => parts.join('/'))
  const tagged = fc.tuple(word, fc.constantFrom('latest', '20b')).map(parts => parts.join(':'))
  fc.assert(
    fc.property(fc.oneof(word, namespaced, tagged), fc.subarray([...EFFORTS]), (slug, efforts) => {
      const entry = modelEntry({ slug, efforts })
      const { models } = encodeTags([entry], facts, exposed)
      const found = models.map(({ name }) => findModel(name, [entry]))
      const wanted = [undefined, ...EFFORTS.filter(effort => efforts.includes(effort))]
      return (
        found.every(model => model?.entry === entry) &&
        found.map(model => model?.effort).join() === wanted.join()
      )
    }),
  )
})

t.test('a model shows all that is said of it', async t => {
  t.strictSame(encodeShow({ entry: demo, effort: undefined }, facts), {
    modelfile: [
      '# This model is served by chatmock. It is no file, so nothing can be built from this text.',
      'FROM demo:latest',
      'TEMPLATE """{{- /* messages and tools are sent as they are */ -}}{{ .Prompt }}"""',
      'PARAMETER num_ctx 128000',
      '',
    ].join('\n'),
    parameters: 'num_ctx                        128000',
    template: '{{- /* messages and tools are sent as they are */ -}}{{ .Prompt }}',
    details: {
      parent_model: '',
      format: '',
      family: 'demo',
      families: ['demo'],
      parameter_size: '',
      quantization_level: '',
      context_length: 128_000,
    },
    model_info: {
      'general.architecture': 'demo',
      'general.basename': 'demo',
      'demo.context_length': 128_000,
    },
    capabilities: ['completion', 'tools', 'insert', 'thinking'],
    modified_at: '2026-11-22T11:00:00.123Z',
    remote_model: 'demo',
    remote_host: 'https://upstream.example',
  })
})

t.test('a model whose context is not known shows no parameters', async t => {
  const shown = encodeShow({ entry: modelEntry(), effort: undefined }, facts)
  t.notOk('parameters' in shown)
  t.notOk('context_length' in shown.details)
  t.notMatch(shown.modelfile, 'PARAMETER')
  t.strictSame(shown.model_info, {
    'general.architecture': 'gpt',
    'general.basename': 'gpt-5.5',
  })
})

t.test('a model with an effort shows itself under that name', async t => {
  const shown = encodeShow({ entry: demo, effort: 'high' }, facts)
  t.equal(shown.model_info['general.basename'], 'demo:high')
  t.match(shown.modelfile, '\nFROM demo:high\n')
  t.equal(shown.remote_model, 'demo')
})

t.test('the parameters are what their readers can parse', async t => {
  const { parameters = '' } = encodeShow({ entry: demo, effort: undefined }, facts)
  for (const line of parameters.split('\n')) t.match(line, /^\S+\s+("[^"]*"|\S+)$/)
  t.equal(parameters.indexOf('128000'), 31)
})

t.test('the template has what tells of tools, and nothing that asks for a suffix', async t => {
  const { template } = encodeShow({ entry: demo, effort: undefined }, facts)
  t.match(template, 'tools')
  t.notMatch(template, '.Suffix')
})
