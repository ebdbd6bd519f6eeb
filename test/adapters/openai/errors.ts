import t from 'tap'
import { encodeError } from '../../../src/adapters/openai/errors.ts'
import { type ErrorCode, type ErrorFacts, ProxyError } from '../../../src/domain/errors.ts'

const encode = (code: ErrorCode, facts: ErrorFacts = {}) =>
  encodeError(new ProxyError(code, 'message', facts))

t.test('an error has all four keys', async t => {
  t.strictSame(encode('invalid_type', { param: 'messages[0]' }), {
    status: 400,
    headers: { 'x-should-retry': 'false' },
    body: {
      error: {
        message: 'message',
        type: 'invalid_request_error',
        param: 'messages[0]',
        code: 'invalid_type',
      },
    },
  })
})

const STATUSES: readonly (readonly [ErrorCode, number, string])[] = [
  ['invalid_json', 400, 'invalid_request_error'],
  ['missing_required_parameter', 400, 'invalid_request_error'],
  ['chatgpt_login_required', 401, 'authentication_error'],
  ['auth_file_corrupt', 401, 'authentication_error'],
  ['host_not_allowed', 403, 'permission_error'],
  ['model_not_found', 404, 'invalid_request_error'],
  ['unknown_url', 404, 'invalid_request_error'],
  ['method_not_allowed', 405, 'invalid_request_error'],
  ['request_too_large', 413, 'invalid_request_error'],
  ['unsupported_media_type', 415, 'invalid_request_error'],
  ['usage_limit_reached', 429, 'usage_limit_reached'],
  ['rate_limit_exceeded', 429, 'rate_limit_error'],
  ['internal', 500, 'internal_error'],
  ['upstream_error', 502, 'server_error'],
  ['upstream_stream_incomplete', 502, 'server_error'],
  ['upstream_redirect', 502, 'upstream_error'],
  ['upstream_invalid_response', 502, 'upstream_error'],
  ['auth_refresh_unavailable', 503, 'server_error'],
  ['server_shutting_down', 503, 'server_error'],
  ['server_is_overloaded', 503, 'server_error'],
  ['upstream_timeout', 504, 'server_error'],
]

t.test('each code has its status and type', async t => {
  for (const [code, status, type] of STATUSES) {
    t.match(encode(code), { status, body: { error: { type, code } } }, code)
  }
})

t.test('the codes of the upstream are never renamed', async t => {
  const upstream = { status: 200, code: 'server_error' }
  t.match(encode('upstream_error', { upstream }), {
    status: 502,
    body: { error: { code: 'server_error' } },
  })
  const policy = { status: 400, code: 'cyber_policy' }
  t.match(encode('policy_violation', { upstream: policy }), {
    status: 400,
    body: { error: { code: 'cyber_policy' } },
  })
})

t.test('a refusal without a name keeps its status', async t => {
  t.match(encode('upstream_refused', { upstream: { status: 422, code: undefined } }), {
    status: 422,
    body: { error: { code: null, type: 'invalid_request_error' } },
  })
  t.match(encode('upstream_refused', { upstream: { status: 402, code: 'x' } }), {
    status: 402,
    body: { error: { code: 'x' } },
  })
  t.match(encode('upstream_refused', { upstream: { status: 403, code: undefined } }), {
    status: 403,
    body: { error: { code: null, type: 'permission_error' } },
  })
})

t.test(
  'a refusal without a name is neither about a key nor a limit, whatever its status',
  async t => {
    for (const status of [401, 429]) {
      const upstream = { status, code: undefined }
      t.match(encode('upstream_refused', { upstream }), {
        status,
        headers: { 'x-should-retry': 'false' },
        body: { error: { code: null, type: 'invalid_request_error' } },
      })
    }
  },
)

t.test('a usage limit says when it ends and that trying again is no use', async t => {
  const usageLimit = { planType: 'plus', resetsAt: 1795346783, resetsInSeconds: 3600 }
  t.strictSame(encode('usage_limit_reached', { usageLimit }), {
    status: 429,
    headers: { 'x-should-retry': 'false' },
    body: {
      error: {
        message: 'message',
        type: 'usage_limit_reached',
        param: null,
        code: 'usage_limit_reached',
        plan_type: 'plus',
        resets_at: 1795346783,
        resets_in_seconds: 3600,
      },
    },
  })
})

t.test('a short wait is told, a long one is not', async t => {
  t.strictSame(encode('rate_limit_exceeded', { retryAfterSeconds: 1.5 }).headers, {
    'retry-after': '2',
    'retry-after-ms': '1500',
  })
  t.strictSame(encode('rate_limit_exceeded', { retryAfterSeconds: 3600 }).headers, {
    'x-should-retry': 'false',
  })
  t.strictSame(encode('upstream_error').headers, {})
})
