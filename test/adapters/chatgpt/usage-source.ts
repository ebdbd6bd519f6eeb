import t from 'tap'
import { createUsageSource } from '../../../src/adapters/chatgpt/usage-source.ts'
import type { Credentials } from '../../../src/domain/ports.ts'
import { createFakeClock } from '../../fakes/clock.ts'

const credentials = { accessToken: 'canary-access', accountId: 'account-1' }
const { signal } = new AbortController()

function createSource(body: unknown) {
  const asked: [string, Credentials, AbortSignal][] = []
  const source = createUsageSource({
    query: async (...question) => {
      asked.push(question)
      return { body, headers: new Headers() }
    },
    clock: createFakeClock(1_795_346_000_000),
  })
  return { source, asked }
}

t.test('asks for the usage of the account', async t => {
  const { source, asked } = createSource({
    plan_type: 'pro',
    rate_limit: {
      primary_window: {
        used_percent: 27,
        limit_window_seconds: 18_000,
        reset_after_seconds: 3600,
      },
    },
  })
  t.strictSame(await source.fetch(credentials, signal), {
    accountId: 'account-1',
    planType: 'pro',
    limits: [
      {
        id: 'codex',
        name: undefined,
        windows: [{ windowMinutes: 300, usedPercent: 27, resetsAt: 1_795_349_600 }],
      },
    ],
    limitReachedUntil: undefined,
  })
  t.strictSame(asked, [['/wham/usage', credentials, signal]])
})

t.test('an answer that is no object tells nothing', async t => {
  for (const body of [null, [], 'usage', 7]) {
    await t.rejects(createSource(body).source.fetch(credentials, signal), {
      code: 'upstream_invalid_response',
    })
  }
})
