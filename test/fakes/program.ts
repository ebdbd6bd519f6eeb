import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { makeFolder } from './folder.ts'

const LAUNCHER = fileURLToPath(new URL('../../bin/chatmock', import.meta.url))

/** The program, running. */
export interface Program {
  readonly child: ChildProcess
  /** What it has written so far. */
  readonly output: { stdout: string; stderr: string }
  /** Resolves when it has ended and all its output is read. */
  readonly ended: Promise<Ended>
}

/** How it ended. */
export interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Where and how to run it. */
export interface ProgramOptions {
  readonly nodeArguments?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  /** Whether there is somebody to type. */
  readonly hasInput?: boolean
}

/** Starts the program from the checkout, in an environment that knows nothing of the user. */
export function startProgram(
  t: Test,
  argv: readonly string[],
  { nodeArguments = [], environment = {}, hasInput = false }: ProgramOptions = {},
): Program {
  const home = environment['CHATGPT_LOCAL_HOME'] ?? makeFolder(t)
  const { PATH, NODE_V8_COVERAGE } = process.env
  const node = nodeArguments.length === 0 ? [] : [process.execPath, ...nodeArguments]
  // tap puts a loader into the NODE_OPTIONS of every child, which no launcher of ES modules survives.
  const child = spawn('env', ['-u', 'NODE_OPTIONS', ...node, LAUNCHER, ...argv], {
    env: { PATH, NODE_V8_COVERAGE, HOME: home, CHATGPT_LOCAL_HOME: home, ...environment },
    stdio: [hasInput ? 'pipe' : 'ignore', 'pipe', 'pipe'],
  })
  t.teardown(() => child.kill('SIGKILL'))
  const output = { stdout: '', stderr: '' }
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text
  })
  const ended = once(child, 'close').then(([code]) => ({ code, ...output }))
  return { child, output, ended }
}

/** Waits for `pattern` in what the program writes; throws if it ends without. */
export async function findOutput(
  { child, output }: Program,
  stream: 'stdout' | 'stderr',
  pattern: RegExp,
): Promise<RegExpExecArray> {
  for (;;) {
    const found = pattern.exec(output[stream])
    if (found !== null) return found
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`It ended without ${pattern}:\n${output.stdout}${output.stderr}`)
    }
    await wait(10)
  }
}

/** Starts a server on a free port; resolves when it listens. */
export async function startServer(
  t: Test,
  argv: readonly string[] = [],
  options: ProgramOptions = {},
): Promise<Program & { readonly url: string }> {
  const program = startProgram(t, ['serve', '--port', '0', ...argv], options)
  const pattern = /Base URL\s+(\S+)\/v1.*Ctrl-C to stop\.\n/s
  const [, url = ''] = await findOutput(program, 'stdout', pattern)
  return { ...program, url }
}
