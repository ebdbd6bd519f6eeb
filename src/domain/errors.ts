/**
 * What can go wrong, said once. Each protocol adapter has one complete table
 * from {@link ErrorCode} to a status and a body in its own dialect.
 */

/**
 * Every failure the service tells apart. Clients read these names as `error.code`, unless the
 * upstream brought a code of its own: then they read that one.
 */
export type ErrorCode =
  // The client's request.
  | 'invalid_json'
  | 'json_too_deep'
  | 'invalid_type'
  | 'invalid_value'
  | 'missing_required_parameter'
  | 'unsupported_value'
  | 'unsupported_parameter'
  | 'previous_response_not_found'
  | 'response_not_found'
  | 'unknown_url'
  | 'unsupported_endpoint'
  | 'not_supported'
  | 'method_not_allowed'
  | 'request_too_large'
  | 'unsupported_media_type'
  | 'host_not_allowed'
  | 'origin_not_allowed'
  // The account.
  | 'chatgpt_login_required'
  | 'auth_file_corrupt'
  | 'account_changed'
  | 'auth_store_unreadable'
  | 'auth_store_unwritable'
  | 'auth_refresh_unavailable'
  // What the upstream refused, in its own words.
  | 'model_not_found'
  | 'context_length_exceeded'
  | 'invalid_prompt'
  | 'policy_violation'
  | 'upstream_refused'
  | 'usage_limit_reached'
  | 'rate_limit_exceeded'
  | 'server_is_overloaded'
  // The upstream's faults.
  | 'upstream_error'
  | 'upstream_connection_error'
  | 'upstream_stream_incomplete'
  | 'upstream_invalid_response'
  | 'upstream_redirect'
  | 'upstream_blocked'
  | 'upstream_event_too_large'
  | 'upstream_response_too_large'
  | 'upstream_timeout'
  // Ours.
  | 'server_shutting_down'
  | 'client_closed'
  | 'internal'

/** What the upstream itself said, kept so that its codes reach clients unrenamed. */
export interface UpstreamRefusal {
  /** HTTP status of the upstream's answer; `undefined` for a failure inside a stream without one. */
  readonly status: number | undefined
  /** `error.code`, or `error.type` where that is the code. */
  readonly code: string | undefined
  /** Its words, cut. They may quote the request: the client may see them, a log may not. */
  readonly message?: string | undefined
}

/** When an exhausted usage window opens again. */
export interface UsageLimit {
  readonly planType: string | undefined
  /** Unix time in seconds. */
  readonly resetsAt: number | undefined
  readonly resetsInSeconds: number | undefined
}

/** The facts that may come with a {@link ProxyError}. */
export interface ErrorFacts {
  /** The request field to blame, as a path: `messages[0].content`. */
  readonly param?: string | undefined
  readonly upstream?: UpstreamRefusal | undefined
  readonly usageLimit?: UsageLimit | undefined
  /** Seconds after which trying again makes sense. */
  readonly retryAfterSeconds?: number | undefined
  readonly cause?: unknown
}

/**
 * The one error class. Its message is safe to show to whoever made the request: it holds no
 * secret, and nothing of a prompt but what the upstream may quote ({@link UpstreamRefusal}).
 */
export class ProxyError extends Error {
  override readonly name = 'ProxyError'
  readonly code: ErrorCode
  readonly param: string | undefined
  readonly upstream: UpstreamRefusal | undefined
  readonly usageLimit: UsageLimit | undefined
  readonly retryAfterSeconds: number | undefined

  constructor(code: ErrorCode, message: string, facts: ErrorFacts = {}) {
    super(message, facts.cause === undefined ? undefined : { cause: facts.cause })
    this.code = code
    this.param = facts.param
    this.upstream = facts.upstream
    this.usageLimit = facts.usageLimit
    this.retryAfterSeconds = facts.retryAfterSeconds
  }

  /** Returns the same failure with some facts in place of its own. */
  with(facts: ErrorFacts): ProxyError {
    // No spread takes the cause along.
    return new ProxyError(this.code, this.message, { ...this, cause: this.cause, ...facts })
  }

  /** Returns `error` if it is one of ours, else wraps it as `internal` with the original as cause. */
  static from(error: unknown): ProxyError {
    if (error instanceof ProxyError) return error
    return new ProxyError('internal', 'Internal error. The log of chatmock has the details.', {
      cause: error,
    })
  }
}
