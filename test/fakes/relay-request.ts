import type { JsonObject } from '../../src/domain/json.ts'
import type { RelayRequest } from '../../src/domain/relay-ports.ts'

/** A user message of one text, as an item of the Responses API. */
export function userItem(text: string): JsonObject {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text }] }
}

/** A request for a response that says "hi" and leaves everything open, but for what is given. */
export function relayRequest(over: Partial<RelayRequest> = {}): RelayRequest {
  return {
    model: 'gpt-5.5',
    instructions: undefined,
    input: [userItem('hi')],
    tools: [],
    toolChoice: undefined,
    parallelToolCalls: undefined,
    text: undefined,
    include: [],
    clientMetadata: undefined,
    effort: undefined,
    summary: undefined,
    priority: undefined,
    cacheKey: undefined,
    ...over,
  }
}
