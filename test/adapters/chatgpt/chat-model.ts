import t from 'tap'
import { createChatgptModel } from '../../../src/adapters/chatgpt/client.ts'
import { createResponsesCall } from '../../../src/adapters/chatgpt/responses-call.ts'
import { chatModelContract } from '../../contracts/chat-model.ts'
import { chatRequest } from '../../fakes/chat-request.ts'
import { fakeChatgptOptions } from '../../fakes/chatgpt-options.ts'
import { startFetch } from '../../fakes/outbound.ts'
import { frames, openStream, startUpstream } from '../../fakes/upstream-server.ts'

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
  const { options } = fakeChatgptOptions(upstream.url, fetch)
  return {
    model: createChatgptModel(createResponsesCall(options), options),
    credentials: { accessToken: 'token', accountId: undefined },
    whole: chatRequest({ model: 'whole' }),
    endless: chatRequest({ model: 'endless' }),
  }
})
