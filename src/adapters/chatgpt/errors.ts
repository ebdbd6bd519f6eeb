/** The upstream's refusals and failures as the domain's errors. */

import { type ErrorCode, ProxyError } from '../../domain/errors.ts'
import { parseJson } from '../../domain/json.ts'
import { plainText } from '../../domain/plain-text.ts'
import { asNumber, asObject, asString, type JsonObject } from './json.ts'
import { retryAfterOf, retryHint } from './retry-after.ts'
import { limitMessage, readUsageLimit } from './usage-limit.ts'

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
])

/** What the upstream says of a failure, whichever of its shapes it uses. */
interface Complaint {
  readonly message: string | undefined
  readonly code: string | undefined
  readonly param: string | undefined
  /** The `error` object itself. */
  readonly error: JsonObject
}

const NO_COMPLAINT: Complaint = { message: undefined, code: undefined, param: undefined, error: {} }

/**
 * Judges an answer that is not the 200 that was hoped for; `body` may be cut, `now` is in ms, and
 * `signInCommand` is what to run if the login is no good, `chatmock login` if not said.
 */
export function failureOfResponse(
  response: Response,
  body: string,
  now: number,
  signInCommand?: string,
): ProxyError {
  const { status, headers } = response
  const isHtml = /text\/html/i.test(headers.get('content-type') ?? '') || /^\s*</.test(body)
  if (status >= 300 && status < 400) {
    return new ProxyError(
      'upstream_redirect',
      'The upstream answered with a redirect, which is not followed. Check CHATGPT_LOCAL_BASE_URL and the network (a sign-in page of the network does this).',
    )
  }
  if (status === 403 && isHtml) {
    const ray = headers.get('cf-ray')
    return new ProxyError(
      'upstream_blocked',
      `The network in front of ChatGPT blocked the request${ray ? ` (cf-ray ${ray})` : ''}. Try another network or wait a while.`,
    )
  }
  const complaint = isHtml ? NO_COMPLAINT : readComplaint(body)
  const retryAfterSeconds = retryAfterOf(headers, now) ?? retryHint(complaint.message)
  const code = codeOfStatus(status, complaint)
  return toError(code, complaint, { status, retryAfterSeconds, now, signInCommand })
}

/** Judges the `error` of `response.failed` or of an `error` event; `now` is in ms. */
export function failureInStream(event: JsonObject, error: unknown, now: number): ProxyError {
  const complaint = complaintOf(asObject(error) ?? {}, {})
  const status = asNumber(event['status']) ?? asNumber(event['status_code'])
  const code = status === undefined ? codeWithoutStatus(complaint) : codeOfStatus(status, complaint)
  return toError(code, complaint, {
    status,
    retryAfterSeconds: retryHint(complaint.message),
    now,
  })
}

/** FastAPI's `detail`, OpenAI's `error`, a bare message, or text. */
function readComplaint(body: string): Complaint {
  const parsed = parseJson(body)
  if (parsed === undefined) return { ...NO_COMPLAINT, message: shown(body.trim() || undefined) }
  const whole = asObject(parsed) ?? {}
  const details: unknown = whole['detail']
  const detail = asObject(Array.isArray(details) ? details[0] : details) ?? {}
  const complaint = complaintOf(asObject(whole['error']) ?? {}, detail)
  const message =
    complaint.message ??
    shown(
      asString(details) ??
        asString(detail['message']) ??
        asString(detail['msg']) ??
        asString(whole['message']) ??
        asString(whole['error']),
    )
  return { ...complaint, message }
}

function complaintOf(error: JsonObject, detail: JsonObject): Complaint {
  const type = asString(error['type'])
  // Usage limits have their code in `type`; elsewhere the type only names a family.
  const isCode = KNOWN_CODES.has(type)
  return {
    message: shown(asString(error['message'])),
    code: isCode ? type : (asString(error['code']) ?? asString(detail['code'])),
    param: asString(error['param']),
    error,
  }
}

function shown(message: string | undefined): string | undefined {
  return message === undefined ? undefined : plainText(message)
}

function knownCode({ code, message }: Complaint): ErrorCode | undefined {
  if (/model is at capacity/i.test(message ?? '')) return 'server_is_overloaded'
  return KNOWN_CODES.get(code)
}

function codeOfStatus(status: number, complaint: Complaint): ErrorCode {
  if (status === 401) return 'chatgpt_login_required'
  const known = knownCode(complaint)
  if (known !== undefined) return known
  const { message = '' } = complaint
  if (status === 400 && /^Unsupported parameter:/i.test(message)) return 'unsupported_parameter'
  if (/^Model not found|model is not supported when using Codex/i.test(message)) {
    return 'model_not_found'
  }
  if (status === 429) return 'rate_limit_exceeded'
  if (status === 503 || status === 529) return 'server_is_overloaded'
  // These two are about the moment, not about the request.
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 409
  return isRefusal ? 'upstream_refused' : 'upstream_error'
}

function codeWithoutStatus(complaint: Complaint): ErrorCode {
  const known = knownCode(complaint)
  if (known !== undefined) return known
  const isRefusal =
    complaint.error['type'] === 'invalid_request_error' ||
    /^(?:invalid|unsupported|missing|unknown)_/.test(complaint.code ?? '')
  return isRefusal ? 'upstream_refused' : 'upstream_error'
}

interface Circumstances {
  readonly status: number | undefined
  readonly retryAfterSeconds: number | undefined
  readonly now: number
  readonly signInCommand?: string | undefined
}

function toError(
  code: ErrorCode,
  { message, code: upstreamCode, param, error }: Complaint,
  { status, retryAfterSeconds, now, signInCommand = 'chatmock login' }: Circumstances,
): ProxyError {
  const facts = { upstream: { status, code: upstreamCode, message }, param, retryAfterSeconds }
  switch (code) {
    case 'chatgpt_login_required':
      return new ProxyError(code, `ChatGPT no longer accepts this login. Run: ${signInCommand}`)
    case 'unsupported_parameter':
      return new ProxyError(code, message ?? '', {
        ...facts,
        param: param ?? /:\s*'?([\w.[\]]+)/.exec(message ?? '')?.[1],
      })
    case 'model_not_found':
      return new ProxyError(code, message ?? 'The account does not have this model.', {
        ...facts,
        param: 'model',
      })
    case 'usage_limit_reached': {
      const usageLimit = readUsageLimit(error, now)
      return new ProxyError(code, limitMessage(message, usageLimit), { ...facts, usageLimit })
    }
    default:
      return new ProxyError(code, message ?? withoutReason(status), facts)
  }
}

function withoutReason(status: number | undefined): string {
  return status === undefined
    ? 'ChatGPT reported a failure and gave no reason.'
    : `ChatGPT answered with status ${status} and no reason.`
}
