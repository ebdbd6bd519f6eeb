/** Builds the service once: the protocols, and the backend behind them. */

import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { readPrompt } from '../adapters/files/prompt.ts'
import { createCors } from '../adapters/http/cors.ts'
import type { Protocol } from '../adapters/http/exchange.ts'
import { createGuard } from '../adapters/http/guard.ts'
import { healthRoutes } from '../adapters/http/health.ts'
import { createRouter } from '../adapters/http/router.ts'
import { createHttpServer, type HttpServer, type ServerParts } from '../adapters/http/server.ts'
import { createOllamaPort } from '../adapters/ollama/port.ts'
import { createOllama } from '../adapters/ollama/routes.ts'
import { createOpenAi } from '../adapters/openai/routes.ts'
import { createStatus } from '../adapters/status/routes.ts'
import { type ChatDefaults, createChat } from '../domain/chat.ts'
import type { Log, ModelCatalog } from '../domain/ports.ts'
import { createRelay } from '../domain/relay.ts'
import type { NetworkSettings } from './args.ts'
import { openBackend } from './backend.ts'
import { clock } from './clock.ts'
import { RefusedConfiguration } from './exit.ts'
import { PROMPT_FILE, VERSION } from './package.ts'
import type { ServeSettings } from './settings.ts'

/** The whole service, built but not listening. */
export interface Service {
  readonly server: HttpServer
  /** The one that passes for Ollama; `undefined` where none is wanted. */
  readonly ollamaServer: HttpServer | undefined
  readonly catalog: ModelCatalog
  /** What the person should know or do before it works, a sentence each. */
  readonly hints: readonly string[]
  /** Begins the work in the background. */
  start(): void
  /** Takes whatever account the login file has now. */
  reload(): void
  /** Requests that are being answered by either server. */
  inFlight(): number
  /** Stops the servers, both within one grace, then lets go of what is outside. */
  close(graceMs: number): Promise<void>
}

/**
 * Builds the service; nothing listens yet.
 *
 * @throws RefusedConfiguration if a file that the settings name cannot be used; CommandError if
 *   the home folder cannot be made.
 */
export async function compose(
  settings: ServeSettings,
  network: NetworkSettings,
  log: Log,
): Promise<Service> {
  const startedAt = clock.monotonic()
  const prompt = await loadPrompt(settings)
  const backend = await openBackend(settings, network, log)
  const { catalog } = backend
  const ports = { ...backend, fingerprint }
  const defaults: ChatDefaults = {
    prompt,
    effort: settings.reasoningEffort,
    summary: settings.reasoningSummary,
    debugModel: settings.debugModel,
    fastMode: settings.fastMode,
  }
  const parts = {
    chat: createChat(ports, defaults),
    catalog,
    strict: settings.strict,
    webSearch: settings.enableWebSearch,
    exposesEfforts: settings.exposeReasoningModels,
    clock,
    bodyLimitBytes: settings.bodyLimitBytes,
    streamTimes: settings,
  }
  const openAi = createOpenAi({
    ...parts,
    relay: createRelay(ports, defaults),
    reasoningMode: settings.reasoningCompat,
  })
  const { remoteHost } = backend
  const ollama = createOllama({ ...parts, remoteHost, debugModel: settings.debugModel })
  const { encodeError } = openAi.protocol
  const health: Protocol = { routes: healthRoutes, encodeError }
  const status = createStatus({
    version: VERSION,
    upstream: settings.upstream,
    uptimeSeconds: () => (clock.monotonic() - startedAt) / 1000,
    // Not counting the one that asks.
    inFlight: () => inFlight() - 1,
    account: backend.account,
    usage: backend.usage,
    catalog,
    encodeError,
  })
  const serverParts: Omit<ServerParts, 'router'> = {
    guard: createGuard(settings.allowedHosts),
    cors: createCors(settings.corsOrigins),
    timeouts: {
      headersMs: settings.headersTimeoutMs,
      requestMs: settings.requestTimeoutMs,
      keepAliveMs: settings.keepAliveTimeoutMs,
      checkIntervalMs: settings.checkIntervalMs,
    },
    log,
  }
  const createServer = (...protocols: [Protocol, ...Protocol[]]): HttpServer =>
    createHttpServer({ ...serverParts, router: createRouter(protocols) })
  const server = createServer(openAi.protocol, ollama, health, status)
  const ollamaServer =
    settings.ollamaPort === 'off'
      ? undefined
      : createServer(createOllamaPort(), ollama, openAi.asOllamaServes, health, status)
  const inFlight = () => server.inFlight() + (ollamaServer?.inFlight() ?? 0)
  return {
    server,
    ollamaServer,
    catalog,
    hints: backend.hints,
    start: backend.start,
    reload: backend.reload,
    inFlight,
    async close(graceMs) {
      await Promise.all([server.close(graceMs), ollamaServer?.close(graceMs)])
      await backend.close()
    },
  }
}

/** A prompt that the user names has to be there; else their own is taken, if any, or the package's. */
async function loadPrompt({ prompt, home }: ServeSettings): Promise<string> {
  const candidates = prompt === undefined ? [join(home, 'prompt.md'), PROMPT_FILE] : [prompt]
  for (const path of candidates) {
    const text = await readPrompt(path).catch(error => refusePrompt(path, error.message))
    if (text !== undefined) return text
  }
  return refusePrompt(candidates.join(' or '), 'it does not exist')
}

function refusePrompt(path: string, reason: string): never {
  throw new RefusedConfiguration(
    `The prompt file ${path} cannot be used: ${reason}. Name another with --prompt or CHATGPT_LOCAL_PROMPT.`,
  )
}

/** A digest in the form of a UUID, which is what the backend's own clients send. */
function fingerprint(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
