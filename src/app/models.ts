/** `chatmock models`. */

import { modelsJson, modelsScreen } from '../adapters/terminal/models-screen.ts'
import { ProxyError } from '../domain/errors.ts'
import type { Account } from './account.ts'
import type { AccountCommand } from './args.ts'
import { commandLog, screenOn } from './screen.ts'
import { withAccount } from './with-account.ts'

/** How long ChatGPT may take to tell the models; then the ones known from before are shown. */
const MODELS_TIMEOUT_MS = 15_000

/** Lists the models of the account, or those that are known where it cannot be asked. */
export async function models(command: AccountCommand & { readonly json: boolean }): Promise<void> {
  // What goes wrong is told on the screen.
  const log = commandLog(command.verbose, 'error')
  await withAccount(command, { log }, async ({ catalog, keeper }, signal) => {
    // Where the account cannot be asked, what is kept of it is shown.
    const session = await keeper.session().catch(() => undefined)
    if (session !== undefined) await catalog.load(session.credentials.accountId)
    const problem = await refresh(catalog, signal)
    const facts = { models: catalog.list(), fetchedAt: catalog.record()?.fetchedAt, problem }
    const screen = screenOn(process.stdout)
    screen.write(
      command.json
        ? `${JSON.stringify(modelsJson(facts), undefined, 2)}\n`
        : modelsScreen(facts, screen.paint, screen.columns),
    )
  })
}

async function refresh(
  catalog: Account['catalog'],
  interrupted: AbortSignal,
): Promise<string | undefined> {
  const limit = AbortSignal.timeout(MODELS_TIMEOUT_MS)
  try {
    await catalog.refresh(AbortSignal.any([interrupted, limit]))
    return undefined
  } catch (error) {
    interrupted.throwIfAborted()
    if (limit.aborted) return 'ChatGPT did not tell the models in time.'
    if (!(error instanceof ProxyError)) throw error
    return error.message
  }
}
