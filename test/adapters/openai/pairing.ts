import * as fc from 'fast-check'
import t from 'tap'
import {
  type CallDraft,
  type Draft,
  pairCalls,
  type ResultDraft,
} from '../../../src/adapters/openai/pairing.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import { userSays } from '../../fakes/chat-request.ts'

const call = (id: string | undefined, ownId: string, over: Partial<CallDraft> = {}): CallDraft => ({
  type: 'call',
  kind: 'function',
  id,
  ownId,
  isLegacy: false,
  name: 'f',
  arguments: '{}',
  ...over,
})
const result = (id: string | undefined, output: string, name?: string): ResultDraft => ({
  type: 'result',
  id,
  name,
  output,
  param: 'messages[9].id',
})
const hi = userSays('hi') as Draft
/** What came of it, in short. */
const paired = (...drafts: readonly Draft[]) =>
  pairCalls(drafts).map(item => {
    if (item.type === 'message') return item.role
    if (item.type === 'tool-call') return `${item.name}(${item.callId})`
    return `${item.callId} = ${item.output}`
  })
const INTERRUPTED = '[no output: the call was interrupted]'

t.test('a call and its result come out whole, the result of the kind of its call', async t => {
  t.strictSame(
    pairCalls([
      hi,
      call('a', 'own', { kind: 'custom', name: 'run', arguments: 'ls' }),
      result('a', 'files'),
    ]),
    [
      userSays('hi'),
      { type: 'tool-call', kind: 'custom', callId: 'a', name: 'run', arguments: 'ls' },
      { type: 'tool-result', kind: 'custom', callId: 'a', output: 'files' },
    ],
  )
})

t.test('results find their calls by id; those without one take what is left, in order', async t => {
  t.strictSame(
    paired(
      call('a', '1'),
      call(undefined, '2'),
      call('c', '3'),
      result(undefined, 'two'),
      result('c', 'three'),
      result(undefined, 'never'),
      call('d', '4'),
      result('d', 'four'),
    ),
    ['f(a)', 'f(2)', 'f(c)', 'a = two', 'c = three', '2 = never', 'f(d)', 'd = four'],
  )
})

t.test('an id that is taken in its turn gives way to our own', async t => {
  t.strictSame(paired(call('a', '1'), call('a', '2'), result('a', 'x'), result('a', 'y')), [
    'f(a)',
    'f(2)',
    'a = x',
    '2 = y',
  ])
})

t.test('a result that names a function takes the latest legacy call of it', async t => {
  const legacy = { isLegacy: true }
  t.strictSame(
    paired(
      call(undefined, '1', legacy),
      hi,
      call(undefined, '2', legacy),
      call(undefined, '3', { ...legacy, name: 'g' }),
      result(undefined, 'x', 'f'),
    ),
    ['f(1)', `1 = ${INTERRUPTED}`, 'user', 'f(2)', 'g(3)', '2 = x', `3 = ${INTERRUPTED}`],
  )
})

t.test('a call without a result is closed where the conversation goes on', async t => {
  t.strictSame(paired(call('a', '1'), call('b', '2'), hi, result('b', 'late')), [
    'f(a)',
    'f(b)',
    `a = ${INTERRUPTED}`,
    'user',
    'b = late',
  ])
})

t.test('a result without a call is refused by its path', async t => {
  const param = 'messages[9].id'
  for (const drafts of [
    [result('a', 'x')],
    [call('a', '1'), result('b', 'x')],
    [call('a', '1'), result('a', 'x'), result('a', 'x')],
    [call('a', '1'), result(undefined, 'x', 'f')],
    [call('a', '1'), result(undefined, 'x'), call('b', '2'), result('a', 'x')],
  ]) {
    t.throws(() => pairCalls(drafts), { name: 'ProxyError', code: 'invalid_value', param })
  }
  for (const drafts of [
    [result(undefined, 'x')],
    [call('a', '1'), result('a', 'x'), result(undefined, 'x')],
  ]) {
    t.throws(() => pairCalls(drafts), { code: 'missing_required_parameter', param })
  }
})

t.test('whatever is not refused has a result for every call', async () => {
  const id = fc.constantFrom(undefined, 'a', 'b')
  const draft = fc.oneof(
    fc.constant(hi),
    id.map(given => (at: number) => call(given, `own${at}`)),
    id.map(given => result(given, 'x')),
  )
  fc.assert(
    fc.property(fc.array(draft, { maxLength: 8 }), drafts => {
      let items: ReturnType<typeof pairCalls>
      try {
        items = pairCalls(
          drafts.map((each, i) => (typeof each === 'function' ? each(i) : { ...each })),
        )
      } catch (error) {
        return error instanceof ProxyError
      }
      const count = (type: string) => items.filter(item => item.type === type).length
      return count('tool-call') === count('tool-result')
    }),
  )
})
