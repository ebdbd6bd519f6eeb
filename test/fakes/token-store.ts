import type { ProxyError } from '../../src/domain/errors.ts'
import type { TokenStore, Tokens } from '../../src/domain/ports.ts'

/** A store in memory that counts its calls and fails when it is told to. */
export interface FakeTokenStore extends TokenStore {
  readonly loads: number
  /** Every login that was saved, oldest first. */
  readonly saved: readonly Tokens[]
  /** Changes the login behind the back of whoever uses the store. */
  put(tokens: Tokens | undefined): void
  /** Makes every load fail until it is called with `undefined`. */
  failLoads(error: ProxyError | undefined): void
  /** Makes every save fail until it is called with `undefined`. */
  failSaves(error: ProxyError | undefined): void
}

export function createFakeTokenStore(initial?: Tokens): FakeTokenStore {
  let stored = initial
  let loadError: ProxyError | undefined
  let saveError: ProxyError | undefined
  let loads = 0
  const saved: Tokens[] = []
  return {
    get loads() {
      return loads
    },
    saved,
    async load() {
      loads += 1
      if (loadError) throw loadError
      return stored
    },
    async save(tokens) {
      if (saveError) throw saveError
      stored = tokens
      saved.push(tokens)
    },
    put: tokens => {
      stored = tokens
    },
    failLoads: error => {
      loadError = error
    },
    failSaves: error => {
      saveError = error
    },
  }
}
