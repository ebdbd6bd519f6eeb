/** What a request of either kind chooses, as fields of a Responses call. */

import type { Effort, Priority, Summary } from '../../domain/conversation.ts'

/** Encodes how hard to think, and how much of that to sum up. */
export function encodeReasoning({
  effort,
  summary,
}: {
  readonly effort: Effort | undefined
  readonly summary: Summary | undefined
}) {
  return {
    ...(effort && { effort }),
    ...(summary && summary !== 'none' && { summary }),
  }
}

/** Encodes how an answer is delivered: always as a stream and stored nowhere, which is all there is. */
export function encodeDelivery(
  {
    cacheKey,
    priority,
  }: { readonly cacheKey: string | undefined; readonly priority: Priority | undefined },
  include: readonly string[] = [],
) {
  return {
    store: false,
    stream: true,
    include: [...new Set(['reasoning.encrypted_content', ...include])],
    ...(cacheKey && { prompt_cache_key: cacheKey }),
    ...(priority === 'required' && { service_tier: 'priority' }),
  }
}
