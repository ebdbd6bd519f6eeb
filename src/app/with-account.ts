/** What the commands that use the account have in common. */

import type { Log } from '../domain/ports.ts'
import { type Account, type AccountOptions, openAccount } from './account.ts'
import type { AccountCommand } from './args.ts'
import { untilInterrupted } from './interruption.ts'

/** How a command opens the account. */
export interface WithAccountOptions extends AccountOptions {
  readonly log: Log
  /** What to end with when the person presses Ctrl-C. */
  readonly interruption?: () => Error
}

/**
 * Opens the account for some work and closes it however that ends: a renewal that is under way is
 * waited for, as it may have spent the refresh token. The signal aborts when the person presses Ctrl-C.
 */
export function withAccount<T>(
  { settings, network }: AccountCommand,
  { log, interruption, ...options }: WithAccountOptions,
  work: (account: Account, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return untilInterrupted(async signal => {
    const account = await openAccount(settings, network, log, options)
    try {
      return await work(account, signal)
    } finally {
      await account.close()
    }
  }, interruption)
}
