/** Runs the service in a process of its own, so that only its own time and memory are counted. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const LAUNCHER = fileURLToPath(new URL('../bin/chatmock', import.meta.url))

export interface BenchService {
  readonly port: number
  readonly startUpMs: number
  /** Resident memory in bytes. */
  memory(): number
  /** Processor time used so far, in milliseconds. */
  cpuMs(): number
  stop(): Promise<void>
}

/** Starts `chatmock serve` signed in with a made-up login, in front of the given backend. */
export async function startBenchService(backendUrl: string): Promise<BenchService> {
  const home = mkdtempSync(join(tmpdir(), 'chatmock-bench-'))
  const claims = Buffer.from(JSON.stringify({ exp: Date.now() / 1000 + 3600 })).toString(
    'base64url',
  )
  const tokens = { access_token: `e30.${claims}.x`, refresh_token: 'x', account_id: 'bench' }
  writeFileSync(join(home, 'auth.json'), JSON.stringify({ tokens }))
  const startedAt = performance.now()
  const child = spawn(
    process.execPath,
    [LAUNCHER, 'serve', '--port', '0', '--base-url', backendUrl],
    {
      env: {
        ...process.env,
        CHATGPT_LOCAL_HOME: home,
        CHATGPT_LOCAL_LOG_LEVEL: 'error',
        // The backend answers every question with a stream.
        CHATGPT_LOCAL_MODEL_SYNC: 'off',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const port = await printedPort(child)
  const status = (name: string) => readFileSync(`/proc/${child.pid}/${name}`, 'utf8')
  return {
    port,
    startUpMs: performance.now() - startedAt,
    memory: () => Number(/VmRSS:\s+(\d+) kB/.exec(status('status'))?.[1]) * 1024,
    cpuMs: () => {
      const fields = status('stat').split(') ')[1]?.split(' ') ?? []
      return (Number(fields[11]) + Number(fields[12])) * 10
    },
    async stop() {
      child.kill('SIGKILL')
      await once(child, 'exit')
      rmSync(home, { recursive: true })
    },
  }
}

async function printedPort(child: ChildProcess): Promise<number> {
  let text = ''
  for await (const chunk of child.stdout ?? []) {
    text += chunk
    const port = /http:\/\/127\.0\.0\.1:(\d+)/.exec(text)?.[1]
    if (port !== undefined) return Number(port)
  }
  throw new Error(`The service did not start: ${text}`)
}

/** Asks for a streamed chat; resolves with the response, which is not read yet. */
export async function askForStream(port: number) {
  const outgoing = request({ port, path: '/v1/chat/completions', method: 'POST' })
  const messages = [{ role: 'user', content: 'hi' }]
  outgoing.end(JSON.stringify({ model: 'gpt-5.5', stream: true, messages }))
  const [incoming] = await once(outgoing, 'response')
  return incoming as import('node:http').IncomingMessage
}
