/** The secrets of one attempt to sign in (RFC 7636, RFC 6749 section 10.12). */

import { createHash, randomBytes } from 'node:crypto'

/** What one attempt is known by. The verifier stays here; the other two are sent. */
export interface Attempt {
  /** 43 characters; tells the answer to this attempt from one that somebody else made up. */
  readonly state: string
  /** 86 characters. */
  readonly verifier: string
  /** The verifier's digest, as the method `S256` has it. */
  readonly challenge: string
}

/** Draws the secrets of an attempt. */
export function createAttempt(): Attempt {
  const verifier = randomBytes(64).toString('base64url')
  return {
    state: randomBytes(32).toString('base64url'),
    verifier,
    challenge: createHash('sha256').update(verifier).digest('base64url'),
  }
}
