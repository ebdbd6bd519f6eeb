/** Signing in through a browser that comes back here, or whose last address the person pastes. */

import { openBrowser } from '../adapters/browser/open.ts'
import { authorizationUrl } from '../adapters/oauth/authorize.ts'
import { type CallbackListener, listenForCallback } from '../adapters/oauth/callback.ts'
import { PortsInUseError } from '../adapters/oauth/loopback.ts'
import type { LoginOutcome } from '../adapters/oauth/outcome.ts'
import { readPasted } from '../adapters/oauth/pasted.ts'
import { createAttempt } from '../adapters/oauth/pkce.ts'
import { browserScreen } from '../adapters/terminal/login-screen.ts'
import { readSecretLines } from '../adapters/terminal/secret-line.ts'
import { paragraph } from '../adapters/terminal/wrap.ts'
import type { CompleteSignIn, SignedIn } from '../domain/sign-in.ts'
import type { LoginCommand } from './args.ts'
import { CommandError, EXIT } from './exit.ts'
import { ended } from './login-end.ts'
import { screenOn } from './screen.ts'

/**
 * Waits for the person in the browser and at the prompt at the same time; whichever comes first.
 *
 * @throws CommandError if it gives no login; the reason of `signal`.
 */
export async function signInThroughBrowser(
  { settings, opensBrowser }: LoginCommand,
  complete: CompleteSignIn,
  signal: AbortSignal,
): Promise<SignedIn> {
  const { state, verifier, challenge } = createAttempt()
  const listener = await listenForCallback(
    { state, onGrant: (code, redirectUri) => complete({ code, verifier, redirectUri }) },
    signal,
  ).catch(error => {
    if (!(error instanceof PortsInUseError)) throw error
    throw new CommandError(error.message, EXIT.portInUse, { cause: error })
  })
  const { issuer, clientId } = settings
  const { redirectUri } = listener
  const url = authorizationUrl({ issuer, clientId, redirectUri, state, challenge })
  await showStart(url, listener.port, opensBrowser)

  const pasting = new AbortController()
  const pasted = readSecretLines(
    process.stdin,
    {
      onLine: line => takePasted(line, state, listener),
      onCancel: () => process.emit('SIGINT'),
    },
    pasting.signal,
  )
  try {
    return resultOf(await listener.outcome)
  } finally {
    pasting.abort()
    await pasted
    await listener.close()
  }
}

async function showStart(url: string, port: number, opensBrowser: boolean): Promise<void> {
  const { paint, columns, write } = screenOn(process.stderr)
  const isOpen = opensBrowser && (await openBrowser(url, process.env, process.platform))
  const browser = opensBrowser ? (isOpen ? 'opened' : 'not-opened') : 'not-asked'
  const canPaste = process.stdin.isTTY === true
  const address = `http://localhost:${port}`
  write(browserScreen({ address, url, browser, canPaste }, paint, columns))
}

function takePasted(line: string, state: string, listener: CallbackListener<SignedIn>): void {
  const decision = readPasted(line, state)
  if (decision.type === 'not-accepted') {
    const { columns, write } = screenOn(process.stderr)
    write(`${paragraph(decision.message, columns, 0).join('\n')}\n`)
  } else {
    listener.deliver(decision)
  }
}

function resultOf(outcome: LoginOutcome<SignedIn>): SignedIn {
  switch (outcome.type) {
    case 'accepted':
      return outcome.result
    case 'failed':
      throw outcome.error
    case 'declined':
      throw ended({ type: 'declined' })
    case 'refused':
      throw ended({ type: 'failed', message: outcome.message })
    case 'cancelled':
      throw ended({ type: 'cancelled' })
    default:
      return outcome satisfies never
  }
}
