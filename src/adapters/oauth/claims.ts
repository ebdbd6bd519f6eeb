/** What a token of the issuer says of itself. */

import { decodeJwt } from 'jose'
import * as v from 'valibot'
import type { TokenClaims } from '../../domain/login-ports.ts'

const text = v.fallback(v.optional(v.string()), undefined)

const account = {
  chatgpt_account_id: text,
  chatgpt_plan_type: text,
  organizations: v.fallback(v.optional(v.array(v.looseObject({ id: text }))), undefined),
}

const AUTH = 'https://api.openai.com/auth'
const PROFILE = 'https://api.openai.com/profile'

const Payload = v.looseObject({
  ...account,
  exp: v.fallback(v.optional(v.number()), undefined),
  email: text,
  [AUTH]: v.fallback(v.optional(v.looseObject(account)), undefined),
  [PROFILE]: v.fallback(v.optional(v.looseObject({ email: text })), undefined),
})

/**
 * Reads a JWT without checking its signature.
 *
 * The account is the first of: `chatgpt_account_id` under `https://api.openai.com/auth`, the same
 * at top level, the first organization. The plan is `chatgpt_plan_type` of the same two places;
 * the e-mail is that at top level, else that under `https://api.openai.com/profile`. A claim that
 * is missing or of a wrong type, or a token that is no JWT, gives `undefined`; never throws.
 */
export function readClaims(token: string): TokenClaims {
  const payload = v.safeParse(Payload, decode(token))
  if (!payload.success) {
    return { expiresAt: undefined, accountId: undefined, email: undefined, plan: undefined }
  }
  const top = payload.output
  const scoped = top[AUTH]
  return {
    expiresAt: top.exp === undefined ? undefined : top.exp * 1000,
    accountId:
      scoped?.chatgpt_account_id ||
      top.chatgpt_account_id ||
      scoped?.organizations?.[0]?.id ||
      top.organizations?.[0]?.id ||
      undefined,
    email: top.email || top[PROFILE]?.email || undefined,
    plan: scoped?.chatgpt_plan_type || top.chatgpt_plan_type || undefined,
  }
}

function decode(token: string): unknown {
  try {
    return decodeJwt(token)
  } catch {
    return undefined
  }
}
