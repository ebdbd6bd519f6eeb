/** `chatmock login`. */

import { randomUUID } from 'node:crypto'
import { signedInScreen } from '../adapters/terminal/login-screen.ts'
import { ProxyError } from '../domain/errors.ts'
import { type CompleteSignIn, type SignedIn, signIn } from '../domain/sign-in.ts'
import { type Account, openAccount } from './account.ts'
import type { LoginCommand } from './args.ts'
import { signInThroughBrowser } from './browser-login.ts'
import { signInWithCode } from './device-login.ts'
import { EXIT, RefusedConfiguration } from './exit.ts'
import { prepareHome } from './home.ts'
import { ended } from './login-end.ts'
import { commandLog, screenOn } from './screen.ts'

/** How long the person may take in the browser; a device code says its own end. */
const LIMIT_MINUTES = 10

/**
 * Signs in. The login that is there is replaced only by one that is complete.
 *
 * @throws CommandError if there is no new login; RefusedConfiguration for the Codex CLI's file.
 */
export async function login(command: LoginCommand): Promise<void> {
  const log = commandLog(command.verbose)
  const account = await openAccount(command.settings, command.network, log)
  try {
    const { loginFile, files, store, identity } = account
    if (loginFile.owner === 'codex') {
      throw new RefusedConfiguration(
        `${loginFile.path} is the login of the Codex CLI. To renew it run: codex login. For a login of chatmock's own leave out --auth-file.`,
      )
    }
    await prepareHome(files, loginFile, log)
    // Found out now: a grant that has been spent cannot be spent again for a better disk.
    await store.ensureWritable()
    const complete: CompleteSignIn = grant => signIn({ identity, store }, grant, randomUUID())
    const signedIn = await whileWaiting(command.headless ? undefined : LIMIT_MINUTES, signal =>
      command.headless
        ? signInWithCode(account, command, complete, signal)
        : signInThroughBrowser(command, complete, signal),
    )
    tell(account, signedIn)
  } catch (error) {
    throw asCommandError(error)
  } finally {
    await account.close()
  }
}

function tell({ files }: Account, { account, previousAccountId, keptAside }: SignedIn): void {
  const { paint, columns, write } = screenOn(process.stdout)
  const facts = { account, previousAccountId, keptAside, loginFile: files.login }
  write(signedInScreen(facts, paint, columns))
}

/** Lets the work go on until the person is out of time or presses Ctrl-C. */
async function whileWaiting<T>(
  minutes: number | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController()
  const cancel = () => controller.abort(ended({ type: 'cancelled' }))
  const timer =
    minutes &&
    setTimeout(() => controller.abort(ended({ type: 'timed-out', minutes })), minutes * 60_000)
  process.once('SIGINT', cancel).once('SIGTERM', cancel)
  try {
    return await work(controller.signal)
  } finally {
    clearTimeout(timer)
    process.off('SIGINT', cancel).off('SIGTERM', cancel)
  }
}

function asCommandError(error: unknown): unknown {
  if (!(error instanceof ProxyError)) return error
  const { code, message } = error
  const exitCode = code === 'auth_store_unwritable' ? EXIT.home : EXIT.failure
  return ended({ type: 'failed', message }, { cause: error, exitCode })
}
