/** The login of the demo, which needs none. */

import type { Authenticator, Credentials } from '../../domain/ports.ts'

const CREDENTIALS: Credentials = { accessToken: 'demo', accountId: 'demo' }

/** Creates an authenticator that always answers with the same harmless credentials. */
export function createDemoAuthenticator(): Authenticator {
  return {
    credentials: async () => CREDENTIALS,
    renew: async () => CREDENTIALS,
  }
}
