/** Where a person allows the sign-in (RFC 6749 section 4.1.1). */

import type { Attempt } from './pkce.ts'

/** What the issuer is asked. */
export interface AuthorizationRequest extends Pick<Attempt, 'state' | 'challenge'> {
  /** URL without a slash at its end. */
  readonly issuer: string
  readonly clientId: string
  readonly redirectUri: string
}

/** Returns the address to open in a browser. */
export function authorizationUrl(request: AuthorizationRequest): string {
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: request.clientId,
    redirect_uri: request.redirectUri,
    code_challenge: request.challenge,
    code_challenge_method: 'S256',
    state: request.state,
    scope: 'openid profile email offline_access',
    id_token_add_organizations: 'true',
    codex_cli_simplified_flow: 'true',
    originator: 'chatmock',
  })
  return `${request.issuer}/oauth/authorize?${query}`
}
