import t from 'tap'
import { createEventDecoder } from '../../../src/adapters/chatgpt/decode.ts'
import { createToolNames } from '../../../src/adapters/chatgpt/tool-names.ts'
import type { Citation } from '../../../src/domain/events.ts'
import { completed, inTurn, message, reasoning, refusal } from '../../fakes/backend-events.ts'
import { chatRequest } from '../../fakes/chat-request.ts'

function decodeAll(events: readonly object[]) {
  const decoder = createEventDecoder({
    now: () => 0,
    onLimits: () => {},
    names: createToolNames(chatRequest()),
    onTurn: () => {},
  })
  return events.flatMap(event => decoder.decode(JSON.stringify(event)) ?? [])
}

const citationsOf = (events: readonly object[]): unknown[] =>
  decodeAll(events).filter(event => event.type === 'citation')

const annotation = (start: number, end: number, url = 'https://a.example/') => ({
  type: 'url_citation',
  start_index: start,
  end_index: end,
  url,
  title: 'A',
})
const cited = (startIndex: number, endIndex: number, url = 'https://a.example/'): Citation => ({
  type: 'citation',
  url,
  title: 'A',
  startIndex,
  endIndex,
})
const added = (output_index: number, content_index: number, annotation: object) => ({
  type: 'response.output_text.annotation.added',
  output_index,
  content_index,
  annotation_index: 0,
  annotation,
})
const delta = (output_index: number, content_index: number, text: string) => ({
  type: 'response.output_text.delta',
  output_index,
  content_index,
  delta: text,
})

t.test('a citation is told once, however often it comes', async t => {
  const said = message(0, ['It is ', '22C.'], [annotation(0, 5), annotation(6, 9)])
  t.strictSame(citationsOf([...inTurn(said), completed({ output: [said.item] })]), [
    cited(0, 5),
    cited(6, 9),
  ])
})

t.test('it is told when it comes, after the text that it points into', async t => {
  const said = message(0, ['It is ', '22C.'], [annotation(0, 5)])
  t.strictSame(
    decodeAll(inTurn(said)).map(event => event.type),
    ['text', 'text', 'citation'],
  )
  const whole = { type: 'response.output_item.done', output_index: 0, item: said.item }
  t.strictSame(
    decodeAll([whole]).map(event => event.type),
    ['text', 'citation'],
  )
})

t.test('a citation that comes only with the whole message, or at the end, is told', async t => {
  const { item } = message(0, ['It is 22C.'], [annotation(0, 5)])
  const said = [delta(0, 0, 'It is 22C.')]
  const done = { type: 'response.output_item.done', output_index: 0, item }
  const end = completed({ output: [item] })
  t.strictSame(citationsOf([...said, done, end]), [cited(0, 5)], 'with the message')
  t.strictSame(citationsOf([...said, end]), [cited(0, 5)], 'at the end')
  t.strictSame(citationsOf([end]), [cited(0, 5)], 'at the end with the text')
})

t.test('places are counted in the whole text, in characters', async t => {
  const first = message(1, ['a😀é', '\n"\\'], [annotation(0, 1)])
  const second = message(4, ['It is 22C.'], [annotation(0, 5)])
  const expected = [cited(0, 1), cited(8, 13)]
  t.strictSame(citationsOf(inTurn(first, second)), expected)
  t.strictSame(citationsOf([completed({ output: [first.item, second.item] })]), expected)
})

t.test('a pair that is cut in two counts as one character', async t => {
  t.strictSame(
    citationsOf([delta(0, 0, '\ud83d'), delta(0, 0, '\ude00'), added(1, 0, annotation(0, 1))]),
    [cited(3, 4)],
  )
})

t.test('the parts of one message follow each other without a blank line', async t => {
  t.strictSame(
    citationsOf([
      delta(0, 0, 'abc'),
      delta(0, 1, 'defg'),
      added(0, 1, annotation(0, 4)),
      added(0, 0, annotation(0, 3)),
      delta(1, 0, 'h'),
      added(1, 0, annotation(0, 1)),
    ]),
    [cited(3, 7), cited(0, 3), cited(9, 10)],
  )
})

t.test('a citation that comes before its text points to where that will stand', async t => {
  t.strictSame(
    citationsOf([
      added(0, 0, annotation(0, 1)),
      delta(0, 0, 'abc'),
      added(1, 0, annotation(0, 1)),
      delta(1, 0, 'd'),
      added(1, 0, annotation(0, 1)),
    ]),
    [cited(0, 1), cited(5, 6)],
  )
})

t.test('reasoning and refusals are no part of the text', async t => {
  const thought = reasoning(0, [['one'], ['two']])
  const refused = [refusal(1, ['No.']), refusal(2, ['Never.'])]
  const said = message(3, ['Yes.'], [annotation(0, 4)])
  t.strictSame(citationsOf(inTurn(thought, ...refused, said)), [cited(0, 4)])
})

t.test('a message that goes on after another is cited where it begins', async t => {
  const deltas = [delta(0, 0, 'abc'), delta(1, 0, 'd'), delta(0, 0, 'e')]
  t.strictSame(citationsOf([...deltas, added(0, 0, annotation(1, 2))]), [cited(1, 2)])
})

t.test('a final output that counts its items otherwise cites in the right message', async t => {
  const strip = ({ id: _, ...item }: Readonly<Record<string, unknown>>) => item
  const first = message(2, ['abc'], [annotation(0, 1)])
  const second = message(5, ['defg'], [annotation(0, 4)])
  const output = [{ type: 'web_search_call' }, strip(first.item), strip(second.item)]
  const expected = [cited(0, 1), cited(5, 9)]
  t.strictSame(citationsOf([...inTurn(first, second), completed({ output })]), expected)
  const deltas = [delta(2, 0, 'abc'), delta(5, 0, 'defg')]
  t.strictSame(citationsOf([...deltas, completed({ output })]), expected)
})

t.test('what else the upstream cites is left out', async t => {
  t.strictSame(
    citationsOf([
      delta(0, 0, 'abc'),
      added(0, 0, { type: 'file_citation', file_id: 'file_1', filename: 'a', index: 0 }),
      added(0, 0, { ...annotation(0, 1), type: 'future_citation' }),
      added(0, 0, { ...annotation(0, 1), url: undefined }),
      added(0, 0, { ...annotation(0, 1), url: 7 }),
      { type: 'response.output_text.annotation.added', output_index: 0 },
      { ...added(0, 0, annotation(0, 1)), annotation: null },
      added(0, 0, { ...annotation(1, 2), title: undefined, end_index: undefined }),
      added(0, 0, annotation(0, 1, 'https://b.example/')),
    ]),
    [{ ...cited(1, 1), title: '' }, cited(0, 1, 'https://b.example/')],
  )
})
