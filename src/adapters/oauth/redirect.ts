/** What the issuer says when it sends the browser back (RFC 6749 section 4.1.2). */

import { createHash, timingSafeEqual } from 'node:crypto'
import { plainText } from '../../domain/plain-text.ts'

/** The person allowed the sign-in. */
export interface Allowed {
  readonly type: 'allowed'
  /** Secret; can be redeemed once. */
  readonly code: string
}

/** The person said no. */
export interface Declined {
  readonly type: 'declined'
  /** For people. */
  readonly message: string
}

/** The issuer could not or would not. */
export interface Refused {
  readonly type: 'refused'
  /** For people; safe to show in a terminal, and not escaped for HTML. */
  readonly message: string
}

/** The most characters of the issuer's words that are shown. */
const MAX_WORDS = 300

/** What ends the wait for the person. */
export type Decision = Allowed | Declined | Refused

/** Not an answer to this attempt: its state is another one or missing, or it says nothing. */
export interface Foreign {
  readonly type: 'foreign'
  readonly reason: 'other-state' | 'no-state' | 'no-code'
}

/**
 * Reads the query of a redirect. The state is looked at before anything else, errors included,
 * in a time that does not tell how much of it was right.
 */
export function readRedirect(query: URLSearchParams, state: string): Decision | Foreign {
  const states = query.getAll('state')
  if (states.length === 0) return { type: 'foreign', reason: 'no-state' }
  if (states.length > 1 || !isSame(states[0] ?? '', state)) {
    return { type: 'foreign', reason: 'other-state' }
  }
  const error = query.get('error')
  if (error !== null) return readError(error, query.get('error_description') ?? '')
  const codes = query.getAll('code')
  if (codes.length !== 1 || !codes[0]) return { type: 'foreign', reason: 'no-code' }
  return { type: 'allowed', code: codes[0] }
}

function readError(error: string, description: string): Decision {
  if (error === 'access_denied' && description.includes('missing_codex_entitlement')) {
    return {
      type: 'refused',
      message:
        'Your ChatGPT workspace does not include Codex, which chatmock needs. Ask its administrator for access, or sign in with another account.',
    }
  }
  if (error === 'access_denied') {
    return { type: 'declined', message: 'You declined the sign-in.' }
  }
  const words =
    plainText(description, MAX_WORDS) || plainText(error, MAX_WORDS) || 'no reason given'
  return { type: 'refused', message: `The sign-in service refused: ${words}` }
}

/** Compares digests, which are of one length whatever is compared. */
function isSame(one: string, other: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(one), digest(other))
}
