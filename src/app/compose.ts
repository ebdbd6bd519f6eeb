/** Builds every object of the service, once. The only place that knows both sides. */

import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { arch, platform, release } from 'node:os'
import { join } from 'node:path'
import { createKnownCatalog } from '../adapters/chatgpt/catalog.ts'
import { createChatgptModel } from '../adapters/chatgpt/client.ts'
import { createDemoAuthenticator } from '../adapters/demo/authenticator.ts'
import { createDemoCatalog } from '../adapters/demo/catalog.ts'
import { createDemoModel } from '../adapters/demo/model.ts'
import { readPrompt } from '../adapters/files/prompt.ts'
import { createFileTokenStore } from '../adapters/files/token-store.ts'
import { createCors } from '../adapters/http/cors.ts'
import type { Protocol } from '../adapters/http/exchange.ts'
import { createGuard } from '../adapters/http/guard.ts'
import { healthRoutes } from '../adapters/http/health.ts'
import { createRouter } from '../adapters/http/router.ts'
import { createHttpServer, type HttpServer } from '../adapters/http/server.ts'
import { createIdentityProvider } from '../adapters/oauth/provider.ts'
import { createOpenAi } from '../adapters/openai/routes.ts'
import { createFetch } from '../adapters/undici/fetch.ts'
import { createChat } from '../domain/chat.ts'
import { createAuthenticator } from '../domain/credentials.ts'
import type { Authenticator, ChatModel, Clock, Log, ModelCatalog } from '../domain/ports.ts'
import type { NetworkSettings } from './args.ts'
import { RefusedConfiguration } from './exit.ts'
import { PROMPT_FILE, VERSION } from './package.ts'
import type { ServeSettings } from './settings.ts'

/** The whole service, built but not listening. */
export interface Service {
  readonly server: HttpServer
  readonly catalog: ModelCatalog
  /** What the person has to do before it works, if anything. */
  readonly hint: string | undefined
  /** Stops the server, then lets go of what is outside. */
  close(graceMs: number): Promise<void>
}

/** Who answers, and what signs the questions. */
interface Backend {
  readonly model: ChatModel
  readonly catalog: ModelCatalog
  readonly authenticator: Authenticator
  readonly hint: string | undefined
  close(): Promise<void>
}

const clock: Clock = { now: () => Date.now() }

/**
 * Builds the service; nothing listens yet.
 *
 * @throws RefusedConfiguration if a file that the settings name cannot be used.
 */
export async function compose(
  settings: ServeSettings,
  network: NetworkSettings,
  log: Log,
): Promise<Service> {
  const prompt = await loadPrompt(settings)
  const backend =
    settings.upstream === 'demo'
      ? demoBackend(settings)
      : await chatgptBackend(settings, network, log)
  const { model, catalog, authenticator } = backend
  const chat = createChat(
    { model, catalog, authenticator, fingerprint },
    {
      prompt,
      effort: settings.reasoningEffort,
      summary: settings.reasoningSummary,
      debugModel: settings.debugModel,
    },
  )
  const openAi = createOpenAi({
    chat,
    catalog,
    clock,
    bodyLimitBytes: settings.bodyLimitBytes,
    streamTimes: settings,
  })
  const health: Protocol = { routes: healthRoutes, encodeError: openAi.encodeError }
  const server = createHttpServer({
    router: createRouter([openAi, health]),
    guard: createGuard(settings.allowedHosts),
    cors: createCors(settings.corsOrigins),
    timeouts: {
      headersMs: settings.headersTimeoutMs,
      requestMs: settings.requestTimeoutMs,
      keepAliveMs: settings.keepAliveTimeoutMs,
      checkIntervalMs: settings.checkIntervalMs,
    },
    log,
  })
  return {
    server,
    catalog,
    hint: backend.hint,
    async close(graceMs) {
      await server.close(graceMs)
      await backend.close()
    },
  }
}

function demoBackend({ demoPaceMs }: ServeSettings): Backend {
  return {
    model: createDemoModel({ paceMs: demoPaceMs, clock }),
    catalog: createDemoCatalog(),
    authenticator: createDemoAuthenticator(),
    hint: undefined,
    close: () => Promise.resolve(),
  }
}

async function chatgptBackend(
  settings: ServeSettings,
  { authorityFiles, ...proxies }: NetworkSettings,
  log: Log,
): Promise<Backend> {
  const userAgent = `chatmock/${VERSION} (${platform()} ${release()}; ${arch()})`
  const outbound = createFetch({
    ...proxies,
    connectTimeoutMs: settings.connectTimeoutMs,
    extraAuthorities: await Promise.all(authorityFiles.map(loadAuthorities)),
  })
  const store = createFileTokenStore(settings.authFile ?? join(settings.home, 'auth.json'))
  const identity = createIdentityProvider({
    issuer: settings.issuer,
    clientId: settings.clientId,
    userAgent,
    fetch: outbound.fetch,
    clock,
  })
  const catalog = createKnownCatalog()
  return {
    model: createChatgptModel({
      ...settings,
      fetch: outbound.fetch,
      catalog,
      userAgent,
      clock,
      log,
    }),
    catalog,
    authenticator: createAuthenticator({ store, identity, clock, log }),
    hint: await signInHint(store),
    close: outbound.close,
  }
}

/** Being signed out, or unable to tell, never keeps the server from starting. */
async function signInHint(store: { load(): Promise<unknown> }): Promise<string | undefined> {
  try {
    const login = await store.load()
    return login === undefined ? 'Not signed in yet. Run: chatmock login' : undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
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

async function loadAuthorities(path: string): Promise<string> {
  const refuse = (reason: string) =>
    new RefusedConfiguration(
      `SSL_CERT_FILE or NODE_EXTRA_CA_CERTS names ${path}, which cannot be used: ${reason}.`,
    )
  const text = await readFile(path, 'utf8').catch(error => {
    throw refuse(error.message)
  })
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw refuse('it holds no certificate in PEM')
  return text
}

/** A digest in the form of a UUID, which is what the backend's own clients send. */
function fingerprint(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex')
  return hex.slice(0, 32).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
