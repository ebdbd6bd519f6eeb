import t from 'tap'
import { decodeChat } from '../../../../src/adapters/openai/chat/decode.ts'

const decode = (body: object) =>
  decodeChat(
    { model: 'm', messages: [{ role: 'user', content: 'hi' }], ...body },
    { sessionId: undefined, strict: true, webSearch: false },
  )

const EFFORTS: readonly (readonly [string, object, string | undefined])[] = [
  ['nothing', {}, undefined],
  ['a level of the API', { reasoning_effort: 'xhigh' }, 'xhigh'],
  ['the level that is only a wish', { reasoning_effort: 'ultra' }, 'ultra'],
  ['a level in capitals', { reasoning_effort: 'HIGH' }, 'high'],
  ['a level that is left open', { reasoning_effort: 'auto' }, undefined],
  ['an empty level', { reasoning_effort: '', reasoning: { effort: 'Low' } }, 'low'],
  ['thinking at a level in capitals', { think: 'Max' }, 'max'],
  ['a level in an object', { reasoning: { effort: 'none' } }, 'none'],
  ['a level in camel case', { reasoningEffort: 'minimal' }, 'minimal'],
  ['thinking at a level', { think: 'low' }, 'low'],
  ['an object without a level', { reasoning: {} }, undefined],
  ['a budget of nothing', { reasoning: { max_tokens: 0 } }, 'none'],
  ['a budget of one token', { reasoning: { max_tokens: 1 } }, 'low'],
  ['a budget of 2048', { thinking: { type: 'enabled', budget_tokens: 2048 } }, 'low'],
  ['a budget of 2049', { thinking: { budget_tokens: 2049 } }, 'medium'],
  ['a budget of 8192', { reasoning: { max_tokens: 8192 } }, 'medium'],
  ['a budget of 8193', { reasoning: { max_tokens: 8193 } }, 'high'],
  ['a budget of 24576', { reasoning: { max_tokens: 24_576 } }, 'high'],
  ['a budget of 24577', { reasoning: { max_tokens: 24_577 } }, 'xhigh'],
  ['an object that is switched off', { reasoning: { enabled: false } }, 'none'],
  ['an object that is switched on', { reasoning: { enabled: true } }, undefined],
  ['thinking that is switched off', { thinking: { type: 'disabled' } }, 'none'],
  ['thinking that is switched on', { thinking: { type: 'enabled' } }, undefined],
  ['thinking that adapts', { thinking: { type: 'adaptive' } }, undefined],
  ['a switch that is off', { enable_thinking: false }, 'none'],
  ['a switch that is on', { enable_thinking: true }, undefined],
  ['no thinking', { think: false }, 'none'],
  ['thinking', { think: true }, undefined],
  [
    'the own level before others',
    {
      reasoning_effort: 'high',
      reasoning: { effort: 'low' },
      reasoningEffort: 'medium',
      think: 'max',
    },
    'high',
  ],
  [
    'the level in an object before stray ones',
    { reasoning: { effort: 'low' }, reasoningEffort: 'medium', think: 'max' },
    'low',
  ],
  [
    'a level before a budget and a switch',
    { think: 'high', thinking: { budget_tokens: 1 }, enable_thinking: false },
    'high',
  ],
  [
    'a level before the switch beside it',
    { reasoning: { effort: 'high', enabled: false } },
    'high',
  ],
  ['a budget before a switch', { reasoning: { max_tokens: 9000 }, enable_thinking: false }, 'high'],
  [
    'no budget of what is switched off',
    { reasoning: { enabled: false, max_tokens: 9000 } },
    'none',
  ],
  [
    'no budget of thinking that is switched off',
    { thinking: { type: 'disabled', budget_tokens: 9000 } },
    'none',
  ],
]

for (const [title, body, effort] of EFFORTS) {
  t.test(`${title} means ${effort ?? 'no choice'}`, async t => {
    const { request, ignored } = decode(body)
    t.equal(request.effort, effort)
    t.strictSame(ignored, [])
  })
}

t.test('a summary is asked for beside the effort', async t => {
  t.equal(decode({ reasoning: { summary: 'detailed' } }).request.summary, 'detailed')
  t.equal(decode({ reasoning: { summary: 'none' } }).request.summary, 'none')
  t.equal(decode({ reasoning: {} }).request.summary, undefined)
})

t.test('reasoning is hidden from who does not want it', async t => {
  const hides = (body: object) => decode(body).hidesReasoning
  t.equal(hides({}), false)
  t.equal(hides({ reasoning: { exclude: true } }), true)
  t.equal(hides({ reasoning: { exclude: false } }), false)
  t.equal(hides({ include_reasoning: false }), true)
  t.equal(hides({ include_reasoning: true }), false)
})

const REFUSED: readonly (readonly [string, object, string, string])[] = [
  ['an unknown effort', { reasoning_effort: 'huge' }, 'invalid_value', 'reasoning_effort'],
  [
    'an effort in an object',
    { reasoning: { effort: 'huge' } },
    'invalid_value',
    'reasoning.effort',
  ],
  ['an effort in camel case', { reasoningEffort: 'huge' }, 'invalid_value', 'reasoningEffort'],
  ['an unknown summary', { reasoning: { summary: 'long' } }, 'invalid_value', 'reasoning.summary'],
  ['reasoning that is no object', { reasoning: 'high' }, 'invalid_type', 'reasoning'],
  [
    'a budget below nothing',
    { reasoning: { max_tokens: -1 } },
    'invalid_value',
    'reasoning.max_tokens',
  ],
  ['half a token', { thinking: { budget_tokens: 0.5 } }, 'invalid_type', 'thinking.budget_tokens'],
  ['thinking of another type', { thinking: { type: 'hard' } }, 'invalid_value', 'thinking.type'],
  ['a switch of words', { enable_thinking: 'yes' }, 'invalid_type', 'enable_thinking'],
  ['an enabling of words', { reasoning: { enabled: 'yes' } }, 'invalid_type', 'reasoning.enabled'],
  ['thinking at no level', { think: 'hard' }, 'invalid_value', 'think'],
  ['a hiding of words', { include_reasoning: 'no' }, 'invalid_type', 'include_reasoning'],
]

for (const [title, body, code, param] of REFUSED) {
  t.test(`${title} is refused by name`, async t => {
    t.throws(() => decode(body), { name: 'ProxyError', code, param })
  })
}
