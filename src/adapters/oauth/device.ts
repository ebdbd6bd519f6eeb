/** Signing in on another device, with a code to type in there. */

import { ProxyError } from '../../domain/errors.ts'
import type { Grant } from '../../domain/login-ports.ts'
import type { Clock } from '../../domain/ports.ts'
import { unlessAborted } from '../../domain/unless-aborted.ts'
import { createIssuerClient, type IssuerOptions } from './client.ts'
import { codeEnded, readDeviceCode, readPoll } from './device-answers.ts'

/** What signing in with a code depends on. */
export interface DeviceLoginOptions extends IssuerOptions {
  readonly clientId: string
  readonly clock: Clock
  /** How long one request may take. Default 30 s. */
  readonly timeoutMs?: number
}

/** A sign-in that waits for the person. */
export interface DeviceLogin {
  /** What to type in. It is meant for this person alone, on a page that they opened themselves. */
  readonly userCode: string
  /** Where to type it in. */
  readonly verificationUrl: string
  /** When the code ends, by `Clock.monotonic()`. */
  readonly deadline: number
  /**
   * Asks again and again until the person has decided or the code has ended. Faults of the network
   * only make it ask less often.
   *
   * @throws ProxyError `chatgpt_login_required` if the person declined, the issuer refused or the
   *   code has ended; `auth_refresh_unavailable` if at its end the issuer could not be asked; the
   *   reason of `signal`.
   */
  grant(signal: AbortSignal): Promise<Grant>
}

const SLOW_DOWN_MS = 5000
const LONGEST_PAUSE_MS = 60_000

/**
 * Asks for a code, which is good for 15 minutes unless the issuer says less.
 *
 * @throws ProxyError `chatgpt_login_required` if the issuer gives no codes,
 *   `auth_refresh_unavailable` if it could not be asked; the reason of `signal`.
 */
export async function beginDeviceLogin(
  options: DeviceLoginOptions,
  signal: AbortSignal,
): Promise<DeviceLogin> {
  const { issuer, clientId, clock, timeoutMs = 30_000 } = options
  const client = createIssuerClient(options)
  const ask = (path: string, fields: Readonly<Record<string, string>>, until: AbortSignal) =>
    client.post(`/api/accounts/deviceauth/${path}`, fields, timeoutMs, until)
  const begun = await ask('usercode', { client_id: clientId }, signal)
  const { deviceId, userCode, intervalMs, lifetimeMs } = readDeviceCode(begun, clock.now())
  const deadline = clock.monotonic() + lifetimeMs

  async function grant(until: AbortSignal): Promise<Grant> {
    let spacingMs = intervalMs
    let faults = 0
    let problem: string | undefined
    for (;;) {
      const leftMs = deadline - clock.monotonic()
      if (leftMs <= 0) throw problem === undefined ? codeEnded() : unreachable(problem)
      const longestMs = Math.max(LONGEST_PAUSE_MS, spacingMs)
      const pauseMs = Math.min(spacingMs * 2 ** faults, longestMs, leftMs)
      await unlessAborted(clock.pause(pauseMs, until), until)
      const fields = { device_auth_id: deviceId, user_code: userCode }
      const poll = readPoll(await ask('token', fields, until))
      if (poll.type === 'allowed') {
        const { code, verifier } = poll
        return { code, verifier, redirectUri: `${issuer}/deviceauth/callback` }
      }
      if (poll.type === 'slow-down') spacingMs += SLOW_DOWN_MS
      problem = poll.type === 'fault' ? poll.problem : undefined
      faults = problem === undefined ? 0 : faults + 1
    }
  }

  return { userCode, verificationUrl: `${issuer}/codex/device`, deadline, grant }
}

function unreachable(problem: string): ProxyError {
  return new ProxyError(
    'auth_refresh_unavailable',
    `The sign-in could not be finished in time. ${problem} Run: chatmock login --headless`,
  )
}
