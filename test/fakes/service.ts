import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'
import { parseCommand } from '../../src/app/args.ts'
import { compose } from '../../src/app/compose.ts'
import { makeFolder } from './folder.ts'
import { createFakeLog, type FakeLog } from './log.ts'
import { startUpstream, type UpstreamServer } from './upstream-server.ts'

export interface RunningService {
  /** Base address without a path. */
  readonly url: string
  /** The same of the port that passes for Ollama; `undefined` without `--ollama-port 0`. */
  readonly ollamaUrl: string | undefined
  readonly port: number
  readonly log: FakeLog
  readonly inFlight: () => number
  /** Stops it before the test ends. */
  readonly close: () => Promise<void>
}

/** Runs the whole service on a free port, as the command line and the environment say. */
export async function startService(
  t: Test,
  argv: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningService> {
  const command = parseCommand(['serve', '--port', '0', ...argv], {
    // What the background asks would mix with what a test has scripted.
    CHATGPT_LOCAL_MODEL_SYNC: 'off',
    ...environment,
    CHATGPT_LOCAL_HOME: environment['CHATGPT_LOCAL_HOME'] ?? makeFolder(t),
  })
  if (command.type !== 'serve') throw new Error('not a serve command')
  const log = createFakeLog()
  const service = await compose(command.settings, command.network, log)
  const address: AddressInfo = await service.server.listen(0, '127.0.0.1')
  const ollamaAddress = await service.ollamaServer?.listen(0, '127.0.0.1')
  service.start()
  let closing: Promise<void> | undefined
  const close = () => {
    closing ??= service.close(100)
    return closing
  }
  t.teardown(close)
  return {
    close,
    url: `http://127.0.0.1:${address.port}`,
    ollamaUrl: ollamaAddress && `http://127.0.0.1:${ollamaAddress.port}`,
    port: address.port,
    log,
    inFlight: () => service.inFlight(),
  }
}

/** Runs the service with the demo behind it, as fast as it can. */
export function startDemo(t: Test, argv: readonly string[] = []): Promise<RunningService> {
  return startService(t, ['--demo', '--demo-pace', '0', ...argv])
}

/** An access token that is good for an hour; the signature is nobody's business here. */
export function accessToken(expiresInSeconds = 3600): string {
  const claims = { exp: Math.floor(Date.now() / 1000) + expiresInSeconds }
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${encode({ alg: 'none' })}.${encode(claims)}.canary-signature`
}

/** Runs the service signed in, with a scripted backend behind it. */
export async function startSignedIn(
  t: Test,
  environment: Readonly<Record<string, string>> = {},
): Promise<RunningService & { readonly upstream: UpstreamServer }> {
  const upstream = await startUpstream()
  const service = await startService(t, ['--base-url', upstream.url], {
    CHATGPT_LOCAL_ISSUER: upstream.url,
    ...environment,
    CHATGPT_LOCAL_HOME: environment['CHATGPT_LOCAL_HOME'] ?? signedInHome(t, accessToken()),
  })
  t.teardown(() => upstream.close())
  return { ...service, upstream }
}

/** Makes a home with a login of canary secrets. */
export function signedInHome(t: Test, token: string): string {
  const tokens = { access_token: token, refresh_token: 'canary-refresh', account_id: 'account-1' }
  return makeFolder(t, { 'auth.json': JSON.stringify({ tokens, x_keep: 1 }) })
}
