/** What the service says of itself to whoever looks after it. */

import type { ProxyError } from '../../domain/errors.ts'
import type { ModelCatalog } from '../../domain/ports.ts'
import { unlessAborted } from '../../domain/unless-aborted.ts'
import type { UsageSnapshot } from '../../domain/usage-ports.ts'
import type { Handler, Protocol, Reply } from '../http/exchange.ts'
import { sendJson } from '../http/reply.ts'
import { type AccountStatus, encodeStatus } from './encode.ts'

/** What the status is made of. */
export interface StatusParts {
  readonly version: string
  readonly upstream: string
  readonly uptimeSeconds: () => number
  readonly inFlight: () => number
  /** Being signed out is an answer; whatever it throws counts as that. */
  readonly account: () => Promise<AccountStatus>
  /** `undefined` where the upstream has no limits. */
  readonly usage: UsageTeller | undefined
  readonly catalog: ModelCatalog
  readonly encodeError: (error: ProxyError) => Reply
  /** How long the upstream and the disk are waited for; 3 s by default. */
  readonly patienceMs?: number
}

/** Knows the account's usage. */
export interface UsageTeller {
  latest(): UsageSnapshot | undefined
  current(signal: AbortSignal): Promise<UsageSnapshot | undefined>
}

const SIGNED_OUT: AccountStatus = {
  signedIn: false,
  email: undefined,
  plan: undefined,
  tokenExpiresAt: undefined,
}

/** Creates the protocol. It never fails: what cannot be found out in time is told as not known. */
export function createStatus(parts: StatusParts): Protocol {
  const handle = status(parts)
  return {
    encodeError: parts.encodeError,
    routes: ['/status', '/v1/status'].map(path => ({ method: 'GET', path, handle })),
  }
}

function status(parts: StatusParts): Handler {
  const { version, upstream, usage, catalog, patienceMs = 3000 } = parts
  return async ({ response, signal }) => {
    const patience = new AbortController()
    const stop = () => patience.abort()
    const timer = setTimeout(stop, patienceMs)
    signal.addEventListener('abort', stop, { once: true })
    const [account, known] = await Promise.all([
      accountOf(parts, patience.signal),
      usageOf(usage, patience.signal),
    ])
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
    signal.throwIfAborted()
    const body = encodeStatus({
      version,
      upstream,
      uptimeSeconds: parts.uptimeSeconds(),
      inFlight: parts.inFlight(),
      account,
      usage: known,
      models: { count: catalog.list().length, fetchedAt: catalog.fetchedAt() },
    })
    sendJson(response, 200, body, { 'cache-control': 'no-store' })
  }
}

async function accountOf({ account }: StatusParts, patience: AbortSignal): Promise<AccountStatus> {
  try {
    return await unlessAborted(account(), patience)
  } catch {
    return SIGNED_OUT
  }
}

async function usageOf(
  usage: UsageTeller | undefined,
  patience: AbortSignal,
): Promise<UsageSnapshot | undefined> {
  try {
    return await usage?.current(patience)
  } catch {
    return usage?.latest()
  }
}
