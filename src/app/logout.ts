/** `chatmock logout`. */

import { ProxyError } from '../domain/errors.ts'
import { type SignedOut, signOut } from '../domain/sign-in.ts'
import { openAccount } from './account.ts'
import type { AccountCommand } from './args.ts'
import { CommandError, EXIT, RefusedConfiguration } from './exit.ts'
import { isSharedWithCodex } from './login-file.ts'
import { commandLog, screenOn } from './screen.ts'

const SENTENCES: Readonly<Record<SignedOut, string>> = {
  'not-signed-in': 'Not signed in; there was nothing to do.',
  revoked: 'Signed out. ChatGPT no longer accepts this login.',
  'not-revoked':
    'Signed out here. ChatGPT could not be told, so it would accept the removed login until it ends by itself.',
  shared: 'Signed out here. The Codex CLI uses the same login, so it stays valid for that.',
}

/**
 * Removes the login and ends it.
 *
 * @throws RefusedConfiguration for a login of the Codex CLI, CommandError if it cannot be removed.
 */
export async function logout({ settings, network, verbose }: AccountCommand): Promise<void> {
  const account = await openAccount(settings, network, commandLog(verbose))
  const { loginFile, identity, store } = account
  try {
    if (loginFile.owner === 'codex') {
      throw new RefusedConfiguration(
        `${loginFile.path} is the login of the Codex CLI, which chatmock leaves alone. To stop using it start chatmock without --auth-file; to end it run: codex logout`,
      )
    }
    const outcome = await signOut({ identity, store }, own => isSharedWithCodex(loginFile, own))
    screenOn(process.stdout).write(`${SENTENCES[outcome]}\n`)
  } catch (error) {
    if (!(error instanceof ProxyError)) throw error
    throw new CommandError(error.message, EXIT.failure, { cause: error })
  } finally {
    await account.close()
  }
}
