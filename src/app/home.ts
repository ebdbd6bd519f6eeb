/** The folder where everything is kept, made ready and kept private. */

import { removeTemporaries } from '../adapters/files/atomic-file.ts'
import { makeFolder, tightenAccess } from '../adapters/files/folder.ts'
import type { Log } from '../domain/ports.ts'
import type { AccountFiles } from './account.ts'
import { CommandError, EXIT, RefusedConfiguration } from './exit.ts'
import type { LoginFile } from './login-file.ts'

/**
 * Makes the home folder if it is missing, takes access from other users and clears away what a
 * crash has left. A login file of another program is left as it is.
 *
 * @throws CommandError (exit code 73) if the folder cannot be made, RefusedConfiguration if
 *   something in it belongs to another user.
 */
export async function prepareHome(
  files: AccountFiles,
  { owner }: LoginFile,
  log: Log,
): Promise<void> {
  await makeFolder(files.home).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      `The folder ${files.home} cannot be made (${error.code}). Name another in CHATGPT_LOCAL_HOME.`,
      EXIT.home,
      { cause: error },
    )
  })
  const own = [files.usage, files.models, ...(owner === 'chatmock' ? [files.login] : [])]
  const sentences = await tightenAccess(files.home, ...own).catch((error: Error) => {
    throw new RefusedConfiguration(error.message, { cause: error })
  })
  for (const sentence of sentences) log.warn(sentence)
  for (const path of [files.usage, files.models, files.login]) await removeTemporaries(path)
}
