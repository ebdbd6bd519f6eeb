import assert from 'node:assert/strict'
import fc from 'fast-check'
import t from 'tap'
import {
  createCompletionEncoder,
  encodeCompletion,
} from '../../../../src/adapters/openai/completions/encoder.ts'
import { ProxyError } from '../../../../src/domain/errors.ts'
import type { ModelEvent } from '../../../../src/domain/events.ts'
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

const facts = { model: 'asked-model', fallbackId: 'req_1', fallbackCreatedAt: 7 }

const encode = (events: readonly ModelEvent[], over: { includeUsage?: boolean; echo?: string }) => {
  const encoder = createCompletionEncoder(facts, { includeUsage: false, echo: '', ...over })
  return events.map(event => encoder.encode(event)).join('') + encoder.end()
}

const HEAD =
  'data: {"id":"cmpl-abc","object":"text_completion","created":1795346783,"model":"asked-model","choices":['
const chunk = (text: string, reason = 'null', usage = '') =>
  `${HEAD}{"text":${text},"index":0,"logprobs":null,"finish_reason":${reason}}]${usage}}\n\n`

t.test('an answer is its text, the reason and the end', async t => {
  t.equal(
    encode([started(), says('Hel'), says('l"o\n'), finished()], {}),
    `${chunk('"Hel"')}${chunk('"l\\"o\\n"')}${chunk('""', '"stop"')}data: [DONE]\n\n`,
  )
})

t.test('usage comes in a chunk of its own, and only if it was asked for', async t => {
  const nothing = ',"usage":null'
  t.equal(
    encode([started(), says('a'), finished({ reason: 'length' })], { includeUsage: true }),
    chunk('"a"', 'null', nothing) +
      chunk('""', '"length"', nothing) +
      `${HEAD}],"usage":{"prompt_tokens":11,"completion_tokens":7,"total_tokens":18,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":2,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0}}}\n\n` +
      'data: [DONE]\n\n',
  )
})

t.test('what is echoed comes first, even before an empty answer', async t => {
  t.equal(
    encode([started(), thinks('hm'), says('b'), finished()], { echo: 'a"' }),
    `${chunk('"a\\""')}${chunk('"b"')}${chunk('""', '"stop"')}data: [DONE]\n\n`,
  )
  t.equal(
    encode([started(), finished({ reason: 'content-filter' })], { echo: 'a' }),
    `${chunk('"a"')}${chunk('""', '"content_filter"')}data: [DONE]\n\n`,
  )
})

t.test('a refusal is text, and what has no place is left out', async t => {
  const encoder = createCompletionEncoder(facts, { includeUsage: false, echo: 'a' })
  for (const event of [
    started(),
    thinks('hm'),
    calls(0, 'f'),
    passes(0, '{}'),
    calls(1, 'g', 'custom'),
    cites(0, 1),
  ]) {
    t.equal(encoder.encode(event), '', event.type)
  }
  t.equal(encoder.encode(refuses('no')), chunk('"a"') + chunk('"no"'))
  t.equal(encoder.encode(finished()), chunk('""', '"stop"'))
})

t.test('what the upstream does not tell is filled in', async t => {
  const events = [says('a'), finished({ usage: undefined })]
  const text = encode(events, { includeUsage: true })
  t.match(text, '"id":"cmpl-req_1","object":"text_completion","created":7,')
  t.match(text, '"usage":{"prompt_tokens":0,"completion_tokens":0,"total_tokens":0,')
})

t.test('a failure is one error frame and nothing else', async t => {
  const encoder = createCompletionEncoder(facts, { includeUsage: true, echo: 'a' })
  encoder.encode(says('b'))
  t.equal(
    encoder.fail(new ProxyError('upstream_stream_incomplete', 'cut')),
    'data: {"error":{"message":"cut","type":"server_error","param":null,"code":"upstream_stream_incomplete"}}\n\n',
  )
})

t.test('a sign of life is a comment', async t => {
  const encoder = createCompletionEncoder(facts, { includeUsage: false, echo: '' })
  t.equal(encoder.heartbeat(), ': keep-alive\n\n')
})

t.test('a whole answer has every key of a completion', async t => {
  const events = play(
    started(),
    thinks('hm'),
    says('Hel'),
    refuses('(no)'),
    says('lo'),
    calls(0, 'f'),
    passes(0, '{}'),
    cites(0, 1),
    finished(),
  )
  t.strictSame(await encodeCompletion(events, facts, { echo: '> ' }), {
    id: 'cmpl-abc',
    object: 'text_completion',
    created: 1795346783,
    model: 'asked-model',
    choices: [{ text: '> Hel(no)lo', index: 0, logprobs: null, finish_reason: 'stop' }],
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
  })
})

t.test('an answer that is not whole is no completion', async t => {
  await t.rejects(encodeCompletion(play(started(), says('a')), facts, { echo: '' }), {
    code: 'upstream_stream_incomplete',
  })
})

t.test('a stream and a whole answer tell the same', async () => {
  await fc.assert(
    fc.asyncProperty(
      answers(['function', 'custom']),
      fc.constantFrom('', 'echo'),
      async (events, echo) => {
        const frames = encode(events, { includeUsage: true, echo }).split('\n\n')
        assert.deepEqual(frames.slice(-2), ['data: [DONE]', ''])
        const chunks = frames.slice(0, -2).map(frame => JSON.parse(frame.replace('data: ', '')))
        const choices = chunks.slice(0, -1).map(({ choices }) => choices[0])
        const { id, object, created, model, usage } = chunks.at(-1)
        assert.deepEqual(
          {
            id,
            object,
            created,
            model,
            choices: [
              {
                text: choices.map(({ text }) => text).join(''),
                index: 0,
                logprobs: null,
                finish_reason: choices.at(-1).finish_reason,
              },
            ],
            usage,
          },
          await encodeCompletion(play(...events), facts, { echo }),
        )
        assert.ok(choices.slice(0, -1).every(choice => choice.finish_reason === null))
      },
    ),
  )
})
