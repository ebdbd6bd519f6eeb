import t from 'tap'
import { modelsJson, modelsScreen } from '../../../src/adapters/terminal/models-screen.ts'
import { createPaint } from '../../../src/adapters/terminal/paint.ts'
import type { ModelEntry } from '../../../src/domain/ports.ts'

process.env['TZ'] = 'UTC'

const plain = createPaint(false)

const large: ModelEntry = {
  slug: 'gpt-5.6-sol',
  displayName: 'GPT-5.6 Sol',
  description: 'The large one.',
  efforts: ['ultra', 'high', 'low', 'medium', 'max', 'xhigh'],
  defaultEffort: 'medium',
  ultraEffort: 'max',
  contextWindow: 1_050_000,
  images: true,
  priority: true,
}
const small: ModelEntry = {
  slug: 'gpt-5.3-codex-spark',
  displayName: 'Spark',
  description: undefined,
  efforts: [],
  defaultEffort: undefined,
  ultraEffort: 'max',
  contextWindow: undefined,
  images: false,
  priority: false,
}
const facts = {
  models: [large, small],
  fetchedAt: Date.parse('2026-11-22T12:59:00Z'),
  problem: undefined,
}

t.test('lists the models in a table', async t => {
  t.equal(
    modelsScreen(facts, plain, 80),
    `  MODEL                CONTEXT  TAKES         FAST  EFFORTS
  gpt-5.6-sol          1.05M    text, images  yes   low medium* high xhigh max
                                                    ultra
  gpt-5.3-codex-spark  ?        text          no    none to choose

* the model's default effort
The list of your account, as of 2026-11-22 12:59.
`,
  )
})

t.test('lists them one below the other where a table has no room', async t => {
  t.equal(
    modelsScreen(facts, plain, 50),
    `gpt-5.6-sol
  context  1.05M
  takes    text, images
  fast     yes
  efforts  low medium* high xhigh max ultra

gpt-5.3-codex-spark
  context  ?
  takes    text
  fast     no
  efforts  none to choose

* the model's default effort
The list of your account, as of 2026-11-22 12:59.
`,
  )
})

t.test('says why it is the built-in list', async t => {
  const screen = modelsScreen(
    { models: [small], fetchedAt: undefined, problem: 'Not signed in. Run: chatmock\u0007 login' },
    plain,
    80,
  )
  t.equal(
    screen,
    `  MODEL                CONTEXT  TAKES  FAST  EFFORTS
  gpt-5.3-codex-spark  ?        text   no    none to choose

The list that chatmock has built in; your account may offer others.
Not signed in. Run: chatmock login
`,
  )
})

t.test('says so where there is no model', async t => {
  t.match(modelsScreen({ ...facts, models: [] }, plain, 80), /^No models are offered\.\n\nThe list/)
})

t.test('colours change nothing but the colour', async t => {
  for (const columns of [80, 50]) {
    const painted = modelsScreen(facts, createPaint(true), columns)
    t.match(painted, '\u001b[1mgpt-5.6-sol\u001b[22m')
    t.equal(painted.replaceAll(/\u001b\[\d+m/g, ''), modelsScreen(facts, plain, columns))
  }
})

const sizes: [tokens: number, text: string][] = [
  [999, '999'],
  [1000, '1k'],
  [131_072, '131k'],
  [272_000, '272k'],
  [999_600, '1M'],
  [1_000_000, '1M'],
  [1_047_576, '1.05M'],
]
for (const [contextWindow, text] of sizes) {
  t.test(`${contextWindow} tokens are ${text}`, async t => {
    const screen = modelsScreen({ ...facts, models: [{ ...large, contextWindow }] }, plain, 50)
    t.match(screen, `\n  context  ${text}\n`)
  })
}

t.test('tells programs the same', async t => {
  t.strictSame(modelsJson(facts), {
    source: 'account',
    fetched_at: '2026-11-22T12:59:00.000Z',
    problem: null,
    models: [
      {
        id: 'gpt-5.6-sol',
        display_name: 'GPT-5.6 Sol',
        description: 'The large one.',
        efforts: ['low', 'medium', 'high', 'xhigh', 'max', 'ultra'],
        default_effort: 'medium',
        context_window: 1_050_000,
        takes: ['text', 'images'],
        fast_tier: true,
      },
      {
        id: 'gpt-5.3-codex-spark',
        display_name: 'Spark',
        description: null,
        efforts: [],
        default_effort: null,
        context_window: null,
        takes: ['text'],
        fast_tier: false,
      },
    ],
  })
  t.match(modelsJson({ models: [], fetchedAt: undefined, problem: 'Offline.' }), {
    source: 'built_in',
    fetched_at: null,
    problem: 'Offline.',
    models: [],
  })
})
