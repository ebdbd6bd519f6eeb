/** Asking the upstream in the name of the account. */

import { ProxyError } from './errors.ts'
import type { Authenticator, Credentials } from './ports.ts'

/**
 * Sends with the credentials of the account. If the upstream refuses them they are renewed, and it
 * is sent once more. The signal ends the wait for credentials; `send` looks to the rest.
 *
 * @throws ProxyError as `Authenticator.credentials` and `send` do.
 */
export async function withLogin<T>(
  authenticator: Authenticator,
  send: (credentials: Credentials) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const credentials = await authenticator.credentials(signal)
  try {
    return await send(credentials)
  } catch (error) {
    if (!(error instanceof ProxyError) || error.code !== 'chatgpt_login_required') throw error
    return await send(await authenticator.renew(credentials, signal))
  }
}
