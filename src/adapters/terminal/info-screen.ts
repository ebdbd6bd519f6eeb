/** What `chatmock info` tells. */

import type { Account } from '../../domain/account.ts'
import { localTime } from '../../domain/local-time.ts'
import { plainText } from '../../domain/plain-text.ts'
import type { UsageSnapshot } from '../../domain/usage-ports.ts'
import { usageOfAccount } from '../../domain/usage-snapshot.ts'
import type { Paint } from './paint.ts'
import { planName } from './plan.ts'
import { shellWord } from './shell.ts'
import { usageSection } from './usage-section.ts'
import { paragraph, table } from './wrap.ts'

/** Why something does not work, as the errors of the domain say it. */
export interface Problem {
  readonly code: string
  readonly message: string
}

/** A login that can be read, whatever else is wrong with it. */
export interface SignedIn {
  readonly type: 'signed-in'
  readonly account: Account
  /** Whether the login can be renewed without the person. */
  readonly isRenewable: boolean
  /** What was found out just now that stands in the way of using it. */
  readonly problem: Problem | undefined
}

/** What the stored login is good for. */
export type LoginFacts =
  | SignedIn
  | { readonly type: 'signed-out' }
  /** There is a login, but it cannot be read or understood. */
  | { readonly type: 'unusable'; readonly problem: Problem }

/** Paths of what is kept on disk, whether it is there or not. */
export interface InfoFiles {
  readonly home: string
  readonly login: string
  readonly usage: string
  readonly models: string
}

/** All that is told. There is no secret in it. */
export interface InfoFacts {
  readonly version: string
  /** Unix time in milliseconds. */
  readonly now: number
  readonly login: LoginFacts
  /** Whose the login file is; the Codex CLI's is used in place. */
  readonly loginOwner: 'chatmock' | 'codex'
  /** Where the Codex CLI has a login that is not in use. */
  readonly codexLogin: string | undefined
  readonly usage: UsageSnapshot | undefined
  /** Why there is no newer usage. */
  readonly usageProblem: Problem | undefined
  readonly files: InfoFiles
  /** More that the person should know, a sentence each. */
  readonly hints: readonly string[]
}

/** Returns the usage of the account that is signed in. */
export function usageIn({ login, usage }: InfoFacts): UsageSnapshot | undefined {
  return login.type === 'signed-in' ? usageOfAccount(usage, login.account.accountId) : undefined
}

/** Returns the screen, for a terminal of so many columns. */
export function infoScreen(facts: InfoFacts, paint: Paint, columns: number): string {
  const { files, login, loginOwner, now } = facts
  const owner = loginOwner === 'codex' ? "the Codex CLI's, used in place" : "chatmock's own"
  const hints = [...codexHints(facts), ...facts.hints]
  const sections = [
    [paint.bold('Account'), ...accountLines(facts, paint, columns)],
    ...(login.type === 'signed-in'
      ? [usageSection(usageIn(facts), facts.usageProblem, now, paint, columns)]
      : []),
    [
      paint.bold('Files'),
      ...table(
        [
          ['Home', files.home],
          ['Login', `${files.login} (${owner})`],
          ['Usage', files.usage],
          ['Models', files.models],
        ],
        columns,
      ),
    ],
    ...hints.map(hint => paragraph(hint, columns, 0)),
  ]
  return `${sections.map(lines => lines.join('\n')).join('\n\n')}\n`
}

function accountLines(
  { login, loginOwner, now }: InfoFacts,
  paint: Paint,
  columns: number,
): readonly string[] {
  if (login.type === 'unusable')
    return paragraph(plainText(login.problem.message), columns).map(paint.red)
  if (login.type === 'signed-out') {
    const remedy =
      loginOwner === 'codex'
        ? 'The Codex CLI has no login in its file. Run: codex login'
        : 'Run: chatmock login'
    return ['  Not signed in', ...paragraph(remedy, columns)]
  }
  const { account, problem } = login
  const rows = [
    ['Signed in as', paint.green(plainText(account.email ?? 'not told'))],
    ['Plan', account.plan === undefined ? 'not told' : planName(account.plan)],
    ['Account id', plainText(account.accountId ?? 'not told')],
    ['Access token', validity(login, loginOwner, now)],
  ]
  return [
    ...table(rows, columns),
    ...(problem === undefined ? [] : paragraph(plainText(problem.message), columns).map(paint.red)),
  ]
}

/** How long the token is good for, and what becomes of it then. */
function validity(login: SignedIn, owner: InfoFacts['loginOwner'], now: number): string {
  const { tokenExpiresAt: end } = login.account
  const command = owner === 'codex' ? 'codex login' : 'chatmock login'
  const isOver = end !== undefined && end <= now
  const time =
    end === undefined ? '' : `${isOver ? 'expired' : 'valid until'} ${localTime(end / 1000)}, `
  // The problem itself, with the command, stands below.
  if (login.problem?.code === 'chatgpt_login_required') return `${time}cannot be renewed`
  if (login.isRenewable) {
    return `${time}${isOver ? 'renewed with the next request' : 'renewed automatically'}`
  }
  return `${time}cannot be renewed${isOver ? '. Run' : '; when it ends, run'}: ${command}`
}

function codexHints({ login, loginOwner, codexLogin }: InfoFacts): readonly string[] {
  if (login.type !== 'signed-out' || loginOwner === 'codex' || codexLogin === undefined) return []
  return [
    `The Codex CLI has a login on this machine. chatmock uses it only when told to: chatmock serve --auth-file ${shellWord(codexLogin)}`,
  ]
}
