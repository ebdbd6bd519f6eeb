import t from 'tap'
import { ProxyError } from '../../src/domain/errors.ts'
import { testTokenStore } from '../contracts/token-store.ts'
import { createFakeTokenStore } from '../fakes/token-store.ts'

t.test('the store in memory that tests use holds to the contract', async t => {
  testTokenStore(t, {
    empty: () => createFakeTokenStore(),
    readOnly: (_t, tokens) => {
      const store = createFakeTokenStore(tokens)
      store.failLocks(new ProxyError('auth_store_unwritable', 'The disk is full.'))
      return store
    },
  })
})
