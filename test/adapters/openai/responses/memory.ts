import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import {
  createResponseMemory,
  inputWithIds,
} from '../../../../src/adapters/openai/responses/memory.ts'
import { objectsOf } from '../../../../src/domain/json.ts'
import { createFakeClock } from '../../../fakes/clock.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const START = 1_000_000

const create = (clock = createFakeClock(START)) => createResponseMemory(clock)
const says = (text: string) => ({ type: 'message', role: 'user', content: text })

// First: it measures, and others leave much behind.
t.test('what is kept takes the room that it counts for', async t => {
  setFlagsFromString('--expose-gc')
  const collectGarbage: () => void = runInNewContext('gc')
  const measure = async () => {
    // What a weak reference was asked for lives until the turn of the event loop is over.
    await new Promise(setImmediate)
    collectGarbage()
    return process.memoryUsage().heapUsed
  }
  const memory = create()
  const before = await measure()
  memory.keep({ id: 'resp_1', output: [] }, [
    { type: 'x', id: 'mine', content: Array.from({ length: 1_000_000 }, () => ({})) },
  ])
  const grown = (await measure()) - before
  t.ok(grown < 8 * 1024 * 1024, `kept: ${grown}`)
  t.equal(memory.recall('resp_1')?.input.length, 1)
  t.ok(memory.recallItem('mine'))
  const afterwards = (await measure()) - before
  t.ok(afterwards < 8 * 1024 * 1024, `recalled: ${afterwards}`)
})

t.test('a response is found with its items until it is forgotten', async t => {
  const memory = create()
  const answered = { type: 'message', id: 'msg_9', role: 'assistant', content: [] }
  const response = { id: 'resp_1', output: [answered] }
  memory.keep(response, [says('a'), { ...says('b'), id: 'mine' }])
  t.strictSame(memory.recall('resp_1')?.response, response)
  t.strictSame(memory.recallItem('msg_9'), answered)
  t.strictSame(memory.recallItem('mine'), { ...says('b'), id: 'mine' })
  t.equal(memory.recallItem('other'), undefined)
  t.equal(memory.recall('resp_2'), undefined)
  memory.forget('resp_1')
  memory.forget('resp_1')
  t.equal(memory.recall('resp_1'), undefined)
  t.equal(memory.recallItem('msg_9'), undefined)
})

t.test('an item is found in whichever response has it', async t => {
  const memory = create()
  memory.keep({ id: 'resp_1', output: [{ id: 'msg_1', n: 1 }] }, [{ ...says('a'), id: 'in_1' }])
  memory.keep({ id: 'resp_2', output: [{ id: 'msg_2', n: 2 }] }, [says('b')])
  t.strictSame(memory.recallItem('msg_1'), { id: 'msg_1', n: 1 })
  t.strictSame(memory.recallItem('in_1'), { ...says('a'), id: 'in_1' })
  t.strictSame(memory.recallItem('msg_2'), { id: 'msg_2', n: 2 })
})

t.test('items without an id are listed with one that tells what they are', async t => {
  const memory = create()
  const input = [
    says('a'),
    { role: 'user', content: 'b' },
    { type: 'function_call' },
    { type: 'function_call_output' },
    { type: 'custom_tool_call' },
    { type: 'custom_tool_call_output' },
    { type: 'reasoning', id: '' },
    { type: 'compaction' },
    { type: 'compaction', id: 'mine' },
  ]
  memory.keep({ id: 'resp_1', output: [] }, input)
  const kept = memory.recall('resp_1')
  t.strictSame(kept && inputWithIds(kept).map(item => item['id']), [
    'msg_1_in0',
    'msg_1_in1',
    'fc_1_in2',
    'fco_1_in3',
    'ctc_1_in4',
    'ctco_1_in5',
    'rs_1_in6',
    'item_1_in7',
    'mine',
  ])
  t.strictSame(kept && inputWithIds(kept)[0], { ...says('a'), id: 'msg_1_in0' })
  t.strictSame(kept?.input, input, 'what goes on from there has none of them')
  t.strictSame(memory.recallItem('msg_1_in0'), says('a'))
  t.strictSame(memory.recallItem('item_1_in7'), { type: 'compaction' })
})

t.test('a response without an id cannot be found, so it is not kept', async t => {
  const memory = create()
  memory.keep({ output: [{ id: 'x' }] }, [])
  t.equal(memory.recallItem('x'), undefined)
})

t.test('the oldest of more than 256 is forgotten', async t => {
  const memory = create()
  for (let i = 0; i <= 256; i++) memory.keep({ id: `resp_${i}`, output: [] }, [])
  t.equal(memory.recall('resp_0'), undefined)
  t.ok(memory.recall('resp_1'))
  t.ok(memory.recall('resp_256'))
})

t.test('no more than 64 MiB are kept, and nothing that is larger by itself', async t => {
  const memory = create()
  const large = says('a'.repeat(33 * 1024 * 1024))
  memory.keep({ id: 'resp_1', output: [] }, [large])
  t.ok(memory.recall('resp_1'))
  memory.keep({ id: 'resp_2', output: [] }, [large])
  t.equal(memory.recall('resp_1'), undefined)
  t.ok(memory.recall('resp_2'))
  memory.keep({ id: 'resp_3', output: [] }, [large, large])
  t.equal(memory.recall('resp_3'), undefined)
  t.ok(memory.recall('resp_2'))
})

t.test('what is kept counts in bytes, and so do the ids of its items', async t => {
  const memory = create()
  memory.keep({ id: 'resp_1', output: [] }, [says('a')])
  memory.keep({ id: 'resp_2', output: [] }, [says('é'.repeat(33 * 1024 * 1024))])
  t.notOk(memory.recall('resp_2'), '66 MiB')
  memory.keep({ id: 'resp_3', output: [] }, [{ type: 'x', id: 'a'.repeat(33 * 1024 * 1024) }])
  t.notOk(memory.recall('resp_3'), '33 MiB of text and as much of ids')
  const ids = Array.from({ length: 700_000 }, (_, i) => ({ type: 'x', id: `${i}` }))
  memory.keep({ id: 'resp_4', output: [] }, ids)
  t.notOk(memory.recall('resp_4'), '17 MiB of text and 47 MiB of ids')
  t.ok(memory.recall('resp_1'))
})

t.test('a request that names many items has each response parsed once', async t => {
  const memory = create()
  memory.keep({ id: 'resp_1', output: [{ id: 'msg_1' }, { id: 'msg_2' }] }, [])
  const kept = memory.recall('resp_1')
  t.equal(memory.recall('resp_1'), kept)
  const [first, second] = objectsOf(kept?.response['output'])
  t.equal(memory.recallItem('msg_1'), first)
  t.equal(memory.recallItem('msg_2'), second)
})

t.test('a response is forgotten after a day', async t => {
  const clock = createFakeClock(START)
  const memory = create(clock)
  memory.keep({ id: 'resp_1', output: [{ id: 'msg_1' }] }, [])
  clock.set(START + DAY_MS)
  t.ok(memory.recall('resp_1'))
  clock.set(START + DAY_MS + 1)
  t.equal(memory.recallItem('msg_1'), undefined)
  t.equal(memory.recall('resp_1'), undefined)
})

t.test('no two items of a list have one id', async t => {
  const memory = create()
  memory.keep({ id: 'resp_1', output: [] }, [
    { ...says('a'), id: 'mine' },
    { ...says('b'), id: 'mine' },
  ])
  const found = memory.recall('resp_1')
  t.strictSame(found && inputWithIds(found).map(({ id }) => id), ['mine', 'msg_1_in1'])
})
