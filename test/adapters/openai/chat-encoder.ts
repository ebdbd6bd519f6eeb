import t from 'tap'
import {
  createChatEncoder,
  encodeChatCompletion,
} from '../../../src/adapters/openai/chat-encoder.ts'
import type { Completion } from '../../../src/domain/collect.ts'
import { ProxyError } from '../../../src/domain/errors.ts'
import { type ModelEvent, quote, type Usage } from '../../../src/domain/events.ts'

const facts = { model: 'asked-model', fallbackId: 'req_1', fallbackCreatedAt: 7 }
const started: ModelEvent = {
  type: 'started',
  id: 'resp_abc',
  createdAt: 1795346783,
  serviceTier: 'auto',
}
const usage: Usage = {
  inputTokens: 11,
  cachedTokens: 4,
  outputTokens: 7,
  reasoningTokens: 2,
  totalTokens: 18,
}
const finished = (over: Partial<Extract<ModelEvent, { type: 'finished' }>> = {}): ModelEvent => ({
  type: 'finished',
  reason: 'stop',
  usage,
  serviceTier: 'default',
  ...over,
})

const encode = (events: readonly ModelEvent[], includeUsage = false) => {
  const encoder = createChatEncoder(facts, includeUsage)
  return events.map(event => encoder.encode(event)).join('') + encoder.end()
}

const HEAD =
  'data: {"id":"chatcmpl-abc","object":"chat.completion.chunk","created":1795346783,"model":"asked-model","service_tier":"default","system_fingerprint":null,"choices":[{"index":0,"delta":'
const chunk = (delta: string, reason = 'null', usage = '') =>
  `${HEAD}${delta},"logprobs":null,"finish_reason":${reason}}]${usage}}\n\n`
const ROLE = '{"role":"assistant","content":"","refusal":null}'

t.test('a text answer is role, deltas, reason and the end', async t => {
  t.equal(
    encode([
      started,
      { type: 'text', text: quote('Hel') },
      { type: 'text', text: quote('l"o\n') },
      finished(),
    ]),
    chunk(ROLE) +
      chunk('{"content":"Hel"}') +
      chunk('{"content":"l\\"o\\n"}') +
      chunk('{}', '"stop"') +
      'data: [DONE]\n\n',
  )
})

t.test('usage comes in a chunk of its own, and only if it was asked for', async t => {
  const nothing = ',"usage":null'
  t.equal(
    encode([started, { type: 'text', text: quote('a') }, finished()], true),
    chunk(ROLE, 'null', nothing) +
      chunk('{"content":"a"}', 'null', nothing) +
      chunk('{}', '"stop"', nothing) +
      'data: {"id":"chatcmpl-abc","object":"chat.completion.chunk","created":1795346783,"model":"asked-model","service_tier":"default","system_fingerprint":null,"choices":[],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}\n\n' +
      'data: [DONE]\n\n',
  )
})

t.test('nothing goes out before there is something to say', async t => {
  t.equal(createChatEncoder(facts, true).encode(started), '')
})

t.test('calls are announced once and then only their arguments follow', async t => {
  t.equal(
    encode([
      started,
      { type: 'tool-call', index: 0, callId: 'call_1', name: 'get_weather' },
      { type: 'tool-arguments', index: 0, text: quote('{"ci') },
      { type: 'tool-call', index: 1, callId: 'call_2', name: 'get_time' },
      { type: 'tool-arguments', index: 1, text: quote('{}') },
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
      'data: [DONE]\n\n',
  )
})

t.test('reasoning and refusals have their own keys', async t => {
  t.equal(
    encode([
      started,
      { type: 'reasoning', text: quote('hm') },
      { type: 'refusal', text: quote('no') },
      finished(),
    ]),
    chunk(ROLE) +
      chunk('{"reasoning_content":"hm"}') +
      chunk('{"refusal":"no"}') +
      chunk('{}', '"stop"') +
      'data: [DONE]\n\n',
  )
})

t.test('an answer that is empty still has its role and its reason', async t => {
  t.equal(
    encode([started, finished({ reason: 'length' })]),
    `${chunk(ROLE)}${chunk('{}', '"length"')}data: [DONE]\n\n`,
  )
})

t.test('what the upstream does not tell is filled in', async t => {
  const text = encode([{ type: 'text', text: quote('a') }, finished({ usage: undefined })], true)
  t.match(text, '"id":"chatcmpl-req_1"')
  t.match(text, '"created":7,')
  t.match(text, '"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,')
})

t.test('a failure is one error frame and nothing else', async t => {
  const encoder = createChatEncoder(facts, false)
  t.equal(
    encoder.fail(new ProxyError('upstream_stream_incomplete', 'cut')),
    'data: {"error":{"message":"cut","type":"server_error","param":null,"code":"upstream_stream_incomplete"}}\n\n',
  )
})

t.test('a sign of life is a comment', async t => {
  t.equal(createChatEncoder(facts, false).heartbeat(), ': keep-alive\n\n')
})

const completion = (over: Partial<Completion> = {}): Completion => ({
  id: 'resp_abc',
  createdAt: 1795346783,
  text: 'Hello',
  refusal: '',
  reasoning: '',
  toolCalls: [],
  reason: 'stop',
  usage,
  serviceTier: 'priority',
  ...over,
})
const message = (over: Partial<Completion>) =>
  encodeChatCompletion(completion(over), facts).choices[0]

t.test('a whole answer has every key of a chat completion', async t => {
  t.strictSame(encodeChatCompletion(completion(), facts), {
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
  })
})

t.test('a whole answer of calls has no content', async t => {
  t.strictSame(
    message({
      text: '',
      reasoning: 'hm',
      toolCalls: [{ callId: 'call_1', name: 'f', arguments: '{}' }],
    }),
    {
      index: 0,
      message: {
        role: 'assistant',
        content: null,
        refusal: null,
        annotations: [],
        reasoning_content: 'hm',
        tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }],
      },
      logprobs: null,
      finish_reason: 'tool_calls',
    },
  )
})

t.test('a refusal is no content and ends like any answer', async t => {
  t.match(message({ text: '', refusal: 'I cannot' }), {
    message: { content: null, refusal: 'I cannot' },
    finish_reason: 'stop',
  })
})

t.test('calls that were cut are left out and the reason is the cut', async t => {
  const cut = message({
    text: '',
    reason: 'length',
    toolCalls: [
      { callId: 'call_1', name: 'f', arguments: '{"a":1}' },
      { callId: 'call_2', name: 'f', arguments: '{"a":' },
    ],
  })
  t.equal(cut?.finish_reason, 'length')
  t.strictSame(
    cut?.message.tool_calls?.map(({ id }) => id),
    ['call_1'],
  )
  const filtered = message({
    reason: 'content-filter',
    toolCalls: [{ callId: 'call_1', name: 'f', arguments: '{"a' }],
  })
  t.equal(filtered?.finish_reason, 'content_filter')
  t.notOk('tool_calls' in (filtered?.message ?? {}))
})
