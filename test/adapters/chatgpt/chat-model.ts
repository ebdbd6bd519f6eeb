import t from 'tap'
import { createChatgptModel } from '../../../src/adapters/chatgpt/client.ts'
import { KNOWN_MODELS } from '../../../src/adapters/chatgpt/known-models.ts'
import { chatModelContract } from '../../contracts/chat-model.ts'
import { chatRequest } from '../../fakes/chat-request.ts'
import { createFakeClock } from '../../fakes/clock.ts'
import { createFakeLog } from '../../fakes/log.ts'
import { startFetch } from '../../fakes/outbound.ts'
import { frames, openStream, startUpstream } from '../../fakes/upstream-server.ts'
import { createFakeUsageRecorder } from '../../fakes/usage-recorder.ts'

const created = { type: 'response.created', response: { id: 'resp_1' } }

chatModelContract(t, async t => {
  // Closed last: it waits for the connections that the upstream then has closed.
  const fetch = startFetch(t)
  const upstream = await startUpstream((response, request) => {
    openStream(response)
    response.write(frames(created))
    if (request.body.model === 'whole') response.end(frames({ type: 'response.completed' }))
  })
  t.teardown(() => upstream.close())
  return {
    model: createChatgptModel({
      baseUrl: upstream.url,
      fetch,
      catalog: { list: () => KNOWN_MODELS },
      userAgent: 'chatmock/test',
      firstEventTimeoutMs: 10_000,
      idleTimeoutMs: 10_000,
      clock: createFakeClock(0),
      log: createFakeLog(),
      usage: createFakeUsageRecorder(),
      time: { observe: () => {} },
      onModelsEtag: () => {},
    }),
    credentials: { accessToken: 'token', accountId: undefined },
    whole: chatRequest({ model: 'whole' }),
    endless: chatRequest({ model: 'endless' }),
  }
})
