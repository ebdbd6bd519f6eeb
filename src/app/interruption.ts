/** Ctrl-C and the like, for commands that must not be cut off in the middle of a renewal. */

import { CommandError, EXIT } from './exit.ts'

type StopSignal = 'SIGINT' | 'SIGTERM'

/**
 * Does `work` with a signal that aborts, with `reason`, when the process is told to stop. The work
 * then has to come to its end by itself; being told once more ends the process at once.
 */
export async function untilInterrupted<T>(
  work: (signal: AbortSignal) => Promise<T>,
  reason: () => Error = () => new CommandError('Interrupted.', EXIT.failure),
): Promise<T> {
  const controller = new AbortController()
  const stop = (signal: StopSignal) => {
    if (controller.signal.aborted) {
      process.exit(signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated)
    }
    controller.abort(reason())
  }
  process.on('SIGINT', stop).on('SIGTERM', stop)
  try {
    return await work(controller.signal)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}
