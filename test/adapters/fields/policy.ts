import t from 'tap'
import {
  applyPolicy,
  type FieldPolicy,
  refuseIgnored,
} from '../../../src/adapters/fields/policy.ts'

const POLICY: FieldPolicy = {
  read: new Set(['model', 'n', 'options']),
  refused: new Map([
    ['n', { asksForNothing: value => value === 1, why: 'there is one', code: 'unsupported_value' }],
    [
      'bias',
      { asksForNothing: value => value === 0, why: 'there is none', code: 'unsupported_parameter' },
    ],
  ]),
  honoured: new Map([['store', false]]),
  nested: new Map([['options', new Set(['usage'])]]),
}

t.test('names in the order of the body what is not read, then what is not read inside', async t => {
  const body = {
    options: { usage: true, padding: true, other: 0, off: false, none: null },
    user: 'u',
    model: 'm',
    n: 1,
    bias: 0,
    store: false,
    seed: null,
    top_k: 0,
  }
  t.strictSame(applyPolicy(body, POLICY), [
    'user',
    'bias',
    'top_k',
    'options.padding',
    'options.other',
  ])
})

t.test('names an honoured field with another value', async t => {
  t.strictSame(applyPolicy({ store: true }, POLICY), ['store'])
  t.strictSame(applyPolicy({ store: 0 }, POLICY), ['store'])
})

t.test('refuses what asks for something that cannot be had', async t => {
  t.throws(() => applyPolicy({ n: 2 }, POLICY), {
    code: 'unsupported_value',
    param: 'n',
    message: "Unsupported value: 'n': there is one.",
  })
  t.throws(() => applyPolicy({ bias: 1 }, POLICY), {
    code: 'unsupported_parameter',
    param: 'bias',
    message: "Unsupported parameter: 'bias': there is none.",
  })
  t.strictSame(applyPolicy({ n: null, bias: undefined }, POLICY), [])
})

t.test('an object that is none has nothing inside', async t => {
  t.strictSame(applyPolicy({ options: ['x'] }, POLICY), [])
  t.strictSame(applyPolicy({ options: 'text' }, POLICY), [])
})

t.test('a policy may have neither honoured values nor nested fields', async t => {
  const policy = { read: new Set<string>(), refused: new Map() }
  t.strictSame(applyPolicy({ store: false, options: { a: 1 } }, policy), ['store', 'options'])
})

t.test('only a strict service refuses what is ignored, and shows a name made plain', async t => {
  refuseIgnored(['a'], false)
  refuseIgnored([], true)
  t.throws(() => refuseIgnored(['a', 'b'], true), { code: 'unsupported_parameter', param: 'a' })
  t.throws(() => refuseIgnored([`\u001b[31m${'x'.repeat(100)}`], true), {
    code: 'unsupported_parameter',
    param: `${'x'.repeat(63)}…`,
  })
})
