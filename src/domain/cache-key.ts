/** What keeps the turns of one conversation on one prompt cache. */

/** Returns a short stable digest of a text, safe to send upstream. */
export type Fingerprint = (text: string) => string

/** Longest cache key that upstreams take. */
const MAX_CACHE_KEY_LENGTH = 64
/** Longest text that counts whole: an image may have millions of characters. */
const MAX_TEXT_LENGTH = 4096

/**
 * Returns the key of a conversation: the client's, or one that holds for as long as its beginning
 * stands. The first user message is part of that: chats with one system text do not share a key.
 * Of a text of more than 4096 characters both ends and the length count.
 */
export function cacheKeyOf(
  clientsKey: string | undefined,
  beginning: readonly unknown[],
  fingerprint: Fingerprint,
): string {
  if (clientsKey === undefined) return fingerprint(JSON.stringify(beginning, shorten))
  return clientsKey.length <= MAX_CACHE_KEY_LENGTH ? clientsKey : fingerprint(clientsKey)
}

function shorten(_key: string, value: unknown): unknown {
  if (typeof value !== 'string' || value.length <= MAX_TEXT_LENGTH) return value
  const end = MAX_TEXT_LENGTH / 2
  return [value.slice(0, end), value.length, value.slice(-end)]
}
