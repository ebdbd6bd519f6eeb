/** The body of `GET /v1/status`: times in ISO 8601, `null` for what is not known, and no secret. */

import { isoTime, isoTimeOfSeconds } from '../../domain/iso-time.ts'
import { windowName } from '../../domain/usage.ts'
import type { UsageLimitReading, UsageSnapshot } from '../../domain/usage-ports.ts'
import { GENERAL_METER } from '../../domain/usage-snapshot.ts'

/** What is told of the login. */
export interface AccountStatus {
  readonly signedIn: boolean
  readonly accountId: string | undefined
  readonly email: string | undefined
  readonly plan: string | undefined
  /** Unix time in milliseconds. */
  readonly tokenExpiresAt: number | undefined
}

/** All that the status tells. */
export interface StatusFacts {
  readonly version: string
  /** The name of the upstream: `chatgpt`, `demo`. */
  readonly upstream: string
  readonly uptimeSeconds: number
  /** Requests that are being answered, this one among them. */
  readonly inFlight: number
  readonly account: AccountStatus
  readonly usage: UsageSnapshot | undefined
  readonly models: { readonly count: number; readonly fetchedAt: number | undefined }
}

/** Encodes the status. */
export function encodeStatus(facts: StatusFacts) {
  const { version, upstream, uptimeSeconds, inFlight, account, usage, models } = facts
  return {
    status: 'ok',
    version,
    upstream,
    uptime_seconds: Math.floor(uptimeSeconds),
    in_flight: inFlight,
    account: {
      signed_in: account.signedIn,
      email: account.email ?? null,
      plan: account.plan ?? null,
      token_expires_at: isoTime(account.tokenExpiresAt),
    },
    usage: {
      captured_at: isoTime(usage?.capturedAt),
      windows: (usage?.limits ?? []).flatMap(encodeLimit),
      limit_reached_until: isoTimeOfSeconds(usage?.limitReachedUntil),
    },
    models: { count: models.count, fetched_at: isoTime(models.fetchedAt) },
  }
}

function encodeLimit({ id, name, windows }: UsageLimitReading) {
  const prefix = id === GENERAL_METER ? '' : `${name ?? id} `
  return windows.map(window => ({
    name: `${prefix}${windowName(window)}`,
    window_minutes: window.windowMinutes ?? null,
    used_percent: window.usedPercent,
    resets_at: isoTimeOfSeconds(window.resetsAt),
  }))
}
