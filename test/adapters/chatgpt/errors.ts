import t from 'tap'
import {
  blamesForm,
  blamesNamespace,
  failureInStream,
  failureOfResponse,
  outsideLite,
} from '../../../src/adapters/chatgpt/errors.ts'
import { ProxyError } from '../../../src/domain/errors.ts'

/** 2026-11-22T12:00:00Z */
const NOW = 1_795_348_800_000
const inStream = (error: object, event: object = {}) => failureInStream({ ...event }, error, NOW)
const respond = (status: number, body: unknown, headers: Record<string, string> = {}) => {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return failureOfResponse(new Response(null, { status, headers }), text, NOW)
}

const CASES: readonly (readonly [string, number, unknown, object])[] = [
  [
    'an unsupported parameter',
    400,
    { detail: 'Unsupported parameter: max_output_tokens' },
    {
      code: 'unsupported_parameter',
      param: 'max_output_tokens',
      message: 'Unsupported parameter: max_output_tokens',
    },
  ],
  [
    'a detail of another kind',
    400,
    { detail: 'Store must be set to false' },
    {
      code: 'upstream_refused',
      message: 'Store must be set to false',
      upstream: { status: 400, code: undefined },
    },
  ],
  [
    'a list of details',
    422,
    { detail: [{ loc: ['body'], msg: 'field required', type: 'x' }] },
    {
      code: 'upstream_refused',
      message: 'field required',
      upstream: { status: 422 },
    },
  ],
  [
    'a detail that is an object',
    402,
    { detail: { code: 'deactivated_workspace', message: 'm' } },
    {
      code: 'upstream_refused',
      message: 'm',
      upstream: { status: 402, code: 'deactivated_workspace' },
    },
  ],
  [
    'an error with code and param',
    400,
    { error: { message: 'm', type: 'invalid_request_error', code: 'bad_image', param: 'input' } },
    {
      code: 'upstream_refused',
      message: 'm',
      param: 'input',
      upstream: { status: 400, code: 'bad_image' },
    },
  ],
  [
    'an error without code',
    400,
    { error: { message: 'm', type: 'invalid_request_error' } },
    {
      code: 'upstream_refused',
      upstream: { status: 400, code: undefined },
    },
  ],
  [
    'a context that is too long',
    400,
    { error: { message: 'm', code: 'context_length_exceeded' } },
    {
      code: 'context_length_exceeded',
      message: 'm',
    },
  ],
  [
    'a policy',
    400,
    { error: { message: 'm', code: 'cyber_policy' } },
    {
      code: 'policy_violation',
      upstream: { status: 400, code: 'cyber_policy' },
    },
  ],
  [
    'a model that is not for ChatGPT accounts',
    400,
    { detail: "The 'gpt-4' model is not supported when using Codex with a ChatGPT account." },
    {
      code: 'model_not_found',
      param: 'model',
      message: "The 'gpt-4' model is not supported when using Codex with a ChatGPT account.",
    },
  ],
  [
    'a model that is not found, as text',
    404,
    'Model not found gpt-5.6-luna',
    {
      code: 'model_not_found',
      message: 'Model not found gpt-5.6-luna',
    },
  ],
  [
    'another 404',
    404,
    { detail: 'Not Found' },
    { code: 'upstream_refused', upstream: { status: 404 } },
  ],
  [
    'an expired login',
    401,
    { error: { code: 'token_expired', message: 'secret' } },
    {
      code: 'chatgpt_login_required',
      message: 'ChatGPT no longer accepts this login. Run: chatmock login',
    },
  ],
  [
    'a refused account',
    403,
    { detail: 'no entitlement' },
    {
      code: 'upstream_refused',
      message: 'no entitlement',
      upstream: { status: 403 },
    },
  ],
  [
    'an exhausted window',
    429,
    {
      error: {
        type: 'usage_limit_reached',
        message: 'The usage limit has been reached',
        plan_type: 'plus',
        resets_in_seconds: 3600,
      },
    },
    {
      code: 'usage_limit_reached',
      message: /^The usage limit has been reached\. It resets at 2026-11-\d\d \d\d:00\.$/,
      usageLimit: { planType: 'plus', resetsAt: NOW / 1000 + 3600, resetsInSeconds: 3600 },
    },
  ],
  [
    'a plan without the model',
    429,
    { error: { type: 'usage_not_included', message: 'm' } },
    {
      code: 'usage_limit_reached',
      upstream: { status: 429, code: 'usage_not_included' },
    },
  ],
  [
    'a short limit',
    429,
    { error: { type: 'requests', message: 'Please try again in 300ms.' } },
    {
      code: 'rate_limit_exceeded',
      retryAfterSeconds: 0.3,
      upstream: { status: 429, code: undefined },
    },
  ],
  [
    'an overload',
    503,
    { error: { code: 'slow_down', message: 'm' } },
    {
      code: 'server_is_overloaded',
      upstream: { status: 503, code: 'slow_down' },
    },
  ],
  [
    'an overload that only its text tells',
    400,
    { error: { message: 'Selected model is at capacity.' } },
    {
      code: 'server_is_overloaded',
    },
  ],
  [
    'a 503 without a reason',
    503,
    '',
    {
      code: 'server_is_overloaded',
      message: 'ChatGPT answered with status 503 and no reason.',
    },
  ],
  [
    'a fault',
    500,
    '',
    { code: 'upstream_error', message: 'ChatGPT answered with status 500 and no reason.' },
  ],
  [
    'a fault as a page',
    502,
    '<html>secret</html>',
    {
      code: 'upstream_error',
      message: 'ChatGPT answered with status 502 and no reason.',
    },
  ],
  [
    'a request that is too large',
    413,
    '',
    {
      code: 'request_too_large',
      message: 'ChatGPT does not take a request of this size. Send less text or smaller images.',
    },
  ],
  [
    'a request that is too large, with a reason',
    413,
    { detail: 'Payload too large' },
    { code: 'request_too_large', message: 'Payload too large' },
  ],
  [
    'a context that is too long by its words alone',
    400,
    { detail: 'Your input exceeds the context window of this model.' },
    { code: 'context_length_exceeded' },
  ],
  [
    'a parameter that is not known',
    400,
    { error: { message: "Unknown parameter: 'input[2].name'.", code: 'unknown_parameter' } },
    {
      code: 'unsupported_parameter',
      param: 'input[2].name',
      upstream: { status: 400, code: 'unknown_parameter' },
    },
  ],
  [
    'an unsupported parameter by its code alone',
    400,
    { error: { message: 'Drop it: now', code: 'unsupported_parameter', param: 'tools[0].x' } },
    { code: 'unsupported_parameter', message: 'Drop it: now', param: 'tools[0].x' },
  ],
  [
    'a tool that is refused',
    400,
    {
      error: {
        type: 'invalid_request_error',
        message: "Hosted tool 'web_search' is not supported with this model.",
        param: 'tools',
      },
    },
    { code: 'upstream_refused', param: 'tools', upstream: { status: 400 } },
  ],
  [
    'a list of details, by the place of the first',
    422,
    { detail: [{ loc: ['body', 'input', 0, 'content'], msg: 'Field required', type: 'missing' }] },
    {
      code: 'upstream_refused',
      message: 'Field required',
      param: /^input\[0\]\.content$/,
      upstream: { status: 422, code: undefined },
    },
  ],
  ['a list of texts', 400, { detail: ['first', 'second'] }, { message: 'first' }],
  [
    'a limit in a detail',
    429,
    { detail: { type: 'usage_limit_reached', message: 'm', plan_type: 'plus', resets_at: 7 } },
    { code: 'usage_limit_reached', usageLimit: { planType: 'plus' } },
  ],
  [
    'an error without an envelope',
    400,
    { code: 'invalid_image', message: 'm', param: 'input' },
    { code: 'upstream_refused', message: 'm', param: 'input', upstream: { code: 'invalid_image' } },
  ],
  ['an error that is a text', 400, { error: 'm' }, { code: 'upstream_refused', message: 'm' }],
  ['a JSON text', 400, '"m"', { code: 'upstream_refused', message: 'm' }],
  ['a text', 418, ' short and\nstout ', { code: 'upstream_refused', message: 'short and stout' }],
  [
    'an error whose texts are empty',
    400,
    { error: { message: '', code: '', param: '' } },
    {
      code: 'upstream_refused',
      message: 'ChatGPT answered with status 400 and no reason.',
      param: undefined,
      upstream: { status: 400, code: undefined, message: undefined },
    },
  ],
  [
    'an error of nothing but surprises',
    400,
    { error: { message: 7, code: {}, param: [] }, detail: null, message: false },
    { code: 'upstream_refused', message: 'ChatGPT answered with status 400 and no reason.' },
  ],
  ['an empty refusal', 404, '', { code: 'upstream_refused', upstream: { status: 404 } }],
  [
    'a refusal as a page',
    404,
    '<!DOCTYPE html>secret',
    { code: 'upstream_refused', message: 'ChatGPT answered with status 404 and no reason.' },
  ],
  ['a redirect', 302, '', { code: 'upstream_redirect' }],
  ['a block page', 403, '<!doctype html><title>no</title>', { code: 'upstream_blocked' }],
]

for (const [title, status, body, expected] of CASES) {
  t.test(`${title} is told as such`, async t => t.match(respond(status, body), expected))
}

t.test('a block page is named by its ray', async t => {
  const headers = { 'cf-ray': '8f-FRA', 'content-type': 'text/html; charset=utf-8' }
  t.equal(
    respond(403, 'blocked', headers).message,
    'The network in front of ChatGPT blocked the request (cf-ray 8f-FRA). Try another network or wait a while.',
  )
})

t.test('what a challenge of the network is made of does not matter', async t => {
  const headers = { 'cf-mitigated': 'challenge', 'cf-ray': '8f-FRA' }
  t.match(respond(503, '', headers), { code: 'upstream_blocked', message: /cf-ray 8f-FRA/ })
  t.equal(respond(503, '').code, 'server_is_overloaded')
})

const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64')

t.test('an error in a header is told where the body says nothing', async t => {
  const error = { code: 'access_program_not_enabled', message: 'Not enabled.', param: 'model' }
  const told = { code: 'upstream_refused', message: 'Not enabled.', param: 'model' }
  const headers = { 'x-error-json': base64({ error }) }
  const upstream = { status: 403, code: 'access_program_not_enabled' }
  t.match(respond(403, '', headers), { ...told, upstream })
  t.match(respond(403, { detail: 'Forbidden' }, headers), { message: 'Forbidden', upstream })
  const limit = { type: 'usage_limit_reached', plan_type: 'pro', resets_in_seconds: 60 }
  t.match(respond(429, '', { 'x-error-json': base64({ error: limit }) }), {
    code: 'usage_limit_reached',
    usageLimit: { planType: 'pro', resetsInSeconds: 60 },
  })
  const own = { error: { code: 'own', message: 'm' } }
  t.match(respond(403, own, headers), { message: 'm', upstream: { code: 'own' } })
  for (const bad of ['%%%', base64(7), base64({ error: 'x' }), '']) {
    t.match(respond(403, '', { 'x-error-json': bad }), { upstream: { code: undefined } }, bad)
  }
})

t.test('an error of the login is named by its header', async t => {
  const headers = { 'x-openai-authorization-error': 'workspace_access_denied' }
  t.match(respond(403, {}, headers), {
    code: 'upstream_refused',
    upstream: { code: 'workspace_access_denied' },
  })
  const body = { error: { code: 'own', message: 'm' } }
  t.equal(respond(403, body, headers).upstream?.code, 'own')
})

t.test('the limit of a workspace is named by its header', async t => {
  const reached = (value: string) => ({ 'x-codex-rate-limit-reached-type': value })
  const credits = 'workspace_owner_credits_depleted'
  const short = { error: { code: 'rate_limit_exceeded', message: 'm' } }
  t.match(respond(429, short, reached(credits)), {
    code: 'usage_limit_reached',
    upstream: { code: credits },
  })
  t.equal(respond(429, short, reached('rate_limit_reached')).code, 'rate_limit_exceeded')
  const limit = { error: { type: 'usage_limit_reached', message: 'm' } }
  t.equal(respond(429, limit, reached(credits)).upstream?.code, 'usage_limit_reached')
  t.equal(respond(400, short, reached(credits)).code, 'rate_limit_exceeded')
})

t.test('the time of a reset is told in local time', async t => {
  const body = { error: { type: 'usage_limit_reached', message: 'Limit.', resets_at: 1795352400 } }
  const local = new Date(1795352400 * 1000)
  const two = (value: number) => String(value).padStart(2, '0')
  const expected = `${local.getFullYear()}-${two(local.getMonth() + 1)}-${two(local.getDate())} ${two(local.getHours())}:${two(local.getMinutes())}`
  t.equal(respond(429, body).message, `Limit. It resets at ${expected}.`)
})

t.test('the wait is read from either header, in seconds or as a date', async t => {
  t.equal(respond(429, {}, { 'retry-after': '7' }).retryAfterSeconds, 7)
  t.equal(respond(429, {}, { 'retry-after-ms': '1500', 'retry-after': '7' }).retryAfterSeconds, 1.5)
  const past = 'Sun, 22 Nov 2020 12:00:00 GMT'
  t.equal(respond(429, {}, { 'retry-after': past }).retryAfterSeconds, 0)
  t.equal(respond(429, {}, { 'retry-after': 'soon' }).retryAfterSeconds, undefined)
})

t.test('a long text is cut', async t => {
  t.equal(respond(400, 'x'.repeat(5000)).message.length, 500)
})

t.test('a reset is told both as a time and as a wait, if it is plausible', async t => {
  const limit = (fields: object) =>
    respond(429, { error: { type: 'usage_limit_reached', message: 'm.', ...fields } })
  t.strictSame(limit({ resets_at: 1_795_348_860.5 }).usageLimit, {
    planType: undefined,
    resetsAt: 1_795_348_860,
    resetsInSeconds: 61,
  })
  t.match(limit({ resets_at: 1_795_300_000 }).usageLimit, { resetsInSeconds: 0 })
  t.match(limit({ resets_at: 1e300 }), {
    message: 'm.',
    usageLimit: { resetsAt: undefined, resetsInSeconds: undefined },
  })
  t.match(limit({ resets_at: 1e300, resets_in_seconds: 60 }), {
    usageLimit: { resetsAt: NOW / 1000 + 60, resetsInSeconds: 60 },
  })
  t.match(limit({ resets_at: -1e300 }), { usageLimit: { resetsAt: undefined } })
  t.equal(limit({}).message, 'm.')
})

t.test('the type of a usage limit is its code, whatever stands beside it', async t => {
  const error = { type: 'usage_limit_reached', code: 'rate_limit_exceeded', message: 'm' }
  t.match(respond(429, { error }), {
    code: 'usage_limit_reached',
    upstream: { code: 'usage_limit_reached' },
  })
})

t.test('the parameter to blame is the one that the upstream names', async t => {
  const error = { message: "Unsupported parameter: 'top_k' is not supported.", param: 'top.k' }
  t.equal(respond(400, { error }).param, 'top.k')
  t.equal(respond(400, { detail: "Unsupported parameter: 'top_k'" }).param, 'top_k')
})

t.test('the parameter is read without what surrounds it', async t => {
  const param = (text: string) => respond(400, { detail: text }).param
  t.equal(param('Unsupported parameter: x.'), 'x')
  t.equal(param('Unsupported parameter: `text.format`, sorry'), 'text.format')
  t.equal(param('Unsupported parameter: "input[0].y"'), 'input[0].y')
  t.equal(param('Unsupported parameter:'), undefined)
})

t.test('a wait that is no number is none', async t => {
  for (const value of ['', '-5', '1e3', 'soon']) {
    t.equal(respond(429, {}, { 'retry-after': value }).retryAfterSeconds, undefined, value)
  }
})

t.test('a wait is read out of the message in any units', async t => {
  const hint = (text: string) =>
    inStream({ code: 'rate_limit_exceeded', message: text }).retryAfterSeconds
  t.equal(hint('Please try again in 2m30s.'), 150)
  t.equal(hint('Please try again in 1.5 seconds.'), 1.5)
  t.equal(hint('Please try again in 1h'), 3600)
  t.equal(hint('Please try again later'), undefined)
})

t.test('a message is cut and cannot steer a terminal', async t => {
  const message = `a\u001b[31m\u202eb${'x'.repeat(5000)}`
  const shown = respond(400, { error: { message } }).message
  t.equal(shown, `ab${'x'.repeat(497)}…`)
})

t.test('what is about the moment is no refusal', async t => {
  t.equal(respond(408, {}).code, 'upstream_error')
  t.equal(respond(409, {}).code, 'upstream_error')
})

t.test('a failure inside a stream keeps code and message', async t => {
  t.match(inStream({ code: 'server_error', message: 'oops' }), {
    code: 'upstream_error',
    message: 'oops',
    upstream: { status: undefined, code: 'server_error' },
  })
  t.match(inStream({ code: 'invalid_image', message: 'm', param: 'input' }), {
    code: 'upstream_refused',
    param: 'input',
    upstream: { status: undefined, code: 'invalid_image' },
  })
  t.match(inStream({}), {
    code: 'upstream_error',
    message: 'ChatGPT reported a failure and gave no reason.',
  })
})

t.test("a failure inside a stream that is the request's fault is a refusal", async t => {
  const error = { type: 'invalid_request_error', message: 'not a valid image', param: 'input' }
  t.match(inStream(error), { code: 'upstream_refused', param: 'input' })
  t.match(inStream({ message: 'm' }, { status: 400 }), {
    code: 'upstream_refused',
    upstream: { status: 400 },
  })
  t.match(inStream({ message: 'm' }, { status_code: 429 }), { code: 'rate_limit_exceeded' })
})

t.test('what only words tell is understood inside a stream, too', async t => {
  t.match(inStream({ message: 'Unsupported parameter: x' }), {
    code: 'unsupported_parameter',
    param: 'x',
  })
  t.equal(inStream({ message: 'Selected model is at capacity.' }).code, 'server_is_overloaded')
  t.equal(inStream({ code: 'usage_limit_reached', message: 'm' }).code, 'usage_limit_reached')
})

const refused = (error: object) =>
  respond(400, { error: { type: 'invalid_request_error', ...error } })

t.test('a refusal of what only one form has is about the form', async t => {
  const refusals = [
    { message: 'Unsupported parameter: tools' },
    { message: 'Unsupported parameters: additional_tools' },
    { message: 'Top-level tools are not accepted.' },
    { message: "Use 'tools', please." },
    { message: 'm', param: 'tools' },
    { message: 'm', param: 'additional_tools' },
    { message: 'm', param: 'reasoning.context' },
    { message: "Unsupported value: 'reasoning.context'" },
    { message: 'm', param: 'input[0].tools' },
    { message: 'm', param: 'input[0].tools[0]' },
    { message: 'm', param: 'input[0].tools[0].type' },
    { message: "Unknown parameter: 'input[0].tools[0].tools'." },
    { message: "Invalid value: 'additional_tools'.", param: 'input[0].type' },
    { message: "Invalid value: 'namespace'." },
    { message: 'Responses Lite is not enabled for this model.' },
    { message: 'use_responses_lite is required' },
    { message: 'The header responses-lite is required.' },
  ]
  for (const refusal of refusals)
    t.equal(blamesForm(refused(refusal)), true, JSON.stringify(refusal))
})

t.test("a refusal of a client's own tool is not about the form", async t => {
  const refusals = [
    {
      message: "Invalid schema for function 'look': the tools have no namespace.",
      code: 'invalid_function_parameters',
      param: 'tools[0].parameters',
    },
    { message: "Invalid schema for function 'my-tools'." },
    { message: 'The tools are not valid.', code: 'invalid_function_parameters' },
    { message: 'The tools are not valid.', code: 'invalid_json_schema' },
    { message: 'The tools have bad parameters.' },
    { message: 'Too many tools.', code: 'array_above_max_length', param: 'tools' },
    { message: "Use 'function' or 'namespace', not lite.", param: 'tools[12].type' },
    { message: "Unknown parameter: 'tools[0].namespace'." },
    { message: 'm', param: 'input[0].tools[0].tools[1].type' },
    { message: 'm', param: 'input[0].tools[1].search_context_size' },
    { message: "Unknown parameter: 'tool_choice.tools'." },
    { message: "Unknown parameter: 'input[1].namespace'." },
    { message: "Invalid 'tools[0].name': it is too long." },
    { message: 'Send fewer messages or tools.', code: 'context_length_exceeded' },
    { message: 'Model not found gpt-6-lite', code: 'model_not_found' },
    { message: 'Store must be set to false' },
  ]
  for (const refusal of refusals)
    t.equal(blamesForm(refused(refusal)), false, JSON.stringify(refusal))
  t.equal(blamesForm(respond(400, '')), false)
})

t.test('a refusal of the namespace of an earlier call is about that', async t => {
  t.ok(blamesNamespace(refused({ message: "Unknown parameter: 'input[1].namespace'." })))
  t.ok(blamesNamespace(refused({ message: 'm', param: 'input[12].namespace' })))
  t.ok(blamesNamespace(respond(422, { detail: [{ loc: ['body', 'input', 1, 'namespace'] }] })))
  t.notOk(blamesNamespace(refused({ message: "Unknown parameter: 'tools[0].namespace'." })))
  t.notOk(blamesNamespace(refused({ message: "Invalid value: 'namespace'." })))
  t.notOk(blamesNamespace(refused({ message: 'm', param: 'input[1].namespaces' })))
})

t.test('a refusal of the lite form is told in terms of what was asked', async t => {
  const paramOf = (param: string | undefined) =>
    outsideLite(new ProxyError('upstream_refused', 'm', { param })).param
  t.equal(paramOf('input[0].tools[0].tools[2].parameters'), 'tools[2].parameters')
  t.equal(paramOf('input[0].tools[0]'), 'input')
  t.equal(paramOf('input[3].content[0].image_url'), 'input')
  t.equal(paramOf('tools[2].parameters'), 'tools[2].parameters')
  t.equal(paramOf('text.format'), 'text.format')
  t.equal(paramOf(undefined), undefined)
})
