import t, { type Test } from 'tap'
import type { Json } from '../fakes/api-client.ts'
import {
  answer,
  completed,
  functionCall,
  incomplete,
  inTurn,
  message,
  reasoning,
  STARTED,
} from '../fakes/backend-events.ts'
import { PLAIN_SENT, plays, says } from '../fakes/chat-service.ts'
import { readLines, readWhole, timeless } from '../fakes/ollama-lines.ts'
import { GENERATE, readRefusal, startOllama } from '../fakes/ollama-service.ts'

const start = (t: Test, environment: Record<string, string> = {}) =>
  startOllama(t, GENERATE, environment)

const PLAIN = answer(message(0, ['Hel', 'lo']))
const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ'

t.test('a text is streamed line by line unless that is not wanted', async t => {
  const { ask, upstream } = await start(t)
  upstream.play(plays(PLAIN))
  const response = await ask({})
  t.match(response.headers.get('content-type'), /^application\/x-ndjson/)
  t.match(response.headers.get('x-request-id'), /^req_/)
  const text = await response.text()
  const head = `"model":"gpt-5.5","remote_model":"gpt-5.5","remote_host":"${upstream.url}","created_at":"AT",`
  const lines = text.replace(/"created_at":"[^"]*"/g, '"created_at":"AT"').split('\n')
  t.strictSame(lines.slice(0, 2), [
    `{${head}"response":"Hel","done":false}`,
    `{${head}"response":"lo","done":false}`,
  ])
  t.equal(lines.length, 4)
  const { context, ...last } = readLines(text).last
  const expected = {
    model: 'gpt-5.5',
    remote_model: 'gpt-5.5',
    remote_host: upstream.url,
    done: true,
    done_reason: 'stop',
    total_duration: 'ns',
    load_duration: 'ns',
    prompt_eval_count: 11,
    prompt_eval_duration: 'ns',
    eval_count: 7,
    eval_duration: 'ns',
  }
  t.strictSame(timeless(last), { ...expected, response: '' })
  t.ok(Array.isArray(context) && context.length > 0)

  const whole = await ask({ stream: false })
  t.match(whole.headers.get('content-type'), /^application\/json/)
  const { context: same, ...told } = readWhole(await whole.text())
  t.strictSame(timeless(told), { ...expected, response: 'Hello' })
  t.strictSame(same, context)
})

t.test('thinking comes first, at the top of its own lines', async t => {
  const { streamed, whole } = await start(t)
  const events = answer(reasoning(0, [['Let me see.']]), message(1, ['It is ', '42.']))
  const stream = await streamed(events)
  t.equal(stream.thinking, 'Let me see.')
  t.equal(stream.content, 'It is 42.')
  t.match(stream.kinds.join(), /^thinking,thinking(,thinking)*,content,content$/)
  t.match(stream.lines[0], { response: '', done: false })
  t.match(await whole(events), { response: 'It is 42.', thinking: 'Let me see.' })

  const quiet = await whole(events, { think: false })
  t.equal(quiet.response, 'It is 42.')
  t.notOk('thinking' in quiet)
  t.equal((await streamed(events, { think: false })).thinking, '')
})

t.test('a prompt goes up as what a user says', async t => {
  const { sent } = await start(t)
  const plain = await sent({})
  t.ok(plain.instructions)
  t.strictSame({ ...plain, instructions: '', prompt_cache_key: '' }, PLAIN_SENT)
  const { instructions, input } = await sent({ system: 'You are a pirate.' })
  t.equal(instructions, 'You are a pirate.')
  t.strictSame(input, [says('user', 'hi')])
  for (const idle of [
    { system: '' },
    { system: null, suffix: null, context: null, template: null, images: null, raw: null },
    { suffix: '', context: [], images: [], raw: false },
    { keep_alive: '5m', format: '', options: { num_predict: -1 } },
  ]) {
    t.strictSame(await sent(idle), plain, JSON.stringify(idle))
  }
})

t.test('the form of a text and the effort go up', async t => {
  const { sent } = await start(t)
  t.strictSame((await sent({ format: 'json' })).text, { format: { type: 'json_object' } })
  const schema = { type: 'object', properties: { a: { type: 'integer' } } }
  t.strictSame((await sent({ format: schema })).text, {
    format: { type: 'json_schema', name: 'response', schema, strict: false },
  })
  t.strictSame((await sent({ think: 'high' })).reasoning, { effort: 'high', summary: 'auto' })
  t.strictSame((await sent({ think: false })).reasoning, { effort: 'none' })
  t.equal((await sent({ fast_mode: true })).service_tier, 'priority')
})

t.test('images go up beside the prompt, or alone', async t => {
  const { sent } = await start(t)
  const shown = { type: 'input_image', image_url: `data:image/png;base64,${PNG}`, detail: 'auto' }
  const { input } = await sent({ images: [PNG] })
  t.strictSame(
    [...input[0].content].sort((a: Json, b: Json) => a.type.localeCompare(b.type)),
    [shown, { type: 'input_text', text: 'hi' }],
  )
  for (const prompt of ['', undefined, null]) {
    t.strictSame((await sent({ prompt, images: [PNG] })).input[0].content, [shown])
  }
})

t.test('a suffix goes up as the other end of a gap', async t => {
  const { sent, whole } = await start(t)
  for (const prompt of ['Once upon', '']) {
    const { instructions, input } = await sent({ prompt, suffix: 'ever after' })
    t.match(instructions, /gap/)
    t.equal(input.length, 1)
    t.equal(input[0].role, 'user')
    const [{ text }] = input[0].content
    t.ok(text.startsWith(prompt) && text.endsWith('ever after'))
  }
  // Clients that ask for code to fill in cannot read an answer without it.
  t.ok(Array.isArray((await whole(PLAIN, { suffix: 'ever after' })).context))
  t.notOk('context' in (await whole(PLAIN, { suffix: 'ever after', raw: true })))
})

t.test('a raw prompt is a text to go on with', async t => {
  const { sent, whole, streamed } = await start(t)
  const { instructions, input } = await sent({ prompt: 'Once upon', raw: true })
  t.match(instructions, /comes next/)
  t.strictSame(input, [says('user', 'Once upon')])
  t.notOk('context' in (await whole(PLAIN, { raw: true })))
  t.notOk('context' in (await streamed(PLAIN, { raw: true })).last)
})

t.test('a raw prompt brings everything itself', async t => {
  const { ask, upstream } = await start(t)
  for (const body of [{ system: 's' }, { template: '{{ .Prompt }}' }, { context: [1, 2] }]) {
    t.strictSame(
      await readRefusal(await ask({ raw: true, ...body })),
      { status: 400, error: 'raw mode does not support template, system, or context' },
      JSON.stringify(body),
    )
  }
  t.equal(upstream.requests.length, 0)
})

t.test('a context that is sent back brings the conversation along', async t => {
  const { whole, streamed, sent } = await start(t)
  const first = await whole(PLAIN, { prompt: 'say "hé" 😀', system: 'Be kind.' })
  for (const number of first.context) {
    t.ok(Number.isInteger(number) && number >= 0 && number < 2 ** 31, String(number))
  }
  const { input, instructions } = await sent({ prompt: 'and now?', context: first.context })
  t.strictSame(input, [
    says('user', 'say "hé" 😀'),
    says('assistant', 'Hello'),
    says('user', 'and now?'),
  ])
  t.equal(instructions, 'Be kind.')
  const kind = await sent({ prompt: 'and now?', context: first.context, system: 'Be brief.' })
  t.equal(kind.instructions, 'Be brief.')
  t.strictSame(kind.input, input)

  const thoughts = answer(reasoning(0, [['secret thought']]), message(1, ['A', '\n"é"\u2028']))
  const second = await streamed(thoughts, { prompt: 'and now?', context: first.context })
  t.strictSame((await sent({ prompt: 'go on', context: second.last.context })).input, [
    ...input,
    says('assistant', 'A\n"é"\u2028'),
    says('user', 'go on'),
  ])
})

t.test('a context of others is no conversation, and is named', async t => {
  const { whole, sent, ask, upstream } = await start(t)
  const plain = await sent({})
  const { context } = await whole(PLAIN, { prompt: 'secret' })
  for (const foreign of [
    [1, 2, 3],
    [128_006, 9125, 128_007, 271],
    [-1],
    [2 ** 31],
    context.slice(0, -1),
    context.slice(1),
    context.with(-1, context.at(-1) ^ 1),
    context.with(2, context[2] ^ 1),
    [...context, 0],
  ]) {
    const title = JSON.stringify(foreign)
    t.strictSame(await sent({ context: foreign }), plain, title)
    upstream.play(plays(PLAIN))
    const response = await ask({ context: foreign })
    t.equal(response.headers.get('x-chatmock-ignored'), 'context', title)
    await response.arrayBuffer()
  }
})

t.test('an answer that was cut or says nothing has a context too', async t => {
  const { whole, sent } = await start(t)
  const cut = await whole([
    ...STARTED,
    ...inTurn(message(0, ['part'])),
    incomplete('max_output_tokens'),
  ])
  t.equal(cut.done_reason, 'length')
  t.strictSame((await sent({ prompt: 'go on', context: cut.context })).input, [
    says('user', 'hi'),
    says('assistant', 'part'),
    says('user', 'go on'),
  ])
  const nothing = await whole([...STARTED, completed()])
  t.equal(nothing.response, '')
  t.strictSame((await sent({ prompt: 'go on', context: nothing.context })).input, [
    says('user', 'hi'),
    says('user', 'go on'),
  ])
})

t.test('several messages are one text, calls are none', async t => {
  const { whole, streamed } = await start(t)
  const call = functionCall(2, 'call_1', 'f', ['{}'])
  const events = [...STARTED, ...inTurn(message(0, ['a']), message(1, ['b']), call), completed()]
  t.equal((await whole(events)).response, 'a\n\nb')
  const { content, calls } = await streamed(events)
  t.equal(content, 'a\n\nb')
  t.strictSame(calls, [])
})

t.test('a text ends before its stop text', async t => {
  const { streamed, whole, sent } = await start(t)
  const events = answer(message(0, ['Hello', ' ST', 'OP here']))
  const { content, last } = await streamed(events, { options: { stop: ['STOP'] } })
  t.strictSame([content, last.done_reason], ['Hello ', 'stop'])
  const { context, response } = await whole(events, { options: { stop: 'STOP' } })
  t.equal(response, 'Hello ')
  t.strictSame((await sent({ context })).input[1], says('assistant', 'Hello '))
})

t.test('what has no effect is named', async t => {
  const { ask, sent, upstream } = await start(t)
  const idle = {
    template: '{{ .Prompt }}',
    options: { temperature: 0.2, num_predict: 10, num_ctx: 4096 },
    width: 512,
    truncate: false,
  }
  t.strictSame(await sent(idle), await sent({}))
  upstream.play(plays(PLAIN))
  const response = await ask(idle)
  await response.arrayBuffer()
  t.strictSame(response.headers.get('x-chatmock-ignored')?.split(', ').sort(), [
    'options.num_ctx',
    'options.num_predict',
    'options.temperature',
    'template',
    'truncate',
    'width',
  ])
})

t.test('a search of the web in every text is a setting', async t => {
  const { sent } = await start(t, { CHATGPT_LOCAL_ENABLE_WEB_SEARCH: 'on' })
  t.strictSame((await sent({})).tools, [{ type: 'web_search' }])
})

t.test('without a prompt a model is loaded or unloaded, and nothing is asked', async t => {
  const { ask, upstream } = await start(t)
  for (const [body, reason] of [
    [{ prompt: '' }, 'load'],
    [{ prompt: undefined }, 'load'],
    [{ prompt: null, system: 's' }, 'load'],
    [{ prompt: '', keep_alive: '1.5h' }, 'load'],
    [{ prompt: '', keep_alive: 0 }, 'unload'],
    [{ prompt: '', keep_alive: '0m' }, 'unload'],
  ] as const) {
    for (const stream of [undefined, true, false]) {
      const response = await ask({ ...body, stream })
      t.match(response.headers.get('content-type'), /^application\/json/)
      const { created_at: _, ...told } = readWhole(await response.text())
      t.strictSame(
        told,
        {
          model: 'gpt-5.5',
          remote_model: 'gpt-5.5',
          remote_host: upstream.url,
          response: '',
          done: true,
          done_reason: reason,
        },
        JSON.stringify(body),
      )
    }
  }
  t.equal(upstream.requests.length, 0)
})
