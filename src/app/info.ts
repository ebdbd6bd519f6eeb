/** `chatmock info`. */

import { infoJson } from '../adapters/terminal/info-json.ts'
import {
  type InfoFacts,
  infoScreen,
  type LoginFacts,
  type Problem,
} from '../adapters/terminal/info-screen.ts'
import { describeAccount } from '../domain/account.ts'
import { ProxyError } from '../domain/errors.ts'
import type { UsageSnapshot } from '../domain/usage-ports.ts'
import type { Account } from './account.ts'
import type { AccountCommand } from './args.ts'
import { hasUnusedCodexLogin, keyringHint } from './login-file.ts'
import { VERSION } from './package.ts'
import { commandLog, screenOn } from './screen.ts'
import { withAccount } from './with-account.ts'

/** How long ChatGPT may take to tell the usage; then what is known from before is shown. */
const USAGE_TIMEOUT_MS = 15_000

const TOO_SLOW = 'ChatGPT did not tell the usage in time.'

/** Tells whose account it is, how much of it is used and where things are kept. */
export async function info(command: AccountCommand & { readonly json: boolean }): Promise<void> {
  // What goes wrong is told on the screen.
  const log = commandLog(command.verbose, 'error')
  await withAccount(command, { log, modelSync: false }, async (account, interrupted) => {
    const facts = await gather(account, interrupted)
    const screen = screenOn(process.stdout)
    screen.write(
      command.json
        ? `${JSON.stringify(infoJson(facts), undefined, 2)}\n`
        : infoScreen(facts, screen.paint, screen.columns),
    )
  })
}

async function gather(account: Account, interrupted: AbortSignal): Promise<InfoFacts> {
  const { loginFile, files, clock } = account
  const signal = AbortSignal.any([interrupted, AbortSignal.timeout(USAGE_TIMEOUT_MS)])
  const login = await lookAtLogin(account, signal)
  const [usage, usageProblem] = await lookAtUsage(account, login, signal)
  // Whatever was given up for being interrupted is not what there is to tell.
  interrupted.throwIfAborted()
  return {
    version: VERSION,
    now: clock.now(),
    login,
    loginOwner: loginFile.owner,
    codexLogin: (await hasUnusedCodexLogin(loginFile)) ? loginFile.codexPath : undefined,
    usage,
    usageProblem,
    files,
    hints: login.type === 'signed-out' ? await keyringHint(loginFile) : [],
  }
}

async function lookAtLogin(account: Account, signal: AbortSignal): Promise<LoginFacts> {
  const { keeper, identity } = account
  try {
    // Renews what is about to end, so that what is shown is what the next request would use.
    const problem = await keeper.credentials(signal).then(
      () => undefined,
      error => problemOf(error, signal),
    )
    const session = await keeper.session()
    return {
      type: 'signed-in',
      account: describeAccount(session, identity),
      isRenewable: session.tokens.refreshToken !== undefined,
      problem,
    }
  } catch (error) {
    const problem = problemOf(error, signal)
    return problem.code === 'chatgpt_login_required'
      ? { type: 'signed-out' }
      : { type: 'unusable', problem }
  }
}

async function lookAtUsage(
  { usage }: Account,
  login: LoginFacts,
  signal: AbortSignal,
): Promise<[UsageSnapshot | undefined, Problem | undefined]> {
  await usage.start()
  // Whatever stands in the way of using the login stands in the way of this as well.
  if (login.type !== 'signed-in' || login.problem !== undefined) return [usage.latest(), undefined]
  const { accountId } = login.account
  const known = await usage.current(signal, accountId).catch(() => usage.latest())
  const problem = signal.aborted ? new ProxyError('upstream_timeout', TOO_SLOW) : usage.problem()
  return [known, problem && problemOf(problem, signal)]
}

function problemOf(error: unknown, signal: AbortSignal): Problem {
  const { code, message } =
    error === signal.reason
      ? new ProxyError('auth_refresh_unavailable', 'The sign-in service did not answer in time.')
      : ProxyError.from(error)
  return { code, message }
}
