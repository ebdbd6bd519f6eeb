import t from 'tap'
import { encodeRequest, type Form } from '../../../src/adapters/chatgpt/encode.ts'
import type { ReasonedTurn } from '../../../src/adapters/chatgpt/reasoning-memory.ts'
import { createToolNames } from '../../../src/adapters/chatgpt/tool-names.ts'
import type { ChatRequest, Item } from '../../../src/domain/conversation.ts'
import { chatRequest, developerSays, userSays } from '../../fakes/chat-request.ts'

const sealed = (encrypted_content: string) => ({
  type: 'reasoning',
  summary: [],
  encrypted_content,
})
const turn = (
  callIds: readonly string[],
  beforeMessage: readonly string[],
  beforeCalls: Readonly<Record<string, readonly string[]>> = {},
): ReasonedTurn => ({
  callIds,
  beforeMessage: beforeMessage.map(sealed),
  beforeCalls: new Map(Object.entries(beforeCalls).map(([id, all]) => [id, all.map(sealed)])),
})
const says = (text: string): Item => ({
  type: 'message',
  role: 'assistant',
  parts: [{ type: 'text', text }],
})
const call = (callId: string): Item => ({
  type: 'tool-call',
  kind: 'function',
  callId,
  name: 'f',
  arguments: '{}',
})
const result = (callId: string): Item => ({
  type: 'tool-result',
  kind: 'function',
  callId,
  output: 'r',
})

/** Encodes items, each told by one word; the memory has these turns. */
function replay(
  items: readonly Item[],
  turns: readonly ReasonedTurn[],
  over: Partial<ChatRequest> = {},
  form: Form = 'normal',
) {
  const request = chatRequest({ items, ...over })
  const asked: (readonly string[])[] = []
  const { body, replayed } = encodeRequest(request, form, {
    names: createToolNames(request),
    recall(callIds) {
      asked.push(callIds)
      return turns.find(each => each.callIds.every(id => callIds.includes(id)))
    },
  })
  const words = JSON.parse(body).input.map(
    (item: Record<string, string> & { content?: { text: string }[] }) =>
      item['encrypted_content'] ?? item['call_id'] ?? item.content?.[0]?.text ?? item['type'],
  )
  return { asked, replayed, words, input: JSON.parse(body).input }
}

t.test('reasoning is sent again in the form in which it is kept', async t => {
  const { input } = replay([userSays('q'), call('a'), result('a')], [turn(['a'], [], { a: ['A'] })])
  t.strictSame(input[1], { type: 'reasoning', summary: [], encrypted_content: 'A' })
  t.equal(input.length, 4)
})

t.test('it goes before the message and before its calls', async t => {
  const items = [userSays('q'), says('m'), call('a'), call('b'), result('a'), result('b')]
  const known = turn(['a', 'b'], ['M'], { a: ['A1', 'A2'], b: ['B'] })
  const { words, replayed, asked } = replay(items, [known])
  t.strictSame(words, ['q', 'M', 'm', 'A1', 'A2', 'a', 'B', 'b', 'a', 'b'])
  t.strictSame(replayed, ['a', 'b'])
  t.strictSame(asked, [['a', 'b']], 'asked with all calls of the turn')
})

t.test('without a message it all goes before the first call', async t => {
  const items = [userSays('q'), call('b'), call('a'), result('a'), result('b')]
  const { words } = replay(items, [turn(['a', 'b'], ['M'], { a: ['A'], b: ['B'] })])
  t.strictSame(words, ['q', 'M', 'B', 'b', 'A', 'a', 'a', 'b'])
  const late = [userSays('q'), call('a'), says('m'), result('a')]
  t.strictSame(replay(late, [turn(['a'], ['M'])]).words, ['q', 'M', 'a', 'm', 'a'])
})

t.test('of several messages the one before the calls is that of the turn', async t => {
  const items = [userSays('q'), says('m1'), says('m2'), call('a'), result('a')]
  t.strictSame(replay(items, [turn(['a'], ['M'])]).words, ['q', 'm1', 'M', 'm2', 'a', 'a'])
})

t.test('each step since the last user message gets its own, earlier ones none', async t => {
  const turns = ['a', 'b', 'c'].map(id => turn([id], [], { [id]: [id.toUpperCase()] }))
  const items = [
    userSays('q1'),
    call('a'),
    result('a'),
    says('m'),
    userSays('q2'),
    call('b'),
    result('b'),
    developerSays('d'),
    call('c'),
    result('c'),
    call('unknown'),
    result('unknown'),
  ]
  const { words, replayed, asked } = replay(items, turns)
  t.strictSame(words, [
    'q1',
    'a',
    'a',
    'm',
    'q2',
    'B',
    'b',
    'b',
    'd',
    'C',
    'c',
    'c',
    'unknown',
    'unknown',
  ])
  t.strictSame(replayed, ['b', 'c'])
  t.strictSame(asked, [['b'], ['c'], ['unknown']])
})

t.test('the memory is not asked where nothing was called', async t => {
  const { asked, replayed } = replay([userSays('q'), says('m'), userSays('r'), says('n')], [])
  t.strictSame(asked, [])
  t.strictSame(replayed, [])
})

t.test('a conversation without a user message is all of one question', async t => {
  t.strictSame(replay([call('a'), result('a')], [turn(['a'], [], { a: ['A'] })]).words, [
    'A',
    'a',
    'a',
  ])
})

t.test(
  'a call that is sent twice gets its reasoning once, and others stand among them',
  async t => {
    const items = [userSays('q'), call('x'), call('a'), call('a'), result('a')]
    const { words, asked } = replay(items, [turn(['a'], ['M'], { a: ['A'] })])
    t.strictSame(words, ['q', 'x', 'M', 'A', 'a', 'a', 'a'])
    t.strictSame(asked, [['x', 'a']])
  },
)

t.test('a long call id is looked up as it is and sent shortened', async t => {
  const long = 'x'.repeat(65)
  const { asked, words } = replay([call(long), result(long)], [turn([long], ['M'])])
  t.strictSame(asked, [[long]])
  t.strictSame(words, ['M', ...Array(2).fill('call_48db1fc4b0541163beefb002169308df')])
})

t.test('it goes where it belongs in every form and mode', async t => {
  const items = [developerSays('JSON'), userSays('q'), call('a'), result('a')]
  const turns = [turn(['a'], [], { a: ['A'] })]
  const tools = [{ type: 'custom', name: 'f', description: undefined, grammar: undefined }] as const
  t.strictSame(replay(items, turns).words, ['q', 'A', 'a', 'a'])
  t.strictSame(replay(items, turns, { format: { type: 'json-object' } }).words, [
    'JSON',
    'q',
    'A',
    'a',
    'a',
  ])
  t.strictSame(replay(items, turns, { tools }, 'lite').words, [
    'additional_tools',
    'JSON',
    'q',
    'A',
    'a',
    'a',
  ])
})
