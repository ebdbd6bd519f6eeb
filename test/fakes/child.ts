import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

/** How a child process has ended. */
export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** A script of this folder that runs in a process of its own. */
export interface Child {
  readonly pid: number
  readonly ended: Promise<Ended>
  /** Waits for `text` in what it writes; tells whether it has come before the end. */
  until(text: string): Promise<boolean>
  /** Writes a line to its standard input. */
  go(): void
  kill(signal: NodeJS.Signals): void
}

/** Starts `test/fakes/<script>` with one parameter, its JSON in `process.argv[2]`. */
export function startChild(t: Test, script: string, parameter: unknown): Child {
  const path = fileURLToPath(new URL(script, import.meta.url))
  const { PATH } = process.env
  const child = spawn(process.execPath, ['--import=tsx', path, JSON.stringify(parameter)], {
    // Without what tap and c8 have for the children of a test: hundreds of them would write megabytes each.
    env: { PATH, NODE_V8_COVERAGE: '' },
  })
  t.teardown(() => child.kill('SIGKILL'))
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  child.stdin.on('error', () => {})
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, stdout, stderr }))
  return {
    pid: child.pid ?? 0,
    ended,
    async until(text) {
      while (!stdout.includes(text)) {
        const isOver = await Promise.race([once(child.stdout, 'data').then(() => false), ended])
        if (isOver) return stdout.includes(text)
      }
      return true
    },
    go: () => child.stdin.write('\n'),
    kill: signal => child.kill(signal),
  }
}
