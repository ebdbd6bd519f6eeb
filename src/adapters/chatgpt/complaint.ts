/** What the upstream says of a failure, whichever of its shapes it uses. */

import type { ErrorCode } from '../../domain/errors.ts'
import { asObject, asString, type JsonObject, parseJson } from '../../domain/json.ts'
import { plainText } from '../../domain/plain-text.ts'

/** What is said; a key is `undefined` where nothing is. */
export interface Complaint {
  /** Safe to show. */
  readonly message: string | undefined
  readonly code: string | undefined
  /** The field to blame, as a path. */
  readonly param: string | undefined
  /** The object that it was said in. */
  readonly error: JsonObject
}

/** The upstream's codes that mean one thing whatever status they come with. */
const KNOWN_CODES: ReadonlyMap<string | undefined, ErrorCode> = new Map([
  ['context_length_exceeded', 'context_length_exceeded'],
  ['invalid_prompt', 'invalid_prompt'],
  ['cyber_policy', 'policy_violation'],
  ['bio_policy', 'policy_violation'],
  ['misalignment_policy_violation', 'policy_violation'],
  ['content_policy_violation', 'policy_violation'],
  ['usage_limit_reached', 'usage_limit_reached'],
  ['usage_not_included', 'usage_limit_reached'],
  ['insufficient_quota', 'usage_limit_reached'],
  ['organization_spend_limit_exceeded', 'usage_limit_reached'],
  ['workspace_owner_usage_limit_reached', 'usage_limit_reached'],
  ['workspace_member_usage_limit_reached', 'usage_limit_reached'],
  ['workspace_owner_credits_depleted', 'usage_limit_reached'],
  ['workspace_member_credits_depleted', 'usage_limit_reached'],
  ['rate_limit_exceeded', 'rate_limit_exceeded'],
  ['server_is_overloaded', 'server_is_overloaded'],
  ['slow_down', 'server_is_overloaded'],
  ['model_not_found', 'model_not_found'],
  ['unsupported_parameter', 'unsupported_parameter'],
])

/** Longest path of a field that is told. */
const MAX_PARAM_LENGTH = 200

/** Returns what the upstream's code means, if it means one thing. */
export function knownCode({ code }: Complaint): ErrorCode | undefined {
  return KNOWN_CODES.get(code)
}

/** Reads a refusal: its body, which may be cut, and what its headers add to that. */
export function complaintOfResponse({ status, headers }: Response, body: string): Complaint {
  const said = isPage(headers, body) ? complaintOf({}) : complaintOfBody(body)
  const hidden = complaintOf(asObject(errorHeader(headers)?.['error']) ?? {})
  return {
    message: said.message ?? hidden.message,
    code:
      limitHeader(status, headers, said) ??
      said.code ??
      hidden.code ??
      plain(headers.get('x-openai-authorization-error'), MAX_PARAM_LENGTH),
    param: said.param ?? hidden.param,
    error: Object.keys(said.error).length > 0 ? said.error : hidden.error,
  }
}

/** Reads the object that an error is told in. */
export function complaintOf(error: JsonObject): Complaint {
  const type = asString(error['type'])
  return {
    message: plain(error['message']) ?? plain(error['msg']),
    // Usage limits have their code in `type`; elsewhere the type only names a family.
    code: KNOWN_CODES.has(type) ? type : asString(error['code']) || undefined,
    param: plain(error['param'], MAX_PARAM_LENGTH) ?? pathOf(error['loc']),
    error,
  }
}

/** Tells whether a body is made for people: nothing in a web page is an answer to a request. */
export function isPage(headers: Headers, body: string): boolean {
  return /text\/html/i.test(headers.get('content-type') ?? '') || /^\s*</.test(body)
}

/** OpenAI's `error`, FastAPI's `detail` or list of them, a bare message, or text. */
function complaintOfBody(body: string): Complaint {
  const parsed = parseJson(body)
  if (parsed === undefined) return { ...complaintOf({}), message: plain(body) }
  const whole = asObject(parsed) ?? {}
  const details: unknown = whole['detail']
  const detail: unknown = Array.isArray(details) ? details[0] : details
  const error = asObject(whole['error']) ?? asObject(detail) ?? whole
  const complaint = complaintOf(error)
  const text = plain(parsed) ?? plain(detail) ?? plain(whole['message']) ?? plain(whole['error'])
  return { ...complaint, message: complaint.message ?? text }
}

/** `x-error-json`: what a body would say, as base64. */
function errorHeader(headers: Headers): JsonObject | undefined {
  const encoded = headers.get('x-error-json')
  if (encoded === null) return undefined
  return asObject(parseJson(Buffer.from(encoded, 'base64').toString()))
}

/** The limit of a workspace is told in a header, whatever the body calls it. */
function limitHeader(status: number, headers: Headers, said: Complaint): string | undefined {
  const reached = headers.get('x-codex-rate-limit-reached-type')?.trim()
  const isNews = status === 429 && knownCode(said) !== 'usage_limit_reached'
  return isNews && KNOWN_CODES.get(reached) === 'usage_limit_reached' ? reached : undefined
}

/** FastAPI's `["body", "input", 0, "content"]` as `input[0].content`. */
function pathOf(location: unknown): string | undefined {
  if (!Array.isArray(location)) return undefined
  const [first, ...rest] = location
  const keys = first === 'body' ? rest : location
  const path = keys.map(key => (typeof key === 'number' ? `[${key}]` : `.${key}`)).join('')
  return plain(path.replace(/^\./, ''), MAX_PARAM_LENGTH)
}

/** An empty text says nothing. */
function plain(text: unknown, maxLength?: number): string | undefined {
  return typeof text === 'string' ? plainText(text, maxLength) || undefined : undefined
}
