/** The account's models: from memory at once, and asked for anew behind the scenes. */

import { ProxyError } from './errors.ts'
import type {
  Authenticator,
  CatalogCache,
  CatalogRecord,
  CatalogSource,
  Clock,
  Credentials,
  Log,
  ModelCatalog,
  ModelEntry,
} from './ports.ts'
import { unlessAborted } from './unless-aborted.ts'

/** The upstream is asked at most this often, whatever comes of it. */
const FETCH_PAUSE_MS = 60_000

/** How often it is looked at whether somebody else has signed in. */
const ACCOUNT_PAUSE_MS = 10_000

/** What keeping the models up to date depends on. */
export interface CatalogOptions<Entry extends ModelEntry> {
  readonly source: CatalogSource<Entry>
  readonly cache: CatalogCache
  readonly authenticator: Authenticator
  readonly clock: Clock
  readonly log: Log
  /** What is listed until the account's models are known. */
  readonly fallback: readonly Entry[]
  /** The one that `source` asks with. Models that were told to another are asked for anew. */
  readonly clientVersion: string
  /** How old the models may be; 0 asks as often as it may be asked. */
  readonly refreshIntervalMs: number
  /** Without it nothing is ever asked, and the fallback stands. */
  readonly isSynced: boolean
  /** Ends the work behind the scenes, with the service. */
  readonly stopped: AbortSignal
}

/** A catalogue that follows the account. */
export interface LiveCatalog<Entry extends ModelEntry> extends ModelCatalog {
  /** As `ModelCatalog.list`; begins a refresh in the background where one is due. */
  list(): readonly Entry[]
  /** Lists what was kept of an account until more is known. Asks nobody; never throws. */
  load(accountId: string | undefined): Promise<void>
  /** Begins to find out the models in the background. */
  start(): void
  /** Takes note of the version of the models that the upstream has now; another one is asked for. */
  noteEtag(etag: string | null): void
  /**
   * Asks the upstream now and waits for it. The signal ends the wait.
   *
   * @throws ProxyError as `Authenticator.credentials` and `CatalogSource.fetch` do;
   *   `upstream_invalid_response` if there is no model in the answer.
   */
  refresh(signal: AbortSignal): Promise<void>
  /** Waits for the work in the background; never throws. */
  settle(): Promise<void>
}

/** What an account was told last. */
interface Listing<Entry> {
  readonly record: CatalogRecord
  readonly entries: readonly Entry[]
  /** By the clock that never jumps. */
  readonly staleAt: number
}

interface Account<Entry> {
  readonly id: string | undefined
  listing: Listing<Entry> | undefined
  /** Resolves when the cache has been looked at. */
  readonly loaded: Promise<void>
  /** When the models were last asked for, or could not be for want of credentials. */
  triedAt: number
  fetching: Promise<void> | undefined
  /** The upstream's version, and the one after which the models were last asked for. */
  etag: string | undefined
  answeredEtag: string | undefined
}

/**
 * Creates the catalogue. It has no timers: its own use drives it. Once another account is seen to
 * have signed in, within 10 s of use, nothing of the old one is listed any more.
 */
export function createCatalog<Entry extends ModelEntry>(
  options: CatalogOptions<Entry>,
): LiveCatalog<Entry> {
  const { source, cache, authenticator, clock, log, clientVersion, stopped } = options
  let account: Account<Entry> | undefined
  let visit: Promise<void> | undefined
  let visitedAt = Number.NEGATIVE_INFINITY
  /** The failures that were told of since it last worked. */
  const failures = new Set<string>()

  /** Makes sure that the account in sight is this one. */
  async function enter(accountId: string | undefined): Promise<Account<Entry>> {
    if (account === undefined || account.id !== accountId) {
      const entered: Account<Entry> = {
        id: accountId,
        listing: undefined,
        loaded: cache.load(accountId).then(record => {
          entered.listing = record && listingOf(record)
        }),
        triedAt: Number.NEGATIVE_INFINITY,
        fetching: undefined,
        etag: undefined,
        answeredEtag: undefined,
      }
      account = entered
    }
    const entered = account
    await entered.loaded
    return entered
  }

  function listingOf(record: CatalogRecord): Listing<Entry> | undefined {
    const entries = source.decode(record)
    if (entries.length === 0) return undefined
    const age = clock.now() - record.fetchedAt
    // One from the future is of no known age.
    const isUsable = age >= 0 && record.clientVersion === clientVersion
    const leftMs = isUsable ? options.refreshIntervalMs - age : 0
    return { record, entries, staleAt: clock.monotonic() + leftMs }
  }

  function isDue({ listing, triedAt, etag, answeredEtag }: Account<Entry>): boolean {
    const now = clock.monotonic()
    if (now - triedAt < FETCH_PAUSE_MS) return false
    if (listing === undefined || now >= listing.staleAt) return true
    return etag !== undefined && etag !== answeredEtag && etag !== tagOf(listing.record.etag)
  }

  function fetched(entered: Account<Entry>, credentials: Credentials): Promise<void> {
    entered.fetching ??= fetchFor(entered, credentials).finally(() => {
      entered.fetching = undefined
    })
    return entered.fetching
  }

  async function fetchFor(entered: Account<Entry>, credentials: Credentials): Promise<void> {
    entered.triedAt = clock.monotonic()
    const { etag } = entered
    const [record, owner] = await fetchSigned(entered, credentials)
    const listing = listingOf(record)
    if (listing === undefined) {
      throw new ProxyError('upstream_invalid_response', 'The upstream listed no models.')
    }
    owner.listing = listing
    owner.answeredEtag = etag
    await cache.save(owner.id, record)
    failures.clear()
    log.debug('asked for the models', { models: listing.entries.length })
  }

  /** Renews refused credentials once; the new ones may be of another account. */
  async function fetchSigned(
    entered: Account<Entry>,
    credentials: Credentials,
  ): Promise<[CatalogRecord, Account<Entry>]> {
    try {
      return [await source.fetch(credentials, stopped), entered]
    } catch (error) {
      if (!(error instanceof ProxyError) || error.code !== 'chatgpt_login_required') throw error
      const renewed = await authenticator.renew(credentials, stopped)
      const owner = await enter(renewed.accountId)
      return [await source.fetch(renewed, stopped), owner]
    }
  }

  async function look(): Promise<void> {
    const credentials = await authenticator.credentials(stopped).catch(error => {
      if (account) account.triedAt = clock.monotonic()
      throw error
    })
    const entered = await enter(credentials.accountId)
    if (isDue(entered)) await fetched(entered, credentials)
  }

  function revalidate(): void {
    if (!options.isSynced || stopped.aborted || visit) return
    const now = clock.monotonic()
    if (now - visitedAt < ACCOUNT_PAUSE_MS && !(account && isDue(account))) return
    visitedAt = now
    visit = look()
      .catch(report)
      .finally(() => {
        visit = undefined
      })
  }

  /** Being signed out or offline is no fault of the service, and may last: it is told once. */
  function report(error: unknown): void {
    if (stopped.aborted) return
    const { code } = ProxyError.from(error)
    const level = failures.has(code) ? 'debug' : 'info'
    failures.add(code)
    log[level]('could not ask for the models', { error_code: code })
  }

  return {
    list() {
      revalidate()
      return account?.listing?.entries ?? options.fallback
    },
    record: () => account?.listing?.record,
    async load(accountId) {
      if (options.isSynced) await enter(accountId)
    },
    start: revalidate,
    noteEtag(etag) {
      if (etag === null || account === undefined) return
      account.etag = tagOf(etag)
      revalidate()
    },
    async refresh(signal) {
      if (!options.isSynced) return
      signal.throwIfAborted()
      const work = authenticator
        .credentials(signal)
        .then(async credentials => await fetched(await enter(credentials.accountId), credentials))
      await unlessAborted(work, signal)
    },
    async settle() {
      await visit
      await account?.fetching?.catch(() => {})
    },
  }
}

/** A weak tag and a strong one tell the same version (RFC 9110, section 8.8.3.2). */
function tagOf(etag: string | undefined): string | undefined {
  return etag?.replace(/^W\//, '')
}
