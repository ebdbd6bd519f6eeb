import t from 'tap'
import type { ChatDefaults } from '../../src/domain/chat.ts'
import { ProxyError } from '../../src/domain/errors.ts'
import type { Credentials } from '../../src/domain/ports.ts'
import { createRelay } from '../../src/domain/relay.ts'
import type { RelayRequest, ResponsesRelay } from '../../src/domain/relay-ports.ts'
import { modelEntry } from '../fakes/model-entry.ts'
import { relayRequest, userItem } from '../fakes/relay-request.ts'

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

interface Asked {
  readonly request: RelayRequest
  readonly credentials: Credentials
}

/** A relay that keeps what it was asked, and refuses credentials as often as it is told. */
function relayWith(over: Partial<ChatDefaults> = {}, refusals = 0) {
  const asked: Asked[] = []
  const ask = (request: RelayRequest, credentials: Credentials) => {
    asked.push({ request, credentials })
    if (asked.length <= refusals) throw new ProxyError('chatgpt_login_required', 'no')
  }
  const port: ResponsesRelay = {
    async relay(request, credentials) {
      ask(request, credentials)
      return (async function* () {
        yield { type: 'response.completed', data: '{}' }
      })()
    },
    async compact(request, credentials) {
      ask(request, credentials)
      return { output: [] }
    },
  }
  const relay = createRelay(
    {
      relay: port,
      catalog: { list: () => models, record: () => undefined },
      authenticator: {
        credentials: async () => ({ accessToken: 'old', accountId: 'a-1' }),
        renew: async () => ({ accessToken: 'new', accountId: 'a-1' }),
      },
      fingerprint: text => `print of ${text}`,
    },
    { ...defaults, ...over },
  )
  return { relay, asked }
}

async function sent(request: Partial<RelayRequest>, over: Partial<ChatDefaults> = {}) {
  const { relay, asked } = relayWith(over)
  await relay.respond(relayRequest(request), never)
  return asked[0]?.request
}

t.test('what a request leaves open is filled in, the rest is passed on', async t => {
  const tools = [{ type: 'function', name: 'f' }]
  t.strictSame(
    await sent({ model: 'BIG', tools, include: ['x'] }),
    relayRequest({
      model: 'big',
      tools,
      include: ['x'],
      instructions: 'Be kind.',
      effort: 'low',
      summary: 'auto',
      priority: 'never',
      cacheKey:
        'print of ["a-1","Be kind.",{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]',
    }),
  )
})

t.test('system text of the request takes the place of the prompt, wherever it stands', async t => {
  t.equal((await sent({ instructions: 'Be short.' }))?.instructions, 'Be short.')
  t.equal((await sent({ instructions: '' }))?.instructions, 'Be kind.')
  const developer = { type: 'message', role: 'developer', content: [] }
  t.equal((await sent({ input: [developer, userItem('hi')] }))?.instructions, undefined)
})

t.test('the choices of the request are fitted to the model', async t => {
  t.match(await sent({ model: 'big-high' }), { model: 'big', effort: 'high' })
  t.match(await sent({ model: 'big', effort: 'medium', summary: 'none' }), {
    effort: 'low',
    summary: 'none',
  })
  t.match(await sent({ model: 'big' }, { fastMode: true }), { priority: 'required' })
  t.match(await sent({ model: 'small' }, { fastMode: true }), { priority: 'never' })
  t.match(await sent({ model: 'big' }, { debugModel: 'small' }), { model: 'small' })
  await t.rejects(sent({ model: 'small', priority: 'required' }), {
    code: 'unsupported_value',
    param: 'fast_mode',
  })
})

t.test('the key of the client stands unless it is too long', async t => {
  t.equal((await sent({ cacheKey: 'k' }))?.cacheKey, 'k')
  t.equal((await sent({ cacheKey: 'k'.repeat(65) }))?.cacheKey, `print of ${'k'.repeat(65)}`)
})

t.test('refused credentials are renewed and the request is sent once more', async t => {
  const { relay, asked } = relayWith({}, 1)
  await relay.respond(relayRequest(), never)
  await relay.compact(relayRequest(), never)
  t.strictSame(
    asked.map(({ credentials }) => credentials.accessToken),
    ['old', 'new', 'old'],
  )
  await t.rejects(relayWith({}, 2).relay.compact(relayRequest(), never), {
    code: 'chatgpt_login_required',
  })
})

t.test('nothing is added to a conversation that is to be made shorter', async t => {
  const { relay, asked } = relayWith()
  t.strictSame(await relay.compact(relayRequest({ model: 'big' }), never), { output: [] })
  t.equal(asked[0]?.request.instructions, undefined)
  t.equal(asked[0]?.request.effort, 'low')
  await relay.respond(relayRequest({ model: 'big' }), never)
  t.equal(asked[0]?.request.cacheKey, asked[1]?.request.cacheKey, 'it stays on the same cache')
})

t.test('conversations with another system text have another key, wherever it stands', async t => {
  const developer = (text: string) => ({ type: 'message', role: 'developer', content: text })
  const keyOf = async (over: Partial<RelayRequest>) => (await sent(over))?.cacheKey
  const hi = userItem('hi')
  const keys = [
    await keyOf({ input: [hi] }),
    await keyOf({ instructions: 'A' }),
    await keyOf({ input: [developer('A'), hi] }),
    await keyOf({ input: [developer('B'), hi] }),
    await keyOf({ input: [{ type: 'additional_tools', role: 'developer' }, developer('B'), hi] }),
  ]
  t.equal(new Set(keys).size, 4)
  t.equal(keys[3], keys[4], 'tools are no text')
  t.equal(await keyOf({ input: [developer('A'), hi, developer('B')] }), keys[2])
})
