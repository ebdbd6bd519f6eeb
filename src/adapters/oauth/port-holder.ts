/** Who holds a port of this machine, as far as the system's own tools can tell. */

import { execFile } from 'node:child_process'
import { plainText } from '../../domain/plain-text.ts'

/** Runs a program and returns what it prints; `undefined` if it cannot or does not in time. */
export type RunProgram = (name: string, args: readonly string[]) => Promise<string | undefined>

/** The longest that a tool may take; being told a name is not worth more. */
const PATIENCE_MS = 2000

/**
 * Names the program that listens on a TCP port: `node (process 123)`. Asks `ss`, then `lsof`;
 * `undefined` if neither is there or may tell. Never throws.
 */
export async function findPortHolder(
  port: number,
  run: RunProgram = runProgram,
): Promise<string | undefined> {
  const sockets = await run('ss', ['-Hltnp', 'sport', '=', `:${port}`])
  const [, ssName, ssId] = /users:\(\("([^"]*)",pid=(\d+)/.exec(sockets ?? '') ?? []
  if (ssName && ssId) return nameOf(ssName, ssId)
  const files = await run('lsof', ['-nP', `-iTCP:${port}`, '-sTCP:LISTEN', '-Fpc'])
  const [, lsofId, lsofName] = /^p(\d+)\nc(.+)$/m.exec(files ?? '') ?? []
  return lsofName && lsofId ? nameOf(lsofName, lsofId) : undefined
}

/** A program chooses its own name, so it is not printed as it is. */
function nameOf(name: string, id: string): string {
  return `${plainText(name) || 'a program'} (process ${id})`
}

function runProgram(name: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise(resolve => {
    execFile(name, args, { timeout: PATIENCE_MS, windowsHide: true }, (error, stdout) => {
      resolve(error ? undefined : stdout)
    })
  })
}
