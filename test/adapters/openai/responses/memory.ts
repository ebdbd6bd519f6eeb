import t from 'tap'
import { createResponseMemory } from '../../../../src/adapters/openai/responses/memory.ts'
import { createFakeClock } from '../../../fakes/clock.ts'

const DAY_MS = 24 * 60 * 60 * 1000
const START = 1_000_000

const create = (clock = createFakeClock(START)) => createResponseMemory(clock)
const says = (text: string) => ({ type: 'message', role: 'user', content: text })

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
  t.equal(memory.forget('resp_1'), true)
  t.equal(memory.forget('resp_1'), false)
  t.equal(memory.recall('resp_1'), undefined)
  t.equal(memory.recallItem('msg_9'), undefined)
})

t.test('items without an id are given one that tells what they are', async t => {
  const memory = create()
  memory.keep({ id: 'resp_1', output: [] }, [
    says('a'),
    { role: 'user', content: 'b' },
    { type: 'function_call' },
    { type: 'function_call_output' },
    { type: 'custom_tool_call' },
    { type: 'custom_tool_call_output' },
    { type: 'reasoning', id: '' },
    { type: 'compaction' },
  ])
  t.strictSame(
    memory.recall('resp_1')?.input.map(item => item['id']),
    [
      'msg_1_in0',
      'msg_1_in1',
      'fc_1_in2',
      'fco_1_in3',
      'ctc_1_in4',
      'ctco_1_in5',
      'rs_1_in6',
      'item_1_in7',
    ],
  )
  t.strictSame(memory.recallItem('msg_1_in0'), { ...says('a'), id: 'msg_1_in0' })
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
