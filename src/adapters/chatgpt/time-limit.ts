/** One signal for an upstream call: the client's, or a limit of time, whichever comes first. */

import { ProxyError } from '../../domain/errors.ts'

/** Ends a call when the client leaves or the time is up. */
export interface TimeLimit {
  /** Aborts with the client's reason, or with `upstream_timeout`. */
  readonly signal: AbortSignal
  /** Sets the limit anew, from now on. */
  start(milliseconds: number): void
  /** Takes the limit away; time that the client takes is not the upstream's. */
  stop(): void
  /** Lets go of the client's signal; only the time counts from now on. */
  release(): void
  /** Ends the call: closes the connection, unless it has been read to its end. */
  end(): void
}

/** Creates a limit that is not running yet; `describe` says what it means that the time is up. */
export function createTimeLimit(
  client: AbortSignal,
  describe: (milliseconds: number) => string = describeSilence,
): TimeLimit {
  const controller = new AbortController()
  const leave = () => controller.abort(client.reason)
  const release = () => client.removeEventListener('abort', leave)
  let timer: NodeJS.Timeout | undefined
  if (client.aborted) leave()
  client.addEventListener('abort', leave, { once: true })
  return {
    signal: controller.signal,
    start(milliseconds) {
      clearTimeout(timer)
      timer = setTimeout(
        () => controller.abort(new ProxyError('upstream_timeout', describe(milliseconds))),
        milliseconds,
      )
    },
    stop: () => clearTimeout(timer),
    release,
    end() {
      clearTimeout(timer)
      release()
      controller.abort()
    },
  }
}

function describeSilence(milliseconds: number): string {
  return `The upstream was silent for ${milliseconds / 1000} seconds. CHATGPT_LOCAL_FIRST_EVENT_TIMEOUT and CHATGPT_LOCAL_IDLE_TIMEOUT set the limits.`
}
