import t from 'tap'
import { encodeModelNamed, encodeModels } from '../../../src/adapters/openai/models.ts'
import { modelEntry } from '../../fakes/model-entry.ts'

const entry = (slug: string) => modelEntry({ slug })

t.test('the list has each model once, in order', async t => {
  t.strictSame(encodeModels([entry('b'), entry('a')]), {
    object: 'list',
    data: [
      { id: 'b', object: 'model', created: 1767225600, owned_by: 'openai' },
      { id: 'a', object: 'model', created: 1767225600, owned_by: 'openai' },
    ],
  })
  t.strictSame(encodeModels([]), { object: 'list', data: [] })
})

t.test('one model is found by its name, with an effort or without', async t => {
  t.equal(encodeModelNamed('a', [entry('a')]).id, 'a')
  t.equal(encodeModelNamed('a-high', [entry('a')]).id, 'a-high')
  t.throws(() => encodeModelNamed('__proto__', [entry('a')]), {
    code: 'model_not_found',
    param: 'model',
    message:
      'The model "__proto__" does not exist, or this account does not have it. GET /v1/models lists what there is.',
  })
})
