/** How an answer ended and what it used, in the API's words. */

import type { FinishReason, Usage } from '../../../domain/events.ts'
import type { Encoder } from '../../http/stream.ts'
import { encodeError } from '../errors.ts'
import { KEEP_ALIVE, sseData } from '../sse.ts'

/** Returns a `finish_reason`; `stopReason` is the word for an answer that ended by itself. */
export function encodeFinishReason(reason: FinishReason, stopReason = 'stop'): string {
  switch (reason) {
    case 'stop':
      return stopReason
    case 'length':
      return 'length'
    case 'content-filter':
      return 'content_filter'
    default:
      return reason satisfies never
  }
}

/** Encodes usage; zeros where the upstream says nothing, as clients read it unasked. */
export function encodeUsage(usage: Usage | undefined): object {
  return {
    prompt_tokens: usage?.inputTokens ?? 0,
    completion_tokens: usage?.outputTokens ?? 0,
    total_tokens: usage?.totalTokens ?? 0,
    prompt_tokens_details: {
      cached_tokens: usage?.cachedTokens ?? 0,
      ...(usage && usage.cacheWriteTokens > 0 && { cache_write_tokens: usage.cacheWriteTokens }),
      audio_tokens: 0,
    },
    completion_tokens_details: {
      reasoning_tokens: usage?.reasoningTokens ?? 0,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  }
}

/** What every stream of chunks has beside its chunks. */
export const STREAM_ENDS: Pick<Encoder<never>, 'heartbeat' | 'end' | 'fail'> = {
  heartbeat: () => KEEP_ALIVE,
  end: () => sseData('[DONE]'),
  fail: error => sseData(JSON.stringify(encodeError(error).body)),
}
