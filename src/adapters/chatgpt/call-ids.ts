/** Call ids that are short enough to be sent. */

import { createHash } from 'node:crypto'

const MAX_LENGTH = 64

/** Returns the id to send for a call: its own, or one that stands for it wherever it is sent. */
export function callIdToSend(callId: string): string {
  if (callId.length <= MAX_LENGTH) return callId
  return `call_${createHash('sha256').update(callId, 'utf16le').digest('hex').slice(0, 32)}`
}
