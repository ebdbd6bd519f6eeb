import t from 'tap'
import { type ChatDefaults, createChat } from '../../src/domain/chat.ts'
import type { ChatRequest } from '../../src/domain/conversation.ts'
import { ProxyError } from '../../src/domain/errors.ts'
import type { ModelEvent } from '../../src/domain/events.ts'
import { createFakeChatModel, type FakeChatModel } from '../fakes/chat-model.ts'
import { chatRequest, developerSays, userSays } from '../fakes/chat-request.ts'
import { modelEntry } from '../fakes/model-entry.ts'
import { finished, says } from '../fakes/model-events.ts'

const models = [
  modelEntry({ slug: 'big', efforts: ['low', 'high'], defaultEffort: 'low' }),
  modelEntry({ slug: 'small', efforts: [], priority: false }),
]
const defaults: ChatDefaults = {
  prompt: 'Be kind.',
  effort: undefined,
  summary: 'auto',
  debugModel: undefined,
  fastMode: false,
}
const never = new AbortController().signal

function chatWith(model: FakeChatModel, over: Partial<ChatDefaults> = {}, accountId = 'a-1') {
  const renewed: string[] = []
  const chat = createChat(
    {
      model,
      catalog: { list: () => models, record: () => undefined },
      authenticator: {
        credentials: async () => ({ accessToken: 'old', accountId }),
        renew: async ({ accessToken }) => {
          renewed.push(accessToken)
          return { accessToken: 'new', accountId }
        },
      },
      fingerprint: text => `print of ${text}`,
    },
    { ...defaults, ...over },
  )
  return { chat, renewed }
}

async function sent(
  request: Partial<ChatRequest>,
  over: Partial<ChatDefaults> = {},
): Promise<ChatRequest | undefined> {
  const model = createFakeChatModel()
  await chatWith(model, over).chat(chatRequest(request), never)
  return model.asked[0]?.request
}

t.test('what a request leaves open is filled in', async t => {
  t.strictSame(
    await sent({ model: 'big' }),
    chatRequest({
      model: 'big',
      items: [developerSays('Be kind.'), userSays('hi')],
      effort: 'low',
      summary: 'auto',
      priority: 'never',
      cacheKey: 'print of ["a-1","Be kind.",[{"type":"text","text":"hi"}]]',
    }),
  )
})

t.test('a request that brings system text anywhere is not given ours', async t => {
  const items = [userSays('q'), developerSays('later')]
  t.strictSame((await sent({ items }))?.items, items)
})

t.test('the choices of the request, of its model name and of the settings are made', async t => {
  t.match(await sent({ model: 'big:high', priority: 'wished' }), {
    model: 'big',
    effort: 'high',
    priority: 'required',
  })
  t.match(await sent({ model: 'x' }, { debugModel: 'big', effort: 'high', fastMode: true }), {
    model: 'big',
    effort: 'high',
    priority: 'required',
  })
})

t.test('a request that cannot be met is not sent', async t => {
  const model = createFakeChatModel()
  const request = chatRequest({ model: 'small', priority: 'required' })
  await t.rejects(chatWith(model).chat(request, never), { code: 'unsupported_value' })
  t.equal(model.asked.length, 0)
})

t.test("the client's own cache key stands, and its summary", async t => {
  t.match(await sent({ cacheKey: 'mine', summary: 'none' }), { cacheKey: 'mine', summary: 'none' })
})

t.test('conversations share a cache key while their beginning is the same', async t => {
  const key = async (...items: ChatRequest['items']) => (await sent({ items }))?.cacheKey
  const first = await key(developerSays('S'), userSays('q'))
  t.equal(await key(developerSays('S'), userSays('q'), userSays('more')), first)
  t.not(await key(developerSays('S'), userSays('other')), first)
  t.not(await key(developerSays('T'), userSays('q')), first)
  t.equal(await key(developerSays('S')), 'print of ["a-1","S",[]]')
})

t.test('a refused login is renewed and tried once more', async t => {
  const refused = new ProxyError('chatgpt_login_required', 'refused')
  const model = createFakeChatModel(refused, [])
  const { chat, renewed } = chatWith(model)
  await chat(chatRequest(), never)
  t.strictSame(renewed, ['old'])
  t.strictSame(
    model.asked.map(({ credentials }) => credentials.accessToken),
    ['old', 'new'],
  )
})

t.test('a login that is refused twice is refused', async t => {
  const refused = new ProxyError('chatgpt_login_required', 'refused')
  const model = createFakeChatModel(refused, refused, [])
  const { chat, renewed } = chatWith(model)
  await t.rejects(chat(chatRequest(), never), refused)
  t.equal(model.asked.length, 2)
  t.equal(renewed.length, 1)
})

t.test('any other failure is not tried again', async t => {
  const failure = new ProxyError('upstream_error', 'oops')
  const model = createFakeChatModel(failure, [])
  const { chat, renewed } = chatWith(model)
  await t.rejects(chat(chatRequest(), never), failure)
  t.equal(model.asked.length, 1)
  t.equal(renewed.length, 0)
})

t.test('an answer is cut at the stop texts of its request', async t => {
  const told = async (stop: readonly string[]) => {
    const model = createFakeChatModel([says('one END two'), finished()])
    const events: ModelEvent[] = []
    for await (const event of await chatWith(model).chat(chatRequest({ stop }), never)) {
      events.push(event)
    }
    return events
  }
  t.strictSame(await told([]), [says('one END two'), finished()])
  t.match(await told(['END']), [
    says('one '),
    // "Be kind." and "hi"; "one "
    { type: 'finished', reason: 'stop', usage: { inputTokens: 3, outputTokens: 1 } },
  ])
})
