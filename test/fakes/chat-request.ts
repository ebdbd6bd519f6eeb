import type { ChatRequest, Message } from '../../src/domain/conversation.ts'

/** A user message of one text. */
export function userSays(text: string): Message {
  return { type: 'message', role: 'user', parts: [{ type: 'text', text }] }
}

/** A developer message of one text. */
export function developerSays(text: string): Message {
  return { type: 'message', role: 'developer', parts: [{ type: 'text', text }] }
}

/** A request that says "hi" and leaves everything open, but for what is given. */
export function chatRequest(over: Partial<ChatRequest> = {}): ChatRequest {
  return {
    model: 'gpt-5.5',
    items: [userSays('hi')],
    tools: [],
    toolChoice: 'auto',
    parallelToolCalls: true,
    format: undefined,
    effort: undefined,
    summary: undefined,
    verbosity: undefined,
    priority: undefined,
    cacheKey: undefined,
    stop: [],
    ...over,
  }
}
