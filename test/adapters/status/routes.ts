import t, { type Test } from 'tap'
import type { AccountStatus } from '../../../src/adapters/status/encode.ts'
import { createStatus, type StatusParts } from '../../../src/adapters/status/routes.ts'
import type { UsageSnapshot } from '../../../src/domain/usage-ports.ts'
import { ask, createGate, encodeError, startService } from '../../fakes/http-service.ts'

/** 2026-11-22T12:00:00.000Z, in seconds. */
const NOW = 1_795_348_800

const account: AccountStatus = {
  signedIn: true,
  accountId: 'account-1',
  email: 'someone@example.com',
  plan: 'plus',
  tokenExpiresAt: (NOW + 60) * 1000,
}

const known: UsageSnapshot = {
  capturedAt: NOW * 1000,
  accountId: 'account-1',
  planType: 'plus',
  limitReachedUntil: NOW + 3600,
  limits: [
    {
      id: 'codex',
      name: undefined,
      windows: [
        { windowMinutes: 300, usedPercent: 100, resetsAt: NOW + 3600 },
        { windowMinutes: 10080, usedPercent: 40.5, resetsAt: undefined },
        { windowMinutes: undefined, usedPercent: 1, resetsAt: undefined },
      ],
    },
    {
      id: 'codex_bengalfox',
      name: 'Spark',
      windows: [{ windowMinutes: 1440, usedPercent: 0, resetsAt: undefined }],
    },
    {
      id: 'other',
      name: undefined,
      windows: [{ windowMinutes: 43200, usedPercent: 0, resetsAt: undefined }],
    },
  ],
}

const usageOf = (snapshot: UsageSnapshot | undefined) => ({
  latest: () => snapshot,
  current: async () => snapshot,
})

const parts = (over: Partial<StatusParts> = {}): StatusParts => ({
  version: '1.2.3',
  upstream: 'chatgpt',
  uptimeSeconds: () => 61.9,
  inFlight: () => 2,
  account: async () => account,
  usage: usageOf(known),
  catalog: {
    list: () => Array(3),
    record: () => ({ fetchedAt: NOW * 1000, etag: undefined, clientVersion: '1.0.0', models: [] }),
  },
  encodeError,
  ...over,
})

async function statusOf(t: Test, over: Partial<StatusParts> = {}) {
  const service = await startService(t, createStatus(parts(over)).routes)
  const { status, text } = await ask(service, { path: '/v1/status' })
  t.equal(status, 200)
  return JSON.parse(text)
}

const NO_ACCOUNT = { signed_in: false, email: null, plan: null, token_expires_at: null }
const NO_USAGE = { captured_at: null, windows: [], limit_reached_until: null }

t.test('tells how the service, the account, its usage and its models are', async t => {
  const service = await startService(t, createStatus(parts()).routes)
  for (const path of ['/v1/status', '/status', '/v1/status/']) {
    const { status, headers, text } = await ask(service, { path })
    t.equal(status, 200)
    t.equal(headers['cache-control'], 'no-store')
    t.strictSame(JSON.parse(text), {
      status: 'ok',
      version: '1.2.3',
      upstream: 'chatgpt',
      uptime_seconds: 61,
      in_flight: 2,
      account: {
        signed_in: true,
        email: 'someone@example.com',
        plan: 'plus',
        token_expires_at: '2026-11-22T12:01:00.000Z',
      },
      usage: {
        captured_at: '2026-11-22T12:00:00.000Z',
        windows: [
          {
            name: '5 hour',
            window_minutes: 300,
            used_percent: 100,
            resets_at: '2026-11-22T13:00:00.000Z',
          },
          { name: 'weekly', window_minutes: 10080, used_percent: 40.5, resets_at: null },
          { name: 'usage', window_minutes: null, used_percent: 1, resets_at: null },
          { name: 'Spark daily', window_minutes: 1440, used_percent: 0, resets_at: null },
          { name: 'other monthly', window_minutes: 43200, used_percent: 0, resets_at: null },
        ],
        limit_reached_until: '2026-11-22T13:00:00.000Z',
      },
      models: { count: 3, fetched_at: '2026-11-22T12:00:00.000Z' },
    })
  }
})

t.test('what is not known is null', async t => {
  const status = await statusOf(t, {
    account: async () => ({
      signedIn: true,
      accountId: undefined,
      email: undefined,
      plan: undefined,
      tokenExpiresAt: 1e300,
    }),
    usage: undefined,
    catalog: { list: () => [], record: () => undefined },
  })
  t.strictSame(status.account, { ...NO_ACCOUNT, signed_in: true })
  t.strictSame(status.usage, NO_USAGE)
  t.strictSame(status.models, { count: 0, fetched_at: null })
})

t.test('never fails because the account or the usage does', async t => {
  const fail = () => Promise.reject(new Error('canary'))
  const status = await statusOf(t, {
    account: fail,
    usage: usageOf(known),
  })
  t.strictSame(status.account, NO_ACCOUNT)
  t.strictSame(status.usage, NO_USAGE)
  const falling = await statusOf(t, { usage: { latest: () => known, current: fail } })
  t.equal(falling.usage.captured_at, '2026-11-22T12:00:00.000Z')
})

/** Usage that is waited for until the signal aborts. */
function endless(latest: UsageSnapshot | undefined) {
  const waiting = createGate<AbortSignal>()
  return {
    waiting: waiting.passed,
    latest: () => latest,
    current: (signal: AbortSignal) =>
      new Promise<never>((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true })
        waiting.open(signal)
      }),
  }
}

t.test('does not wait for ever: then what is known is told', async t => {
  const status = await statusOf(t, { usage: endless(known), patienceMs: 20 })
  t.equal(status.usage.captured_at, '2026-11-22T12:00:00.000Z')
  const unknown = await statusOf(t, { usage: endless(undefined), patienceMs: 20 })
  t.strictSame(unknown.usage, NO_USAGE)
  const nobody = await statusOf(t, { account: () => new Promise(() => {}), patienceMs: 20 })
  t.strictSame(nobody.account, NO_ACCOUNT)
  t.strictSame(nobody.usage, NO_USAGE, 'whose usage it is is not known')
})

t.test('tells nothing of the usage of another account', async t => {
  const asked: unknown[] = []
  const usage = {
    latest: () => known,
    current: async (_signal: AbortSignal, accountId?: string) => {
      asked.push(accountId)
      return undefined
    },
  }
  const other = { ...account, accountId: 'account-9' }
  t.strictSame((await statusOf(t, { account: async () => other, usage })).usage, NO_USAGE)
  t.strictSame(asked, ['account-9'])
})

t.test('waits no longer when the client has left', async t => {
  const usage = endless(known)
  const service = await startService(t, createStatus(parts({ usage, patienceMs: 600_000 })).routes)
  const leaving = new AbortController()
  const answer = ask(service, { path: '/v1/status', signal: leaving.signal })
  const signal = await usage.waiting
  leaving.abort()
  await t.rejects(answer)
  t.match(await service.requestLine(), { fields: { status: 499 } })
  t.ok(signal.aborted)
})
