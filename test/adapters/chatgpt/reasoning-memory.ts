import t from 'tap'
import {
  createReasoningMemory,
  type ReasonedTurn,
  reasoningScope,
} from '../../../src/adapters/chatgpt/reasoning-memory.ts'

const MEBIBYTE = 1024 * 1024
const HOUR = 60 * 60 * 1000
const scope = reasoningScope('account', 'gpt-5.5')

const reasoning = (encrypted_content: string) => ({
  type: 'reasoning',
  summary: [],
  encrypted_content,
})
const turnOf = (callIds: readonly string[], content = 'x'): ReasonedTurn => ({
  callIds,
  beforeMessage: [reasoning(content)],
  beforeCalls: new Map(),
})

t.test('a turn is recalled by all of its calls, among others or not', async t => {
  const memory = createReasoningMemory()
  const turn = turnOf(['a', 'b'])
  memory.keep(scope, turn)
  t.equal(memory.recall(scope, ['a', 'b']), turn)
  t.equal(memory.recall(scope, ['c', 'b', 'a', 'a']), turn)
  t.equal(memory.recall(scope, ['a']), undefined)
  t.equal(memory.recall(scope, ['b']), undefined)
  t.equal(memory.recall(scope, []), undefined)
})

t.test('a scope sees its own turns only', async t => {
  const memory = createReasoningMemory()
  memory.keep(scope, turnOf(['a']))
  for (const [account, model] of [
    ['other', 'gpt-5.5'],
    ['account', 'gpt-6'],
    [undefined, 'gpt-5.5'],
  ] as const) {
    t.equal(memory.recall(reasoningScope(account, model), ['a']), undefined)
  }
  t.not(reasoningScope(undefined, 'm'), reasoningScope('null', 'm'))
  t.not(reasoningScope(undefined, 'm'), reasoningScope('undefined', 'm'))
  t.not(reasoningScope('a', 'b\n'), reasoningScope('a\nb', ''))
  const turn = turnOf(['b'])
  memory.keep(reasoningScope(undefined, 'gpt-5.5'), turn)
  t.equal(memory.recall(reasoningScope(undefined, 'gpt-5.5'), ['b']), turn)
})

t.test('what is kept again takes the place of what was kept', async t => {
  const memory = createReasoningMemory()
  const turn = turnOf(['a'], 'new')
  memory.keep(scope, turnOf(['a'], 'old'))
  memory.keep(scope, turn)
  t.equal(memory.recall(scope, ['a']), turn)
})

t.test('a turn without calls could never be recalled and is not kept', async t => {
  const memory = createReasoningMemory()
  memory.keep(scope, turnOf([]))
  t.equal(memory.recall(scope, ['undefined']), undefined)
})

t.test('what is forgotten is gone, and nothing else is', async t => {
  const memory = createReasoningMemory()
  const other = turnOf(['c'])
  memory.keep(scope, turnOf(['a', 'b']))
  memory.keep(scope, other)
  memory.forget(scope, ['x', 'b', 'a'])
  t.equal(memory.recall(scope, ['a', 'b']), undefined)
  t.equal(memory.recall(scope, ['c']), other)
  memory.forget(reasoningScope('other', 'gpt-5.5'), ['c'])
  t.equal(memory.recall(scope, ['c']), other)
})

t.test('a turn is let go of after an hour without a question for it', async t => {
  let now = 5
  const memory = createReasoningMemory({ now: () => now })
  const turn = turnOf(['a'])
  memory.keep(scope, turn)
  now += HOUR
  t.equal(memory.recall(scope, ['a']), turn, 'an hour on')
  now += HOUR
  t.equal(memory.recall(scope, ['a']), turn, 'an hour after the last question')
  now += HOUR + 1
  t.equal(memory.recall(scope, ['a']), undefined)
})

t.test('4096 turns are kept, the latest ones', async t => {
  const memory = createReasoningMemory()
  for (let i = 0; i <= 4096; i++) memory.keep(scope, turnOf([`call_${i}`, `other_${i}`]))
  t.equal(memory.recall(scope, ['call_0', 'other_0']), undefined)
  t.ok(memory.recall(scope, ['call_1', 'other_1']))
  t.ok(memory.recall(scope, ['call_4096', 'other_4096']))
})

t.test('a turn of more than 16 MiB is not kept', async t => {
  const memory = createReasoningMemory()
  const room = 200
  memory.keep(scope, turnOf(['fits'], 'x'.repeat(16 * MEBIBYTE - room)))
  memory.keep(scope, turnOf(['big'], 'x'.repeat(16 * MEBIBYTE)))
  // In UTF-8, as the memory that it takes, and not in characters.
  memory.keep(scope, turnOf(['wide'], 'é'.repeat(8 * MEBIBYTE)))
  t.ok(memory.recall(scope, ['fits']))
  t.equal(memory.recall(scope, ['big']), undefined)
  t.equal(memory.recall(scope, ['wide']), undefined)
  const beforeCall: ReasonedTurn = {
    callIds: ['a'],
    beforeMessage: [],
    beforeCalls: new Map([['a', [reasoning('x'.repeat(16 * MEBIBYTE))]]]),
  }
  memory.keep(scope, beforeCall)
  t.equal(memory.recall(scope, ['a']), undefined)
})

t.test('64 MiB are kept in all', async t => {
  const memory = createReasoningMemory()
  const content = 'x'.repeat(15 * MEBIBYTE)
  for (const id of ['a', 'b', 'c', 'd', 'e']) memory.keep(scope, turnOf([id], content))
  t.equal(memory.recall(scope, ['a']), undefined)
  for (const id of ['b', 'c', 'd', 'e']) t.ok(memory.recall(scope, [id]), id)
})
