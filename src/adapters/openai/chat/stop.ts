/** Stop texts as the domain's. */

import type { ChatRequest } from '../../../domain/conversation.ts'

/** Returns the texts of `stop`; an empty one, at which everything would end, is no wish. */
export function decodeStop(
  stop: string | readonly string[] | null | undefined,
): ChatRequest['stop'] {
  const texts = typeof stop === 'string' ? [stop] : (stop ?? [])
  return texts.filter(text => text !== '')
}
