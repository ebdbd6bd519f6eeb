/** Who holds a lock, and whether that process is still there. */

import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import * as v from 'valibot'
import { parseJson } from '../../domain/json.ts'
import { codeOf } from './system-error.ts'

const text = v.nullable(v.string())

const LockOwner = v.object({
  pid: v.pipe(v.number(), v.integer(), v.minValue(1)),
  host: v.string(),
  /** Of this start of the machine; `null` where the system does not tell. */
  boot_id: text,
  /** Containers count their processes apart, also those that share a host name. */
  pid_namespace: text,
  /** When the process began, in the system's own unit. */
  start: text,
  /** Names this one taking of the lock. It becomes part of file names. */
  nonce: v.pipe(v.string(), v.regex(/^[0-9a-f]{32}$/)),
})

/** The content of a lock file, in its own spelling. */
export type LockOwner = Readonly<v.InferOutput<typeof LockOwner>>

/** A process, as every lock that it takes describes it. */
export type LockProcess = Omit<LockOwner, 'nonce'>

/** Describes this process. */
export async function describeThisProcess(): Promise<LockProcess> {
  const [boot, namespace, found] = await Promise.all([
    readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => null),
    readlink('/proc/self/ns/pid').catch(() => null),
    readProcess(process.pid),
  ])
  return {
    pid: process.pid,
    host: hostname(),
    boot_id: boot?.trim() ?? null,
    pid_namespace: namespace,
    start: found?.start ?? null,
  }
}

/** Reads the content of a lock file; `undefined` if it is none of ours, or not whole. */
export function parseOwner(content: string): LockOwner | undefined {
  const parsed = v.safeParse(LockOwner, parseJson(content))
  return parsed.success ? parsed.output : undefined
}

/**
 * Tells whether the process of `owner` has certainly ended, as `self` sees it: not if it runs
 * where `self` cannot look.
 */
export async function hasEnded(owner: LockProcess, self: LockProcess): Promise<boolean> {
  const isNear =
    owner.host === self.host &&
    owner.boot_id === self.boot_id &&
    owner.pid_namespace === self.pid_namespace
  if (!isNear) return false
  try {
    process.kill(owner.pid, 0)
  } catch (error) {
    return codeOf(error) === 'ESRCH'
  }
  const found = await readProcess(owner.pid)
  if (found === undefined) return false
  // The dead that nobody has buried answer as well, and a number can belong to another by now.
  return found.isDead || (owner.start !== null && found.start !== owner.start)
}

/** Reads what Linux tells of a process (proc_pid_stat(5)); `undefined` if nothing. */
async function readProcess(
  pid: number,
): Promise<{ readonly start: string; readonly isDead: boolean } | undefined> {
  const line = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined)
  // The second field, the name, is in parentheses and may hold anything, parentheses too.
  const fields = line?.slice(line.lastIndexOf(')') + 2).split(' ')
  const state = fields?.[0]
  const start = fields?.[19]
  if (state === undefined || start === undefined) return undefined
  return { start, isDead: state === 'Z' || state === 'X' }
}
