/** The models of the accounts that were signed in last: `models.json`. */

import * as v from 'valibot'
import { parseJson } from '../../domain/json.ts'
import type { CatalogCache, CatalogRecord } from '../../domain/ports.ts'
import { replaceFile } from './atomic-file.ts'
import { readText } from './read-text.ts'

const MAX_ACCOUNTS = 8
const MAX_BYTES = 8 * 1024 * 1024

/** The accounts are a list, the oldest first, for no name of a key is then special. */
const CatalogFile = v.object({ accounts: v.array(v.unknown()) })

const StoredCatalog = v.object({
  account_id: v.nullable(v.string()),
  fetched_at: v.pipe(
    v.string(),
    v.check(text => !Number.isNaN(Date.parse(text))),
  ),
  etag: v.nullable(v.string()),
  client_version: v.string(),
  models: v.array(v.unknown()),
})

type StoredCatalog = v.InferOutput<typeof StoredCatalog>

/**
 * Creates a cache in one file that only its owner can read. It keeps 8 accounts, and fewer if it
 * would become larger than 8 MiB; those whose models were saved longest ago go first. A file, or
 * an account in it, that makes no sense is not kept. When several processes save at once, the
 * last one wins.
 */
export function createCatalogCache(path: string): CatalogCache {
  let saving = Promise.resolve()

  async function read(): Promise<readonly StoredCatalog[]> {
    const text = await readText(path, MAX_BYTES).catch(() => undefined)
    const file = v.safeParse(CatalogFile, parseJson(text ?? ''))
    return file.success ? file.output.accounts.filter(entry => v.is(StoredCatalog, entry)) : []
  }

  async function write(entry: StoredCatalog): Promise<void> {
    const others = (await read()).filter(({ account_id }) => account_id !== entry.account_id)
    const accounts = [...others, entry].slice(-MAX_ACCOUNTS)
    while (accounts.length > 0) {
      const text = `${JSON.stringify({ accounts })}\n`
      if (Buffer.byteLength(text) <= MAX_BYTES) return await replaceFile(path, text)
      accounts.shift()
    }
  }

  return {
    async load(accountId) {
      const accounts = await read()
      const entry = accounts.find(({ account_id }) => account_id === (accountId ?? null))
      return entry && toRecord(entry)
    },
    save(accountId, record) {
      // One after the other: each reads what the one before has written.
      saving = saving.then(() => write(toEntry(accountId, record))).catch(() => {})
      return saving
    },
  }
}

function toRecord({ fetched_at, etag, client_version, models }: StoredCatalog): CatalogRecord {
  return {
    fetchedAt: Date.parse(fetched_at),
    etag: etag ?? undefined,
    clientVersion: client_version,
    models,
  }
}

function toEntry(accountId: string | undefined, record: CatalogRecord): StoredCatalog {
  return {
    account_id: accountId ?? null,
    fetched_at: new Date(record.fetchedAt).toISOString(),
    etag: record.etag ?? null,
    client_version: record.clientVersion,
    models: [...record.models],
  }
}
