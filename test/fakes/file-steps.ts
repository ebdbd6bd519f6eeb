/** Sees and stops what a process does to the file system; for processes that exist for a test. */

import fs, { type FileHandle } from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

/** What to do instead of a step; nothing to let it happen. */
export type Verdict = 'die' | 'die halfway' | { readonly fail: string } | undefined

type Judge = (step: string) => Verdict | Promise<Verdict>

const FUNCTIONS = ['mkdir', 'open', 'link', 'rename', 'rm'] as const
const METHODS = ['write', 'writeFile', 'truncate', 'chmod', 'sync', 'utimes'] as const

type Method = (this: unknown, ...parameters: unknown[]) => Promise<unknown>

/**
 * Asks `judge` before every step that changes the file system, in this whole process from now
 * on. Opening a file that must be new is called `create`. A write that dies halfway has written
 * the first half of its bytes.
 */
export async function judgeSteps(judge: Judge): Promise<void> {
  const handle = await fs.open(process.execPath)
  const methods: Record<string, Method> = Object.getPrototypeOf(handle)
  await handle.close()
  const functions = fs as unknown as Record<string, Method>
  for (const name of FUNCTIONS) functions[name] = judged(name, functions[name] as Method, judge)
  for (const name of METHODS) methods[name] = judged(name, methods[name] as Method, judge)
  // So that those who have imported the functions by name see these.
  syncBuiltinESMExports()
}

function judged(name: string, method: Method, judge: Judge): Method {
  return async function (...parameters) {
    const verdict = await judge(parameters[1] === 'wx' ? 'create' : name)
    if (typeof verdict === 'object')
      throw Object.assign(new Error(verdict.fail), { code: verdict.fail })
    if (verdict === 'die halfway') await writeHalf(this as FileHandle, parameters[0])
    if (verdict !== undefined) process.kill(process.pid, 'SIGKILL')
    return await method.apply(this, parameters)
  }
}

async function writeHalf(handle: FileHandle, content: unknown): Promise<void> {
  const bytes = Buffer.isBuffer(content) ? content : Buffer.from(String(content))
  const { writev } = Object.getPrototypeOf(handle)
  await writev.call(handle, [bytes.subarray(0, bytes.length / 2)], 0)
}
