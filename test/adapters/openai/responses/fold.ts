import t from 'tap'
import { foldResponse } from '../../../../src/adapters/openai/responses/fold.ts'
import { ProxyError } from '../../../../src/domain/errors.ts'
import type { JsonObject } from '../../../../src/domain/json.ts'
import type { RelayFrame } from '../../../../src/domain/relay-ports.ts'
import { relayRequest } from '../../../fakes/relay-request.ts'

const facts = {
  request: relayRequest({ model: 'asked-model' }),
  echo: { temperature: 1 },
  keeps: false,
  fallbackId: 'resp_fallback',
  fallbackCreatedAt: 7,
}

async function* play(...frames: readonly (readonly [type: string, fields: JsonObject])[]) {
  for (const [type, fields] of frames) {
    yield { type, data: JSON.stringify({ type, ...fields }) } satisfies RelayFrame
  }
}

const created = ['response.created', { response: { id: 'resp_1', created_at: 5 } }] as const
const done = ['response.output_item.done', { output_index: 0, item: { id: 'msg_1' } }] as const

t.test('the response is put together from its frames', async t => {
  const usage = { input_tokens: 1 }
  const end = ['response.completed', { response: { id: 'resp_1', output: [], usage } }] as const
  t.strictSame(await foldResponse(play(created, done, end), facts), {
    status: 'completed',
    id: 'resp_1',
    created_at: 5,
    object: 'response',
    error: null,
    incomplete_details: null,
    instructions: null,
    max_output_tokens: null,
    output: [{ id: 'msg_1' }],
    parallel_tool_calls: true,
    previous_response_id: null,
    reasoning: { effort: null, summary: null },
    temperature: 1,
    text: { format: { type: 'text' } },
    tool_choice: 'auto',
    tools: [],
    top_p: null,
    truncation: 'disabled',
    usage,
    metadata: {},
    model: 'asked-model',
    store: false,
  })
})

t.test('an answer that was cut by a limit is told as it is', async t => {
  const incomplete_details = { reason: 'max_output_tokens' }
  const end = ['response.incomplete', { response: { incomplete_details } }] as const
  t.match(await foldResponse(play(created, done, end), facts), {
    id: 'resp_1',
    status: 'incomplete',
    incomplete_details,
    output: [{ id: 'msg_1' }],
  })
})

t.test('an answer that is not whole is none', async t => {
  await t.rejects(foldResponse(play(created, done), facts), { code: 'upstream_stream_incomplete' })
  const failure = new ProxyError('upstream_timeout', 'late')
  const frames = (async function* () {
    yield* play(created)
    throw failure
  })()
  await t.rejects(foldResponse(frames, facts), failure)
})

t.test('an answer that fills the memory is refused', async t => {
  const item = { id: 'msg_1', text: 'a'.repeat(33 * 1024 * 1024) }
  const large = ['response.output_item.done', { item }] as const
  const end = ['response.completed', { response: {} }] as const
  t.match(await foldResponse(play(large, end), facts), { output: [item] })
  await t.rejects(foldResponse(play(large, large, end), facts), {
    code: 'upstream_response_too_large',
  })
})

t.test('items without an id in the final list are those that were told, each once', async t => {
  const text = (content: string, id?: string) => ({ ...(id && { id }), type: 'message', content })
  const thought = { id: 'rs_1', type: 'reasoning' }
  const told = (output_index: number, item: JsonObject) =>
    ['response.output_item.done', { output_index, item }] as const
  const outputOf = async (items: readonly JsonObject[], output: readonly JsonObject[]) => {
    const frames = items.map((item, i) => told(i, item))
    const end = ['response.completed', { response: { id: 'resp_1', output } }] as const
    return (await foldResponse(play(created, ...frames, end), facts))['output']
  }
  const [a, b] = [text('A', 'msg_a'), text('B', 'msg_b')]
  t.strictSame(await outputOf([thought, a], [text('A')]), [thought, a])
  t.strictSame(await outputOf([thought, a, b], [text('A'), text('B')]), [thought, a, b])
  t.strictSame(await outputOf([thought, a], [text('A'), text('B')]), [thought, a, text('B')])
  t.strictSame(await outputOf([b], [text('A', 'msg_a'), b]), [a, b])
})
