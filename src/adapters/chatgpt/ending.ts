/** What the end of an answer says of it. */

import type { FinishReason, Usage } from '../../domain/events.ts'
import { asNumber, asObject, type JsonObject } from '../../domain/json.ts'

/** Returns why an answer was cut, as `response.incomplete` tells it. */
export function cutReason(event: JsonObject): FinishReason {
  const details = asObject(asObject(event['response'])?.['incomplete_details'])
  return details?.['reason'] === 'content_filter' ? 'content-filter' : 'length'
}

/** Decodes the `usage` of a response; a number that is missing or none counts as zero. */
export function decodeUsage(usage: JsonObject | undefined): Usage | undefined {
  if (usage === undefined) return undefined
  const inputTokens = asNumber(usage['input_tokens']) ?? 0
  const outputTokens = asNumber(usage['output_tokens']) ?? 0
  const inputDetails = asObject(usage['input_tokens_details'])
  return {
    inputTokens,
    cachedTokens: asNumber(inputDetails?.['cached_tokens']) ?? 0,
    cacheWriteTokens: asNumber(inputDetails?.['cache_write_tokens']) ?? 0,
    outputTokens,
    reasoningTokens: asNumber(asObject(usage['output_tokens_details'])?.['reasoning_tokens']) ?? 0,
    totalTokens: asNumber(usage['total_tokens']) ?? inputTokens + outputTokens,
  }
}
