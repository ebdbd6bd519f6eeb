/** A lock between processes that no crash leaves locked. */

import { dirname } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { makeFolder } from './folder.ts'
import {
  breakLock,
  type FoundLock,
  findLock,
  type LockContender,
  releaseLock,
  sweepLock,
  type TakenLock,
  takeLock,
} from './lock-file.ts'
import { describeThisProcess, hasEnded, type LockProcess } from './lock-owner.ts'

/** Thrown when somebody else keeps a lock for longer than the caller waits. */
export class LockedError extends Error {
  override readonly name = 'LockedError'
  readonly code = 'ELOCKED'
  /** The process that holds the lock, if it is known. */
  readonly pid: number | undefined

  constructor(path: string, pid: number | undefined) {
    super(`${path} is locked by ${pid === undefined ? 'another program' : `process ${pid}`}`)
    this.pid = pid
  }
}

/** How long to wait for a lock, and how long it lasts, in milliseconds. */
export interface LockOptions {
  /** How long to wait for one's turn; 35 s. */
  readonly waitMs: number
  /** After how long without a sign of life a lock is abandoned; 60 s. */
  readonly staleMs: number
  /** How often the holder gives a sign of life; 2 s. */
  readonly heartbeatMs: number
  /** Ends the wait with its reason, never the work. */
  readonly signal: AbortSignal | undefined
}

const DEFAULTS: LockOptions = {
  waitMs: 35_000,
  staleMs: 60_000,
  heartbeatMs: 2_000,
  signal: undefined,
}

/**
 * Does `work` while no other caller, in this process or another, works under the same `path`.
 * The lock is a file (0600) that is there for as long as it is held; its folder is made if
 * missing.
 *
 * A lock is taken from its holder if that process has ended, or if its last sign of life is
 * older than `staleMs` and no other comes for two heartbeats and a half: after a sleep of the
 * machine, or with another clock, all signs look old. Who stands still for that long loses the
 * lock and does not notice.
 *
 * @throws LockedError if the turn does not come in time; the system's error if no lock can be
 *   made; and whatever `work` throws.
 */
export async function withLock<T>(
  path: string,
  work: () => Promise<T>,
  options: Partial<LockOptions> = {},
): Promise<T> {
  const { waitMs, staleMs, heartbeatMs, signal } = { ...DEFAULTS, ...options }
  await makeFolder(dirname(path))
  const self = await describeThisProcess()
  const isAbandoned = createJudge(self, staleMs, heartbeatMs)
  const taken = await acquire({ path, self, isAbandoned }, waitMs, signal)
  const stop = startHeartbeat(taken, heartbeatMs)
  try {
    await sweepLock(path, taken)
    return await work()
  } finally {
    await stop()
    await releaseLock(taken)
  }
}

async function acquire(
  contender: LockContender,
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<TakenLock> {
  const { path } = contender
  const deadline = performance.now() + waitMs
  for (;;) {
    signal?.throwIfAborted()
    const found = await findLock(path)
    if (found === undefined) {
      const taken = await takeLock(contender, path)
      if (taken !== undefined) return taken
    } else if (await contender.isAbandoned(found)) {
      if (await breakLock(contender, path, found)) continue
    }
    if (performance.now() >= deadline) throw new LockedError(path, found?.owner?.pid)
    await pause(20 + Math.random() * 80)
  }
}

function createJudge(
  self: LockProcess,
  staleMs: number,
  heartbeatMs: number,
): (found: FoundLock) => Promise<boolean> {
  const seenSince = new Map<string, number>()
  return async ({ owner, mark, mtimeMs }) => {
    if (owner !== undefined && (await hasEnded(owner, self))) return true
    const sign = `${mark} ${mtimeMs}`
    const now = performance.now()
    const since = seenSince.get(sign) ?? now
    seenSince.set(sign, since)
    // A sign from the future is as odd as an old one.
    return Math.abs(Date.now() - mtimeMs) > staleMs && now - since > 2.5 * heartbeatMs
  }
}

/** Sets the time of the lock's file now and then; returns what ends that. */
function startHeartbeat({ handle }: TakenLock, everyMs: number): () => Promise<void> {
  let beating = Promise.resolve()
  const timer = setInterval(() => {
    // By the handle: if the lock is lost, the file at its name belongs to somebody else.
    beating = beating.then(() => handle.utimes(new Date(), new Date())).catch(() => {})
  }, everyMs)
  timer.unref()
  return async () => {
    clearInterval(timer)
    await beating
  }
}
