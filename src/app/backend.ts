/** Opens what answers: the account at ChatGPT, or the embedded demo. */

import { type ChatgptOptions, createChatgptModel } from '../adapters/chatgpt/client.ts'
import { createChatgptRelay } from '../adapters/chatgpt/relay.ts'
import { createResponsesCall } from '../adapters/chatgpt/responses-call.ts'
import { createDemoAuthenticator } from '../adapters/demo/authenticator.ts'
import { createDemoCatalog } from '../adapters/demo/catalog.ts'
import { createDemoModel } from '../adapters/demo/model.ts'
import { createChatRelay } from '../adapters/openai/chat-relay/relay.ts'
import type { AccountStatus } from '../adapters/status/encode.ts'
import { shellWord } from '../adapters/terminal/shell.ts'
import { describeAccount } from '../domain/account.ts'
import { ProxyError } from '../domain/errors.ts'
import type { Authenticator, ChatModel, Log, ModelCatalog } from '../domain/ports.ts'
import type { ResponsesRelay } from '../domain/relay-ports.ts'
import type { AccountUsage } from '../domain/usage.ts'
import { type Account, openAccount } from './account.ts'
import type { NetworkSettings } from './args.ts'
import { clock } from './clock.ts'
import { prepareHome } from './home.ts'
import { hasUnusedCodexLogin, keyringHint, type LoginFile } from './login-file.ts'
import type { ServeSettings } from './settings.ts'

/** Who answers, and what signs the questions. */
export interface Backend {
  readonly model: ChatModel
  readonly relay: ResponsesRelay
  readonly catalog: ModelCatalog
  /** Origin of where the models are. */
  readonly remoteHost: string
  readonly authenticator: Authenticator
  /** Whose account it is; rejects where nobody is signed in. */
  readonly account: () => Promise<AccountStatus>
  readonly usage: Pick<AccountUsage, 'current' | 'latest'> | undefined
  /** What the person should know or do before it works, a sentence each. */
  readonly hints: readonly string[]
  /** Begins the work in the background. */
  start(): void
  /** Takes whatever account the login file has now. */
  reload(): void
  /** Waits for what must not be cut off, then lets go of the network. */
  close(): Promise<void>
}

/** How often a login that could not be saved is tried to be saved again. */
const FLUSH_INTERVAL_MS = 5_000

/**
 * Opens the backend that the settings name.
 *
 * @throws RefusedConfiguration if a file that the settings name cannot be used; CommandError if
 *   the home folder cannot be made.
 */
export async function openBackend(
  settings: ServeSettings,
  network: NetworkSettings,
  log: Log,
): Promise<Backend> {
  return settings.upstream === 'demo'
    ? demoBackend(settings)
    : await chatgptBackend(settings, network, log)
}

function demoBackend({ demoPaceMs }: ServeSettings): Backend {
  const model = createDemoModel({ paceMs: demoPaceMs, clock })
  return {
    model,
    relay: createChatRelay(model),
    catalog: createDemoCatalog(),
    // The reserved top-level domain says that there is no such place (RFC 2606, section 2).
    remoteHost: 'https://demo.invalid',
    authenticator: createDemoAuthenticator(),
    account: () => Promise.reject(new Error('The demo has no account.')),
    usage: undefined,
    hints: [],
    start: () => {},
    reload: () => {},
    close: () => Promise.resolve(),
  }
}

async function chatgptBackend(
  settings: ServeSettings,
  network: NetworkSettings,
  log: Log,
): Promise<Backend> {
  const account = await openAccount(settings, network, log, settings)
  const { keeper, catalog, usage, outbound, serverTime, serverClock, userAgent, loginFile, files } =
    account
  await prepareHome(files, loginFile, log)
  await usage.start()
  const session = await keeper.session().catch(error => ProxyError.from(error))
  const problem = session instanceof ProxyError ? session : undefined
  if (!(session instanceof ProxyError)) await catalog.load(session.credentials.accountId)
  let flushing: NodeJS.Timeout | undefined
  const options: ChatgptOptions = {
    ...settings,
    fetch: outbound.fetch,
    catalog,
    userAgent,
    clock: serverClock,
    log,
    usage,
    time: serverTime,
    onModelsEtag: catalog.noteEtag,
    signInCommand: loginFile.signInCommand,
  }
  const call = createResponsesCall(options)
  return {
    model: createChatgptModel(call, options),
    relay: createChatgptRelay(call, options),
    catalog,
    remoteHost: new URL(settings.baseUrl).origin,
    authenticator: keeper,
    account: () => accountStatus(account),
    usage,
    hints: await loginHints(loginFile, problem),
    start() {
      catalog.start()
      flushing = setInterval(() => void keeper.flush(), FLUSH_INTERVAL_MS).unref()
    },
    reload: keeper.rebind,
    async close() {
      clearInterval(flushing)
      await account.close()
    },
  }
}

async function accountStatus({ keeper, identity }: Account): Promise<AccountStatus> {
  return { signedIn: true, ...describeAccount(await keeper.session(), identity) }
}

/** Being signed out, or unable to tell, never keeps the server from starting. */
async function loginHints(
  loginFile: LoginFile,
  problem: ProxyError | undefined,
): Promise<readonly string[]> {
  const { owner, path, codexPath } = loginFile
  if (problem === undefined) {
    return owner === 'codex'
      ? [`Using the login of the Codex CLI in ${path}. If it ends run: codex login`]
      : []
  }
  if (problem.code !== 'chatgpt_login_required') return [problem.message]
  if (owner === 'codex') {
    const elsewhere = await keyringHint(loginFile)
    return elsewhere.length > 0 ? elsewhere : ['The Codex CLI is not signed in. Run: codex login']
  }
  const codexs = (await hasUnusedCodexLogin(loginFile))
    ? [
        `The Codex CLI is signed in. To use its login start with: --auth-file ${shellWord(codexPath)}`,
      ]
    : []
  return ['Not signed in yet. Run: chatmock login', ...codexs]
}
