import t from 'tap'
import { decodeGenerateBody } from '../../../../src/adapters/ollama/generate/decode.ts'
import { chatRequest, developerSays, userSays } from '../../../fakes/chat-request.ts'
import { modelEntry } from '../../../fakes/model-entry.ts'

const OPTIONS = {
  sessionId: undefined,
  strict: false,
  webSearch: false,
  models: [modelEntry({ slug: 'demo' })],
  debugModel: undefined,
}
const decode = (body: object, options: object = {}) =>
  decodeGenerateBody({ model: 'demo', prompt: 'hi', ...body }, { ...OPTIONS, ...options })
const plan = (body: object, options: object = {}) => {
  const decoded = decode(body, options).plan
  if (decoded.type !== 'ask') throw new Error('nothing is asked')
  return decoded
}
const items = (body: object) => plan(body).request.items
const ignored = (body: object, options: object = {}) => decode(body, options).ignored
const answers = (text: string) => ({
  type: 'message',
  role: 'assistant',
  parts: [{ type: 'text', text }],
})
const PNG = 'iVBORw0KGgo='
const image = { type: 'image', url: `data:image/png;base64,${PNG}`, detail: 'auto' } as const
const CONTINUE = developerSays(
  'The user message is the beginning of a text, whatever it seems to ask. Go on with it from its last character. Write only what comes next: no repetition of the beginning, no remarks, no quotation marks or code fences around it.',
)
const FILL = developerSays(
  'The user message is a text with a gap, marked <gap>, whatever it seems to ask. Write only what belongs in the gap, so that it joins both sides: no repetition of either, no remarks, no quotation marks or code fences around it.',
)

t.test('a prompt is what the user says, and leaves every choice open', async t => {
  const { context, ...asked } = plan({})
  t.strictSame(asked, {
    type: 'ask',
    stream: true,
    showsThinking: true,
    request: chatRequest({ model: 'demo' }),
  })
  t.type(context?.of, 'function')
  const { asked: name, remoteModel, ignored } = decode({ model: 'Demo:latest' })
  t.strictSame([name, remoteModel, ignored], ['Demo:latest', 'demo', []])
})

t.test('every field that has an effect is read', async t => {
  const { request, stream, showsThinking } = plan(
    {
      model: 'demo:high',
      system: 'Be brief.',
      images: [PNG],
      suffix: '',
      template: '',
      context: [],
      raw: false,
      stream: false,
      think: false,
      format: 'json',
      options: { stop: 'END' },
      keep_alive: 1800,
      fast_mode: false,
      truncate: true,
    },
    { sessionId: 's-1', strict: true },
  )
  t.strictSame([stream, showsThinking], [false, false])
  t.strictSame(
    request,
    chatRequest({
      model: 'demo',
      items: [
        developerSays('Be brief.'),
        { type: 'message', role: 'user', parts: [{ type: 'text', text: 'hi' }, image] },
      ],
      format: { type: 'json-object' },
      effort: 'high',
      summary: 'none',
      priority: 'never',
      cacheKey: 's-1',
      stop: ['END'],
    }),
  )
})

t.test('null is the same as absent', async t => {
  const nothing = Object.fromEntries(
    ['suffix', 'system', 'template', 'context', 'raw', 'images', 'stream', 'think', 'format'].map(
      name => [name, null],
    ),
  )
  t.strictSame(plan(nothing, { strict: true }).request, plan({}).request)
})

t.test(
  'the search of the backend is there where the service says so, but not for a text',
  async t => {
    const search = {
      type: 'web-search',
      contextSize: undefined,
      location: undefined,
      allowedDomains: [],
    }
    t.strictSame(plan({}, { webSearch: true }).request.tools, [search])
    t.strictSame(plan({ raw: true }, { webSearch: true }).request.tools, [])
    t.strictSame(plan({ suffix: 'x' }, { webSearch: true }).request.tools, [])
  },
)

t.test('what has no effect is named', async t => {
  t.strictSame(
    ignored({
      template: '{{ .Prompt }}',
      messages: [],
      tools: [],
      width: 512,
      options: { num_ctx: 1 },
      service_tier: 'flex',
      context: [1, 2, 3],
    }),
    ['template', 'messages', 'tools', 'width', 'options.num_ctx', 'service_tier', 'context'],
  )
  t.strictSame(ignored({ suffix: 'x', system: 's', context: [1] }), ['system', 'context'])
  t.throws(() => decode({ context: [1] }, { strict: true }), {
    code: 'unsupported_parameter',
    param: 'context',
  })
})

t.test('a raw prompt is a text to go on with', async t => {
  const { request, context } = plan({ prompt: 'Once upon', raw: true })
  t.strictSame(request.items, [CONTINUE, userSays('Once upon')])
  t.equal(context, undefined)
  t.match(items({ prompt: 'Once', raw: true, images: [PNG] })[1], {
    role: 'user',
    parts: [{ type: 'text', text: 'Once' }, image],
  })
  t.match(items({ prompt: '', raw: true, images: [PNG] }), [{ role: 'user', parts: [image] }])
  t.equal(plan({ prompt: '', raw: true, images: [PNG] }).context, undefined)
})

t.test('with a suffix a gap is to be filled', async t => {
  const { request, context } = plan({ prompt: 'def f(', suffix: '):', system: 'x', context: [1] })
  t.strictSame(request.items, [FILL, userSays('def f(<gap>):')])
  t.strictSame(items({ prompt: 'And now?', context: context?.of('a') }), [
    userSays('def f('),
    answers('a'),
    userSays('And now?'),
  ])
  t.equal(plan({ prompt: 'a', suffix: 'x', raw: true }).context, undefined)
  t.strictSame(items({ prompt: '', suffix: 'x', raw: true }), [FILL, userSays('<gap>x')])
})

t.test('a text is gone on with at once, unless the body says how hard to think', async t => {
  const effort = (body: object) => plan({ suffix: 'x', ...body }).request.effort
  t.equal(effort({}), 'none')
  t.equal(effort({ think: null }), 'none')
  t.equal(effort({ think: false }), 'none')
  t.equal(effort({ think: true }), undefined)
  t.equal(effort({ think: 'low' }), 'low')
  t.equal(effort({ model: 'demo:high' }), 'high')
  t.equal(effort({ suffix: '', raw: true }), 'none')
})

t.test('raw goes with no template, system or context', async t => {
  for (const field of [{ template: 't' }, { system: 's' }, { context: [1] }]) {
    t.throws(() => decode({ raw: true, ...field }), {
      code: 'invalid_value',
      param: 'raw',
      message: 'raw mode does not support template, system, or context',
    })
  }
  const nothing = { template: '', system: '', context: [] }
  t.strictSame(items({ raw: true, ...nothing }), [CONTINUE, userSays('hi')])
})

t.test(
  'the context of an answer holds the conversation, until the system says something else',
  async t => {
    const first = plan({ system: 'Be brief.', prompt: 'My name is Ann.' }).context?.of('Hello Ann.')
    t.ok(first)
    const next = { system: 'Be kind.', prompt: 'Who am I?', context: first }
    t.strictSame(ignored(next), [])
    const second = plan(next)
    t.strictSame(second.request.items, [
      developerSays('Be kind.'),
      userSays('My name is Ann.'),
      answers('Hello Ann.'),
      userSays('Who am I?'),
    ])
    t.strictSame(items({ prompt: 'And now?', context: second.context?.of('Ann.') }), [
      developerSays('Be kind.'),
      userSays('My name is Ann.'),
      answers('Hello Ann.'),
      userSays('Who am I?'),
      answers('Ann.'),
      userSays('And now?'),
    ])
  },
)

t.test('a context of another service is left out, and none of it stays', async t => {
  const foreign = { context: [128_006, 882, 128_007] }
  const { request, context } = plan(foreign)
  t.strictSame(request.items, [userSays('hi')])
  t.strictSame(ignored(foreign), ['context'])
  t.strictSame(ignored({ ...foreign, prompt: '' }), ['context'])
  t.strictSame(items({ prompt: 'more', context: context?.of('') }), [
    userSays('hi'),
    userSays('more'),
  ])
})

t.test('a body that asks nothing loads the model, or unloads it', async t => {
  const load = (body: object) => decode({ prompt: '', ...body }).plan
  t.strictSame(load({}), { type: 'load', reason: 'load' })
  for (const body of [
    { prompt: null },
    { prompt: undefined },
    { images: [] },
    { suffix: '' },
    { raw: true },
    { system: 's', context: [1], options: { num_ctx: 1 }, template: 't' },
  ]) {
    t.strictSame(load(body), { type: 'load', reason: 'load' })
  }
  t.strictSame(load({ keep_alive: 0 }), { type: 'load', reason: 'unload' })
  t.strictSame(load({ keep_alive: '0s', raw: true }), { type: 'load', reason: 'unload' })
  t.match(load({ images: [PNG] }), { request: { items: [{ role: 'user', parts: [image] }] } })
  t.match(load({ suffix: 'x' }), { type: 'ask' })
  t.match(load({ suffix: 'x', keep_alive: 0 }), { type: 'ask' })
})

t.test('a body that asks nothing is checked like any other', async t => {
  const idle = {
    prompt: '',
    template: 't',
    foo: 1,
    options: { num_ctx: 1 },
    context: [1],
    system: 's',
  }
  t.strictSame(ignored(idle), ['template', 'foo', 'options.num_ctx', 'context'])
  t.throws(() => decode(idle, { strict: true }), {
    code: 'unsupported_parameter',
    param: 'template',
  })
  t.throws(() => decode({ prompt: '', logprobs: true }), {
    code: 'unsupported_parameter',
    param: 'logprobs',
  })
  t.throws(() => decode({ prompt: '', raw: true, system: 's' }), {
    code: 'invalid_value',
    param: 'raw',
  })
})

t.test('a model that is missing is told before all the rest', async t => {
  const wrong = { prompt: 5, think: 'ultra' }
  for (const model of [undefined, null, '', ' ']) {
    t.throws(() => decode({ ...wrong, model }), {
      code: 'model_not_found',
      param: 'model',
      message: "model '' not found",
    })
  }
  t.throws(() => decode({ ...wrong, model: 'nope:7b' }), {
    code: 'model_not_found',
    message: "model 'nope:7b' not found",
  })
  t.throws(() => decode({ ...wrong, model: 'a b' }), {
    code: 'invalid_value',
    message: 'invalid model name',
  })
  t.throws(() => decode({ ...wrong, model: [] }), { code: 'invalid_type', param: 'model' })
})

const REFUSED: readonly (readonly [string, object, string, string])[] = [
  ['a prompt that is no text', { prompt: ['x'] }, 'invalid_type', 'prompt'],
  ['a suffix that is no text', { suffix: 5 }, 'invalid_type', 'suffix'],
  ['a system that is no text', { system: {} }, 'invalid_type', 'system'],
  ['a template that is no text', { template: 5 }, 'invalid_type', 'template'],
  ['raw that is no switch', { raw: 'x' }, 'invalid_type', 'raw'],
  ['images that are no list', { images: PNG }, 'invalid_type', 'images'],
  ['an image that is none', { images: [PNG, 'x'] }, 'invalid_value', 'images[1]'],
  [
    'an image that is none, and no prompt',
    { prompt: '', images: ['x'] },
    'invalid_value',
    'images[0]',
  ],
  ['a context that is no list', { context: 'x' }, 'invalid_type', 'context'],
  ['a context of texts', { context: ['1'] }, 'invalid_type', 'context'],
  ['a context of fractions', { context: [1.5] }, 'invalid_type', 'context'],
  ['a context with nothing in it', { context: [null] }, 'invalid_type', 'context'],
  ['an unknown level', { think: 'ultra' }, 'invalid_value', 'think'],
  ['a wrong keep alive', { keep_alive: '10' }, 'invalid_value', 'keep_alive'],
  [
    'a wrong keep alive, and no prompt',
    { prompt: '', keep_alive: 'x' },
    'invalid_value',
    'keep_alive',
  ],
  ['a wrong format', { format: 'xml' }, 'invalid_value', 'format'],
  ['a wrong option', { options: { top_k: 'x' } }, 'invalid_type', 'options.top_k'],
  ['a wrong stream', { stream: 1 }, 'invalid_type', 'stream'],
  ['log probabilities', { logprobs: true }, 'unsupported_parameter', 'logprobs'],
  ['too many log probabilities', { top_logprobs: 21 }, 'invalid_value', 'top_logprobs'],
]

for (const [title, body, code, param] of REFUSED) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decode(body), { name: 'ProxyError', code, param })
  })
}
