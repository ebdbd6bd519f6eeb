/** What keeps the turns of one conversation on one prompt cache. */

/** Returns a short stable digest of a text, safe to send upstream. */
export type Fingerprint = (text: string) => string

/** Longest cache key that upstreams take. */
const MAX_CACHE_KEY_LENGTH = 64

/**
 * Returns the key of a conversation: the client's, or one that holds for as long as its beginning
 * stands. The first user message is part of that: chats with one system text do not share a key.
 */
export function cacheKeyOf(
  clientsKey: string | undefined,
  beginning: readonly unknown[],
  fingerprint: Fingerprint,
): string {
  if (clientsKey === undefined) return fingerprint(JSON.stringify(beginning))
  return clientsKey.length <= MAX_CACHE_KEY_LENGTH ? clientsKey : fingerprint(clientsKey)
}
