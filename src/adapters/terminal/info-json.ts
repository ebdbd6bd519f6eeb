/** What `chatmock info` tells programs. */

import { isoTime, isoTimeOfSeconds } from '../../domain/iso-time.ts'
import { windowName } from '../../domain/usage.ts'
import type { UsageSnapshot } from '../../domain/usage-ports.ts'
import { GENERAL_METER } from '../../domain/usage-snapshot.ts'
import { type InfoFacts, type Problem, usageIn } from './info-screen.ts'

/** Returns the facts as JSON has them: snake_case, times in ISO 8601, `null` for what is not known. */
export function infoJson(facts: InfoFacts): Readonly<Record<string, unknown>> {
  const { version, login, loginOwner, codexLogin, files, hints } = facts
  const account = login.type === 'signed-in' ? login.account : undefined
  const problem = login.type === 'signed-out' ? undefined : login.problem
  return {
    version,
    account: {
      signed_in: account !== undefined,
      email: account?.email ?? null,
      plan: account?.plan ?? null,
      account_id: account?.accountId ?? null,
      token_expires_at: isoTime(account?.tokenExpiresAt),
      token_renewable: login.type === 'signed-in' && login.isRenewable,
      last_refresh: account?.lastRefresh ?? null,
      problem: problemJson(problem),
    },
    usage: usageJson(usageIn(facts)),
    usage_problem: problemJson(facts.usageProblem),
    files: { home: files.home, login: files.login, usage: files.usage, models: files.models },
    login_owner: loginOwner,
    codex_login: codexLogin ?? null,
    hints,
  }
}

function problemJson(problem: Problem | undefined): unknown {
  return problem === undefined ? null : { code: problem.code, message: problem.message }
}

function usageJson(usage: UsageSnapshot | undefined): unknown {
  if (usage === undefined) return null
  return {
    captured_at: isoTime(usage.capturedAt),
    windows: usage.limits.flatMap(({ id, name, windows }) =>
      windows.map(window => ({
        meter: id,
        name: `${id === GENERAL_METER ? '' : `${name ?? id} `}${windowName(window)}`,
        window_minutes: window.windowMinutes ?? null,
        used_percent: window.usedPercent,
        resets_at: isoTimeOfSeconds(window.resetsAt),
      })),
    ),
    limit_reached_until: isoTimeOfSeconds(usage.limitReachedUntil),
  }
}
