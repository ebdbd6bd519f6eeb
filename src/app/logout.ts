/** `chatmock logout`. */

import { isCodexFile } from '../adapters/files/auth-reader.ts'
import { ProxyError } from '../domain/errors.ts'
import type { Tokens } from '../domain/login-ports.ts'
import { type SignedOut, signOut } from '../domain/sign-in.ts'
import type { AccountCommand } from './args.ts'
import { CommandError, EXIT, RefusedConfiguration } from './exit.ts'
import { isSharedWithCodex } from './login-file.ts'
import { commandLog, screenOn } from './screen.ts'
import { withAccount } from './with-account.ts'

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
export async function logout(command: AccountCommand): Promise<void> {
  const log = commandLog(command.verbose, 'warn')
  await withAccount(command, { log }, async ({ loginFile, identity, store }, signal) => {
    if (loginFile.owner === 'codex') {
      throw new RefusedConfiguration(
        `${loginFile.path} is the login of the Codex CLI, which chatmock leaves alone. To stop using it start chatmock without --auth-file; to end it run: codex logout`,
      )
    }
    // A copy of the Codex CLI's file holds that program's tokens, old or new.
    const isCopy = await isCodexFile(loginFile.path)
    const isShared = async (own: Tokens) => isCopy || (await isSharedWithCodex(loginFile, own))
    const outcome = await signOut({ identity, store }, isShared, signal).catch(error => {
      signal.throwIfAborted()
      throw new CommandError(explain(error, loginFile.path), EXIT.failure, { cause: error })
    })
    screenOn(process.stdout).write(`${SENTENCES[outcome]}\n`)
  })
}

function explain(error: unknown, path: string): string {
  if (!(error instanceof ProxyError)) throw error
  return error.code === 'auth_file_corrupt'
    ? `The login file ${path} is damaged, so nobody can tell what it holds. Look at it, and remove it yourself.`
    : error.message
}
