import t from 'tap'
import { createEventDecoder } from '../../../src/adapters/chatgpt/decode.ts'
import type { ReasonedTurn } from '../../../src/adapters/chatgpt/reasoning-memory.ts'
import { createToolNames } from '../../../src/adapters/chatgpt/tool-names.ts'
import {
  answer,
  completed,
  customCall,
  failed,
  functionCall,
  type ItemEvents,
  incomplete,
  inTurn,
  message,
  reasoning,
} from '../../fakes/backend-events.ts'
import { chatRequest } from '../../fakes/chat-request.ts'

function turnsOf(events: readonly object[], turns: ReasonedTurn[] = []): ReasonedTurn[] {
  const decoder = createEventDecoder({
    now: () => 0,
    onLimits: () => {},
    names: createToolNames(chatRequest()),
    onTurn: turn => turns.push(turn),
  })
  for (const event of events) decoder.decode(JSON.stringify(event))
  return turns
}

const sealed = (encrypted_content: string, ...summary: string[]) => ({
  type: 'reasoning',
  summary: summary.map(text => ({ type: 'summary_text', text })),
  encrypted_content,
})
const call = (index: number) => functionCall(index, `call_${index}`, 'f', ['{}'])
const think = (index: number) => reasoning(index, [['t']])
const withoutId = ({ item: { id: _, ...item } }: ItemEvents) => item
const turn = (
  callIds: readonly string[],
  beforeMessage: readonly object[],
  beforeCalls: Readonly<Record<string, readonly object[]>> = {},
) => [{ callIds, beforeMessage, beforeCalls: new Map(Object.entries(beforeCalls)) }]

t.test('reasoning is taken down where it stands, in the form that is sent back', async t => {
  t.strictSame(
    turnsOf(
      answer(
        reasoning(0, [['one'], ['two']], 'gA'),
        reasoning(1, [], 'gB'),
        message(2, ['Looking.']),
        reasoning(3, [], 'gC'),
        functionCall(4, 'call_1', 'f', ['{}']),
        customCall(5, 'call_2', 'g', ['x']),
        reasoning(6, [], 'gD'),
        functionCall(7, 'call_3', 'f', ['{}']),
      ),
    ),
    turn(['call_1', 'call_2', 'call_3'], [sealed('gA', 'one', 'two'), sealed('gB')], {
      call_1: [sealed('gC')],
      call_3: [sealed('gD')],
    }),
  )
})

t.test('order is that of the output, not of the events', async t => {
  const events = [call(1), think(0), call(3), think(2)]
  t.strictSame(
    turnsOf([...inTurn(...events), completed()]),
    turn(['call_1', 'call_3'], [], {
      call_1: [sealed('gAAAA0', 't')],
      call_3: [sealed('gAAAA2', 't')],
    }),
  )
})

t.test('of several messages the first calls end what goes before the message', async t => {
  t.strictSame(
    turnsOf(answer(think(0), message(1, ['a']), think(2), message(3, ['b']), call(4), think(5))),
    turn(['call_4'], [sealed('gAAAA0', 't'), sealed('gAAAA2', 't')]),
    'nothing follows the last reasoning that could be sent after it',
  )
  t.strictSame(
    turnsOf(answer(think(0), call(1), think(2), message(3, ['a']), call(4))),
    turn(['call_1', 'call_4'], [], {
      call_1: [sealed('gAAAA0', 't')],
      call_4: [sealed('gAAAA2', 't')],
    }),
    'the message is sent back before the calls, its reasoning is not',
  )
})

t.test('there is no turn without both calls and reasoning that can be sent back', async t => {
  t.strictSame(turnsOf(answer(think(0), message(1, ['a']))), [])
  t.strictSame(turnsOf(answer(message(0, ['a']), call(1))), [])
  t.strictSame(turnsOf(answer(call(0), think(1))), [])
  t.strictSame(turnsOf(answer()), [])
  for (const encrypted_content of [undefined, null, '', 7]) {
    const { added } = think(0)
    const item = { ...think(0).item, encrypted_content }
    const done = { type: 'response.output_item.done', output_index: 0, item }
    t.strictSame(turnsOf([added, done, ...inTurn(call(1)), completed()]), [])
  }
})

t.test('nothing is taken of an answer that is not whole', async t => {
  const begun = inTurn(think(0), call(1))
  t.strictSame(turnsOf(begun), [])
  t.strictSame(turnsOf([...begun, incomplete('max_output_tokens')]), [])
  t.strictSame(turnsOf([...begun, { ...completed(), type: 'response.done' }]), [])
  const turns: ReasonedTurn[] = []
  t.throws(() => turnsOf([...begun, failed('server_error')], turns), { code: 'upstream_error' })
  t.strictSame(turns, [])
})

t.test('what comes only at the end counts, and what comes twice counts once', async t => {
  const expected = turn(['call_1', 'call_2'], [], { call_1: [sealed('gAAAA0', 't')] })
  const items = [think(0), call(1), call(2)]
  const output = items.map(({ item }) => item)
  const streamed = inTurn(...items)
  const bare = items.map(withoutId)
  const anew = output.map(item => ({ ...item, encrypted_content: 'sealed anew' }))
  t.strictSame(turnsOf([completed({ output })]), expected, 'all at the end')
  t.strictSame(turnsOf([...inTurn(call(1), call(2)), completed({ output })]), expected)
  t.strictSame(turnsOf([...inTurn(think(0)), completed({ output })]), expected)
  t.strictSame(turnsOf([...streamed, completed({ output })]), expected, 'twice')
  t.strictSame(turnsOf([...streamed, completed({ output: bare })]), expected, 'without ids')
  t.strictSame(turnsOf([...streamed, completed({ output: anew })]), expected, 'sealed anew')
  t.strictSame(turnsOf([...streamed, completed({ output: output.slice(1) })]), expected, 'thin')
})

t.test('a call that is announced and never completed counts', async t => {
  t.strictSame(
    turnsOf([...inTurn(think(0)), call(1).added, completed()]),
    turn(['call_1'], [], { call_1: [sealed('gAAAA0', 't')] }),
  )
})

t.test('a turn with a call that has no id is not kept: it could not be found again', async t => {
  const nameless = {
    type: 'response.output_item.done',
    output_index: 2,
    item: { type: 'function_call', name: 'f', arguments: '{}' },
  }
  t.strictSame(turnsOf([...inTurn(think(0), call(1)), nameless, completed()]), [])
})

t.test('a summary that is none is sent back as an empty one', async t => {
  const item = {
    type: 'reasoning',
    id: 'rs_0',
    encrypted_content: 'gA',
    content: null,
    status: 'x',
  }
  const done = { type: 'response.output_item.done', output_index: 0, item }
  t.strictSame(
    turnsOf([done, ...inTurn(call(1)), completed()]),
    turn(['call_1'], [], { call_1: [sealed('gA')] }),
  )
})

t.test('reasoning of more than 16 MiB in all is dropped at once', async t => {
  const big = (index: number) => reasoning(index, [], `${index}${'x'.repeat(6 * 1024 * 1024)}`)
  t.equal(turnsOf([...inTurn(big(0), big(1), call(2)), completed()]).length, 1)
  t.strictSame(turnsOf([...inTurn(big(0), big(1), big(2), call(3)), completed()]), [])
})
