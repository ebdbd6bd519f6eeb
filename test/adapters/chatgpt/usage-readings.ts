import t from 'tap'
import {
  readLimitEvent,
  readLimitHeaders,
  readUsageAnswer,
} from '../../../src/adapters/chatgpt/usage-readings.ts'

/** Unix time in seconds. */
const NOW = 1_795_346_000
const HOUR = 3600
const DAY = 24 * HOUR

const readHeaders = (headers: Record<string, string>) =>
  readLimitHeaders(new Headers(headers), 'account-1', NOW * 1000)
const readEvent = (event: object) =>
  readLimitEvent({ type: 'codex.rate_limits', ...event }, 'account-1', NOW * 1000)
const readAnswer = (body: object) => readUsageAnswer({ ...body }, 'account-1', NOW * 1000)

/** What one window of the general meter is read as. */
const windowOf = (fields: Record<string, string>) => {
  const entries = Object.entries(fields).map(([key, value]) => [`x-codex-primary-${key}`, value])
  return readHeaders(Object.fromEntries(entries))?.limits[0]?.windows[0]
}

t.test('headers tell the windows of every meter, the general one first', async t => {
  t.strictSame(
    readHeaders({
      'x-codex-active-limit': 'codex',
      'x-codex-plan-type': 'plus',
      'x-codex-primary-used-percent': '41.5',
      'x-codex-primary-window-minutes': '10080',
      'x-codex-primary-reset-at': String(NOW + 5 * DAY),
      'x-codex-primary-reset-after-seconds': '7',
      'x-codex-secondary-used-percent': '12',
      'x-codex-secondary-window-minutes': '300',
      'x-codex-secondary-reset-after-seconds': String(HOUR),
      'x-codex-monthly-used-percent': '3',
      'x-codex-monthly-window-minutes': '43200',
      'x-codex-primary-over-secondary-limit-percent': '0',
      'x-codex-credits-has-credits': 'False',
      'x-codex-credits-balance': '',
      'x-alpha-primary-used-percent': '5',
      'x-codex-bengalfox-primary-used-percent': '100',
      'x-codex-bengalfox-primary-window-minutes': '1440',
      'x-codex-bengalfox-limit-name': ' GPT-5.3-Codex-Spark ',
      'x-codex-promo-message': 'hello',
    }),
    {
      accountId: 'account-1',
      planType: 'plus',
      limits: [
        {
          id: 'codex',
          name: undefined,
          windows: [
            { windowMinutes: 300, usedPercent: 12, resetsAt: NOW + HOUR },
            { windowMinutes: 10080, usedPercent: 41.5, resetsAt: NOW + 5 * DAY },
            { windowMinutes: 43200, usedPercent: 3, resetsAt: undefined },
          ],
        },
        {
          id: 'alpha',
          name: undefined,
          windows: [{ windowMinutes: undefined, usedPercent: 5, resetsAt: undefined }],
        },
        {
          id: 'codex_bengalfox',
          name: 'GPT-5.3-Codex-Spark',
          windows: [{ windowMinutes: 1440, usedPercent: 100, resetsAt: undefined }],
        },
      ],
      limitReachedUntil: undefined,
    },
  )
})

t.test('a free plan has one window, in whichever slot', async t => {
  t.strictSame(
    readHeaders({
      'x-codex-plan-type': 'free',
      'x-codex-primary-used-percent': '100',
      'x-codex-secondary-used-percent': '0',
      'x-codex-primary-window-minutes': '10080',
      'x-codex-secondary-window-minutes': '0',
      'x-codex-primary-reset-after-seconds': '471285',
      'x-codex-secondary-reset-after-seconds': '0',
      'x-codex-primary-reset-at': '',
      'x-codex-secondary-reset-at': '',
    })?.limits,
    [
      {
        id: 'codex',
        name: undefined,
        windows: [{ windowMinutes: 10080, usedPercent: 100, resetsAt: NOW + 471_285 }],
      },
    ],
  )
})

t.test('headers that tell nothing are no reading', async t => {
  t.equal(readHeaders({}), undefined)
  t.equal(readHeaders({ 'content-type': 'text/plain', 'x-request-id': '1' }), undefined)
  t.equal(readHeaders({ 'x-codex-plan-type': ' ' }), undefined)
  t.equal(readHeaders({ 'x-codex-bengalfox-limit-name': 'Spark' }), undefined)
  for (const bad of ['', ' ', 'NaN', 'Infinity', '12%', 'null']) {
    t.equal(
      readHeaders({ 'x-codex-primary-used-percent': bad, 'x-codex-primary-window-minutes': '300' }),
      undefined,
      bad,
    )
  }
  t.match(readHeaders({ 'x-codex-plan-type': 'team' }), { planType: 'team', limits: [] })
})

t.test('a window of nothing but zeros is none', async t => {
  t.equal(windowOf({ 'used-percent': '0' }), undefined)
  t.equal(windowOf({ 'used-percent': '7', 'window-minutes': '0' }), undefined)
  t.equal(windowOf({ 'used-percent': '0', 'reset-after-seconds': '0', 'reset-at': '0' }), undefined)
  t.match(windowOf({ 'used-percent': '0', 'window-minutes': '300' }), { usedPercent: 0 })
  t.match(windowOf({ 'used-percent': '0', 'reset-after-seconds': '60' }), { resetsAt: NOW + 60 })
})

t.test('shares are kept between 0 and 100', async t => {
  t.match(windowOf({ 'used-percent': '104.2' }), { usedPercent: 100 })
  t.match(windowOf({ 'used-percent': '-3', 'window-minutes': '300' }), { usedPercent: 0 })
})

t.test('a reset that makes no sense is not told', async t => {
  const resetOf = (fields: Record<string, string>) =>
    windowOf({ 'used-percent': '1', ...fields })?.resetsAt
  t.equal(resetOf({ 'reset-at': String(NOW + 366 * DAY) }), NOW + 366 * DAY)
  t.equal(resetOf({ 'reset-at': String(NOW + 366 * DAY + 1) }), undefined)
  t.equal(resetOf({ 'reset-at': String((NOW + DAY) * 1000) }), undefined, 'milliseconds')
  t.equal(resetOf({ 'reset-at': String(NOW - DAY) }), NOW - DAY)
  t.equal(resetOf({ 'reset-at': String(NOW - DAY - 1) }), undefined)
  t.equal(resetOf({ 'reset-at': 'soon' }), undefined)
  t.equal(resetOf({ 'reset-after-seconds': '1e300' }), undefined)
  t.equal(resetOf({ 'reset-at': '5', 'reset-after-seconds': '60.6' }), NOW + 61, 'the other one')
})

t.test('a refusal for a full window lasts until the last full one resets', async t => {
  const headers = {
    'x-codex-primary-used-percent': '100',
    'x-codex-primary-reset-at': String(NOW + HOUR),
    'x-codex-secondary-used-percent': '100',
    'x-codex-secondary-reset-at': String(NOW + DAY),
    'x-codex-monthly-used-percent': '99.9',
    'x-codex-monthly-reset-at': String(NOW + 9 * DAY),
  }
  t.equal(readHeaders(headers)?.limitReachedUntil, undefined)
  const reached = { 'x-codex-rate-limit-reached-type': 'rate_limit_reached' }
  t.equal(readHeaders({ ...headers, ...reached })?.limitReachedUntil, NOW + DAY)
  t.equal(
    readHeaders({ ...headers, ...reached, 'x-codex-secondary-reset-at': '' })?.limitReachedUntil,
    NOW + HOUR,
  )
})

t.test('an event tells one meter', async t => {
  const rate_limits = {
    allowed: true,
    limit_reached: false,
    primary: { used_percent: 12, window_minutes: 300, reset_at: NOW + HOUR },
    secondary: { used_percent: 40.5, limit_window_minutes: 10080, resets_at: NOW + DAY },
  }
  t.strictSame(
    readEvent({ plan_type: 'plus', metered_limit_name: 'codex', limit_name: null, rate_limits }),
    {
      accountId: 'account-1',
      planType: 'plus',
      limits: [
        {
          id: 'codex',
          name: undefined,
          windows: [
            { windowMinutes: 300, usedPercent: 12, resetsAt: NOW + HOUR },
            { windowMinutes: 10080, usedPercent: 40.5, resetsAt: NOW + DAY },
          ],
        },
      ],
      limitReachedUntil: undefined,
    },
  )
  t.match(readEvent({ rate_limits }).limits, [{ id: 'codex' }])
  t.match(readEvent({ metered_limit_name: 'codex_bengalfox', limit_name: 'Spark', rate_limits }), {
    limits: [{ id: 'codex_bengalfox', name: 'Spark' }],
  })
  t.match(readEvent({ limit_name: 'Codex-Bengalfox', rate_limits }), {
    limits: [{ id: 'codex_bengalfox', name: 'Codex-Bengalfox' }],
  })
})

t.test('an event says whether the account is refused', async t => {
  const full = { primary: { used_percent: 100, window_minutes: 300, reset_at: NOW + HOUR } }
  const until = (over: object, name = 'codex') =>
    readEvent({ metered_limit_name: name, rate_limits: { ...full, ...over } }).limitReachedUntil
  t.equal(until({ allowed: true, limit_reached: false }), undefined)
  t.equal(until({ limit_reached: true }), NOW + HOUR)
  t.equal(until({ allowed: false }), NOW + HOUR)
  t.equal(until({ limit_reached: true }, 'codex_bengalfox'), undefined, 'one model only')
  const almost = { primary: { used_percent: 99.7, window_minutes: 300, reset_at: NOW + HOUR } }
  t.equal(until({ ...almost, limit_reached: true }), NOW + HOUR, 'rounded, it seems')
  t.equal(until({ ...almost, limit_reached: false }), undefined)
  t.equal(until({ primary: null, limit_reached: true }), undefined)
})

t.test('an event of any content is read as far as it makes sense', async t => {
  const nothing = {
    accountId: 'account-1',
    planType: undefined,
    limits: [],
    limitReachedUntil: undefined,
  }
  for (const event of [
    {},
    { rate_limits: null },
    { rate_limits: [] },
    { rate_limits: 'x', plan_type: 5 },
    { rate_limits: { primary: null, secondary: { used_percent: '12' } } },
    { rate_limits: { primary: { used_percent: Number.POSITIVE_INFINITY } } },
  ]) {
    t.strictSame(readEvent(event), nothing, JSON.stringify(event))
  }
})

t.test('the answer about usage tells all meters', async t => {
  t.strictSame(
    readAnswer({
      user_id: 'user-1',
      account_id: 'account-other',
      email: 'someone@example.com',
      plan_type: 'plus',
      rate_limit: {
        allowed: false,
        limit_reached: true,
        primary_window: {
          used_percent: 100,
          limit_window_seconds: 18_000,
          reset_after_seconds: 13_140,
          reset_at: NOW + 13_140,
        },
        secondary_window: {
          used_percent: 4,
          limit_window_seconds: 604_800,
          reset_after_seconds: 566_340,
        },
      },
      additional_rate_limits: [
        {
          limit_name: 'GPT-5.3-Codex-Spark',
          metered_feature: 'codex_bengalfox',
          rate_limit: {
            allowed: false,
            limit_reached: true,
            primary_window: { used_percent: 100, limit_window_seconds: 90, reset_at: NOW + DAY },
          },
        },
        { limit_name: 'Empty', metered_feature: 'empty', rate_limit: {} },
        { limit_name: 'Again', metered_feature: 'codex', rate_limit: { a: { used_percent: 9 } } },
        { rate_limit: { a: { used_percent: 9 } } },
        null,
      ],
      credits: { has_credits: false },
      spend_control: { reached: false, individual_limit: { remaining_percent: 0 } },
    }),
    {
      accountId: 'account-1',
      planType: 'plus',
      limits: [
        {
          id: 'codex',
          name: undefined,
          windows: [
            { windowMinutes: 300, usedPercent: 100, resetsAt: NOW + 13_140 },
            { windowMinutes: 10080, usedPercent: 4, resetsAt: NOW + 566_340 },
          ],
        },
        {
          id: 'codex_bengalfox',
          name: 'GPT-5.3-Codex-Spark',
          windows: [{ windowMinutes: 2, usedPercent: 100, resetsAt: NOW + DAY }],
        },
      ],
      limitReachedUntil: NOW + 13_140,
    },
  )
})

t.test('an answer about usage may lack anything', async t => {
  for (const body of [
    {},
    { rate_limit: null, additional_rate_limits: null, plan_type: null },
    { rate_limit: { primary_window: null, secondary_window: null } },
    { rate_limit: { primary_window: {} }, additional_rate_limits: {} },
  ]) {
    t.match(readAnswer(body), { limits: [], planType: undefined, limitReachedUntil: undefined })
  }
})

t.test('names are cut and cannot steer a terminal', async t => {
  const rate_limits = { primary: { used_percent: 1 } }
  const { limits } = readEvent({
    metered_limit_name: 'spark',
    limit_name: `\u001b[31m${'x'.repeat(200)}`,
    rate_limits,
  })
  t.equal(limits[0]?.name, `${'x'.repeat(99)}…`)
  t.equal(readEvent({ plan_type: 'p\u0007lus\u200b' }).planType, 'plus')
})
