/** What the service says of itself to whoever looks after it. */

import type { ProxyError } from '../../domain/errors.ts'
import type { ModelCatalog } from '../../domain/ports.ts'
import { unlessAborted } from '../../domain/unless-aborted.ts'
import type { UsageSnapshot } from '../../domain/usage-ports.ts'
import { usageOfAccount } from '../../domain/usage-snapshot.ts'
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
  /** How long the disk, and then the upstream, is waited for; 3 s each by default. */
  readonly patienceMs?: number
}

/** Knows the account's usage. */
export interface UsageTeller {
  latest(): UsageSnapshot | undefined
  current(signal: AbortSignal, accountId?: string): Promise<UsageSnapshot | undefined>
}

const SIGNED_OUT: AccountStatus = {
  signedIn: false,
  accountId: undefined,
  email: undefined,
  plan: undefined,
  tokenExpiresAt: undefined,
}

/** For what is known already: it may be a minute old, and the next look will have the answer. */
const SHORT_PATIENCE_MS = 500

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
    const account = await within(patienceMs, signal, () => parts.account(), SIGNED_OUT)
    const known = await usageOf(account, usage, patienceMs, signal)
    signal.throwIfAborted()
    const body = encodeStatus({
      version,
      upstream,
      uptimeSeconds: parts.uptimeSeconds(),
      inFlight: parts.inFlight(),
      account,
      usage: known,
      models: { count: catalog.list().length, fetchedAt: catalog.record()?.fetchedAt },
    })
    sendJson(response, 200, body, { 'cache-control': 'no-store' })
  }
}

async function usageOf(
  { signedIn, accountId }: AccountStatus,
  usage: UsageTeller | undefined,
  patienceMs: number,
  signal: AbortSignal,
): Promise<UsageSnapshot | undefined> {
  if (!signedIn || usage === undefined) return undefined
  const known = usageOfAccount(usage.latest(), accountId)
  const patience = known === undefined ? patienceMs : Math.min(patienceMs, SHORT_PATIENCE_MS)
  return await within(patience, signal, limit => usage.current(limit, accountId), known)
}

/** Returns what `work` comes to in time, else `fallback`; a failure counts as not in time. */
async function within<T>(
  ms: number,
  signal: AbortSignal,
  work: (limit: AbortSignal) => Promise<T>,
  fallback: T,
): Promise<T> {
  const patience = new AbortController()
  const stop = () => patience.abort()
  const timer = setTimeout(stop, ms)
  signal.addEventListener('abort', stop, { once: true })
  try {
    return await unlessAborted(work(patience.signal), patience.signal)
  } catch {
    return fallback
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', stop)
  }
}
