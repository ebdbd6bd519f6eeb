import assert from 'node:assert/strict'
import fc from 'fast-check'
import { ChatCompletionStream } from 'openai/lib/ChatCompletionStream'
import t from 'tap'
import {
  type ChatEncoderOptions,
  createChatEncoder,
  encodeChatCompletion,
} from '../../../../src/adapters/openai/chat/encoder.ts'
import {
  REASONING_DELTAS,
  type ReasoningMode,
} from '../../../../src/adapters/openai/chat/reasoning.ts'
import type { ToolKind } from '../../../../src/domain/conversation.ts'
import { ProxyError } from '../../../../src/domain/errors.ts'
import { type ModelEvent, unquote } from '../../../../src/domain/events.ts'
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
  usage,
} from '../../../fakes/model-events.ts'

const MODES = Object.keys(REASONING_DELTAS) as readonly ReasoningMode[]

const facts = { model: 'asked-model', fallbackId: 'req_1', fallbackCreatedAt: 7 }
const plain: ChatEncoderOptions = {
  includeUsage: false,
  reasoning: 'reasoning-content',
  legacyFunctions: false,
}

const encode = (events: readonly ModelEvent[], over: Partial<ChatEncoderOptions> = {}) => {
  const encoder = createChatEncoder(facts, { ...plain, ...over })
  return events.map(event => encoder.encode(event)).join('') + encoder.end()
}

const whole = async (events: readonly ModelEvent[], over: Partial<ChatEncoderOptions> = {}) =>
  await encodeChatCompletion(play(...events), facts, { ...plain, ...over })

/** Content keys of the message of a whole answer, and its reason. */
const message = async (events: readonly ModelEvent[], over: Partial<ChatEncoderOptions> = {}) => {
  const { choices } = await whole([started(), ...events], over)
  return { ...choices[0]?.message, finish_reason: choices[0]?.finish_reason }
}

const HEAD =
  'data: {"id":"chatcmpl-abc","object":"chat.completion.chunk","created":1795346783,"model":"asked-model","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":'
const chunk = (delta: string, reason = 'null', usage = '') =>
  `${HEAD}${delta},"logprobs":null,"finish_reason":${reason}}]${usage}}\n\n`
const ROLE = '{"role":"assistant","content":"","refusal":null}'

const END = 'data: [DONE]\n\n'

t.test('a text answer is role, deltas, reason and the end', async t => {
  t.equal(
    encode([started(), says('Hel'), says('l"o\n'), finished()]),
    chunk(ROLE) +
      chunk('{"content":"Hel"}') +
      chunk('{"content":"l\\"o\\n"}') +
      chunk('{}', '"stop"') +
      END,
  )
})

t.test('usage comes in a chunk of its own, and only if it was asked for', async t => {
  const nothing = ',"usage":null'
  t.equal(
    encode([started(), says('a'), finished()], { includeUsage: true }),
    chunk(ROLE, 'null', nothing) +
      chunk('{"content":"a"}', 'null', nothing) +
      chunk('{}', '"stop"', nothing) +
      'data: {"id":"chatcmpl-abc","object":"chat.completion.chunk","created":1795346783,"model":"asked-model","service_tier":"default","system_fingerprint":null,"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}\n\n' +
      END,
  )
})

t.test('tokens written to the cache are told where there are any', async t => {
  const cached = { ...usage, cacheWriteTokens: 3 }
  t.match(
    encode([finished({ usage: cached })], { includeUsage: true }),
    '"prompt_tokens_details":{"cached_tokens":4,"cache_write_tokens":3,"audio_tokens":0}',
  )
})

t.test('nothing goes out before there is something to say', async t => {
  const encoder = createChatEncoder(facts, { ...plain, reasoning: 'off', includeUsage: true })
  for (const event of [started(), thinks('hm'), cites(0, 1)]) t.equal(encoder.encode(event), '')
  t.equal(encoder.encode(says('a')).split('\n\n').length, 3)
})

t.test('calls are announced once and then only their arguments follow', async t => {
  t.equal(
    encode([
      started(),
      calls(0, 'get_weather'),
      passes(0, '{"ci'),
      calls(1, 'get_time'),
      passes(1, '{}'),
      finished(),
    ]),
    chunk(ROLE) +
      chunk(
        '{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"get_weather","arguments":""}}]}',
      ) +
      chunk('{"tool_calls":[{"index":0,"function":{"arguments":"{\\"ci"}}]}') +
      chunk(
        '{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"get_time","arguments":""}}]}',
      ) +
      chunk('{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}') +
      chunk('{}', '"tool_calls"') +
      END,
  )
})

t.test('calls of custom tools carry free text', async t => {
  t.equal(
    encode([
      started(),
      calls(0, 'shell', 'custom'),
      passes(0, 'ls "'),
      calls(1, 'f'),
      passes(1, '{}'),
      finished(),
    ]),
    chunk(ROLE) +
      chunk(
        '{"tool_calls":[{"index":0,"id":"call_1","type":"custom","custom":{"name":"shell","input":""}}]}',
      ) +
      chunk('{"tool_calls":[{"index":0,"custom":{"input":"ls \\""}}]}') +
      chunk(
        '{"tool_calls":[{"index":1,"id":"call_2","type":"function","function":{"name":"f","arguments":""}}]}',
      ) +
      chunk('{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}') +
      chunk('{}', '"tool_calls"') +
      END,
  )
})

t.test('the deprecated form has the first call only', async t => {
  t.equal(
    encode(
      [started(), calls(0, 'f'), passes(0, '{}'), calls(1, 'g'), passes(1, '{"a":1}'), finished()],
      { legacyFunctions: true },
    ),
    chunk(ROLE) +
      chunk('{"function_call":{"name":"f","arguments":""}}') +
      chunk('{"function_call":{"arguments":"{}"}}') +
      chunk('{}', '"function_call"') +
      END,
  )
  t.match(encode([says('a'), finished()], { legacyFunctions: true }), '"finish_reason":"stop"')
})

t.test('reasoning and refusals have their own keys', async t => {
  t.equal(
    encode([started(), thinks('hm'), refuses('no'), finished()]),
    chunk(ROLE) +
      chunk('{"reasoning_content":"hm"}') +
      chunk('{"refusal":"no"}') +
      chunk('{}', '"stop"') +
      END,
  )
})

t.test('each mode tells the reasoning under its own keys', async t => {
  const deltas = (reasoning: ChatEncoderOptions['reasoning']) =>
    encode([started(), thinks('s'), thinks('r', 'raw'), says('t'), finished()], { reasoning })
      .split('\n\n')
      .slice(1, -3)
      .map(frame =>
        frame.slice(HEAD.length, -'","logprobs":null,"finish_reason":null}]}'.length + 1),
      )
  t.strictSame(deltas('reasoning'), ['{"reasoning":"s"}', '{"reasoning":"r"}', '{"content":"t"}'])
  t.strictSame(deltas('o3'), [
    '{"reasoning":{"content":[{"type":"text","text":"s"}]}}',
    '{"reasoning":{"content":[{"type":"text","text":"r"}]}}',
    '{"content":"t"}',
  ])
  t.strictSame(deltas('legacy'), [
    '{"reasoning_summary":"s","reasoning":"s"}',
    '{"reasoning":"r"}',
    '{"content":"t"}',
  ])
  t.strictSame(deltas('off'), ['{"content":"t"}'])
  t.strictSame(deltas('think-tags'), [
    '{"content":"<think>"}',
    '{"content":"s"}',
    '{"content":"r"}',
    '{"content":"</think>"}',
    '{"content":"t"}',
  ])
})

t.test('think tags are closed before a call', async t => {
  t.equal(
    encode([started(), thinks('hm'), calls(0, 'f'), finished()], { reasoning: 'think-tags' }),
    chunk(ROLE) +
      chunk('{"content":"<think>"}') +
      chunk('{"content":"hm"}') +
      chunk('{"content":"</think>"}') +
      chunk(
        '{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":""}}]}',
      ) +
      chunk('{}', '"tool_calls"') +
      END,
  )
})

t.test('sources are told together before the reason', async t => {
  t.equal(
    encode([started(), says('ab'), cites(0, 1), says('c'), cites(1, 2), finished()]),
    chunk(ROLE) +
      chunk('{"content":"ab"}') +
      chunk('{"content":"c"}') +
      chunk(
        '{"annotations":[{"type":"url_citation","url_citation":{"start_index":0,"end_index":1,"title":"A","url":"https://a.example/"}},{"type":"url_citation","url_citation":{"start_index":1,"end_index":2,"title":"A","url":"https://a.example/"}}]}',
      ) +
      chunk('{}', '"stop"') +
      END,
  )
})

t.test('an answer that is empty still has its role and its reason', async t => {
  t.equal(
    encode([started(), finished({ reason: 'length' })]),
    `${chunk(ROLE)}${chunk('{}', '"length"')}${END}`,
  )
  t.match(
    encode([finished({ reason: 'content-filter' })]),
    '"delta":{},"logprobs":null,"finish_reason":"content_filter"',
  )
})

t.test('a cut in a call is the reason, not the call', async t => {
  t.match(
    encode([calls(0, 'f'), passes(0, '{"a'), finished({ reason: 'length' })]),
    '"finish_reason":"length"',
  )
})

t.test('what the upstream does not tell is filled in', async t => {
  const text = encode([says('a'), finished({ usage: undefined })], { includeUsage: true })
  t.match(text, '"id":"chatcmpl-req_1"')
  t.match(text, '"created":7,')
  t.match(text, '"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,')
})

t.test('the last chunks tell the service tier that the answer ran in', async t => {
  const tiers = (from: string | undefined, to: string | undefined) =>
    encode([started({ serviceTier: from }), says('a'), finished({ serviceTier: to })], {
      includeUsage: true,
    }).match(/(?<="service_tier":")\w+/g)
  t.strictSame(tiers('auto', 'priority'), ['default', 'default', 'priority', 'priority'])
  t.strictSame(tiers('priority', undefined), ['priority', 'priority', 'priority', 'priority'])
  t.strictSame(tiers(undefined, 'auto'), ['default', 'default', 'default', 'default'])
})

t.test('a failure is one error frame and nothing else', async t => {
  const encoder = createChatEncoder(facts, plain)
  encoder.encode(thinks('hm'))
  t.equal(
    encoder.fail(new ProxyError('upstream_stream_incomplete', 'cut')),
    'data: {"error":{"message":"cut","type":"server_error","param":null,"code":"upstream_stream_incomplete"}}\n\n',
  )
})

t.test('a failure closes the think tag first, if it is open', async t => {
  const cut = new ProxyError('upstream_stream_incomplete', 'cut')
  const failing = (...events: readonly ModelEvent[]) => {
    const encoder = createChatEncoder(facts, { ...plain, reasoning: 'think-tags' })
    for (const event of events) encoder.encode(event)
    return encoder.fail(cut)
  }
  const error =
    'data: {"error":{"message":"cut","type":"server_error","param":null,"code":"upstream_stream_incomplete"}}\n\n'
  t.equal(failing(started(), thinks('hm')), chunk('{"content":"</think>"}') + error)
  t.equal(failing(started(), thinks('hm'), says('a')), error)
  t.equal(failing(started()), error)
})

t.test('a sign of life is a comment', async t => {
  t.equal(createChatEncoder(facts, plain).heartbeat(), ': keep-alive\n\n')
})

t.test('a whole answer has every key of a chat completion', async t => {
  t.strictSame(
    await whole([started(), says('Hel'), says('lo'), finished({ serviceTier: 'priority' })]),
    {
      id: 'chatcmpl-abc',
      object: 'chat.completion',
      created: 1795346783,
      model: 'asked-model',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 11,
        completion_tokens: 7,
        total_tokens: 18,
        prompt_tokens_details: { cached_tokens: 4, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 2,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      service_tier: 'priority',
      system_fingerprint: null,
    },
  )
})

t.test('a whole answer that the upstream tells little of is filled in', async t => {
  t.match(await whole([finished({ usage: undefined, serviceTier: undefined })]), {
    id: 'chatcmpl-req_1',
    created: 7,
    usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    service_tier: 'default',
  })
})

t.test('a whole answer of calls has no content', async t => {
  t.strictSame(
    await message([
      thinks('hm'),
      calls(0, 'f'),
      passes(0, '{}'),
      calls(1, 'shell', 'custom'),
      passes(1, 'ls'),
      finished(),
    ]),
    {
      role: 'assistant',
      content: null,
      refusal: null,
      annotations: [],
      reasoning_content: 'hm',
      tool_calls: [
        { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } },
        { id: 'call_2', type: 'custom', custom: { name: 'shell', input: 'ls' } },
      ],
      finish_reason: 'tool_calls',
    },
  )
})

t.test('a whole answer in the deprecated form has the first call only', async t => {
  t.strictSame(
    await message(
      [calls(0, 'f'), passes(0, '{}'), calls(1, 'g'), passes(1, '{"a":1}'), finished()],
      { legacyFunctions: true },
    ),
    {
      role: 'assistant',
      content: null,
      refusal: null,
      annotations: [],
      function_call: { name: 'f', arguments: '{}' },
      finish_reason: 'function_call',
    },
  )
})

t.test('a whole answer has its reasoning in its content where tags are wanted', async t => {
  t.match(
    await message(
      [thinks('a'), says('b'), thinks('c'), calls(0, 'f'), passes(0, '{}'), finished()],
      {
        reasoning: 'think-tags',
      },
    ),
    { content: '<think>a</think>b<think>c</think>', finish_reason: 'tool_calls' },
  )
})

t.test('a refusal is no content and ends like any answer', async t => {
  t.match(await message([refuses('I can'), refuses('not'), finished()]), {
    content: null,
    refusal: 'I cannot',
    finish_reason: 'stop',
  })
})

t.test('a whole answer tells its sources', async t => {
  t.match(await message([says('ab'), cites(0, 1), finished()]), {
    annotations: [
      {
        type: 'url_citation',
        url_citation: { start_index: 0, end_index: 1, title: 'A', url: 'https://a.example/' },
      },
    ],
  })
})

t.test('calls that were cut are left out and the reason is the cut', async t => {
  const cut = await message([
    calls(0, 'f'),
    passes(0, '{"a":1}'),
    calls(1, 'f'),
    passes(1, '{"a":'),
    finished({ reason: 'length' }),
  ])
  t.match(cut, {
    tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{"a":1}' } }],
    finish_reason: 'length',
  })
  const filtered = [calls(0, 'f'), passes(0, '{"a'), finished({ reason: 'content-filter' })]
  for (const legacyFunctions of [false, true]) {
    t.strictSame(await message(filtered, { legacyFunctions }), {
      role: 'assistant',
      content: null,
      refusal: null,
      annotations: [],
      finish_reason: 'content_filter',
    })
  }
})

t.test('an answer that is not whole is no chat completion', async t => {
  for (const reasoning of ['off', 'think-tags'] as const) {
    await t.rejects(whole([started(), says('a')], { reasoning }), {
      code: 'upstream_stream_incomplete',
    })
  }
})

// biome-ignore lint/suspicious/noExplicitAny: what the wire brings has no type
type Wire = any

function chunksOf(text: string): readonly Wire[] {
  const frames = text.split('\n\n')
  assert.deepEqual(frames.slice(-2), ['data: [DONE]', ''])
  return frames.slice(0, -2).map(frame => JSON.parse(frame.replace('data: ', '')))
}

/** Folds the chunks of a stream as a client would that knows every key. */
function fold(chunks: readonly Wire[]) {
  const message: Wire = { role: undefined, content: null, refusal: null, annotations: [] }
  const append = (key: string, text: string) => {
    message[key] = (message[key] ?? '') + text
  }
  for (const { choices } of chunks) {
    const { tool_calls = [], function_call, annotations, role, ...texts } = choices[0]?.delta ?? {}
    if (role) {
      assert.equal(message.role, undefined)
      message.role = role
    }
    if (annotations) message.annotations = annotations
    for (const { index, ...call } of tool_calls) {
      message.tool_calls ??= []
      const known = message.tool_calls[index]
      if (known?.function) known.function.arguments += call.function.arguments
      else if (known) known.custom.input += call.custom.input
      else message.tool_calls[index] = call
    }
    if (message.function_call) message.function_call.arguments += function_call?.arguments ?? ''
    else if (function_call) message.function_call = function_call
    for (const [key, text] of Object.entries<Wire>(texts)) {
      const piece = text?.content ? text.content[0].text : text
      if (piece) append(key, piece)
    }
  }
  const last = chunks.at(-1)
  return { message, usage: last.usage, tier: last.service_tier, last: chunks.at(-2).choices[0] }
}

/** What of the calls of a stream a whole answer tells: those of a cut one may be cut. */
function withoutCutCalls(
  { tool_calls: calls, function_call: call, ...message }: Wire,
  isCut: boolean,
) {
  const isWhole = (json: string) => {
    try {
      return JSON.parse(json) !== undefined
    } catch {
      return false
    }
  }
  const told = calls?.filter((call: Wire) =>
    call.custom ? !isCut || call !== calls.at(-1) : !isCut || isWhole(call.function.arguments),
  )
  return {
    ...message,
    ...(told?.length > 0 && { tool_calls: told }),
    ...(call && (!isCut || isWhole(call.arguments)) && { function_call: call }),
  }
}

t.test('a stream and a whole answer tell the same, in every mode', async () => {
  const form = fc.oneof(
    fc.record({
      kinds: fc.constant<ToolKind[]>(['function', 'custom']),
      legacyFunctions: fc.constant(false),
    }),
    fc.record({ kinds: fc.constant<ToolKind[]>(['function']), legacyFunctions: fc.constant(true) }),
  )
  const question = form.chain(({ kinds, legacyFunctions }) =>
    fc.record({ events: answers(kinds), legacyFunctions: fc.constant(legacyFunctions) }),
  )
  await fc.assert(
    fc.asyncProperty(
      question,
      fc.constantFrom(...MODES),
      async ({ events, legacyFunctions }, reasoning) => {
        const options = { includeUsage: true, reasoning, legacyFunctions }
        const streamed = fold(chunksOf(encode(events, options)))
        const answer: Wire = await whole(events, options)
        const { message: told, finish_reason: reason } = answer.choices[0]
        // Both forms have the pieces of an object of reasoning joined.
        const message =
          reasoning === 'o3' && told.reasoning
            ? { ...told, reasoning: told.reasoning.content[0].text }
            : told
        const isCut = reason === 'length' || reason === 'content_filter'
        assert.deepEqual(withoutCutCalls(streamed.message, isCut), message)
        assert.equal(streamed.last.finish_reason, reason)
        assert.deepEqual(streamed.last.delta, {})
        assert.deepEqual(streamed.usage, answer.usage)
        assert.equal(streamed.tier, answer.service_tier)
      },
    ),
    { numRuns: 500 },
  )
})

t.test("the official client's helper takes any answer as it was told", async () => {
  await fc.assert(
    fc.asyncProperty(
      answers(['function']),
      fc.constantFrom(...MODES),
      fc.boolean(),
      fc.boolean(),
      async (events, reasoning, legacyFunctions, includeUsage) => {
        const chunks = chunksOf(encode(events, { reasoning, legacyFunctions, includeUsage }))
        const lines = chunks.map(chunk => `${JSON.stringify(chunk)}\n`)
        const body = new Response(lines.join('')).body
        assert.ok(body)
        const stream = ChatCompletionStream.fromReadableStream(body)
        const { choices } = await stream.finalChatCompletion()
        const told: Wire = choices[0]?.message
        const spelled = (type: string) =>
          unquote(
            events.flatMap(event => ('text' in event && event.type === type ? [event.text] : [])),
          )
        const content =
          reasoning === 'think-tags'
            ? (await whole(events, { reasoning })).choices[0]?.message.content
            : spelled('text')
        assert.equal(told.content ?? '', content ?? '')
        assert.equal(told.refusal ?? '', spelled('refusal'))
        const wanted = events.flatMap(event =>
          event.type === 'tool-call'
            ? [
                {
                  id: event.callId,
                  type: 'function',
                  function: {
                    name: event.name,
                    arguments: unquote(
                      events.flatMap(piece =>
                        piece.type === 'tool-arguments' && piece.index === event.index
                          ? [piece.text]
                          : [],
                      ),
                    ),
                  },
                },
              ]
            : [],
        )
        if (legacyFunctions) assert.deepEqual(told.function_call, wanted[0]?.function)
        else assert.deepEqual(told.tool_calls ?? [], wanted)
        const end = events.at(-1)
        const ending =
          wanted.length > 0 ? (legacyFunctions ? 'function_call' : 'tool_calls') : 'stop'
        const reasons = { stop: ending, length: 'length', 'content-filter': 'content_filter' }
        assert.equal(choices[0]?.finish_reason, end?.type === 'finished' && reasons[end.reason])
      },
    ),
    { numRuns: 200 },
  )
})
