/** Ctrl-C, a terminal that closes and the like, for commands that must not be cut off in a renewal. */

import { CommandError, EXIT } from './exit.ts'

const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * Does `work` with a signal that aborts, with `reason`, when the process is told to stop. The work
 * then has to come to its end by itself; being told once more ends the process at once.
 */
export async function untilInterrupted<T>(
  work: (signal: AbortSignal) => Promise<T>,
  reason: () => Error = () => new CommandError('Interrupted.', EXIT.failure),
): Promise<T> {
  const controller = new AbortController()
  const stop = (signal: (typeof STOP_SIGNALS)[number]) => {
    if (controller.signal.aborted) {
      process.exit(signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated)
    }
    controller.abort(reason())
  }
  for (const signal of STOP_SIGNALS) process.on(signal, stop)
  try {
    return await work(controller.signal)
  } finally {
    for (const signal of STOP_SIGNALS) process.off(signal, stop)
  }
}
