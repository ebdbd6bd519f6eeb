/** The Responses API for models that do not speak it themselves. */

import { randomUUID } from 'node:crypto'
import { type ChatRequest, VERBOSITIES } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import type { ModelEvent } from '../../../domain/events.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { ChatModel } from '../../../domain/ports.ts'
import type { RelayFrame, RelayRequest, ResponsesRelay } from '../../../domain/relay-ports.ts'
import { decodeToolChoice, decodeTools } from '../../fields/tools.ts'
import { decodeTextFormat } from '../format.ts'
import { decodeInput } from '../input.ts'
import { createResponseEvents, type ResponseEventFacts } from './events.ts'

/**
 * Lets a model serve the Responses API. Tools of kinds that the model could not call are not offered
 * to it. Nothing can be made shorter: `compact` throws `unsupported_endpoint`.
 */
export function createChatRelay(model: ChatModel): ResponsesRelay {
  return {
    async relay(request, credentials, signal) {
      const events = await model.respond(decodeRelayRequest(request), credentials, signal)
      return encodeEvents(events, {
        model: request.model,
        fallbackId: `resp_${randomUUID().replaceAll('-', '')}`,
      })
    },
    async compact() {
      throw new ProxyError(
        'unsupported_endpoint',
        'This upstream cannot compact a conversation. Send the items as they are.',
      )
    },
  }
}

async function* encodeEvents(
  events: AsyncIterable<ModelEvent>,
  facts: ResponseEventFacts,
): AsyncGenerator<RelayFrame> {
  const encoder = createResponseEvents(facts)
  for await (const event of events) {
    for (const frame of encoder.encode(event)) yield frame
  }
}

/** @throws ProxyError `unsupported_value` and others for items that the domain has no name for. */
function decodeRelayRequest(request: RelayRequest): ChatRequest {
  const { instructions, text } = request
  const tools = decodeTools(request.tools.filter(isKnown), 'tools')
  const items = decodeInput(request.input, 'input')
  return {
    model: request.model,
    items: instructions
      ? [
          { type: 'message', role: 'developer', parts: [{ type: 'text', text: instructions }] },
          ...items,
        ]
      : items,
    tools,
    toolChoice: decodeToolChoice(request.toolChoice, tools, 'tool_choice'),
    parallelToolCalls: request.parallelToolCalls ?? true,
    format: decodeTextFormat(text?.['format'], 'text.format'),
    effort: request.effort,
    summary: request.summary,
    verbosity: VERBOSITIES.find(verbosity => verbosity === text?.['verbosity']),
    priority: request.priority,
    cacheKey: request.cacheKey,
    stop: [],
  }
}

const KNOWN_TOOLS: ReadonlySet<unknown> = new Set(['function', 'custom', 'web_search'])

function isKnown(tool: JsonObject): boolean {
  return KNOWN_TOOLS.has(tool['type'])
}
