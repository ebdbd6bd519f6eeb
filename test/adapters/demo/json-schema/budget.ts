import t from 'tap'
import { countSteps, createBudget } from '../../../../src/adapters/demo/json-schema/budget.ts'

t.test('a budget ends with its steps, and with its time', async t => {
  const budget = createBudget(60_000)
  t.equal(budget.spend(200_000), true)
  t.equal(budget.spend(1), false)
  t.equal(createBudget(0).spend(1), false)
})

t.test('a value is worth its parts, and a text its length', async t => {
  t.equal(countSteps(null), 1)
  t.equal(countSteps('x'.repeat(160)), 11)
  t.equal(countSteps({ a: [1, 2], ['k'.repeat(32)]: true }), 7)
})
