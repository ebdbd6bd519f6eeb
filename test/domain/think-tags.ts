import fc from 'fast-check'
import t from 'tap'
import { type ModelEvent, unquote } from '../../src/domain/events.ts'
import { createThinkTags, withThinkTags } from '../../src/domain/think-tags.ts'
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
} from '../fakes/model-events.ts'

const tagged = (...events: readonly ModelEvent[]) => {
  const tags = createThinkTags()
  return events.flatMap(event => tags.tell(event))
}

t.test('reasoning becomes text between tags, closed before the first text', async t => {
  t.strictSame(
    tagged(started(), thinks('a'), thinks('b', 'raw'), says('c'), says('d'), finished()),
    [
      started(),
      says('<think>'),
      says('a'),
      says('b'),
      says('</think>'),
      says('c'),
      says('d'),
      finished(),
    ],
  )
})

t.test('the tag is closed before a refusal, a call and the end', async t => {
  t.strictSame(tagged(thinks('a'), refuses('no')), [
    says('<think>'),
    says('a'),
    says('</think>'),
    refuses('no'),
  ])
  t.strictSame(tagged(thinks('a'), calls(0, 'f'), passes(0, '{}')), [
    says('<think>'),
    says('a'),
    says('</think>'),
    calls(0, 'f'),
    passes(0, '{}'),
  ])
  t.strictSame(tagged(thinks('a'), finished()), [
    says('<think>'),
    says('a'),
    says('</think>'),
    finished(),
  ])
})

t.test('reasoning after text opens the tag anew, without a blank line before it', async t => {
  t.strictSame(tagged(thinks('a'), says('b'), thinks('\n\n'), thinks('c'), thinks('\n\n')), [
    says('<think>'),
    says('a'),
    says('</think>'),
    says('b'),
    says('<think>'),
    says('c'),
    says('\n\n'),
  ])
})

t.test('an answer without reasoning stays as it is', async t => {
  const events = [started(), says('a'), calls(0, 'f'), passes(0, '{}'), cites(0, 1), finished()]
  t.strictSame(tagged(...events), events)
})

t.test('an answer that breaks off can be closed, once', async t => {
  const tags = createThinkTags()
  t.strictSame(tags.close(), [])
  tags.tell(thinks('a'))
  t.strictSame(tags.close(), [says('</think>')])
  t.strictSame(tags.close(), [])
})

t.test('citations point where the text has moved to', async t => {
  // <think>😀</think>ab<think>c</think>de
  const events = tagged(
    thinks('😀'),
    says('ab'),
    thinks('c'),
    says('de'),
    cites(0, 2),
    cites(2, 4),
    cites(1, 3),
  )
  t.strictSame(events.slice(-3), [cites(16, 18), cites(34, 36), cites(17, 35)])
})

t.test('a citation does not close the tag', async t => {
  t.strictSame(tagged(says('ab'), thinks('c'), cites(0, 2), thinks('d')), [
    says('ab'),
    says('<think>'),
    says('c'),
    cites(0, 2),
    says('d'),
  ])
})

t.test('a whole answer is told in the same way', async t => {
  const told: ModelEvent[] = []
  for await (const event of withThinkTags(play(thinks('a'), says('b'), finished()))) {
    told.push(event)
  }
  t.strictSame(told, [says('<think>'), says('a'), says('</think>'), says('b'), finished()])
})

t.test('a failure of the answer passes through', async t => {
  async function* failing(): AsyncGenerator<ModelEvent> {
    yield thinks('a')
    throw new Error('cut')
  }
  const told: ModelEvent[] = []
  await t.rejects(
    (async () => {
      for await (const event of withThinkTags(failing())) told.push(event)
    })(),
    { message: 'cut' },
  )
  t.strictSame(told, [says('<think>'), says('a')])
})

const spelled = (type: string, events: readonly ModelEvent[]) =>
  unquote(events.flatMap(event => ('text' in event && event.type === type ? [event.text] : [])))

t.test('any answer has its text outside of the tags and its reasoning inside', async () => {
  fc.assert(
    fc.property(answers(['function', 'custom']), events => {
      const outside: ModelEvent[] = []
      const inside: ModelEvent[] = []
      let isOpen = false
      for (const event of tagged(...events)) {
        if (event.type === 'text' && event.text === '"<think>"') isOpen = true
        else if (event.type === 'text' && event.text === '"</think>"') isOpen = false
        else if (isOpen && event.type !== 'citation') inside.push(event)
        else outside.push(event)
      }
      return (
        !isOpen &&
        inside.every(({ type }) => type === 'text') &&
        spelled('text', inside) === spelled('reasoning', events) &&
        spelled('text', outside) === spelled('text', events) &&
        spelled('refusal', outside) === spelled('refusal', events) &&
        outside.length === events.filter(({ type }) => type !== 'reasoning').length
      )
    }),
  )
})
