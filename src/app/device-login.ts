/** Signing in with a code that the person enters on any other device. */

import { beginDeviceLogin } from '../adapters/oauth/device.ts'
import { showCountdown } from '../adapters/terminal/countdown.ts'
import { deviceScreen } from '../adapters/terminal/login-screen.ts'
import type { CompleteSignIn, SignedIn } from '../domain/sign-in.ts'
import type { Account } from './account.ts'
import type { LoginCommand } from './args.ts'
import { screenOn } from './screen.ts'

/**
 * Shows a code and waits until it has been used.
 *
 * @throws ProxyError as `beginDeviceLogin` and its `grant` do; the reason of `signal`.
 */
export async function signInWithCode(
  { outbound, userAgent, serverTime, clock }: Account,
  { settings }: LoginCommand,
  complete: CompleteSignIn,
  signal: AbortSignal,
): Promise<SignedIn> {
  const { issuer, clientId } = settings
  const { fetch } = outbound
  const device = await beginDeviceLogin(
    { issuer, clientId, userAgent, fetch, clock, time: serverTime },
    signal,
  )
  const leftMs = device.deadline - clock.monotonic()
  const { paint, columns, write } = screenOn(process.stdout)
  const facts = {
    url: device.verificationUrl,
    code: device.userCode,
    expiresAt: clock.now() + leftMs,
  }
  write(`${deviceScreen(facts, paint, columns)}\n`)
  const countdown = showCountdown(process.stderr, {
    seconds: leftMs / 1000,
    hint: 'Press Ctrl-C to cancel.',
    monotonic: clock.monotonic,
  })
  try {
    return await complete(await device.grant(signal))
  } finally {
    countdown.stop()
  }
}
