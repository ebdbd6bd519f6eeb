/** How a sign-in ends that gives no login, each in a sentence. */

import { plainText } from '../../domain/plain-text.ts'

/** Why there is no login. */
export type LoginEnding =
  /** The person said no. */
  | { readonly type: 'declined' }
  | { readonly type: 'timed-out'; readonly minutes: number }
  | { readonly type: 'cancelled' }
  | { readonly type: 'failed'; readonly message: string }

/** Says it, and what can be done. Nothing stored has changed in any of these cases. */
export function loginEnding(ending: LoginEnding): string {
  switch (ending.type) {
    case 'declined':
      return 'You declined the sign-in; nothing has changed. To try again, run: chatmock login'
    case 'timed-out':
      return `Nobody signed in within ${count(ending.minutes, 'minute')}; nothing has changed. To try again, run: chatmock login`
    case 'cancelled':
      return 'The sign-in was cancelled; nothing has changed.'
    case 'failed':
      return `${withStop(plainText(ending.message))} The login that was there before, if any, has not changed.`
  }
}

function withStop(sentence: string): string {
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`
}

function count(number: number, unit: string): string {
  return `${number} ${unit}${number === 1 ? '' : 's'}`
}
