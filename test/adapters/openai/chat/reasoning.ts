import t from 'tap'
import {
  chooseReasoningMode,
  encodeReasoning,
  REASONING_DELTAS,
  REASONING_MODES,
} from '../../../../src/adapters/openai/chat/reasoning.ts'
import { quote } from '../../../../src/domain/events.ts'

const MODES = REASONING_MODES.filter(mode => mode !== 'current')

const nothing = { header: undefined, hidesReasoning: false, hasFormat: false }

t.test('the setting is the mode, and current is a name of legacy', async t => {
  t.strictSame(
    REASONING_MODES.map(mode => chooseReasoningMode(mode, nothing)),
    ['reasoning-content', 'reasoning', 'think-tags', 'o3', 'legacy', 'legacy', 'off'],
  )
})

t.test('the header wins over the setting, in any case and with blanks around it', async t => {
  const choose = (header: string) => chooseReasoningMode('off', { ...nothing, header })
  t.equal(choose('think-tags'), 'think-tags')
  t.equal(choose(' O3 '), 'o3')
  t.equal(choose('Current'), 'legacy')
  t.equal(choose('off'), 'off')
})

t.test('an empty header chooses nothing', async t => {
  t.equal(chooseReasoningMode('o3', { ...nothing, header: '' }), 'o3')
  t.equal(chooseReasoningMode('o3', { ...nothing, header: ' ' }), 'o3')
})

t.test('a header that names no mode is refused without being quoted', async t => {
  for (const header of ['secret', 'o3, o3', 'reasoning_content']) {
    t.throws(() => chooseReasoningMode('o3', { ...nothing, header, hidesReasoning: true }), {
      code: 'invalid_value',
      param: 'x-reasoning-compat',
      message:
        'The header x-reasoning-compat takes one of: reasoning-content, reasoning, think-tags, o3, legacy, current, off.',
    })
  }
})

t.test('a request that hides its reasoning sees none, whatever its header says', async t => {
  t.equal(
    chooseReasoningMode('legacy', { header: 'o3', hidesReasoning: true, hasFormat: false }),
    'off',
  )
})

t.test('an answer that must be JSON has no tags inside', async t => {
  const json = { ...nothing, hasFormat: true }
  t.equal(chooseReasoningMode('think-tags', json), 'reasoning-content')
  t.equal(chooseReasoningMode('o3', { ...json, header: 'think-tags' }), 'reasoning-content')
  t.equal(chooseReasoningMode('o3', json), 'o3')
  t.equal(chooseReasoningMode('off', json), 'off')
})

t.test('a piece of reasoning is told under the keys of its mode', async t => {
  const deltas = (source: 'summary' | 'raw') =>
    MODES.map(mode => REASONING_DELTAS[mode]({ type: 'reasoning', source, text: quote('a"') }))
  t.strictSame(deltas('summary'), [
    '{"reasoning_content":"a\\""}',
    '{"reasoning":"a\\""}',
    '',
    '{"reasoning":{"content":[{"type":"text","text":"a\\""}]}}',
    '{"reasoning_summary":"a\\"","reasoning":"a\\""}',
    '',
  ])
  t.strictSame(deltas('raw').slice(3, 5), [
    '{"reasoning":{"content":[{"type":"text","text":"a\\""}]}}',
    '{"reasoning":"a\\""}',
  ])
})

t.test('a message shows its reasoning under the keys of its mode', async t => {
  t.strictSame(
    MODES.map(mode => encodeReasoning(mode, { reasoning: 'sr', summary: 's' })),
    [
      { reasoning_content: 'sr' },
      { reasoning: 'sr' },
      {},
      { reasoning: { content: [{ type: 'text', text: 'sr' }] } },
      { reasoning_summary: 's', reasoning: 'sr' },
      {},
    ],
  )
  t.strictSame(encodeReasoning('legacy', { reasoning: 'r', summary: '' }), { reasoning: 'r' })
})

t.test('a message without reasoning has no key for it', async t => {
  for (const mode of MODES) {
    t.strictSame(encodeReasoning(mode, { reasoning: '', summary: '' }), {}, mode)
  }
})
