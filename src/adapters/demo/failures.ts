/** The failures that a prompt may ask the demo for. */

import { type ErrorCode, ProxyError } from '../../domain/errors.ts'
import { localTime } from '../../domain/local-time.ts'
import type { Clock } from '../../domain/ports.ts'

const RESET_SECONDS = 3600

/** One way to fail, asked for with `fail:NAME`. */
export interface Failure {
  /** A number is the HTTP status that clients get. */
  readonly name: string
  /** `answer` fails after some words; `request` is refused before any event. */
  readonly during: 'request' | 'answer'
  /** `undefined` for an answer that goes silent instead. */
  readonly code: ErrorCode | undefined
  /** HTTP status of the upstream that is played; `undefined` where it sent none. */
  readonly status: number | undefined
  readonly effect: string
}

// biome-ignore format: a table
const ROWS: readonly Failure[] = [
  { name: '400', during: 'request', code: 'invalid_prompt', status: 400, effect: 'refuses the prompt' },
  { name: '401', during: 'request', code: 'chatgpt_login_required', status: 401, effect: 'refuses the login' },
  { name: '403', during: 'request', code: 'upstream_refused', status: 403, effect: 'refuses the request for no known reason' },
  { name: '404', during: 'request', code: 'model_not_found', status: 404, effect: 'does not know the model' },
  { name: '429', during: 'request', code: 'rate_limit_exceeded', status: 429, effect: 'asks to try again in a second' },
  { name: '502', during: 'request', code: 'upstream_error', status: 502, effect: 'has a bad gateway' },
  { name: '503', during: 'request', code: 'server_is_overloaded', status: 503, effect: 'is overloaded' },
  { name: '504', during: 'request', code: 'upstream_timeout', status: undefined, effect: 'does not answer in time' },
  { name: 'timeout', during: 'request', code: 'upstream_timeout', status: undefined, effect: 'does not answer in time' },
  { name: 'limit', during: 'request', code: 'usage_limit_reached', status: 429, effect: 'has no usage left for an hour' },
  { name: 'context', during: 'request', code: 'context_length_exceeded', status: 400, effect: 'finds the conversation too long' },
  { name: 'cut', during: 'answer', code: 'upstream_stream_incomplete', status: undefined, effect: 'breaks off after some words' },
  { name: 'late', during: 'answer', code: 'server_is_overloaded', status: 200, effect: 'is overloaded after some words' },
  { name: 'stall', during: 'answer', code: undefined, status: undefined, effect: 'falls silent after some words' },
]

/** The failures by name. */
export const FAILURES: ReadonlyMap<string, Failure> = new Map(ROWS.map(row => [row.name, row]))

/** The codes that are the service's own words, which no upstream sends. */
const OUR_CODES: readonly ErrorCode[] = [
  'chatgpt_login_required',
  'upstream_refused',
  'upstream_error',
  'upstream_timeout',
]

/**
 * Creates the error of a failure, `undefined` for the one that is silence. Its message says
 * that the prompt asked for it, and what a person can do about such an error.
 */
export function createFailureError(failure: Failure, clock: Clock): ProxyError | undefined {
  const { name, effect, code, status } = failure
  if (code === undefined) return undefined
  const sentCode = OUR_CODES.includes(code) ? undefined : code
  const resetsAt = Math.floor(clock.now() / 1000) + RESET_SECONDS
  return new ProxyError(
    code,
    `The demo's answer to fail:${name}: it ${effect}.${adviceFor(code, resetsAt)}`,
    {
      upstream: status === undefined ? undefined : { status, code: sentCode },
      retryAfterSeconds: code === 'rate_limit_exceeded' ? 1 : undefined,
      usageLimit:
        code === 'usage_limit_reached'
          ? { planType: 'demo', resetsAt, resetsInSeconds: RESET_SECONDS }
          : undefined,
    },
  )
}

function adviceFor(code: ErrorCode, resetsAt: number): string {
  if (code === 'chatgpt_login_required') return ' Run: chatmock login'
  return code === 'usage_limit_reached' ? ` It resets at ${localTime(resetsAt)}.` : ''
}
