import t, { type Test } from 'tap'
import { chatRoutes } from '../../../../src/adapters/openai/chat/routes.ts'
import type { ChatRequest } from '../../../../src/domain/conversation.ts'
import { quote } from '../../../../src/domain/events.ts'
import { createFakeClock } from '../../../fakes/clock.ts'
import { ask, startService } from '../../../fakes/http-service.ts'
import { modelEntry } from '../../../fakes/model-entry.ts'

/** Starts the endpoints over a chat that says "ok" and keeps what it was asked. */
async function start(t: Test, strict = false) {
  const asked: ChatRequest[] = []
  const routes = chatRoutes({
    async chat(request) {
      asked.push(request)
      return (async function* () {
        yield { type: 'text', text: quote('ok') } as const
        yield {
          type: 'finished',
          reason: 'stop',
          usage: undefined,
          serviceTier: undefined,
        } as const
      })()
    },
    catalog: { list: () => [modelEntry({ slug: 'slow', priority: false })] },
    clock: createFakeClock(7000),
    bodyLimitBytes: 1_000_000,
    streamTimes: { heartbeatMs: 60_000, commitDelayMs: 60_000 },
    reasoningMode: 'off',
    strict,
    webSearch: false,
  })
  const service = await startService(t, routes)
  const chat = (body: object) =>
    ask(service, {
      method: 'POST',
      path: '/chat/completions',
      body: JSON.stringify({ messages: [{ role: 'user', content: 'hi' }], ...body }),
    })
  return { asked, chat }
}

t.test('a tier that the model lacks is named, or refused where the service is strict', async t => {
  const body = { model: 'slow', service_tier: 'fast' }
  const { chat } = await start(t)
  for (const stream of [false, true]) {
    const { status, headers } = await chat({ ...body, stream })
    t.equal(status, 200)
    t.equal(headers['x-chatmock-ignored'], 'service_tier')
  }
  const other = await chat({ model: 'another', service_tier: 'fast' })
  t.equal(other.headers['x-chatmock-ignored'], undefined)
  const strictly = await start(t, true)
  t.match(await strictly.chat(body), { status: 400, text: /"unsupported_parameter"/ })
  t.strictSame(strictly.asked, [])
})

t.test('no summary is asked for where none is shown', async t => {
  const { asked, chat } = await start(t)
  await chat({ model: 'm', reasoning: { summary: 'detailed' } })
  t.equal(asked[0]?.summary, 'none')
})
