import t from 'tap'
import { createDemoCatalog } from '../../../src/adapters/demo/catalog.ts'

t.test('the catalogue lists the one model of the demo', async t => {
  const catalog = createDemoCatalog()
  t.strictSame(catalog.list(), [
    {
      slug: 'demo',
      displayName: 'Demo',
      description: 'Answers without an account and without a network.',
      efforts: ['low', 'medium', 'high', 'max'],
      defaultEffort: 'medium',
      ultraEffort: 'max',
      contextWindow: 128000,
      images: true,
      priority: true,
    },
  ])
  t.equal(catalog.record(), undefined)
})
