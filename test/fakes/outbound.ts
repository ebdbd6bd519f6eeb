import type { Test } from 'tap'
import {
  createFetch,
  type FetchOptions,
  type OutboundFetch,
} from '../../src/adapters/undici/fetch.ts'

/** Goes straight to where it is told. */
const DIRECT: FetchOptions = {
  connectTimeoutMs: 10_000,
  httpProxy: '',
  httpsProxy: '',
  noProxy: '',
  extraAuthorities: [],
}

/** Creates the real `fetch`, without proxies but for what is given; it is closed with the test. */
export function startFetch(t: Test, over: Partial<FetchOptions> = {}): OutboundFetch['fetch'] {
  const { fetch, close } = createFetch({ ...DIRECT, ...over })
  t.teardown(close)
  return fetch
}
