/** The issuer's token endpoints: RFC 6749 sections 4.1.3 and 6 (with a JSON body), RFC 7009. */

import * as v from 'valibot'
import { ProxyError } from '../../domain/errors.ts'
import { parseJson } from '../../domain/json.ts'
import type { Grant, SignInProvider, Tokens } from '../../domain/login-ports.ts'
import type { Clock } from '../../domain/ports.ts'
import { readClaims } from './claims.ts'
import { createIssuerClient, type IssuerAnswer, type IssuerOptions } from './client.ts'
import { isFinalRefusal, refusalCode, refusalName } from './refusal.ts'

/** What the provider depends on. */
export interface IdentityProviderOptions extends IssuerOptions {
  readonly clientId: string
  readonly clock: Pick<Clock, 'now'>
  /** What to run when a login is over. Default: `chatmock login`. */
  readonly signInCommand?: string
  /** How long an exchange may take, the body included. Default 30 s. */
  readonly timeoutMs?: number
  /** The same for a revocation. Default 10 s. */
  readonly revokeTimeoutMs?: number
}

const token = v.pipe(v.string(), v.nonEmpty())

const Renewal = v.looseObject({
  access_token: token,
  refresh_token: v.nullish(v.string()),
  id_token: v.nullish(v.string()),
})

const SignIn = v.looseObject({ access_token: token, refresh_token: token, id_token: token })

/** Creates the provider over one issuer. It sends each exchange once and follows no redirect. */
export function createIdentityProvider(options: IdentityProviderOptions): SignInProvider {
  const { clientId, clock, timeoutMs = 30_000, revokeTimeoutMs = 10_000 } = options
  const { signInCommand = 'chatmock login' } = options
  const client = createIssuerClient(options)
  const now = () => new Date(clock.now()).toISOString()
  return {
    claims: readClaims,
    async refresh(tokens) {
      if (!tokens.refreshToken) {
        throw loginRequired(
          'The stored login has no refresh token, so it cannot be renewed.',
          signInCommand,
        )
      }
      const fields = {
        client_id: clientId,
        grant_type: 'refresh_token',
        refresh_token: tokens.refreshToken,
      }
      const answer = await client.post('/oauth/token', fields, timeoutMs)
      if (answer.status === undefined) throw notRenewed(answer.problem)
      return readRenewal(answer, tokens, now(), signInCommand)
    },
    async redeem(grant) {
      const answer = await client.post('/oauth/token', redemption(clientId, grant), timeoutMs)
      if (answer.status === undefined) throw notSignedIn(answer.problem)
      return readSignIn(answer, now())
    },
    async revoke({ refreshToken, accessToken }) {
      const fields = refreshToken
        ? { token: refreshToken, token_type_hint: 'refresh_token', client_id: clientId }
        : { token: accessToken, token_type_hint: 'access_token' }
      const { status } = await client.post('/oauth/revoke', fields, revokeTimeoutMs)
      return status !== undefined && isSuccess(status)
    },
  }
}

function redemption(clientId: string, { code, redirectUri, verifier }: Grant): URLSearchParams {
  return new URLSearchParams({
    grant_type: 'authorization_code',
    client_id: clientId,
    code,
    redirect_uri: redirectUri,
    code_verifier: verifier,
  })
}

function readRenewal(
  { status, text }: IssuerAnswer,
  tokens: Tokens,
  now: string,
  signInCommand: string,
): Tokens {
  if (!isSuccess(status)) {
    const code = refusalCode(text)
    const isOver = isFinalRefusal(code) || status === 401
    if (isOver && isClientError(status)) {
      throw loginRequired(
        `The ChatGPT login is over (${isFinalRefusal(code) ? code : 'HTTP 401'}).`,
        signInCommand,
      )
    }
    throw notRenewed(`The sign-in service answered with HTTP ${status}.`)
  }
  const renewal = v.safeParse(Renewal, parseJson(text))
  if (!renewal.success) throw notRenewed('The answer of the sign-in service held no access token.')
  const { access_token, refresh_token, id_token } = renewal.output
  return {
    ...tokens,
    accessToken: access_token,
    refreshToken: refresh_token || tokens.refreshToken,
    idToken: id_token || tokens.idToken,
    lastRefresh: now,
  }
}

function readSignIn({ status, text }: IssuerAnswer, now: string): Tokens {
  if (!isSuccess(status)) {
    const problem = `The sign-in service answered with ${refusalName(status, text)}.`
    if (!isClientError(status)) throw notSignedIn(problem)
    throw loginRequired(
      `The sign-in was refused (${refusalName(status, text)}) and must be begun again.`,
      'chatmock login',
    )
  }
  const signIn = v.safeParse(SignIn, parseJson(text))
  if (!signIn.success) {
    throw notSignedIn('The answer of the sign-in service did not hold all three tokens.')
  }
  const { access_token, refresh_token, id_token } = signIn.output
  return {
    accessToken: access_token,
    refreshToken: refresh_token,
    idToken: id_token,
    accountId: readClaims(id_token).accountId ?? readClaims(access_token).accountId,
    lastRefresh: now,
    loginId: undefined,
  }
}

function isSuccess(status: number): boolean {
  return status >= 200 && status <= 299
}

/** Whether a status blames the request; 429 blames only its time. */
function isClientError(status: number): boolean {
  return status >= 400 && status <= 499 && status !== 429
}

function loginRequired(what: string, command: string): ProxyError {
  return new ProxyError('chatgpt_login_required', `${what} Run: ${command}`)
}

function notRenewed(what: string): ProxyError {
  return new ProxyError(
    'auth_refresh_unavailable',
    `The ChatGPT login could not be renewed for now. ${what}`,
  )
}

function notSignedIn(what: string): ProxyError {
  return new ProxyError(
    'auth_refresh_unavailable',
    `The sign-in could not be finished. ${what} Begin it again. Run: chatmock login`,
  )
}
