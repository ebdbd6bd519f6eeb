import { createHash } from 'node:crypto'
import t from 'tap'
import { createAttempt } from '../../../src/adapters/oauth/pkce.ts'

t.test('draws a state of 32 bytes and a verifier of 64, fit for a URL', async t => {
  const { state, verifier } = createAttempt()
  t.match(state, /^[\w-]{43}$/)
  t.match(verifier, /^[\w-]{86}$/)
})

t.test('sends the digest of the verifier ahead, without padding', async t => {
  const { verifier, challenge } = createAttempt()
  const digest = createHash('sha256').update(verifier, 'ascii').digest('base64')
  t.equal(challenge, digest.replaceAll('+', '-').replaceAll('/', '_').replace('=', ''))
  t.match(challenge, /^[\w-]{43}$/)
})

t.test('draws anew for each attempt', async t => {
  const [one, other] = [createAttempt(), createAttempt()]
  const values = [one.state, one.verifier, one.challenge]
  t.equal(new Set([...values, other.state, other.verifier, other.challenge]).size, 6)
})
