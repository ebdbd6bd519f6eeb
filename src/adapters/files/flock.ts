/** The locks of other programs: files that stay, locked with flock(2), which Node cannot call. */

import { type ChildProcess, spawn } from 'node:child_process'
import { stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { LockedError } from './lock.ts'

/** The exit code of flock(1) if somebody else has locked the file. */
const CONFLICT = 1
/** Signals to all processes of a terminal or a service must not free what we still need. */
const HOLD = 'trap "" HUP INT TERM; exec flock -n -x "$1" cat'
const FIRST_PAUSE_MS = 50
const LONGEST_PAUSE_MS = 500

/** How long to wait. */
export interface FlockOptions {
  /** Default: 35 s. */
  readonly waitMs?: number
  /** Ends the wait with its reason, never the work. */
  readonly signal?: AbortSignal | undefined
}

interface Holder {
  readonly child: ChildProcess
  /** Resolves when all of it has ended. */
  readonly closed: Promise<unknown>
}

/**
 * Does `work` while it holds, exclusively, those of the files `paths` that exist; the others are
 * not made. It takes all of them or none, so that two programs cannot block each other.
 *
 * A lock is held by a child until its standard input ends, so the system frees it however this
 * process ends. Where that cannot be, without flock(1) or on another system than Linux, and for
 * a file that cannot be locked, `work` is done without.
 *
 * @throws LockedError if the turn does not come in time; and whatever `work` throws.
 */
export async function withFlock<T>(
  paths: readonly string[],
  work: () => Promise<T>,
  { waitMs = 35_000, signal }: FlockOptions = {},
): Promise<T> {
  const inOrder = [...new Set(paths.map(path => resolve(path)))].sort()
  const holders = process.platform === 'linux' ? await acquire(inOrder, waitMs, signal) : []
  try {
    return await work()
  } finally {
    await release(holders)
  }
}

async function acquire(
  paths: readonly string[],
  waitMs: number,
  signal: AbortSignal | undefined,
): Promise<readonly Holder[]> {
  const deadline = performance.now() + waitMs
  // Asking again and again, as a child that waits would go on waiting after our end.
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    signal?.throwIfAborted()
    const result = await tryAll(paths)
    if ('holders' in result) return result.holders
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) throw new LockedError(result.locked, undefined)
    await pause(Math.min(pauseMs, leftMs))
  }
}

async function tryAll(
  paths: readonly string[],
): Promise<{ readonly holders: readonly Holder[] } | { readonly locked: string }> {
  const holders: Holder[] = []
  for (const path of paths) {
    const found = await stat(path).catch(() => undefined)
    if (!found?.isFile()) continue
    const result = await tryOne(path)
    if (result === 'locked') {
      await release(holders)
      return { locked: path }
    }
    if (result !== 'impossible') holders.push(result)
  }
  return { holders }
}

async function tryOne(path: string): Promise<Holder | 'locked' | 'impossible'> {
  const child = spawn('sh', ['-c', HOLD, 'sh', path], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: process.env['PATH'] },
  })
  const closed = new Promise<number | null>(resolve => child.once('close', resolve))
  const failed = new Promise<'impossible'>(resolve => {
    child.once('error', () => resolve('impossible'))
  })
  const answered = new Promise<'answered'>(resolve => {
    child.stdout.on('data', () => resolve('answered'))
  })
  // It may have ended before it reads.
  child.stdin.on('error', () => {})
  child.stdin.write('.')
  const result = await Promise.race([answered, failed, closed])
  if (result === 'answered') return { child, closed }
  return result === CONFLICT ? 'locked' : 'impossible'
}

async function release(holders: readonly Holder[]): Promise<void> {
  for (const { child, closed } of holders) {
    child.stdin?.end()
    await closed
  }
}
