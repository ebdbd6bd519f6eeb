/** Builds what uses the account: the login, its renewal, the models, the usage. */

import { readFile } from 'node:fs/promises'
import { arch, platform, release } from 'node:os'
import { join } from 'node:path'
import { type BackendModel, createCatalogSource } from '../adapters/chatgpt/catalog.ts'
import { KNOWN_MODELS } from '../adapters/chatgpt/known-models.ts'
import { createQuery } from '../adapters/chatgpt/query.ts'
import { createUsageSource } from '../adapters/chatgpt/usage-source.ts'
import { createCatalogCache } from '../adapters/files/catalog-cache.ts'
import { createFileTokenStore } from '../adapters/files/token-store.ts'
import { createUsageFile } from '../adapters/files/usage-file.ts'
import { createIdentityProvider } from '../adapters/oauth/provider.ts'
import { createFetch, type OutboundFetch } from '../adapters/undici/fetch.ts'
import { createCatalog, type LiveCatalog } from '../domain/catalog.ts'
import { createAuthenticator, type LoginKeeper } from '../domain/credentials.ts'
import { ProxyError } from '../domain/errors.ts'
import type { LoginStore, SignInProvider } from '../domain/login-ports.ts'
import type { Clock, Log } from '../domain/ports.ts'
import { createServerTime, type ServerTime } from '../domain/server-time.ts'
import { type AccountUsage, createUsage } from '../domain/usage.ts'
import type { NetworkSettings } from './args.ts'
import { clock } from './clock.ts'
import { RefusedConfiguration } from './exit.ts'
import { type LoginFile, locateLogin } from './login-file.ts'
import { VERSION } from './package.ts'
import type { AccountSettings } from './settings.ts'

/** What an account may be opened with beside its settings; the defaults are those of `serve`. */
export interface AccountOptions {
  readonly modelSync?: boolean
  readonly modelRefreshMs?: number
  readonly allowEphemeralRefresh?: boolean
}

/** Everything that uses the account. */
export interface Account {
  readonly loginFile: LoginFile
  readonly files: AccountFiles
  readonly store: LoginStore
  readonly identity: SignInProvider
  readonly keeper: LoginKeeper
  readonly catalog: LiveCatalog<BackendModel>
  readonly usage: AccountUsage
  readonly outbound: OutboundFetch
  readonly serverTime: ServerTime
  readonly userAgent: string
  /** This machine's clock. */
  readonly clock: Clock
  /** The servers'. */
  readonly serverClock: Clock
  /** Waits for what must not be cut off, then lets go of the network. */
  close(): Promise<void>
}

/** Paths of what is kept on disk. */
export interface AccountFiles {
  readonly home: string
  readonly login: string
  readonly usage: string
  readonly models: string
}

/**
 * Builds it all; nothing is asked or changed yet.
 *
 * @throws RefusedConfiguration if a certificate file that the environment names cannot be used.
 */
export async function openAccount(
  settings: AccountSettings,
  network: NetworkSettings,
  log: Log,
  options: AccountOptions = {},
): Promise<Account> {
  const { home, baseUrl, clientVersion, issuer, clientId } = settings
  const loginFile = await locateLogin(settings)
  const { signInCommand } = loginFile
  const files = {
    home,
    login: loginFile.path,
    usage: join(home, 'usage_limits.json'),
    models: join(home, 'models.json'),
  }
  const outbound = await openNetwork(settings, network)
  const userAgent = `chatmock/${VERSION} (${platform()} ${release()}; ${arch()})`
  const serverTime = createServerTime(clock, log)
  const { fetch } = outbound
  const stopping = new AbortController()
  const store = createFileTokenStore(loginFile.path, {
    signInCommand,
  })
  const identity = createIdentityProvider({
    issuer,
    clientId,
    userAgent,
    fetch,
    clock,
    time: serverTime,
    signInCommand,
  })
  const keeper = createAuthenticator({
    store,
    identity,
    clock,
    serverTime,
    log,
    stopping: stopping.signal,
    allowsUnsaved: options.allowEphemeralRefresh ?? false,
    signInCommand,
  })
  // Resets are moments of the servers' time.
  const serverClock: Clock = { ...clock, now: serverTime.now }
  const query = createQuery({
    baseUrl,
    fetch,
    userAgent,
    clock: serverClock,
    time: serverTime,
    signInCommand,
  })
  const catalog = createCatalog({
    source: createCatalogSource({ query, clientVersion, clock }),
    cache: createCatalogCache(files.models),
    authenticator: keeper,
    clock,
    log,
    fallback: KNOWN_MODELS,
    clientVersion,
    refreshIntervalMs: options.modelRefreshMs ?? 3_600_000,
    isSynced: options.modelSync ?? true,
    stopped: stopping.signal,
  })
  const usage = createUsage({
    source: createUsageSource({ query, clock: serverClock }),
    store: createUsageFile(files.usage),
    authenticator: keeper,
    clock: serverClock,
    log,
    stopped: stopping.signal,
  })
  return {
    loginFile,
    files,
    store,
    identity,
    keeper,
    catalog,
    usage,
    outbound,
    serverTime,
    userAgent,
    clock,
    serverClock,
    async close() {
      stopping.abort(
        new ProxyError('server_shutting_down', 'chatmock is stopping. Try again when it is back.'),
      )
      await Promise.all([keeper.close(), catalog.settle(), usage.settle()])
      await outbound.close()
    },
  }
}

async function openNetwork(
  { connectTimeoutMs }: AccountSettings,
  { authorityFiles, ...proxies }: NetworkSettings,
): Promise<OutboundFetch> {
  const extraAuthorities = await Promise.all(authorityFiles.map(loadAuthorities))
  return createFetch({ ...proxies, connectTimeoutMs, extraAuthorities })
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
