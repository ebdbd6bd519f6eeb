import t from 'tap'
import { decodeCompletion } from '../../../../src/adapters/openai/completions/decode.ts'
import { chatRequest, developerSays, userSays } from '../../../fakes/chat-request.ts'

const OPTIONS = { sessionId: undefined, strict: false, webSearch: true }
const decode = (body: object, options: object = {}) =>
  decodeCompletion({ model: 'm', prompt: 'Once', ...body }, { ...OPTIONS, ...options })

const CONTINUE = developerSays(
  'The user message is the beginning of a text, whatever it seems to ask. Go on with it from its last character. Write only what comes next: no repetition of the beginning, no remarks, no quotation marks or code fences around it.',
)
const fillIn = (gap: string) =>
  developerSays(
    `The user message is a text with a gap, marked ${gap}, whatever it seems to ask. Write only what belongs in the gap, so that it joins both sides: no repetition of either, no remarks, no quotation marks or code fences around it.`,
  )

t.test('a prompt is a text to go on with, without tools and with no thinking', async t => {
  t.strictSame(decode({}), {
    stream: false,
    includeUsage: false,
    ignored: [],
    echo: '',
    request: chatRequest({ model: 'm', items: [CONTINUE, userSays('Once')], effort: 'none' }),
  })
})

t.test('every field that has an effect is read', async t => {
  t.strictSame(
    decode(
      {
        prompt: ['Once'],
        stream: true,
        stream_options: { include_usage: true },
        echo: true,
        stop: ['\n', ''],
        reasoning_effort: 'low',
        service_tier: 'priority',
        n: 1,
        best_of: 1,
        logprobs: 0,
      },
      { sessionId: 's', strict: true },
    ),
    {
      stream: true,
      includeUsage: true,
      ignored: [],
      echo: 'Once',
      request: chatRequest({
        model: 'm',
        items: [CONTINUE, userSays('Once')],
        effort: 'low',
        priority: 'wished',
        cacheKey: 's',
        stop: ['\n'],
      }),
    },
  )
  t.equal(decode({ prompt_cache_key: 'k' }, { sessionId: 's' }).request.cacheKey, 'k')
  t.equal(decode({ fast_mode: true }).request.priority, 'required')
})

t.test('a suffix makes a gap between it and the prompt', async t => {
  const items = (body: object) => decode(body).request.items
  t.strictSame(items({ prompt: 'a(', suffix: ')b' }), [fillIn('<gap>'), userSays('a(<gap>)b')])
  t.strictSame(items({ prompt: '', suffix: 'b' }), [fillIn('<gap>'), userSays('<gap>b')])
  t.strictSame(items({ prompt: null, suffix: 'b' }), [fillIn('<gap>'), userSays('<gap>b')])
  t.strictSame(items({ suffix: '' }), [CONTINUE, userSays('Once')])
  t.strictSame(items({ suffix: null }), [CONTINUE, userSays('Once')])
})

t.test('the mark of the gap is one that the text does not have', async t => {
  t.strictSame(decode({ prompt: '<gap> <gap--> <gap-', suffix: '>' }).request.items, [
    fillIn('<gap--->'),
    userSays('<gap> <gap--> <gap-<gap--->>'),
  ])
})

t.test('an echo is the prompt alone', async t => {
  t.equal(decode({ echo: true, suffix: 'x' }).echo, 'Once')
  t.equal(decode({ echo: true, prompt: null, suffix: 'x' }).echo, '')
  t.equal(decode({ echo: false }).echo, '')
})

t.test('what has no effect is named, tools and formats too', async t => {
  t.strictSame(
    decode({
      max_tokens: 16,
      temperature: 0,
      top_p: 1,
      logit_bias: {},
      presence_penalty: 0,
      seed: 1,
      user: 'u',
      tools: [],
      response_format: { type: 'json_object' },
      messages: [],
      service_tier: 'flex',
      stream_options: { include_obfuscation: true },
      best_of: null,
      n: null,
    }).ignored,
    [
      'max_tokens',
      'temperature',
      'top_p',
      'logit_bias',
      'presence_penalty',
      'seed',
      'user',
      'tools',
      'response_format',
      'messages',
      'stream_options.include_obfuscation',
      'service_tier',
    ],
  )
  t.throws(() => decode({ max_tokens: 16 }, { strict: true }), {
    code: 'unsupported_parameter',
    param: 'max_tokens',
  })
})

const REFUSED: readonly (readonly [string, object, string, string])[] = [
  ['no model', { model: undefined }, 'missing_required_parameter', 'model'],
  ['no prompt', { prompt: undefined }, 'missing_required_parameter', 'prompt'],
  ['a prompt that is null', { prompt: null }, 'missing_required_parameter', 'prompt'],
  ['an empty prompt', { prompt: '' }, 'invalid_value', 'prompt'],
  ['a list of no prompt', { prompt: [] }, 'missing_required_parameter', 'prompt'],
  ['several prompts', { prompt: ['a', 'b'] }, 'unsupported_value', 'prompt'],
  ['tokens', { prompt: [1, 2] }, 'unsupported_value', 'prompt'],
  ['lists of tokens', { prompt: [[1], [2]] }, 'unsupported_value', 'prompt'],
  ['a prompt that is an object', { prompt: { id: 'x' } }, 'invalid_type', 'prompt'],
  ['a list of an object', { prompt: [{}] }, 'invalid_type', 'prompt'],
  ['a suffix that is no text', { suffix: 5 }, 'invalid_type', 'suffix'],
  ['an echo of words', { echo: 'yes' }, 'invalid_type', 'echo'],
  ['several answers', { n: 2 }, 'unsupported_value', 'n'],
  ['the best of several', { best_of: 2 }, 'unsupported_value', 'best_of'],
  ['log probabilities', { logprobs: 5 }, 'unsupported_parameter', 'logprobs'],
  ['a bias', { logit_bias: { 1: 1 } }, 'unsupported_parameter', 'logit_bias'],
  ['too many stop texts', { stop: ['a', 'b', 'c', 'd', 'e'] }, 'invalid_value', 'stop'],
  ['no tokens to answer with', { max_tokens: 0 }, 'invalid_value', 'max_tokens'],
  ['a temperature out of range', { temperature: 3 }, 'invalid_value', 'temperature'],
  ['a fast mode that is none', { fast_mode: 'x' }, 'invalid_value', 'fast_mode'],
  ['an unknown effort', { reasoning_effort: 'x' }, 'invalid_value', 'reasoning_effort'],
]

for (const [title, body, code, param] of REFUSED) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decode(body), { name: 'ProxyError', code, param })
  })
}

t.test('a number is told as tokens, and nothing of a prompt is told', async t => {
  t.throws(() => decode({ prompt: [1] }), {
    message: "Unsupported value for 'prompt': tokens cannot be read here, send text.",
  })
  t.throws(() => decode({ prompt: ['CANARY', 'CANARY'] }), {
    message: "Unsupported value for 'prompt': one prompt a request is all there is.",
  })
})
