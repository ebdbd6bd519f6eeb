import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { deflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import t from 'tap'
import { decodeContext, encodeContext } from '../../../../src/adapters/ollama/generate/context.ts'
import type { Message } from '../../../../src/domain/conversation.ts'
import { developerSays, userSays } from '../../../fakes/chat-request.ts'

function assistantSays(text: string): Message {
  return { type: 'message', role: 'assistant', parts: [{ type: 'text', text }] }
}

const CHAT = [userSays('Hi, I am Ann.'), assistantSays('Hello Ann!'), userSays('Who am I?')]

/** Packs bytes as a context is packed, whatever they say. */
function forge(bytes: Uint8Array): readonly number[] {
  const padded = Buffer.concat([bytes, Buffer.alloc((3 - (bytes.length % 3)) % 3)])
  const sum = createHash('sha256').update(padded).digest().subarray(0, 6)
  const all = Buffer.concat([Buffer.from('CM\u0001'), sum, padded])
  return Array.from({ length: all.length / 3 }, (_, i) => all.readUIntBE(i * 3, 3))
}

t.test('a conversation comes back as it was', async t => {
  const context = encodeContext(CHAT)
  t.strictSame(decodeContext(context), CHAT)
  t.strictSame(decodeContext(JSON.parse(JSON.stringify(context))), CHAT)
  t.strictSame(encodeContext(CHAT), context, 'the same conversation is the same integers')
  t.ok(context.every(n => Number.isInteger(n) && n >= 0 && n < 2 ** 31))
  t.strictSame(decodeContext(encodeContext([])), [])
})

t.test('the form is one that later versions can read', async t => {
  t.strictSame(decodeContext(forge(deflateRawSync('[["user","Hi"],["assistant","Hello"]]'))), [
    userSays('Hi'),
    assistantSays('Hello'),
  ])
})

t.test('only texts are kept', async t => {
  const context = encodeContext([
    developerSays('Be brief.'),
    {
      type: 'message',
      role: 'user',
      parts: [
        { type: 'text', text: 'What is ' },
        { type: 'image', url: 'data:image/png;base64,AAAA', detail: 'auto' },
        { type: 'text', text: 'this?' },
      ],
    },
    assistantSays(''),
    assistantSays('A cat.'),
  ])
  t.strictSame(decodeContext(context), [
    developerSays('Be brief.'),
    userSays('What is this?'),
    assistantSays('A cat.'),
  ])
})

t.test('integers of another origin are none of ours', async t => {
  const context = encodeContext(CHAT)
  const foreign: readonly (readonly number[])[] = [
    [],
    [4410625],
    [4410625, 0, 0],
    [128006, 882, 128007, 271, 9906],
    context.slice(0, -1),
    context.slice(1),
    [...context, 0],
    context.toReversed(),
    context.map(n => n + 0.5),
    context.map(n => -n),
    context.with(1, -1),
    context.with(1, (context[1] ?? 0) + 0.5),
    context.with(1, 2 ** 24),
    context.with(1, Number.NaN),
    context.with(1, Number.POSITIVE_INFINITY),
  ]
  for (const integers of foreign) t.equal(decodeContext(integers), undefined, integers.join(' '))
  for (const i of context.keys()) {
    const altered = context.with(i, (context[i] ?? 0) ^ 1)
    t.equal(decodeContext(altered), undefined, `altered at ${i}`)
  }
})

t.test('a forged context is checked like anything else that comes in', async t => {
  for (const text of [
    'null',
    '{}',
    '[1]',
    '[["system","x"]]',
    '[["user",1]]',
    '[["user"]]',
    '[["user","x"],["tool","y"]]',
    '[["user"',
    '['.repeat(100_000),
    '',
  ]) {
    t.equal(decodeContext(forge(deflateRawSync(text))), undefined, text.slice(0, 30))
  }
  t.equal(decodeContext(forge(Buffer.from('no deflate'))), undefined)
  const bomb = JSON.stringify([['user', 'a'.repeat(3 * 1024 * 1024)]])
  t.equal(decodeContext(forge(deflateRawSync(bomb))), undefined)
})

t.test('of a conversation that is too long the older half is left out', async t => {
  // What is random does not become shorter by packing: the integers reach their limit.
  const random = Array.from({ length: 10_000 }, (_, i) =>
    createHash('sha512').update(String(i)).digest('base64'),
  )
  const system = developerSays('Be brief.')
  const longest = userSays(random.slice(0, 5000).join(''))
  const tooLong = userSays(random.join(''))
  const kept = (...messages: Message[]) => decodeContext(encodeContext(messages))
  t.strictSame(kept(system, longest), [system, longest])
  t.strictSame(kept(system, tooLong), [system])
  t.strictSame(kept(system, longest, longest, userSays('a'), assistantSays('b')), [
    system,
    userSays('a'),
    assistantSays('b'),
  ])
  t.strictSame(kept(longest, tooLong, userSays('a'), assistantSays('b'), userSays('c')), [
    assistantSays('b'),
    userSays('c'),
  ])
  t.strictSame(kept(developerSays(random.join('')), userSays('a')), [userSays('a')])
  // What is monotonous does: the text reaches its own.
  const limit = 2 * 1024 * 1024 - '[["user",""]]'.length
  t.strictSame(kept(userSays('a'.repeat(limit))), [userSays('a'.repeat(limit))])
  t.strictSame(kept(userSays('a'.repeat(limit + 1))), [])
  t.strictSame(kept(userSays('ä'.repeat(limit / 2 + 1))), [])
})

t.test('a context holds no more messages than a chat may have', async t => {
  const messages = (count: number) => Array.from({ length: count }, () => userSays('a'))
  t.equal(decodeContext(encodeContext(messages(10_000)))?.length, 10_000)
  t.equal(decodeContext(encodeContext(messages(10_001)))?.length, 5000)
  const many = JSON.stringify(Array.from({ length: 10_001 }, () => ['user', 'a']))
  t.equal(decodeContext(forge(deflateRawSync(many))), undefined)
})

t.test('any texts come back as they were', async () => {
  const message = fc
    .tuple(fc.boolean(), fc.string({ unit: 'binary', minLength: 1 }))
    .map(([isUser, text]) => (isUser ? userSays(text) : assistantSays(text)))
  await fc.assert(
    fc.asyncProperty(fc.array(message), async items => {
      assert.deepEqual(decodeContext(encodeContext(items)), items)
    }),
  )
})
