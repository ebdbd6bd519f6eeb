/** `chatmock login`. */

import { randomUUID } from 'node:crypto'
import { signedInScreen } from '../adapters/terminal/login-screen.ts'
import { ProxyError } from '../domain/errors.ts'
import { type CompleteSignIn, type SignedIn, signIn } from '../domain/sign-in.ts'
import type { Account } from './account.ts'
import type { LoginCommand } from './args.ts'
import { signInThroughBrowser } from './browser-login.ts'
import { signInWithCode } from './device-login.ts'
import { EXIT, RefusedConfiguration } from './exit.ts'
import { prepareHome } from './home.ts'
import { ended } from './login-end.ts'
import type { LoginFile } from './login-file.ts'
import { commandLog, screenOn } from './screen.ts'
import { withAccount } from './with-account.ts'

/** How long the person may take in the browser; a device code says its own end. */
const LIMIT_MINUTES = 10

/**
 * Signs in. The login that is there is replaced only by one that is complete.
 *
 * @throws CommandError if there is no new login; RefusedConfiguration for the Codex CLI's file.
 */
export async function login(command: LoginCommand): Promise<void> {
  const log = commandLog(command.verbose, 'warn')
  const interruption = () => ended({ type: 'cancelled' })
  try {
    await withAccount(command, { log, interruption }, async (account, signal) => {
      const { loginFile, files, store, identity } = account
      if (loginFile.owner === 'codex') throw codexs(loginFile, command)
      await prepareHome(files, loginFile, log)
      // Found out now: a grant that has been spent cannot be spent again for a better disk.
      await store.ensureWritable(signal)
      const complete: CompleteSignIn = grant => signIn({ identity, store }, grant, randomUUID())
      tell(
        account,
        command.headless
          ? await signInWithCode(account, command, complete, signal)
          : await withinLimit(signal, limited => signInThroughBrowser(command, complete, limited)),
      )
    })
  } catch (error) {
    throw asCommandError(error)
  }
}

function codexs({ path }: LoginFile, { settings }: LoginCommand): RefusedConfiguration {
  const remedy =
    settings.authFile === undefined
      ? 'let CHATGPT_LOCAL_HOME and CODEX_HOME name two folders'
      : 'leave out --auth-file'
  return new RefusedConfiguration(
    `${path} is the login of the Codex CLI. To renew it run: codex login. For a login of chatmock's own ${remedy}.`,
  )
}

function tell({ files }: Account, { account, previousAccountId, keptAside }: SignedIn): void {
  const { paint, columns, write } = screenOn(process.stdout)
  const facts = { account, previousAccountId, keptAside, loginFile: files.login }
  write(signedInScreen(facts, paint, columns))
}

/** Lets the work go on until the person is out of time. */
async function withinLimit<T>(
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const limit = new AbortController()
  const leave = () => limit.abort(ended({ type: 'timed-out', minutes: LIMIT_MINUTES }))
  const timer = setTimeout(leave, LIMIT_MINUTES * 60_000)
  try {
    return await work(AbortSignal.any([signal, limit.signal]))
  } finally {
    clearTimeout(timer)
  }
}

function asCommandError(error: unknown): unknown {
  if (!(error instanceof ProxyError)) return error
  const { code, message } = error
  const exitCode = code === 'auth_store_unwritable' ? EXIT.home : EXIT.failure
  return ended({ type: 'failed', message }, { cause: error, exitCode })
}
