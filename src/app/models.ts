/** `chatmock models`. */

import { modelsJson, modelsScreen } from '../adapters/terminal/models-screen.ts'
import { ProxyError } from '../domain/errors.ts'
import { type Account, openAccount } from './account.ts'
import type { AccountCommand } from './args.ts'
import { commandLog, screenOn } from './screen.ts'

/** How long ChatGPT may take to tell the models; then the ones known from before are shown. */
const MODELS_TIMEOUT_MS = 15_000

/** Lists the models of the account, or those that are known where it cannot be asked. */
export async function models({
  settings,
  network,
  verbose,
  json,
}: AccountCommand & { readonly json: boolean }): Promise<void> {
  const account = await openAccount(settings, network, commandLog(verbose))
  try {
    const problem = await refresh(account)
    const { catalog } = account
    const facts = { models: catalog.list(), fetchedAt: catalog.fetchedAt(), problem }
    const screen = screenOn(process.stdout)
    screen.write(
      json
        ? `${JSON.stringify(modelsJson(facts), undefined, 2)}\n`
        : modelsScreen(facts, screen.paint, screen.columns),
    )
  } finally {
    await account.close()
  }
}

async function refresh({ catalog }: Account): Promise<string | undefined> {
  const signal = AbortSignal.timeout(MODELS_TIMEOUT_MS)
  try {
    await catalog.refresh(signal)
    return undefined
  } catch (error) {
    if (signal.aborted) return 'ChatGPT did not tell the models in time.'
    if (!(error instanceof ProxyError)) throw error
    return error.message
  }
}
