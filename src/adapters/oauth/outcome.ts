/** How a login through the browser ends. */

import { ProxyError } from '../../domain/errors.ts'
import { failurePage, successPage } from './callback-pages.ts'
import type { Decision, Declined, Refused } from './redirect.ts'

/** What a decision came to; `Result` is what redeeming and storing the login returned. */
export type Conclusion<Result> =
  | { readonly type: 'accepted'; readonly result: Result }
  | Declined
  | Refused
  /** What redeeming or storing threw. */
  | { readonly type: 'failed'; readonly error: unknown }

/** How a login ended. */
export type LoginOutcome<Result> =
  | Conclusion<Result>
  /** Another program asked for the port, or nobody waits any more. */
  | { readonly type: 'cancelled' }

/** Carries out what the person decided. Never rejects. */
export async function conclude<Result>(
  decision: Decision,
  onGrant: (code: string) => Promise<Result>,
): Promise<Conclusion<Result>> {
  if (decision.type !== 'allowed') return decision
  try {
    return { type: 'accepted', result: await onGrant(decision.code) }
  } catch (error) {
    return { type: 'failed', error }
  }
}

/** The page that tells a conclusion; its path says no more than which one it is. */
export interface LastPage {
  readonly path: '/success' | '/failure'
  readonly html: string
}

/** Returns the page for a conclusion. */
export function lastPageOf(conclusion: Conclusion<unknown>): LastPage {
  if (conclusion.type === 'accepted') return { path: '/success', html: successPage() }
  return { path: '/failure', html: failurePage(reasonOf(conclusion)) }
}

function reasonOf(conclusion: Exclude<Conclusion<unknown>, { readonly type: 'accepted' }>): string {
  if (conclusion.type !== 'failed') return conclusion.message
  const { error } = conclusion
  // Only our own errors are known to hold nothing that is secret.
  return error instanceof ProxyError
    ? error.message
    : 'The sign-in could not be finished. The terminal says why.'
}
