/** What the issuer says while a person signs in on another device (in the manner of RFC 8628). */

import * as v from 'valibot'
import { ProxyError } from '../../domain/errors.ts'
import { parseJson } from '../../domain/json.ts'
import type { IssuerAnswer, NoAnswer } from './client.ts'
import { refusalCode, refusalName } from './refusal.ts'

/** A code to type in, as the issuer gave it. */
export interface DeviceCode {
  readonly deviceId: string
  readonly userCode: string
  readonly intervalMs: number
  readonly lifetimeMs: number
}

/** What asking once has led to. */
export type Poll =
  | { readonly type: 'allowed'; readonly code: string; readonly verifier: string }
  | { readonly type: 'pending' }
  | { readonly type: 'slow-down' }
  /** Asking again may help; `problem` is a sentence for people. */
  | { readonly type: 'fault'; readonly problem: string }

const INTERVAL_SECONDS = 5
const LIFETIME_MS = 15 * 60_000

/** The issuer sends numbers as text. */
const seconds = v.fallback(
  v.optional(
    v.pipe(
      v.union([v.number(), v.pipe(v.string(), v.transform(Number))]),
      v.number(),
      v.minValue(1),
      v.maxValue(3600),
    ),
  ),
  undefined,
)

/** It goes to the terminal as it is. */
const userCode = v.fallback(
  v.optional(v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{4,32}$/))),
  undefined,
)

const Begun = v.looseObject({
  device_auth_id: v.pipe(v.string(), v.nonEmpty()),
  user_code: userCode,
  usercode: userCode,
  interval: seconds,
  expires_in: seconds,
  expires_at: v.fallback(v.optional(v.string()), undefined),
})

const Allowed = v.looseObject({
  authorization_code: v.pipe(v.string(), v.nonEmpty()),
  code_verifier: v.pipe(v.string(), v.nonEmpty()),
})

/**
 * Reads the answer to asking for a code. `now` is what this machine takes for the time.
 *
 * @throws ProxyError `chatgpt_login_required` if the issuer gives no codes,
 *   `auth_refresh_unavailable` for whatever else is none.
 */
export function readDeviceCode(answer: IssuerAnswer | NoAnswer, now: number): DeviceCode {
  if (answer.status === undefined) throw notBegun(answer.problem)
  const { status, text } = answer
  if (status === 404) {
    throw new ProxyError(
      'chatgpt_login_required',
      'Signing in with a code is switched off for this account. It has to be switched on first: for a personal account in the security settings of ChatGPT, for a workspace by its administrator. Signing in through the browser works without. Run: chatmock login',
    )
  }
  if (status < 200 || status > 299) {
    throw notBegun(`The sign-in service answered with ${refusalName(status, text)}.`)
  }
  const begun = v.safeParse(Begun, parseJson(text))
  const code = begun.success ? (begun.output.user_code ?? begun.output.usercode) : undefined
  if (!begun.success || code === undefined) {
    throw notBegun('The answer of the sign-in service held no code.')
  }
  const { device_auth_id, interval = INTERVAL_SECONDS, expires_in, expires_at } = begun.output
  // By the issuer's own clock, for ours may be off.
  const told = Date.parse(answer.date ?? '')
  const leftMs =
    expires_in === undefined
      ? Date.parse(expires_at ?? '') - (Number.isNaN(told) ? now : told)
      : expires_in * 1000
  return {
    deviceId: device_auth_id,
    userCode: code,
    intervalMs: interval * 1000,
    lifetimeMs: leftMs > 0 ? Math.min(leftMs, LIFETIME_MS) : LIFETIME_MS,
  }
}

/**
 * Reads the answer to asking whether the person has decided. 403 and 404 mean "not yet".
 *
 * @throws ProxyError `chatgpt_login_required` if asking again makes no sense.
 */
export function readPoll(answer: IssuerAnswer | NoAnswer): Poll {
  if (answer.status === undefined) return { type: 'fault', problem: answer.problem }
  const { status, text } = answer
  const name = refusalName(status, text)
  if (status < 400) {
    const allowed = v.safeParse(Allowed, parseJson(text))
    if (!allowed.success) return fault('something that cannot be understood')
    const { authorization_code, code_verifier } = allowed.output
    return { type: 'allowed', code: authorization_code, verifier: code_verifier }
  }
  switch (refusalCode(text)) {
    case 'access_denied':
      throw over('The sign-in was declined.')
    case 'expired_token':
      throw codeEnded()
    case 'slow_down':
      return { type: 'slow-down' }
    case 'authorization_pending':
      return { type: 'pending' }
  }
  if (status === 403 || status === 404) return { type: 'pending' }
  if (status === 408 || status === 429 || status >= 500) return fault(name)
  throw over(`The sign-in was refused (${name}).`)
}

function fault(what: string): Poll {
  return { type: 'fault', problem: `The sign-in service answered with ${what}.` }
}

/** Says that another code is needed. */
export function codeEnded(): ProxyError {
  return over('The code has ended before it was used.')
}

function over(what: string): ProxyError {
  return new ProxyError('chatgpt_login_required', `${what} Run: chatmock login --headless`)
}

function notBegun(what: string): ProxyError {
  return new ProxyError(
    'auth_refresh_unavailable',
    `The sign-in could not be begun. ${what} Try again later. Run: chatmock login --headless`,
  )
}
