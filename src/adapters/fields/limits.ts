/** Limits far above what clients send, so that a broken one cannot keep the service busy. */

/** Most messages, or items, of a conversation. */
export const MAX_MESSAGES = 10_000
/** Most tools. */
export const MAX_TOOLS = 512
/** Most parts of a message, and most calls. */
export const MAX_PARTS = 10_000
/** Longest stop text, in UTF-16 units. */
export const MAX_STOP_LENGTH = 10_000
/** Most domains that a search may be limited to. */
export const MAX_DOMAINS = 1000
