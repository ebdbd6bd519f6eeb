import t from 'tap'
import { authorizationUrl } from '../../../src/adapters/oauth/authorize.ts'

t.test('asks for a code in the order of the issuer’s own client, under our own name', async t => {
  const url = authorizationUrl({
    issuer: 'https://auth.openai.com',
    clientId: 'app_1',
    redirectUri: 'http://localhost:1457/auth/callback',
    state: 'the-state',
    challenge: 'the-challenge',
  })
  t.equal(
    url,
    'https://auth.openai.com/oauth/authorize?response_type=code&client_id=app_1' +
      '&redirect_uri=http%3A%2F%2Flocalhost%3A1457%2Fauth%2Fcallback' +
      '&code_challenge=the-challenge&code_challenge_method=S256&state=the-state' +
      '&scope=openid+profile+email+offline_access&id_token_add_organizations=true' +
      '&codex_cli_simplified_flow=true&originator=chatmock',
  )
})
