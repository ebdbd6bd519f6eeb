import t from 'tap'
import { createDemoCatalog } from '../../../src/adapters/demo/catalog.ts'

t.test('the catalogue lists the one model of the demo', async t => {
  t.same(createDemoCatalog().list(), [
    {
      slug: 'demo',
      efforts: ['low', 'medium', 'high', 'max'],
      defaultEffort: 'medium',
      contextWindow: 128000,
      priority: true,
    },
  ])
})
