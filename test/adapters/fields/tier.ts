import t from 'tap'
import { decodeTier, unmetTier } from '../../../src/adapters/fields/tier.ts'
import { modelEntry } from '../../fakes/model-entry.ts'

const FAST_MODES: readonly (readonly [unknown, string | undefined])[] = [
  [undefined, undefined],
  [null, undefined],
  [true, 'required'],
  [false, 'never'],
  [1, 'required'],
  [0, 'never'],
  ['1', 'required'],
  ['true', 'required'],
  ['YES', 'required'],
  ['on', 'required'],
  ['0', 'never'],
  ['False', 'never'],
  ['no', 'never'],
  ['off', 'never'],
]

t.test('the fast mode is an order in many words', async t => {
  for (const [fast_mode, priority] of FAST_MODES) {
    t.strictSame(decodeTier({ fast_mode }), { priority, isIgnored: false }, String(fast_mode))
  }
})

t.test('a tier is a wish, and only the fast one can be had', async t => {
  const tier = (service_tier: string | null) => decodeTier({ service_tier })
  for (const name of ['priority', 'fast', 'Priority', 'FAST']) {
    t.strictSame(tier(name), { priority: 'wished', isIgnored: false }, name)
  }
  for (const name of ['flex', 'scale', 'anything', '']) {
    t.strictSame(tier(name), { priority: 'never', isIgnored: true }, name)
  }
  t.strictSame(tier('Default'), { priority: 'never', isIgnored: false })
  t.strictSame(tier('auto'), { priority: undefined, isIgnored: false })
  t.strictSame(tier(null), { priority: undefined, isIgnored: false })
})

t.test('an order wins over a wish, which then has no effect', async t => {
  const both = (fast_mode: boolean, service_tier: string) => decodeTier({ fast_mode, service_tier })
  t.strictSame(both(false, 'priority'), { priority: 'never', isIgnored: true })
  t.strictSame(both(true, 'priority'), { priority: 'required', isIgnored: false })
  t.strictSame(both(true, 'flex'), { priority: 'required', isIgnored: true })
  t.strictSame(both(true, 'default'), { priority: 'required', isIgnored: true })
  t.strictSame(both(false, 'default'), { priority: 'never', isIgnored: false })
})

t.test('a fast mode that is neither yes nor no is refused', async t => {
  for (const fast_mode of ['maybe', '', 2]) {
    t.throws(() => decodeTier({ fast_mode }), {
      code: 'invalid_value',
      param: 'fast_mode',
      message: "Invalid value for 'fast_mode': expected true or false.",
    })
  }
  for (const fast_mode of [{}, [true]]) {
    t.throws(() => decodeTier({ fast_mode }), {
      code: 'invalid_type',
      param: 'fast_mode',
      message: "Invalid type for 'fast_mode': expected true or false.",
    })
  }
})

t.test('a wish that the model cannot meet is named, however it is spelt', async t => {
  const models = [modelEntry({ slug: 'slow', priority: false }), modelEntry({ slug: 'fast' })]
  t.strictSame(unmetTier({ model: 'slow', priority: 'wished' }, models), ['service_tier'])
  t.strictSame(unmetTier({ model: 'SLOW-high', priority: 'wished' }, models), ['service_tier'])
  t.strictSame(unmetTier({ model: 'fast', priority: 'wished' }, models), [])
  t.strictSame(unmetTier({ model: 'unlisted', priority: 'wished' }, models), [])
  t.strictSame(unmetTier({ model: 'slow', priority: 'never' }, models), [])
  t.strictSame(unmetTier({ model: 'slow', priority: undefined }, models), [])
})
