import t from 'tap'
import type { UsageReading, UsageSnapshot, UsageWindow } from '../../src/domain/usage-ports.ts'
import {
  byLength,
  isSameUsage,
  mergeUsage,
  usageAt,
  usageChanges,
} from '../../src/domain/usage-snapshot.ts'

/** Unix time in seconds. */
const NOW = 1_795_346_000
const HOUR = 3600

const window = (usedPercent: number, over: Partial<UsageWindow> = {}): UsageWindow => ({
  windowMinutes: 300,
  usedPercent,
  resetsAt: NOW + HOUR,
  ...over,
})
const limit = (id: string, ...windows: UsageWindow[]) => ({ id, name: undefined, windows })
const reading = (over: Partial<UsageReading> = {}): UsageReading => ({
  accountId: 'account-1',
  planType: undefined,
  limits: [],
  limitReachedUntil: undefined,
  ...over,
})
const snapshot = (over: Partial<UsageSnapshot> = {}): UsageSnapshot => ({
  ...reading(),
  capturedAt: NOW * 1000,
  ...over,
})
const merge = (before: UsageSnapshot | undefined, told: UsageReading, isWhole = false) =>
  mergeUsage(before, told, NOW * 1000, isWhole)

t.test('the first reading is all that is known', async t => {
  const told = reading({ planType: 'plus', limits: [limit('codex', window(12))] })
  t.strictSame(merge(undefined, told), { ...told, capturedAt: NOW * 1000 })
})

t.test('a reading replaces the meters that it tells of and keeps the others', async t => {
  const before = snapshot({
    planType: 'plus',
    limits: [
      limit('codex', window(12), window(40, { windowMinutes: 10080 })),
      { id: 'spark', name: 'Spark', windows: [window(5)] },
    ],
    capturedAt: 1,
  })
  const after = merge(
    before,
    reading({ limits: [limit('spark', window(6)), limit('alpha', window(1))] }),
  )
  t.strictSame(after, {
    accountId: 'account-1',
    planType: 'plus',
    limits: [
      limit('codex', window(12), window(40, { windowMinutes: 10080 })),
      limit('alpha', window(1)),
      { id: 'spark', name: 'Spark', windows: [window(6)] },
    ],
    limitReachedUntil: undefined,
    capturedAt: NOW * 1000,
  })
  const general = merge(after, reading({ planType: 'pro', limits: [limit('codex', window(13))] }))
  t.equal(general.planType, 'pro')
  t.strictSame(general.limits[0], limit('codex', window(13)))
})

t.test('an answer that tells everything leaves no other meter', async t => {
  const before = snapshot({ limits: [limit('codex', window(12)), limit('old', window(5))] })
  const told = reading({ limits: [limit('codex', window(13))] })
  t.strictSame(merge(before, told, true).limits, [limit('codex', window(13))])
  t.strictSame(merge(before, reading(), true).limits, before.limits, 'one that tells nothing')
})

t.test('a reading of another account takes the place of everything', async t => {
  const before = snapshot({
    planType: 'plus',
    limits: [limit('codex', window(12)), limit('spark', window(5))],
    limitReachedUntil: NOW + HOUR,
  })
  for (const accountId of ['account-2', undefined]) {
    const told = reading({ accountId, limits: [limit('codex', window(1))] })
    t.strictSame(merge(before, told), { ...told, capturedAt: NOW * 1000 })
  }
})

t.test('a reset that moves by seconds is the same one', async t => {
  const resetAfter = (seconds: number) => {
    const before = snapshot({ limits: [limit('codex', window(12))] })
    const told = window(13, { resetsAt: NOW + HOUR + seconds })
    return merge(before, reading({ limits: [limit('codex', told)] })).limits[0]?.windows[0]
  }
  t.strictSame(resetAfter(5), window(13))
  t.strictSame(resetAfter(-5), window(13))
  t.strictSame(resetAfter(6), window(13, { resetsAt: NOW + HOUR + 6 }))
})

t.test('a refusal holds until its time is over or room is told of', async t => {
  const refused = snapshot({ limitReachedUntil: NOW + HOUR })
  const after = (told: Partial<UsageReading>, isWhole = false) =>
    merge(refused, reading(told), isWhole).limitReachedUntil
  t.equal(after({ limitReachedUntil: NOW + 9 }), NOW + 9)
  t.equal(after({}), NOW + HOUR)
  t.equal(after({ limits: [limit('codex', window(99.9))] }), undefined)
  t.equal(after({ limits: [limit('codex', window(3), window(100))] }), NOW + HOUR)
  t.equal(after({ limits: [limit('spark', window(3))] }), NOW + HOUR, 'another meter')
  t.equal(after({ limits: [limit('codex', window(100))] }, true), undefined, 'asked')
  t.equal(after({}, true), NOW + HOUR, 'asked in vain')
  t.equal(after({ limitReachedUntil: NOW }), undefined, 'over already')
  t.equal(usageAt(refused, (NOW + HOUR) * 1000 - 1).limitReachedUntil, NOW + HOUR)
  t.equal(usageAt(refused, (NOW + HOUR) * 1000).limitReachedUntil, undefined)
})

t.test('a window whose reset is past is unused and keeps its reset', async t => {
  const known = snapshot({
    limits: [limit('codex', window(80), window(40, { windowMinutes: 10080, resetsAt: undefined }))],
  })
  t.strictSame(usageAt(known, (NOW + HOUR) * 1000 - 1), known)
  t.strictSame(usageAt(known, (NOW + HOUR) * 1000).limits[0]?.windows, [
    window(0),
    window(40, { windowMinutes: 10080, resetsAt: undefined }),
  ])
})

const changes = (before: UsageWindow | undefined, after: UsageWindow, now = NOW) =>
  usageChanges(
    before && snapshot({ limits: [limit('codex', before)] }),
    snapshot({ limits: [limit('codex', after)] }),
    now * 1000,
  ).map(({ event }) => event)

t.test('each threshold is told once, the highest of several', async t => {
  t.strictSame(changes(undefined, window(49.9)), [])
  t.strictSame(changes(undefined, window(50)), [50])
  t.strictSame(changes(window(49.9), window(50)), [50])
  t.strictSame(changes(window(50), window(74.9)), [])
  t.strictSame(changes(window(74), window(75)), [75])
  t.strictSame(changes(window(74), window(99.9)), [90])
  t.strictSame(changes(window(99.9), window(100)), [100])
  t.strictSame(changes(window(100), window(100)), [])
  t.strictSame(changes(window(80), window(76)), [], 'a correction is no reset')
})

t.test('a window that begins anew is told of if it had been told of before', async t => {
  const next = { resetsAt: NOW + 6 * HOUR }
  t.strictSame(changes(window(80), window(2, next)), ['reset'])
  t.strictSame(changes(window(49), window(2, next)), [])
  t.strictSame(changes(window(95), window(60, next)), ['reset', 50])
  t.strictSame(changes(window(60), window(60, next)), [], 'it was moved, not begun anew')
  const past = { resetsAt: NOW }
  t.strictSame(changes(window(80, past), window(2, { resetsAt: undefined })), ['reset'])
  t.strictSame(changes(window(80, past), window(80, next)), [75], 'used up to the same share')
  const untold = { resetsAt: undefined }
  t.strictSame(changes(window(80, untold), window(2, untold)), [])
})

t.test('changes name the meter, and each window is compared with its like', async t => {
  const weekly = (usedPercent: number) => window(usedPercent, { windowMinutes: 10080 })
  const before = snapshot({ limits: [limit('codex', window(10), weekly(80))] })
  const after = snapshot({
    limits: [limit('codex', window(55), weekly(80)), limit('spark', window(91))],
  })
  t.strictSame(usageChanges(before, after, NOW * 1000), [
    { meterId: 'codex', window: window(55), event: 50 },
    { meterId: 'spark', window: window(91), event: 90 },
  ])
  const other = snapshot({ ...after, accountId: 'account-2' })
  t.strictSame(
    usageChanges(before, other, NOW * 1000).map(({ event }) => event),
    [50, 75, 90],
    'another account',
  )
})

t.test('only the time of the capture may differ in the same usage', async t => {
  const known = snapshot({ limits: [limit('codex', window(12))] })
  t.ok(isSameUsage(known, { ...known, capturedAt: 7 }))
  t.notOk(isSameUsage(known, { ...known, planType: 'pro' }))
  t.notOk(isSameUsage(known, { ...known, limits: [limit('codex', window(13))] }))
})

t.test('the shortest window is first, those of unknown length are last', async t => {
  const lengths = [undefined, 10080, 300, undefined, 43200]
  const windows = lengths.map(windowMinutes => window(1, { windowMinutes }))
  t.strictSame(
    windows.sort(byLength).map(({ windowMinutes }) => windowMinutes),
    [300, 10080, 43200, undefined, undefined],
  )
})
