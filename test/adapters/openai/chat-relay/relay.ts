import assert from 'node:assert/strict'
import fc from 'fast-check'
import { accumulateResponse } from 'openai/lib/responses/ResponseAccumulator'
import { ResponseStream } from 'openai/lib/responses/ResponseStream'
import type {
  Response as ApiResponse,
  ResponseStreamEvent,
} from 'openai/resources/responses/responses'
import t from 'tap'
import { createChatRelay } from '../../../../src/adapters/openai/chat-relay/relay.ts'
import { createResponseEncoder } from '../../../../src/adapters/openai/responses/encoder.ts'
import { foldResponse } from '../../../../src/adapters/openai/responses/fold.ts'
import { collect } from '../../../../src/domain/collect.ts'
import type { ModelEvent } from '../../../../src/domain/events.ts'
import type { JsonObject } from '../../../../src/domain/json.ts'
import type { RelayFrame, RelayRequest } from '../../../../src/domain/relay-ports.ts'
import { createFakeChatModel } from '../../../fakes/chat-model.ts'
import { chatRequest, developerSays, userSays } from '../../../fakes/chat-request.ts'
import {
  answers,
  calls,
  cites,
  finished,
  passes,
  play,
  refuses,
  says,
  started,
  thinks,
} from '../../../fakes/model-events.ts'
import { relayRequest } from '../../../fakes/relay-request.ts'

const credentials = { accessToken: 'a', accountId: undefined }
const { signal } = new AbortController()

async function framesOf(...events: readonly ModelEvent[]): Promise<readonly RelayFrame[]> {
  const relay = createChatRelay(createFakeChatModel(events))
  const frames: RelayFrame[] = []
  for await (const frame of await relay.relay(relayRequest(), credentials, signal)) {
    frames.push(frame)
  }
  return frames
}

/** The events between the beginning of a response and its end. */
async function middleOf(...events: readonly ModelEvent[]): Promise<readonly JsonObject[]> {
  const frames = await framesOf(started(), ...events, finished())
  return frames.slice(2, -1).map(({ data }) => JSON.parse(data))
}

async function asked(over: Partial<RelayRequest>) {
  const model = createFakeChatModel([])
  await createChatRelay(model).relay(relayRequest(over), credentials, signal)
  return model.asked[0]
}

t.test('a text answer is told byte by byte as the API tells it', async t => {
  const response = {
    id: 'resp_abc',
    object: 'response',
    created_at: 1795346783,
    status: 'in_progress',
    error: null,
    incomplete_details: null,
    model: 'gpt-5.5',
    output: [] as unknown[],
    service_tier: 'auto',
    usage: null as unknown,
  }
  const head = JSON.stringify(response)
  const whole = JSON.stringify({
    ...response,
    status: 'completed',
    output: [
      {
        id: 'msg_abc_0',
        type: 'message',
        status: 'completed',
        role: 'assistant',
        content: [{ type: 'output_text', text: 'Hel"lo', annotations: [], logprobs: [] }],
      },
    ],
    service_tier: 'default',
    usage: {
      input_tokens: 11,
      input_tokens_details: { cached_tokens: 4 },
      output_tokens: 7,
      output_tokens_details: { reasoning_tokens: 2 },
      total_tokens: 18,
    },
  })
  const frames = await framesOf(started(), says('Hel'), says('"lo'), finished())
  t.strictSame(
    frames.map(({ data }) => data),
    [
      `{"type":"response.created","sequence_number":0,"response":${head}}`,
      `{"type":"response.in_progress","sequence_number":1,"response":${head}}`,
      '{"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_abc_0","type":"message","status":"in_progress","role":"assistant","content":[]}}',
      '{"type":"response.content_part.added","sequence_number":3,"item_id":"msg_abc_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"","annotations":[],"logprobs":[]}}',
      '{"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_abc_0","output_index":0,"content_index":0,"delta":"Hel","logprobs":[]}',
      '{"type":"response.output_text.delta","sequence_number":5,"item_id":"msg_abc_0","output_index":0,"content_index":0,"delta":"\\"lo","logprobs":[]}',
      '{"type":"response.output_text.done","sequence_number":6,"item_id":"msg_abc_0","output_index":0,"content_index":0,"text":"Hel\\"lo","logprobs":[]}',
      '{"type":"response.content_part.done","sequence_number":7,"item_id":"msg_abc_0","output_index":0,"content_index":0,"part":{"type":"output_text","text":"Hel\\"lo","annotations":[],"logprobs":[]}}',
      '{"type":"response.output_item.done","sequence_number":8,"output_index":0,"item":{"id":"msg_abc_0","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","text":"Hel\\"lo","annotations":[],"logprobs":[]}]}}',
      `{"type":"response.completed","sequence_number":9,"response":${whole}}`,
    ],
  )
  t.strictSame(
    frames.map(({ type }) => type),
    frames.map(({ data }) => JSON.parse(data).type),
  )
})

t.test('reasoning is an item of its own, in parts where a blank line stands', async t => {
  const events = await middleOf(thinks('a'), thinks('\n\n'), thinks('b'), thinks('c', 'raw'))
  const place = { item_id: 'rs_abc_0', output_index: 0 }
  const item = { id: 'rs_abc_0', type: 'reasoning' }
  const summary = (text: string) => ({ type: 'summary_text', text })
  const raw = (text: string) => ({ type: 'reasoning_text', text })
  const part = 'response.reasoning_summary_part'
  const text = 'response.reasoning_summary_text'
  t.strictSame(
    events.map(({ sequence_number: _, ...event }) => event),
    [
      {
        type: 'response.output_item.added',
        output_index: 0,
        item: { ...item, status: 'in_progress', summary: [] },
      },
      { type: `${part}.added`, ...place, summary_index: 0, part: summary('') },
      { type: `${text}.delta`, ...place, summary_index: 0, delta: 'a' },
      { type: `${text}.done`, ...place, summary_index: 0, text: 'a' },
      { type: `${part}.done`, ...place, summary_index: 0, part: summary('a') },
      { type: `${part}.added`, ...place, summary_index: 1, part: summary('') },
      { type: `${text}.delta`, ...place, summary_index: 1, delta: 'b' },
      { type: `${text}.done`, ...place, summary_index: 1, text: 'b' },
      { type: `${part}.done`, ...place, summary_index: 1, part: summary('b') },
      { type: 'response.content_part.added', ...place, content_index: 0, part: raw('') },
      { type: 'response.reasoning_text.delta', ...place, content_index: 0, delta: 'c' },
      { type: 'response.reasoning_text.done', ...place, content_index: 0, text: 'c' },
      { type: 'response.content_part.done', ...place, content_index: 0, part: raw('c') },
      {
        type: 'response.output_item.done',
        output_index: 0,
        item: {
          ...item,
          status: 'completed',
          summary: [summary('a'), summary('b')],
          content: [raw('c')],
        },
      },
    ],
  )
})

t.test('a blank line that separates nothing is not told', async t => {
  t.strictSame(await middleOf(thinks('\n\n')), [])
  const events = await middleOf(says('a'), thinks('\n\n'), says('b'))
  t.equal(events.filter(({ type }) => type === 'response.output_item.added').length, 1)
})

t.test('calls are items that follow one another', async t => {
  const events = await middleOf(
    calls(0, 'f'),
    passes(0, '{"a'),
    passes(0, '":1}'),
    calls(1, 'g', 'custom'),
    passes(1, 'free "text"'),
  )
  const f = {
    id: 'fc_abc_0',
    type: 'function_call',
    status: 'in_progress',
    call_id: 'call_1',
    name: 'f',
  }
  const g = {
    id: 'ctc_abc_1',
    type: 'custom_tool_call',
    status: 'in_progress',
    call_id: 'call_2',
    name: 'g',
  }
  const first = { item_id: 'fc_abc_0', output_index: 0 }
  const second = { item_id: 'ctc_abc_1', output_index: 1 }
  t.strictSame(events, [
    {
      type: 'response.output_item.added',
      sequence_number: 2,
      output_index: 0,
      item: { ...f, arguments: '' },
    },
    { type: 'response.function_call_arguments.delta', sequence_number: 3, ...first, delta: '{"a' },
    { type: 'response.function_call_arguments.delta', sequence_number: 4, ...first, delta: '":1}' },
    {
      type: 'response.function_call_arguments.done',
      sequence_number: 5,
      ...first,
      arguments: '{"a":1}',
    },
    {
      type: 'response.output_item.done',
      sequence_number: 6,
      output_index: 0,
      item: { ...f, status: 'completed', arguments: '{"a":1}' },
    },
    {
      type: 'response.output_item.added',
      sequence_number: 7,
      output_index: 1,
      item: { ...g, input: '' },
    },
    {
      type: 'response.custom_tool_call_input.delta',
      sequence_number: 8,
      ...second,
      delta: 'free "text"',
    },
    {
      type: 'response.custom_tool_call_input.done',
      sequence_number: 9,
      ...second,
      input: 'free "text"',
    },
    {
      type: 'response.output_item.done',
      sequence_number: 10,
      output_index: 1,
      item: { ...g, status: 'completed', input: 'free "text"' },
    },
  ])
})

t.test('arguments that come after other output belong to their call still', async t => {
  const events = await middleOf(calls(0, 'f'), says('a'), passes(0, '{}'))
  t.match(events.at(-1), {
    type: 'response.output_item.done',
    output_index: 0,
    item: { call_id: 'call_1', arguments: '{}' },
  })
})

t.test('refusals and texts are parts of one message', async t => {
  const events = await middleOf(says('a'), refuses('no'), says('b'))
  t.match(events.at(-1), {
    type: 'response.output_item.done',
    item: {
      content: [
        { type: 'output_text', text: 'a' },
        { type: 'refusal', refusal: 'no' },
        { type: 'output_text', text: 'b' },
      ],
    },
  })
  t.strictSame(
    events.filter(({ type }) => String(type).startsWith('response.refusal')),
    [
      {
        type: 'response.refusal.delta',
        sequence_number: 8,
        item_id: 'msg_abc_0',
        output_index: 0,
        content_index: 1,
        delta: 'no',
      },
      {
        type: 'response.refusal.done',
        sequence_number: 9,
        item_id: 'msg_abc_0',
        output_index: 0,
        content_index: 1,
        refusal: 'no',
      },
    ],
  )
})

t.test('citations are annotations, counted within their text', async t => {
  const url = { type: 'url_citation', url: 'https://a.example/', title: 'A' }
  const events = await middleOf(says('a😀'), cites(0, 2), calls(0, 'f'), says('bc'), cites(3, 4))
  const annotations = events.filter(({ type }) => type === 'response.output_text.annotation.added')
  t.strictSame(annotations, [
    {
      type: 'response.output_text.annotation.added',
      sequence_number: 5,
      item_id: 'msg_abc_0',
      output_index: 0,
      content_index: 0,
      annotation_index: 0,
      annotation: { ...url, start_index: 0, end_index: 2 },
    },
    {
      type: 'response.output_text.annotation.added',
      sequence_number: 13,
      item_id: 'msg_abc_2',
      output_index: 2,
      content_index: 0,
      annotation_index: 0,
      annotation: { ...url, start_index: 1, end_index: 2 },
    },
  ])
  const done = events.find(
    ({ type, output_index }) => type === 'response.output_item.done' && output_index === 0,
  )
  t.match(done, {
    item: { content: [{ annotations: [{ ...url, start_index: 0, end_index: 2 }] }] },
  })
})

t.test('a citation without a text that it could belong to is left out', async t => {
  const events = await middleOf(
    cites(0, 1),
    says('a'),
    refuses('no'),
    cites(0, 1),
    says('b'),
    cites(0, 1),
  )
  t.notMatch(JSON.stringify(events), 'url_citation')
})

t.test('an answer that is cut says why, and so does what it was cut in', async t => {
  const last = async (...events: readonly ModelEvent[]) =>
    JSON.parse((await framesOf(started(), ...events)).at(-1)?.data ?? '')
  t.match(await last(says('a'), finished({ reason: 'length', usage: undefined })), {
    type: 'response.incomplete',
    response: {
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
      output: [{ status: 'incomplete' }],
      usage: null,
    },
  })
  t.match(await last(calls(0, 'f'), passes(0, '{"'), finished({ reason: 'content-filter' })), {
    response: {
      incomplete_details: { reason: 'content_filter' },
      output: [{ status: 'incomplete', arguments: '{"' }],
    },
  })
})

t.test('an answer without an id gets one that no other has', async t => {
  const anonymous = [
    started({ id: undefined, createdAt: undefined, serviceTier: undefined }),
    finished(),
  ]
  const [one, other] = [await framesOf(...anonymous), await framesOf(...anonymous)].map(
    ([created]) => JSON.parse(created?.data ?? '').response,
  )
  t.match(one.id, /^resp_[0-9a-f]{32}$/)
  t.not(one.id, other.id)
  t.strictSame(Object.keys(one).includes('created_at'), false)
  t.match((await framesOf(finished()))[0], { type: 'response.created' })
})

t.test('tokens written to a cache are told where there are any', async t => {
  const usage = {
    inputTokens: 5,
    cachedTokens: 1,
    cacheWriteTokens: 3,
    outputTokens: 2,
    reasoningTokens: 1,
    totalTokens: 7,
  }
  const frames = await framesOf(started(), finished({ usage }))
  t.match(JSON.parse(frames.at(-1)?.data ?? ''), {
    response: {
      usage: { input_tokens: 5, input_tokens_details: { cached_tokens: 1, cache_write_tokens: 3 } },
    },
  })
})

t.test('the request reaches the model in the domain terms', async t => {
  const schema = { type: 'object' }
  const question = await asked({
    model: 'm',
    instructions: 'Be brief.',
    input: [
      { type: 'message', role: 'user', content: [{ type: 'input_text', text: 'hi' }] },
      { type: 'reasoning', summary: [], encrypted_content: 'e' },
      { type: 'function_call', call_id: 'c1', name: 'f', arguments: '{}' },
      { type: 'function_call_output', call_id: 'c1', output: 'done' },
    ],
    tools: [
      { type: 'function', name: 'f', parameters: schema, strict: true },
      { type: 'namespace', name: 'n', tools: [] },
      { type: 'web_search' },
    ],
    toolChoice: { type: 'function', name: 'f' },
    parallelToolCalls: false,
    text: { verbosity: 'low', format: { type: 'json_schema', name: 'n', schema, strict: true } },
    effort: 'low',
    summary: 'auto',
    priority: 'required',
    cacheKey: 'k',
  })
  t.equal(question?.credentials, credentials)
  t.strictSame(
    question?.request,
    chatRequest({
      model: 'm',
      items: [
        developerSays('Be brief.'),
        userSays('hi'),
        { type: 'tool-call', kind: 'function', callId: 'c1', name: 'f', arguments: '{}' },
        { type: 'tool-result', kind: 'function', callId: 'c1', output: 'done' },
      ],
      tools: [
        { type: 'function', name: 'f', description: undefined, parameters: schema, strict: true },
        { type: 'web-search', contextSize: undefined, location: undefined, allowedDomains: [] },
      ],
      toolChoice: { type: 'tool', name: 'f' },
      parallelToolCalls: false,
      format: { type: 'json-schema', name: 'n', description: undefined, schema, strict: true },
      effort: 'low',
      summary: 'auto',
      verbosity: 'low',
      priority: 'required',
      cacheKey: 'k',
    }),
  )
  t.strictSame((await asked({}))?.request, chatRequest())
})

t.test('what the model has no notion of is refused by name', async t => {
  await t.rejects(asked({ input: [{ type: 'compaction', encrypted_content: 'e' }] }), {
    code: 'unsupported_value',
    param: 'input[0].type',
  })
  const relay = createChatRelay(createFakeChatModel())
  await t.rejects(relay.compact(relayRequest(), credentials, signal), {
    code: 'unsupported_endpoint',
  })
})

t.test('an answer without end is cut before it fills the memory', async t => {
  const half = says('a'.repeat(33 * 1024 * 1024))
  await t.rejects(framesOf(started(), half, half), { code: 'upstream_response_too_large' })
})

/** What an answer comes to, whoever put it together. */
function essence({ status, output, usage, incomplete_details }: ApiResponse) {
  const parts = output.flatMap(item => (item.type === 'message' ? item.content : []))
  const called = output.flatMap(item => {
    if (item.type === 'function_call') return [[item.call_id, item.name, item.arguments]]
    if (item.type === 'custom_tool_call') return [[item.call_id, item.name, item.input]]
    return []
  })
  return {
    status,
    reason: incomplete_details?.reason,
    text: parts.map(part => (part.type === 'output_text' ? part.text : '')).join(''),
    refusal: parts.map(part => (part.type === 'refusal' ? part.refusal : '')).join(''),
    calls: called,
    totalTokens: usage?.total_tokens,
  }
}

t.test(
  'any answer is understood by the official client, and says the same as a whole',
  async () => {
    const facts = {
      request: relayRequest(),
      echo: {},
      keeps: false,
      fallbackId: 'resp_fallback',
      fallbackCreatedAt: 7,
    }
    await fc.assert(
      fc.asyncProperty(answers(['function', 'custom']), async events => {
        const frames = await framesOf(...events)
        const encoder = createResponseEncoder(facts, () => {})
        const stream = frames.map(encoder.encode).join('') + encoder.end()
        const lines = stream.split('\n').flatMap(line => line.split(/^data: /)[1] ?? [])
        assert.equal(lines.length, frames.length)
        const body = new Blob([lines.join('\n')]).stream()
        const streamed = await ResponseStream.fromReadableStream(body).finalResponse()

        const folded = await foldResponse(
          (async function* () {
            yield* frames
          })(),
          facts,
        )
        const whole = essence(folded as unknown as ApiResponse)
        assert.deepEqual(essence(streamed), whole)

        const told = lines.map(line => JSON.parse(line) as ResponseStreamEvent)
        assert.deepEqual(
          told.map(event => event.sequence_number),
          told.map((_, i) => i),
        )
        let snapshot: ApiResponse | undefined
        for (const event of told.slice(0, -1)) snapshot = accumulateResponse(event, snapshot)
        assert.deepEqual(snapshot?.output, folded['output'], 'the deltas come to the same')

        const expected = await collect(play(...events))
        assert.deepEqual(whole, {
          status: expected.reason === 'stop' ? 'completed' : 'incomplete',
          reason: {
            stop: undefined,
            length: 'max_output_tokens',
            'content-filter': 'content_filter',
          }[expected.reason],
          text: expected.text,
          refusal: expected.refusal,
          calls: expected.toolCalls.map(call => [call.callId, call.name, call.arguments]),
          totalTokens: expected.usage?.totalTokens,
        })
      }),
      { numRuns: 200 },
    )
  },
)
