import t from 'tap'
import { createDemoAuthenticator } from '../../../src/adapters/demo/authenticator.ts'

t.test('the demo needs no login: its credentials are a constant, renewed or not', async t => {
  const authenticator = createDemoAuthenticator()
  const { signal } = new AbortController()
  const credentials = await authenticator.credentials(signal)
  t.same(credentials, { accessToken: 'demo', accountId: 'demo' })
  t.same(await authenticator.renew(credentials, signal), {
    accessToken: 'demo',
    accountId: 'demo',
  })
})
