import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createUsageFile } from '../../../src/adapters/files/usage-file.ts'
import type { UsageSnapshot } from '../../../src/domain/usage-ports.ts'

/** 2026-11-22T12:00:00.000Z, in seconds. */
const NOW = 1_795_348_800

const snapshot: UsageSnapshot = {
  capturedAt: NOW * 1000 + 250,
  accountId: 'account-1',
  planType: 'plus',
  limitReachedUntil: NOW + 3600,
  limits: [
    {
      id: 'codex',
      name: undefined,
      windows: [
        { windowMinutes: 300, usedPercent: 100, resetsAt: NOW + 3600 },
        { windowMinutes: 10080, usedPercent: 40.5, resetsAt: undefined },
        { windowMinutes: undefined, usedPercent: 3, resetsAt: NOW - 60 },
      ],
    },
    {
      id: 'codex_bengalfox',
      name: 'GPT-5.3-Codex-Spark',
      windows: [{ windowMinutes: 1440, usedPercent: 1, resetsAt: NOW + 7200 }],
    },
  ],
}

const fileIn = (t: Test, content?: string) =>
  join(t.testdir(content === undefined ? {} : { 'usage.json': content }), 'usage.json')

t.test('what is saved is loaded, and the file is the owner’s', async t => {
  const path = join(t.testdir(), 'home', 'usage.json')
  const store = createUsageFile(path)
  t.equal(await store.load(), undefined, 'nothing is kept yet')
  await store.save(snapshot)
  t.strictSame(await createUsageFile(path).load(), snapshot)
  t.equal(statSync(path).mode & 0o777, 0o600)
  await store.save({ ...snapshot, limits: [], planType: undefined, limitReachedUntil: undefined })
  t.match(await store.load(), { limits: [], accountId: 'account-1', planType: undefined })
  t.strictSame(readdirSync(join(path, '..')), ['usage.json'])
})

t.test('the file has what the Python program reads, and all the rest', async t => {
  const path = fileIn(t)
  await createUsageFile(path).save(snapshot)
  t.equal(
    readFileSync(path, 'utf8'),
    `{
  "captured_at": "2026-11-22T12:00:00.250+00:00",
  "primary": {
    "used_percent": 100,
    "window_minutes": 300,
    "resets_in_seconds": 3600
  },
  "secondary": {
    "used_percent": 40.5,
    "window_minutes": 10080,
    "resets_in_seconds": null
  },
  "account_id": "account-1",
  "plan_type": "plus",
  "limit_reached_until": "2026-11-22T13:00:00.000+00:00",
  "limits": [
    {
      "id": "codex",
      "name": null,
      "windows": [
        {
          "used_percent": 100,
          "window_minutes": 300,
          "resets_at": "2026-11-22T13:00:00.000+00:00"
        },
        {
          "used_percent": 40.5,
          "window_minutes": 10080,
          "resets_at": null
        },
        {
          "used_percent": 3,
          "window_minutes": null,
          "resets_at": "2026-11-22T11:59:00.000+00:00"
        }
      ]
    },
    {
      "id": "codex_bengalfox",
      "name": "GPT-5.3-Codex-Spark",
      "windows": [
        {
          "used_percent": 1,
          "window_minutes": 1440,
          "resets_at": "2026-11-22T14:00:00.000+00:00"
        }
      ]
    }
  ]
}
`,
  )
})

t.test('a reset that is past is 0 seconds away for the Python program', async t => {
  const path = fileIn(t)
  const windows = [{ windowMinutes: 300, usedPercent: 9, resetsAt: NOW - 60 }]
  await createUsageFile(path).save({
    ...snapshot,
    limits: [{ id: 'codex', name: undefined, windows }],
  })
  const { primary, secondary } = JSON.parse(readFileSync(path, 'utf8'))
  t.strictSame(primary, { used_percent: 9, window_minutes: 300, resets_in_seconds: 0 })
  t.equal(secondary, undefined)
})

t.test(
  'what the Python program wrote is read, its resets from the time of the capture',
  async t => {
    const written = {
      captured_at: '2026-11-22T12:00:00.123456+00:00',
      primary: { used_percent: 120.5, window_minutes: 10080, resets_in_seconds: 600 },
      secondary: { used_percent: 7, window_minutes: null, resets_in_seconds: null },
    }
    t.strictSame(await createUsageFile(fileIn(t, JSON.stringify(written))).load(), {
      capturedAt: NOW * 1000 + 123,
      accountId: undefined,
      planType: undefined,
      limitReachedUntil: undefined,
      limits: [
        {
          id: 'codex',
          name: undefined,
          windows: [
            { windowMinutes: 10080, usedPercent: 100, resetsAt: NOW + 600 },
            { windowMinutes: undefined, usedPercent: 7, resetsAt: undefined },
          ],
        },
      ],
    })
    const { secondary: _, ...alone } = written
    t.equal(
      (await createUsageFile(fileIn(t, JSON.stringify(alone))).load())?.limits[0]?.windows.length,
      1,
    )
  },
)

const captured = '"captured_at":"2026-11-22T12:00:00Z"'
const damaged: [string, string][] = [
  ['empty', ''],
  ['cut', `{${captured},"limits":[`],
  ['no object', '[]'],
  ['without a time', '{"limits":[]}'],
  ['with a time that is none', '{"captured_at":"soon","limits":[]}'],
  ['with nothing but a time', `{${captured}}`],
  ['with limits that are none', `{${captured},"limits":{},"primary":{"used_percent":1}}`],
  ['with a window that is none', `{${captured},"limits":[{"id":"codex","windows":[{}]}]}`],
  ['with a share that is none', `{${captured},"primary":{"used_percent":"1"}}`],
  ['with a share without end', `{${captured},"primary":{"used_percent":1e999}}`],
  [
    'with a reset that never comes',
    `{${captured},"primary":{"used_percent":1,"resets_in_seconds":1e300}}`,
  ],
  ['too large', `{${captured},"limits":[],"padding":"${'x'.repeat(1024 * 1024)}"}`],
]

for (const [what, content] of damaged) {
  t.test(`a file that is ${what} is not kept, and can be replaced`, async t => {
    const path = fileIn(t, content)
    const store = createUsageFile(path)
    t.equal(await store.load(), undefined)
    t.equal(readFileSync(path, 'utf8'), content)
    await store.save(snapshot)
    t.strictSame(await store.load(), snapshot)
  })
}

t.test('what cannot be read or written is not kept, and nothing fails', async t => {
  const folder = t.testdir({ 'usage.json': {}, file: '' })
  for (const path of [join(folder, 'usage.json'), join(folder, 'file', 'usage.json')]) {
    const store = createUsageFile(path)
    await store.save(snapshot)
    t.equal(await store.load(), undefined, path)
  }
})

t.test('a time that no calendar has is not written', async t => {
  const path = fileIn(t)
  const store = createUsageFile(path)
  await store.save(snapshot)
  await store.save({ ...snapshot, limitReachedUntil: 1e20 })
  t.strictSame(await store.load(), snapshot)
})
