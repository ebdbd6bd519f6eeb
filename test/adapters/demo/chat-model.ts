import t from 'tap'
import { createDemoModel } from '../../../src/adapters/demo/model.ts'
import { chatModelContract } from '../../contracts/chat-model.ts'
import { chatRequest, userSays } from '../../fakes/chat-request.ts'
import { createFakeClock } from '../../fakes/clock.ts'

chatModelContract(t, async () => ({
  model: createDemoModel({ paceMs: 0, clock: createFakeClock(0) }),
  credentials: { accessToken: 'demo', accountId: 'demo' },
  whole: chatRequest(),
  endless: chatRequest({ items: [userSays('fail:stall')] }),
}))
