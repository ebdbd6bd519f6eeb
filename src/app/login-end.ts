/** A sign-in that gave no login, as the end of the command. */

import { type LoginEnding, loginEnding } from '../adapters/terminal/login-ending.ts'
import { CommandError, EXIT } from './exit.ts'

/** Returns the error to end with. The exit code is 1 unless another one is given. */
export function ended(
  ending: LoginEnding,
  options: ErrorOptions & { readonly exitCode?: number } = {},
): CommandError {
  const { exitCode = EXIT.failure, ...rest } = options
  return new CommandError(loginEnding(ending), exitCode, rest)
}
