/** The upstream's refusals and failures as the domain's errors. */

import { type ErrorCode, ProxyError } from '../../domain/errors.ts'
import { asNumber, asObject, type JsonObject } from '../../domain/json.ts'
import { type Complaint, complaintOf, complaintOfResponse, isPage, knownCode } from './complaint.ts'
import { retryAfterOf, retryHint } from './retry-after.ts'
import { limitMessage, readUsageLimit } from './usage-limit.ts'

/** Any other code tells of something that both forms have. */
const CODES_OF_FORM: ReadonlySet<ErrorCode> = new Set([
  'upstream_refused',
  'unsupported_parameter',
  'model_not_found',
])
const PARAM_OF_FORM =
  /^(?:tools|additional_tools|reasoning\.context|input\[\d+\]\.tools(?:\[\d+\](?:\.(?:type|name|description|tools))?)?)$/
/** "tools" and "namespace" are no names within a path, and "lite" is no part of a model's. */
const WORDS_OF_FORM =
  /responses[ _-]lite\b|(?<![\w-])lite(?![\w-])|\badditional_tools\b|(?<![\w.-])tools(?![\w[-]|\.\w)|(?<![\w.])namespace\b|reasoning\.context/i
/** In the lite form a client's tools are those of the namespace in the first item. */
const PARAM_IN_TOOL = /^(?:input\[\d+\]\.tools\[\d+\]\.)?tools\[\d+\]\./
const CODE_OF_TOOL = /schema|parameters|max_length/
const WORDS_OF_TOOL = /\bschema\b|(?<!\b(?:unknown|unsupported) )\bparameters\b/i

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
  if (status >= 300 && status < 400) {
    return new ProxyError(
      'upstream_redirect',
      'The upstream answered with a redirect, which is not followed. Check CHATGPT_LOCAL_BASE_URL and the network (a sign-in page of the network does this).',
    )
  }
  if (headers.has('cf-mitigated') || (status === 403 && isPage(headers, body))) {
    const ray = headers.get('cf-ray')
    return new ProxyError(
      'upstream_blocked',
      `The network in front of ChatGPT blocked the request${ray ? ` (cf-ray ${ray})` : ''}. Try another network or wait a while.`,
    )
  }
  const complaint = complaintOfResponse(response, body)
  const retryAfterSeconds = retryAfterOf(headers, now) ?? retryHint(complaint.message)
  const code = codeOfStatus(status, complaint)
  return toError(code, complaint, { status, retryAfterSeconds, now, signInCommand })
}

/** Judges the `error` of `response.failed` or of an `error` event; `now` is in ms. */
export function failureInStream(event: JsonObject, error: unknown, now: number): ProxyError {
  const complaint = complaintOf(asObject(error) ?? {})
  const status = asNumber(event['status']) ?? asNumber(event['status_code'])
  const code = status === undefined ? codeWithoutStatus(complaint) : codeOfStatus(status, complaint)
  return toError(code, complaint, {
    status,
    retryAfterSeconds: retryHint(complaint.message),
    now,
  })
}

/**
 * Returns a refusal of a request in the "lite" form, which moves things, in terms of what was asked:
 * a tool is named where it was, and of the conversation only that it is to blame.
 */
export function outsideLite(refusal: ProxyError): ProxyError {
  const [, tool, rest = ''] =
    /^input\[\d+\](?:\.tools\[\d+\]\.tools(\[\d+\]))?(.*)$/s.exec(refusal.param ?? '') ?? []
  if (!refusal.param?.startsWith('input[')) return refusal
  const param = tool === undefined ? 'input' : `tools${tool}${rest}`
  return refusal.with({ param })
}

/**
 * Tells whether a refusal names what differs between the two forms of a request. What one client
 * says of its own tools does not: the form is everybody's.
 */
export function blamesForm({ code, upstream, param = '' }: ProxyError): boolean {
  const { message = '', code: upstreamCode = '' } = upstream ?? {}
  const isAboutTool =
    PARAM_IN_TOOL.test(param) || CODE_OF_TOOL.test(upstreamCode) || WORDS_OF_TOOL.test(message)
  const mayBeAboutForm = CODES_OF_FORM.has(code) && !isAboutTool
  return mayBeAboutForm && (PARAM_OF_FORM.test(param) || WORDS_OF_FORM.test(message))
}

/** Tells whether a refusal names the namespace of an earlier call. */
export function blamesNamespace({ upstream, param }: ProxyError): boolean {
  return /\binput\[\d+\]\.namespace\b/.test(`${upstream?.message} ${param}`)
}

/** Tells whether the upstream could not read reasoning that it is said to have written itself. */
export function blamesReasoning(error: unknown): boolean {
  if (!(error instanceof ProxyError)) return false
  const { code, message = '' } = error.upstream ?? {}
  return (
    code === 'invalid_encrypted_content' ||
    /encrypted[ _]content.*could not be (?:verified|decrypted)/i.test(message)
  )
}

function codeOfStatus(status: number, complaint: Complaint): ErrorCode {
  if (status === 401) return 'chatgpt_login_required'
  const code = knownCode(complaint) ?? codeOfMessage(complaint)
  if (code !== undefined) return code
  if (status === 413) return 'request_too_large'
  if (status === 429) return 'rate_limit_exceeded'
  if (status === 503 || status === 529) return 'server_is_overloaded'
  // These two are about the moment, not about the request.
  const isRefusal = status >= 400 && status < 500 && status !== 408 && status !== 409
  return isRefusal ? 'upstream_refused' : 'upstream_error'
}

function codeWithoutStatus(complaint: Complaint): ErrorCode {
  const code = knownCode(complaint) ?? codeOfMessage(complaint)
  if (code !== undefined) return code
  const isRefusal =
    complaint.error['type'] === 'invalid_request_error' ||
    /^(?:invalid|unsupported|missing|unknown)_/.test(complaint.code ?? '')
  return isRefusal ? 'upstream_refused' : 'upstream_error'
}

/** What only the words tell. */
function codeOfMessage({ message = '' }: Complaint): ErrorCode | undefined {
  if (/model is at capacity/i.test(message)) return 'server_is_overloaded'
  if (/^(?:Unsupported|Unknown) parameter:/i.test(message)) return 'unsupported_parameter'
  if (/exceeds the context window/i.test(message)) return 'context_length_exceeded'
  return /^Model not found|model is not supported when using Codex/i.test(message)
    ? 'model_not_found'
    : undefined
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
      return new ProxyError(code, message ?? 'ChatGPT does not take one of the parameters.', {
        ...facts,
        param: param ?? /parameter:\s*['"`]?([\w[\]]+(?:\.[\w[\]]+)*)/i.exec(message ?? '')?.[1],
      })
    case 'model_not_found':
      return new ProxyError(code, message ?? 'The account does not have this model.', {
        ...facts,
        param: 'model',
      })
    case 'request_too_large':
      return new ProxyError(
        code,
        message ??
          'ChatGPT does not take a request of this size. Send less text or smaller images.',
        facts,
      )
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
