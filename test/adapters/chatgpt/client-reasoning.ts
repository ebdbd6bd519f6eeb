import t, { type Test } from 'tap'
import { type ChatgptOptions, createChatgptModel } from '../../../src/adapters/chatgpt/client.ts'
import { createResponsesCall } from '../../../src/adapters/chatgpt/responses-call.ts'
import type { ChatRequest, Item } from '../../../src/domain/conversation.ts'
import { chatRequest, userSays } from '../../fakes/chat-request.ts'
import { fakeChatgptOptions } from '../../fakes/chatgpt-options.ts'
import { startFetch } from '../../fakes/outbound.ts'
import { type Answer, frames, json, startUpstream, stream } from '../../fakes/upstream-server.ts'

const reasoning = { type: 'reasoning', id: 'rs_1', summary: [], encrypted_content: 'canary-sealed' }
const call = { type: 'function_call', call_id: 'call_1', name: 'look', arguments: '{}' }
const created = { type: 'response.created', response: { id: 'resp_1' } }
const completed = { type: 'response.completed' }
const done = (output_index: number, item: object) => ({
  type: 'response.output_item.done',
  output_index,
  item,
})
const reasoned = stream(frames(created, done(0, reasoning), done(1, call), completed))
const plain = stream(frames(created, completed))

const turn: readonly Item[] = [
  userSays('hi'),
  { type: 'tool-call', kind: 'function', callId: 'call_1', name: 'look', arguments: '{}' },
  { type: 'tool-result', kind: 'function', callId: 'call_1', output: 'seen' },
]
const sealed = { type: 'reasoning', summary: [], encrypted_content: 'canary-sealed' }
const types = (body: { input: { type: string }[] } | undefined) =>
  body?.input.map(({ type }) => type)

/** What an unreadable one is told as. */
const refused = { code: 'upstream_refused', upstream: { code: 'invalid_encrypted_content' } }
const unreadable = {
  error: { code: 'invalid_encrypted_content', message: 'The encrypted content is not valid.' },
}

async function start(t: Test, answers: Answer[], over: Partial<ChatgptOptions> = {}) {
  const fetch = startFetch(t)
  const upstream = await startUpstream(...answers)
  t.teardown(() => upstream.close())
  const { options } = fakeChatgptOptions(upstream.url, fetch, over)
  const model = createChatgptModel(createResponsesCall(options), options)
  const ask = async (request: Partial<ChatRequest> = {}, accountId = 'account-1') => {
    const credentials = { accessToken: 'token', accountId }
    const { signal } = new AbortController()
    for await (const _ of await model.respond(chatRequest(request), credentials, signal));
  }
  const inputs = () => upstream.requests.map(({ body }) => types(body))
  return { upstream, ask, inputs }
}

const WITHOUT = ['message', 'function_call', 'function_call_output']
const WITH = ['message', 'reasoning', 'function_call', 'function_call_output']

t.test('the reasoning behind a call goes along when the call is sent again', async t => {
  const { upstream, ask, inputs } = await start(t, [reasoned])
  await ask()
  await ask({ items: turn })
  t.strictSame(inputs(), [['message'], WITH])
  t.strictSame(upstream.requests[1]?.body.input[1], sealed)
})

t.test('reasoning is of one account and one model', async t => {
  const { ask, inputs } = await start(t, [reasoned])
  await ask()
  await ask({ items: turn }, 'account-2')
  await ask({ items: turn, model: 'other' })
  t.strictSame(inputs().slice(1), [WITHOUT, WITHOUT])
})

t.test('nothing is kept of an answer that is cut or fails', async t => {
  const begun = [created, done(0, reasoning), done(1, call)]
  const failed = { type: 'response.failed', response: { error: { code: 'server_error' } } }
  const { upstream, ask, inputs } = await start(t, [stream(frames(...begun))])
  await t.rejects(ask(), { code: 'upstream_stream_incomplete' })
  upstream.play(stream(frames(...begun, failed)))
  await t.rejects(ask(), { code: 'upstream_error' })
  upstream.play(stream(frames(...begun, { type: 'response.incomplete' })))
  await ask()
  upstream.play(plain)
  await ask({ items: turn })
  t.strictSame(inputs().at(-1), WITHOUT)
})

t.test('reasoning that is refused is forgotten, and the request is sent without it', async t => {
  const refusals: [string, Answer][] = [
    ['by its code', json(400, unreadable)],
    [
      'by its words',
      json(400, {
        error: { message: 'The encrypted content gAAA… could not be verified.', code: null },
      }),
    ],
    ['as a detail', json(400, { detail: 'Encrypted content could not be decrypted or parsed.' })],
    ['in a 200 that is JSON', json(200, unreadable)],
  ]
  for (const [how, refusal] of refusals) {
    const { upstream, ask, inputs } = await start(t, [reasoned, refusal, plain])
    await ask()
    await ask({ items: turn })
    t.strictSame(inputs().slice(1), [WITH, WITHOUT], how)
    await ask({ items: turn })
    t.strictSame(inputs().at(-1), WITHOUT, `${how}: forgotten`)
    t.equal(upstream.requests.length, 4)
  }
})

t.test('without reasoning to leave out such a refusal is final', async t => {
  const { ask, inputs } = await start(t, [json(400, unreadable)])
  await t.rejects(ask({ items: turn }), refused)
  t.strictSame(inputs(), [WITHOUT])
})

t.test('a second refusal of that kind is final, and any other one as well', async t => {
  const { upstream, ask, inputs } = await start(t, [reasoned, json(400, unreadable)])
  await ask()
  await t.rejects(ask({ items: turn }), refused)
  t.strictSame(inputs().slice(1), [WITH, WITHOUT])

  upstream.play(reasoned, json(400, { detail: 'The image is not valid.' }))
  await ask()
  await t.rejects(ask({ items: turn }), { message: 'The image is not valid.' })
  t.strictSame(inputs().slice(4), [WITH], 'sent once')
})

t.test('reasoning that fails inside a stream is not sent again', async t => {
  const { error } = unreadable
  const failed = stream(frames(created, { type: 'response.failed', response: { error } } as never))
  const { ask, inputs } = await start(t, [reasoned, failed, plain])
  await ask()
  await t.rejects(ask({ items: turn }), refused)
  await ask({ items: turn })
  t.strictSame(inputs().slice(1), [WITH, WITHOUT])
})

t.test('a refused form and refused reasoning are each mended once', async t => {
  const { upstream, ask, inputs } = await start(t, [
    reasoned,
    json(400, { detail: 'Unsupported parameter: tools' }),
    json(400, unreadable),
    plain,
  ])
  await ask()
  await ask({ items: turn })
  t.strictSame(inputs().slice(1), [WITH, WITH, WITHOUT])
  t.strictSame(
    upstream.requests.map(
      ({ headers }) => headers['x-openai-internal-codex-responses-lite'] === 'true',
    ),
    [false, false, true, true],
  )
})
