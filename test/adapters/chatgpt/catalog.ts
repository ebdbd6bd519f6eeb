import t, { type Test } from 'tap'
import { type BackendModel, createCatalogSource } from '../../../src/adapters/chatgpt/catalog.ts'
import { KNOWN_MODELS } from '../../../src/adapters/chatgpt/known-models.ts'
import { createQuery } from '../../../src/adapters/chatgpt/query.ts'
import { fitEffort } from '../../../src/domain/models.ts'
import { createFakeClock } from '../../fakes/clock.ts'
import { startFetch } from '../../fakes/outbound.ts'
import { type Answer, json, startUpstream } from '../../fakes/upstream-server.ts'

const NOW = Date.UTC(2026, 10, 22, 12)
const credentials = { accessToken: 'canary-access', accountId: 'account-1' }
const never = new AbortController().signal

async function startSource(t: Test, answer: Answer, clientVersion = '0.169.0') {
  const fetch = startFetch(t)
  const upstream = await startUpstream(answer)
  t.teardown(() => upstream.close())
  const clock = createFakeClock(NOW)
  const query = createQuery({
    baseUrl: upstream.url,
    fetch,
    userAgent: 'chatmock/test',
    clock,
    time: { observe: () => {} },
  })
  return { upstream, source: createCatalogSource({ query, clientVersion, clock }) }
}

/** Reads models as if the backend had told them. */
function decode(...models: unknown[]): readonly BackendModel[] {
  const query = () => Promise.reject(new Error('nothing is asked'))
  const source = createCatalogSource({
    query,
    clientVersion: '0.169.0',
    clock: createFakeClock(NOW),
  })
  return source.decode({ fetchedAt: NOW, etag: undefined, clientVersion: '0.169.0', models })
}

/** Reads one listed model. */
function decodeOne(model: object): BackendModel | undefined {
  return decode({ slug: 'gpt-7', visibility: 'list', ...model })[0]
}

/** A model as the backend tells it, shortened. */
const sol = {
  slug: 'gpt-6.1-sol',
  display_name: 'GPT-6.1 Sol',
  description: 'Deep work.',
  default_reasoning_level: 'low',
  supported_reasoning_levels: ['low', 'medium', 'high', 'xhigh', 'max', 'ultra'].map(effort => ({
    effort,
    description: 'words',
  })),
  visibility: 'list',
  supported_in_api: true,
  priority: 1,
  context_window: 272000,
  max_context_window: 872000,
  input_modalities: ['text', 'image'],
  use_responses_lite: true,
  service_tiers: [{ id: 'priority', name: 'Fast', description: 'words' }],
  default_service_tier: null,
  additional_speed_tiers: ['fast'],
  multi_agent_reasoning_effort: 'xhigh',
  upgrade: null,
}

t.test('the models are asked for by the version of a client, and kept untouched', async t => {
  const models = [sol, { slug: 'hidden', visibility: 'hide', nested: { unknown: [1] } }]
  const { upstream, source } = await startSource(t, json(200, { models }, { etag: 'W/"abc"' }))
  t.strictSame(await source.fetch(credentials, never), {
    fetchedAt: NOW,
    etag: 'W/"abc"',
    clientVersion: '0.169.0',
    models,
  })
  const [request] = upstream.requests
  t.equal(request?.method, 'GET')
  t.equal(request?.path, '/codex/models?client_version=0.169.0')
  t.equal(request?.headers.authorization, 'Bearer canary-access')
  t.equal(request?.headers['chatgpt-account-id'], 'account-1')
})

t.test('a version is one parameter whatever it holds', async t => {
  const { upstream, source } = await startSource(t, json(200, { models: [] }), '1&b=2#c')
  t.equal((await source.fetch(credentials, never)).etag, undefined)
  t.equal(upstream.requests[0]?.path, '/codex/models?client_version=1%26b%3D2%23c')
})

t.test('refused credentials are told as such', async t => {
  const { source } = await startSource(t, json(401, { detail: 'no' }))
  await t.rejects(source.fetch(credentials, never), { code: 'chatgpt_login_required' })
})

t.test('an answer without a list of models is refused', async t => {
  for (const body of [[], null, 'models', {}, { models: null }, { models: { slug: 'a' } }]) {
    const { source } = await startSource(t, json(200, body))
    await t.rejects(source.fetch(credentials, never), { code: 'upstream_invalid_response' })
  }
})

t.test('a model is read with all that requests and people need', async t => {
  t.strictSame(decode(sol), [
    {
      slug: 'gpt-6.1-sol',
      displayName: 'GPT-6.1 Sol',
      description: 'Deep work.',
      efforts: ['low', 'medium', 'high', 'xhigh', 'max', 'ultra'],
      defaultEffort: 'low',
      ultraEffort: 'xhigh',
      contextWindow: 272000,
      images: true,
      priority: true,
      lite: true,
    },
  ])
})

t.test('a model that tells next to nothing is read as well', async t => {
  const bare = {
    slug: 'gpt-7',
    displayName: 'gpt-7',
    description: undefined,
    efforts: [],
    defaultEffort: undefined,
    ultraEffort: 'max',
    contextWindow: undefined,
    images: true,
    priority: false,
    lite: false,
  }
  t.strictSame(decodeOne({}), bare)
  const wrong = Object.fromEntries(
    Object.keys(sol)
      .filter(key => key !== 'slug' && key !== 'visibility')
      .map(key => [key, null]),
  )
  t.strictSame(decodeOne(wrong), bare)
  t.strictSame(
    decodeOne({
      display_name: ' ',
      description: 7,
      supported_reasoning_levels: 'high',
      default_reasoning_level: 'huge',
      multi_agent_reasoning_effort: ['max'],
      context_window: -1,
      max_context_window: '272000',
      input_modalities: 'text',
      service_tiers: { id: 'priority' },
      additional_speed_tiers: [null, 7, {}],
      use_responses_lite: 'true',
      priority: 'first',
    }),
    bare,
  )
})

t.test('only listed models are read, by the rank that the backend gives them', async t => {
  const listed = (slug: unknown, priority?: unknown) => ({ slug, priority, visibility: 'list' })
  const models = decode(
    listed('unranked-1'),
    listed('ninth', 9),
    { ...listed('hidden', 1), visibility: 'hide' },
    { ...listed('none', 1), visibility: 'none' },
    { slug: 'silent', priority: 1 },
    listed('second-1', 2),
    listed('zeroth', 0),
    listed('unranked-2', 'first'),
    listed('second-2', 2),
    listed('below', -1.5),
  )
  t.strictSame(
    models.map(({ slug }) => slug),
    ['below', 'zeroth', 'second-1', 'second-2', 'ninth', 'unranked-1', 'unranked-2'],
  )
})

t.test('a model without a usable name is left out, and a second one of a name', async t => {
  const listed = (slug: unknown, priority = 1) => ({ slug, priority, visibility: 'list' })
  const models = decode(
    null,
    'gpt-5.5',
    [listed('a')],
    listed(undefined),
    listed(''),
    listed(7),
    listed('gpt 7'),
    listed('gpt\n7'),
    listed('gpt-é'),
    { ...listed('twice', 5), display_name: 'Lower' },
    { ...listed('twice', 3), display_name: 'Upper' },
    listed('__proto__', 4),
  )
  t.strictSame(
    models.map(({ slug }) => slug),
    ['twice', '__proto__'],
  )
  t.equal(models[0]?.displayName, 'Upper')
})

t.test('nothing is read out of a record that lists nothing', async t => {
  t.strictSame(decode(), [])
  t.strictSame(decode({ slug: 'gpt-7', visibility: 'hide' }), [])
})

t.test('levels may be words or objects, and unknown ones are left out', async t => {
  const efforts = (levels: unknown) => decodeOne({ supported_reasoning_levels: levels })?.efforts
  t.strictSame(efforts(['high', 'low', 'ultra']), ['low', 'high', 'ultra'])
  t.strictSame(efforts([{ effort: 'low' }, 'max', { effort: 'huge' }, {}, null, 'low', 7]), [
    'low',
    'max',
  ])
})

t.test('models that can do without thinking take none though it is not told', async t => {
  const efforts = (slug: string, levels: unknown = ['low', 'max']) =>
    decodeOne({ slug, supported_reasoning_levels: levels })?.efforts
  for (const slug of ['gpt-6-sol', 'gpt-6-luna', 'gpt-6.1-terra', 'gpt-5.5']) {
    t.strictSame(efforts(slug), ['none', 'low', 'max'], slug)
  }
  for (const slug of ['gpt-6-astra', 'gpt-6.1-sol', 'gpt-5.6-sol']) {
    t.strictSame(efforts(slug), ['low', 'max'], slug)
  }
  t.strictSame(efforts('gpt-5.5', ['none', 'low']), ['none', 'low'])
  t.strictSame(efforts('gpt-5.5', null), [])
})

t.test('ultra is sent as the model wants it, else as max or as its default', async t => {
  const ultra = (model: object) => decodeOne(model)?.ultraEffort
  const listed = { supported_reasoning_levels: ['low', 'max', 'ultra'] }
  const unlisted = { supported_reasoning_levels: ['low', 'medium', 'max'] }
  const byDefault = { default_reasoning_level: 'medium' }
  t.equal(ultra({ ...listed, ...byDefault, multi_agent_reasoning_effort: 'high' }), 'high')
  t.equal(ultra({ ...listed, ...byDefault, multi_agent_reasoning_effort: 'ultra' }), 'max')
  t.equal(ultra({ ...listed, ...byDefault }), 'max')
  t.equal(ultra({ ...unlisted, ...byDefault, multi_agent_reasoning_effort: 'max' }), 'medium')
  t.equal(ultra(unlisted), 'max')
})

t.test('the window is the usual one, else the largest', async t => {
  t.equal(decodeOne({ context_window: 1, max_context_window: 2 })?.contextWindow, 1)
  t.equal(decodeOne({ context_window: null, max_context_window: 2 })?.contextWindow, 2)
  t.equal(decodeOne({ context_window: 0, max_context_window: 2 })?.contextWindow, 2)
})

t.test('images and the fast tier are read in every spelling', async t => {
  t.equal(decodeOne({ input_modalities: ['text'] })?.images, false)
  t.equal(decodeOne({ input_modalities: ['image'] })?.images, true)
  const fast = (model: object) => decodeOne(model)?.priority
  t.equal(fast({ service_tiers: ['priority'] }), true)
  t.equal(fast({ service_tiers: [{ id: 'flex' }, { id: 'priority' }] }), true)
  t.equal(fast({ additional_speed_tiers: ['fast'] }), true)
  t.equal(fast({ additional_speed_tiers: [{ id: 'fast' }] }), true)
  t.equal(fast({ service_tiers: ['flex'], additional_speed_tiers: ['slow'] }), false)
})

t.test('text for people is cut, and nothing in it can steer a terminal', async t => {
  const model = decodeOne({
    display_name: '\u001b[31m GPT\u202e\n7 ',
    description: 'x'.repeat(501),
  })
  t.equal(model?.displayName, 'GPT 7')
  t.equal(model?.description, `${'x'.repeat(499)}…`)
})

t.test('the models known by heart are in the order of the backend', async t => {
  t.strictSame(
    KNOWN_MODELS.map(({ slug, lite }) => `${slug}${lite ? ' lite' : ''}`),
    [
      'gpt-6.1-sol lite',
      'gpt-6-astra lite',
      'gpt-6-sol lite',
      'gpt-6-luna lite',
      'gpt-5.6-sol lite',
      'gpt-6.1-terra lite',
      'gpt-5.6-terra lite',
      'gpt-5.6-luna lite',
      'gpt-5.5',
    ],
  )
})

t.test('the models known by heart think as the backend has it', async t => {
  const fitted = (wanted: 'none' | 'max' | 'ultra') =>
    KNOWN_MODELS.map(model => `${model.slug} ${fitEffort(wanted, model)}`)
  t.strictSame(fitted('none'), [
    'gpt-6.1-sol low',
    'gpt-6-astra low',
    'gpt-6-sol none',
    'gpt-6-luna none',
    'gpt-5.6-sol low',
    'gpt-6.1-terra none',
    'gpt-5.6-terra low',
    'gpt-5.6-luna low',
    'gpt-5.5 none',
  ])
  t.strictSame(fitted('ultra'), [
    'gpt-6.1-sol xhigh',
    'gpt-6-astra xhigh',
    'gpt-6-sol max',
    'gpt-6-luna medium',
    'gpt-5.6-sol max',
    'gpt-6.1-terra xhigh',
    'gpt-5.6-terra max',
    'gpt-5.6-luna medium',
    'gpt-5.5 medium',
  ])
  t.equal(fitted('max').at(-1), 'gpt-5.5 xhigh')
})
