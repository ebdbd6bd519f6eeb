import OpenAI from 'openai'
import t, { type Test } from 'tap'
import { type Json, readStream } from '../fakes/api-client.ts'
import {
  answer,
  completed,
  functionCall,
  incomplete,
  inTurn,
  message,
  reasoning,
  refusal,
  STARTED,
} from '../fakes/backend-events.ts'
import { plays, startScripted } from '../fakes/chat-service.ts'
import { startDemo } from '../fakes/service.ts'

const start = (t: Test, environment: Record<string, string> = {}) =>
  startScripted(t, '/v1/completions', { model: 'gpt-5.5', prompt: 'Once upon' }, environment)

const EVENTS = answer(reasoning(0, [['secret thought']]), message(1, [' a', ' time']))
const USAGE = {
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
}

t.test('a whole completion is text and nothing else', async t => {
  const { whole } = await start(t)
  const { id, service_tier, system_fingerprint, ...rest } = await whole(EVENTS)
  t.match(id, /^cmpl-/)
  t.strictSame(rest, {
    object: 'text_completion',
    created: 1795346783,
    model: 'gpt-5.5',
    choices: [{ index: 0, text: ' a time', logprobs: null, finish_reason: 'stop' }],
    usage: USAGE,
  })
})

t.test('a streamed completion is text and nothing else', async t => {
  const { streamed } = await start(t)
  const text = await streamed(EVENTS)
  const { steps, chunks, isDone, usage } = readStream(text)
  t.strictSame(steps, [
    [' a', null],
    [' time', null],
    ['', 'stop'],
  ])
  t.ok(isDone)
  t.equal(usage, undefined)
  t.notMatch(text, /secret|delta|role|"usage"/)
  for (const { id, object, created, model } of chunks) {
    t.match(id, /^cmpl-/)
    t.strictSame([object, created, model], ['text_completion', 1795346783, 'gpt-5.5'])
  }
  const counted = readStream(await streamed(EVENTS, { stream_options: { include_usage: true } }))
  t.strictSame(counted.steps, steps)
  t.strictSame(counted.usage, USAGE)
  for (const chunk of counted.chunks) t.equal(chunk.usage, null)
})

t.test('the prompt goes up as what a user says, with the wish for a continuation', async t => {
  const { sent } = await start(t)
  for (const prompt of ['Once upon', ['Once upon']]) {
    const { input, instructions, reasoning, tools } = await sent({ prompt, n: 1 })
    t.strictSame(input, [
      {
        type: 'message',
        role: 'user',
        content: [{ type: 'input_text', text: 'Once upon' }],
      },
    ])
    t.match(instructions, /continu|comes next/i)
    // The least that the model takes: a continuation needs no thought.
    t.strictSame(reasoning, { effort: 'none' })
    t.equal(tools, undefined)
  }
  t.equal((await sent({ reasoning_effort: 'high' })).reasoning.effort, 'high')
})

t.test('a suffix goes up as the other end of a gap', async t => {
  const { sent } = await start(t)
  const { input, instructions } = await sent({ suffix: 'ever after' })
  const text = JSON.stringify([instructions, input])
  t.match(text, 'Once upon')
  t.match(text, 'ever after')
})

t.test('the prompt is told again where that is wished', async t => {
  const { whole, streamed } = await start(t)
  t.equal((await whole(EVENTS, { echo: true })).choices[0].text, 'Once upon a time')
  const { steps } = readStream(await streamed(EVENTS, { echo: true }))
  t.equal(steps.map(([text]) => text).join(''), 'Once upon a time')
})

t.test('what tunes completions without effect is named', async t => {
  const { ask, sent, upstream } = await start(t)
  const plain = await sent({})
  const idle = {
    temperature: 0,
    max_tokens: 16,
    top_p: 1,
    presence_penalty: 0,
    frequency_penalty: 0,
    seed: 1,
    user: 'u',
    logit_bias: {},
  }
  t.strictSame(await sent({ ...idle, best_of: 1, n: 1, logprobs: null }), plain)
  upstream.play(plays(EVENTS))
  const response = await ask(idle)
  const names = response.headers.get('x-chatmock-ignored')?.split(', ').sort()
  t.strictSame(names, Object.keys(idle).sort())
})

t.test('a completion that was cut says why', async t => {
  const { whole, streamed } = await start(t)
  for (const [reason, expected] of [
    ['max_output_tokens', 'length'],
    ['content_filter', 'content_filter'],
  ] as const) {
    const events = [...STARTED, ...inTurn(message(0, ['part'])), incomplete(reason)]
    t.match((await whole(events)).choices[0], { text: 'part', finish_reason: expected })
    t.strictSame(readStream(await streamed(events)).steps, [
      ['part', null],
      ['', expected],
    ])
  }
})

t.test('several messages are one text, calls are none', async t => {
  const { whole, streamed } = await start(t)
  const call = functionCall(2, 'call_1', 'f', ['{}'])
  const events = [...STARTED, ...inTurn(message(0, ['a']), message(1, ['b']), call), completed()]
  t.equal((await whole(events)).choices[0].text, 'a\n\nb')
  const { steps } = readStream(await streamed(events))
  t.equal(steps.map(([text]) => text).join(''), 'a\n\nb')
  t.ok(['stop', null].includes(steps.at(-1)?.[1] ?? null))
})

t.test('no reasoning mode shows any thought', async t => {
  for (const mode of ['think-tags', 'o3', 'legacy']) {
    const { whole, streamed } = await start(t, { CHATGPT_LOCAL_REASONING_COMPAT: mode })
    t.equal((await whole(EVENTS)).choices[0].text, ' a time')
    t.notMatch(await streamed(EVENTS), /secret|think/)
  }
})

t.test('a refusal is told in both ways alike', async t => {
  const { whole, streamed } = await start(t)
  const events = answer(refusal(0, ['I can', 'not']))
  const { steps } = readStream(await streamed(events))
  t.equal(steps.map(([text]) => text).join(''), (await whole(events)).choices[0].text)
})

t.test('the official client takes completions, of the account and of the demo', async t => {
  const { url, upstream } = await start(t)
  upstream.play(plays(EVENTS))
  const demo = await startDemo(t)
  for (const [base, prompt, expected] of [
    [url, 'Once upon', ' a time'],
    [demo.url, 'say:one two', 'one two'],
  ] as const) {
    const client = new OpenAI({ baseURL: `${base}/v1`, apiKey: 'any', maxRetries: 0 })
    const whole = await client.completions.create({ model: 'demo', prompt })
    t.equal(whole.choices[0]?.text, expected)
    t.equal(whole.choices[0]?.finish_reason, 'stop')
    const stream = await client.completions.create({ model: 'demo', prompt, stream: true })
    let text = ''
    let last: Json
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? ''
      last = chunk
    }
    t.equal(text, expected)
    t.equal(last.choices[0].finish_reason, 'stop')
  }
})
