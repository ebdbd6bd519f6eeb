/** Texts that end an answer before they are told. */

import * as v from 'valibot'
import type { ChatRequest } from '../../domain/conversation.ts'
import { MAX_STOP_LENGTH } from './limits.ts'

/** One such text; how many a body may have is its protocol's to say. */
export const StopText = v.pipe(v.string(), v.maxLength(MAX_STOP_LENGTH))

/** Returns the texts of `stop`; an empty one, at which everything would end, is no wish. */
export function decodeStop(
  stop: string | readonly string[] | null | undefined,
): ChatRequest['stop'] {
  const texts = typeof stop === 'string' ? [stop] : (stop ?? [])
  return texts.filter(text => text !== '')
}
