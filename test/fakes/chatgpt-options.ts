import type { ChatgptOptions } from '../../src/adapters/chatgpt/client.ts'
import { KNOWN_MODELS } from '../../src/adapters/chatgpt/known-models.ts'
import { createFakeClock } from './clock.ts'
import { createFakeLog, type FakeLog } from './log.ts'
import { createFakeUsageRecorder, type FakeUsageRecorder } from './usage-recorder.ts'

/** Options of the backend's client, and what it has told. */
export interface FakeChatgptOptions {
  readonly options: ChatgptOptions
  readonly log: FakeLog
  readonly usage: FakeUsageRecorder
  readonly dates: readonly (string | null)[]
  readonly etags: readonly string[]
}

/** Creates options for a backend at `baseUrl`, with patience and a clock that stands at 0. */
export function fakeChatgptOptions(
  baseUrl: string,
  fetch: ChatgptOptions['fetch'],
  over: Partial<ChatgptOptions> = {},
): FakeChatgptOptions {
  const log = createFakeLog()
  const usage = createFakeUsageRecorder()
  const dates: (string | null)[] = []
  const etags: string[] = []
  const options: ChatgptOptions = {
    baseUrl,
    fetch,
    catalog: { list: () => KNOWN_MODELS },
    userAgent: 'chatmock/test',
    firstEventTimeoutMs: 10_000,
    idleTimeoutMs: 10_000,
    clock: createFakeClock(0),
    log,
    usage,
    time: { observe: date => dates.push(date) },
    onModelsEtag: etag => etags.push(etag),
    ...over,
  }
  return { options, log, usage, dates, etags }
}
