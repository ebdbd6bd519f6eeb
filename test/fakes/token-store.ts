import type { ProxyError } from '../../src/domain/errors.ts'
import type { HeldLogin, LoginStore, Tokens } from '../../src/domain/login-ports.ts'

/** A store in memory that counts its calls and fails when it is told to. */
export interface FakeTokenStore extends LoginStore {
  readonly loads: number
  /** Every login that was saved, oldest first. */
  readonly saved: readonly Tokens[]
  /** Reservations that were neither used nor given back. */
  readonly reserved: number
  /** Changes the login behind the back of whoever uses the store. */
  put(tokens: Tokens | undefined): void
  /** Makes every load fail until it is called with `undefined`. */
  failLoads(error: ProxyError | undefined): void
  /** Makes every reservation fail until it is called with `undefined`. */
  failReservations(error: ProxyError | undefined): void
  /** Makes every save fail until it is called with `undefined`. */
  failSaves(error: ProxyError | undefined): void
  /** Makes the lock fail until it is called with `undefined`. */
  failLocks(error: ProxyError | undefined): void
}

export function createFakeTokenStore(initial?: Tokens): FakeTokenStore {
  let stored = initial
  let loadError: ProxyError | undefined
  let reserveError: ProxyError | undefined
  let saveError: ProxyError | undefined
  let lockError: ProxyError | undefined
  let loads = 0
  let version = 0
  let reserved = 0
  let turn: Promise<unknown> = Promise.resolve()
  const saved: Tokens[] = []

  async function load() {
    loads += 1
    if (loadError) throw loadError
    return stored
  }

  function save(tokens: Tokens) {
    if (saveError) throw saveError
    stored = tokens
    version += 1
    saved.push(tokens)
  }

  const held: HeldLogin = {
    load,
    async reserve() {
      if (reserveError) throw reserveError
      reserved += 1
      let isOpen = true
      const close = () => {
        reserved -= isOpen ? 1 : 0
        isOpen = false
      }
      return {
        async save(tokens, old) {
          close()
          if (stored?.accessToken !== old.accessToken) return false
          save(tokens)
          return true
        },
        async cancel() {
          close()
        },
      }
    },
  }

  async function hold<T>(work: () => T | Promise<T>, signal?: AbortSignal): Promise<T> {
    const before = turn
    let pass = () => {}
    turn = new Promise<void>(resolve => {
      pass = resolve
    })
    try {
      signal?.throwIfAborted()
      const left = new Promise((_, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason)),
      )
      await Promise.race([before, left])
      if (lockError) throw lockError
      return await work()
    } finally {
      pass()
    }
  }

  return {
    get loads() {
      return loads
    },
    get reserved() {
      return reserved
    },
    saved,
    load,
    version: async () => String(version),
    hold: (work, signal) => hold(() => work(held), signal),
    ensureWritable: signal => hold(async () => (await held.reserve()).cancel(), signal),
    replace: tokens =>
      hold(() => {
        save(tokens)
        return { keptAside: undefined }
      }),
    clear: signal =>
      hold(() => {
        const cleared = stored
        stored = undefined
        version += 1
        return cleared
      }, signal),
    put: tokens => {
      stored = tokens
      version += 1
    },
    failLoads: error => {
      loadError = error
    },
    failReservations: error => {
      reserveError = error
    },
    failSaves: error => {
      saveError = error
    },
    failLocks: error => {
      lockError = error
    },
  }
}
