import t from 'tap'
import { type ChoiceDefaults, type Choices, makeChoices } from '../../src/domain/choices.ts'
import { modelEntry } from '../fakes/model-entry.ts'

const models = [
  modelEntry({ slug: 'big', efforts: ['low', 'high'], defaultEffort: 'low' }),
  modelEntry({ slug: 'small', efforts: [], priority: false }),
]

function choose(choices: Partial<Choices>, defaults: Partial<ChoiceDefaults> = {}) {
  return makeChoices(
    { model: 'big', effort: undefined, summary: undefined, priority: undefined, ...choices },
    models,
    { effort: undefined, summary: 'auto', debugModel: undefined, fastMode: false, ...defaults },
  )
}

t.test('what is left open is filled in', async t => {
  t.strictSame(choose({}), { model: 'big', effort: 'low', summary: 'auto', priority: 'never' })
})

t.test('what is chosen stands', async t => {
  t.strictSame(
    choose(
      { effort: 'high', summary: 'none', priority: 'required' },
      { effort: 'low', summary: 'detailed' },
    ),
    { model: 'big', effort: 'high', summary: 'none', priority: 'required' },
  )
})

t.test(
  'the effort is the wish, then the name, then the setting, then the model, then medium',
  async t => {
    t.equal(choose({ model: 'big-low', effort: 'max' }).effort, 'high')
    t.equal(choose({ model: 'big-high' }, { effort: 'low' }).effort, 'high')
    t.equal(choose({ model: 'big' }, { effort: 'high' }).effort, 'high')
    t.equal(choose({ model: 'big' }).effort, 'low')
    t.equal(choose({ model: 'unknown' }).effort, 'medium')
    t.equal(choose({ model: 'unknown', effort: 'ultra' }).effort, 'max')
  },
)

t.test('an effort in the name is not part of the model', async t => {
  t.equal(choose({ model: 'big:high' }).model, 'big')
  t.equal(choose({ model: 'nobody-knows' }).model, 'nobody-knows')
})

t.test('the debug model takes the place of every model, its effort included', async t => {
  t.match(choose({ model: 'x' }, { debugModel: 'big-high' }), { model: 'big', effort: 'high' })
})

t.test('a wish for the fast tier holds where the model has it, or is not known', async t => {
  t.equal(choose({ model: 'big', priority: 'wished' }).priority, 'required')
  t.equal(choose({ model: 'small', priority: 'wished' }).priority, 'never')
  t.equal(choose({ model: 'unknown', priority: 'wished' }).priority, 'required')
})

t.test('the fast tier is refused where it is required of a model that lacks it', async t => {
  t.equal(choose({ model: 'unknown', priority: 'required' }).priority, 'required')
  t.throws(() => choose({ model: 'small', priority: 'required' }), {
    code: 'unsupported_value',
    param: 'fast_mode',
    message: 'The model small has no fast mode. Leave fast_mode out, or choose another model.',
  })
})

t.test('the setting for the fast tier is a wish, and yields to the request', async t => {
  t.equal(choose({ model: 'big' }, { fastMode: true }).priority, 'required')
  t.equal(choose({ model: 'small' }, { fastMode: true }).priority, 'never')
  t.equal(choose({ model: 'big', priority: 'never' }, { fastMode: true }).priority, 'never')
})
