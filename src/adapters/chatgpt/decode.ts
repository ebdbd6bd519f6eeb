/** The upstream's events (Responses API streaming events) as the domain's. */

import {
  type FinishReason,
  type JsonString,
  type ModelEvent,
  quote,
  type Usage,
} from '../../domain/events.ts'
import { parseJson } from '../../domain/json.ts'
import { createCalls } from './calls.ts'
import { failureInStream } from './errors.ts'
import { asNumber, asObject, asString, type JsonObject, objectsOf } from './json.ts'
import { createTexts, INDEX_KEYS, TEXT_KINDS, type TextKind } from './texts.ts'

/** Reads the events of one answer. */
export interface EventDecoder {
  /**
   * Returns what one event's data means; nothing for events that nobody needs, `undefined` for
   * data that is no event at all. After `finished` there is nothing to come.
   *
   * @throws ProxyError for `response.failed` and `error`, with the upstream's code.
   */
  decode(data: string): readonly ModelEvent[] | undefined
}

const NOTHING: readonly ModelEvent[] = []

/**
 * A delta in the spelling in which they come by the thousand. It is matched whole, so the literal is
 * valid JSON without being parsed; a delta in any other spelling goes the slow way. Each part can
 * match in one way only, so a mismatch is found in linear time.
 */
const DELTA =
  /^\{"type":"response\.(output_text|refusal|reasoning_summary_text|reasoning_text|function_call_arguments)\.delta"(?:,"sequence_number":\d+)?(?:,"item_id":"([^"\\]*)")?,"output_index":(\d+)(?:,"(?:content|summary)_index":(\d+))?,"delta":("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*")(?:,"logprobs":\[\])?(?:,"obfuscation":"[^"\\]*")?(?:,"sequence_number":\d+)?\}$/
/** Longer text is parsed: the expression keeps a trail as long as what it has matched. */
const MAX_FAST_LENGTH = 64 * 1024
const LEADING_TYPE = /^\{"type":"([^"\\]*)"/

/** Reads one type of event; `place` names the item of the answer that it is about. */
type Reader = (event: JsonObject, place: string) => readonly ModelEvent[]

/**
 * Creates a decoder for one answer. `now` tells Unix time in milliseconds; `onLimits` gets what is
 * told of usage in passing (`codex.rate_limits`), which is no part of the answer.
 */
export function createEventDecoder(
  now: () => number,
  onLimits: (event: JsonObject) => void,
): EventDecoder {
  const calls = createCalls()
  const texts = createTexts()
  const places = createPlaces()
  let started = false

  function start(event: JsonObject): readonly ModelEvent[] {
    if (started) return NOTHING
    started = true
    const response = asObject(event['response']) ?? {}
    return [
      {
        type: 'started',
        id: asString(response['id']),
        createdAt: asNumber(response['created_at']),
        serviceTier: asString(response['service_tier']),
      },
    ]
  }

  function readItem(item: JsonObject, place: string): readonly ModelEvent[] {
    switch (item['type']) {
      case 'function_call':
        return calls.whole(place, item)
      case 'message':
        return objectsOf(item['content']).flatMap((part, i) =>
          part['type'] === 'refusal'
            ? texts.whole('refusal', place, String(i), asString(part['refusal']) ?? '')
            : texts.whole('output_text', place, String(i), asString(part['text']) ?? ''),
        )
      case 'reasoning':
        return objectsOf(item['summary']).flatMap((part, i) =>
          texts.whole('reasoning_summary_text', place, String(i), asString(part['text']) ?? ''),
        )
      default:
        return NOTHING
    }
  }

  function finish(event: JsonObject, reason: FinishReason): readonly ModelEvent[] {
    const response = asObject(event['response']) ?? {}
    // The final output is often empty or thin; it is used for what has not been streamed, no more.
    const hasAnswer = texts.hasAnswer()
    const late = objectsOf(response['output']).flatMap((item, i) => {
      const isWanted =
        item['type'] === 'function_call' || (item['type'] === 'message' && !hasAnswer)
      return isWanted ? readItem(item, places.of(String(i), asString(item['id']))) : NOTHING
    })
    return [
      ...late,
      ...calls.finish(reason === 'stop'),
      {
        type: 'finished',
        reason,
        usage: decodeUsage(asObject(response['usage'])),
        serviceTier: asString(response['service_tier']),
      },
    ]
  }

  const readers = new Map<string, Reader>([
    ['response.created', start],
    ['response.in_progress', start],
    ['response.queued', start],
    [
      'response.output_item.added',
      (event, place) => {
        const item = asObject(event['item'])
        return item?.['type'] === 'function_call' ? calls.announce(place, item) : NOTHING
      },
    ],
    ['response.output_item.done', (event, place) => readItem(asObject(event['item']) ?? {}, place)],
    [
      'response.function_call_arguments.delta',
      (event, place) => calls.delta(place, quote(asString(event['delta']) ?? '')),
    ],
    [
      'response.function_call_arguments.done',
      (event, place) => calls.argumentsDone(place, asString(event['arguments']) ?? ''),
    ],
    [
      'codex.rate_limits',
      event => {
        onLimits(event)
        return NOTHING
      },
    ],
    ['response.completed', event => finish(event, 'stop')],
    ['response.done', event => finish(event, 'stop')],
    ['response.incomplete', event => finish(event, cutReason(event))],
    [
      'response.failed',
      event => {
        throw failureInStream(event, asObject(event['response'])?.['error'], now())
      },
    ],
    [
      'error',
      event => {
        throw failureInStream(event, event['error'] ?? event, now())
      },
    ],
  ])
  for (const kind of TEXT_KINDS) {
    const indexOf = (event: JsonObject) => String(event[INDEX_KEYS[kind]] ?? '0')
    readers.set(`response.${kind}.delta`, (event, place) =>
      texts.delta(kind, place, indexOf(event), quote(asString(event['delta']) ?? '')),
    )
    readers.set(`response.${kind}.done`, (event, place) =>
      texts.whole(kind, place, indexOf(event), asString(event['text'] ?? event['refusal']) ?? ''),
    )
  }

  return {
    decode(data) {
      const delta = data.length <= MAX_FAST_LENGTH ? DELTA.exec(data) : null
      if (delta) {
        const [, kind, id, position, index = '0', literal] = delta
        const place = places.of(position, id)
        const text = literal as JsonString
        return kind === 'function_call_arguments'
          ? calls.delta(place, text)
          : texts.delta(kind as TextKind, place, index, text)
      }
      // What nobody needs is skipped before it is parsed.
      const leading = LEADING_TYPE.exec(data)?.[1]
      if (leading !== undefined && !readers.has(leading)) return NOTHING
      const event = asObject(parseJson(data))
      const type = asString(event?.['type'])
      if (event === undefined || type === undefined) return undefined
      const id = asString(event['item_id']) ?? asString(asObject(event['item'])?.['id'])
      const position = asNumber(event['output_index'])?.toString()
      return readers.get(type)?.(event, places.of(position, id)) ?? NOTHING
    },
  }
}

/** Where things stand in an answer: events name an item by its position, by its id, or by both. */
function createPlaces() {
  const byId = new Map<string, string>()
  let lastId: string | undefined
  let lastPlace = ''
  return {
    of(position: string | undefined, id: string | undefined): string {
      if (id === undefined) return position ?? ''
      if (id === lastId) return lastPlace
      lastId = id
      lastPlace = byId.get(id) ?? position ?? id
      byId.set(id, lastPlace)
      return lastPlace
    },
  }
}

function cutReason(event: JsonObject): FinishReason {
  const details = asObject(asObject(event['response'])?.['incomplete_details'])
  return details?.['reason'] === 'content_filter' ? 'content-filter' : 'length'
}

function decodeUsage(usage: JsonObject | undefined): Usage | undefined {
  if (usage === undefined) return undefined
  const inputTokens = asNumber(usage['input_tokens']) ?? 0
  const outputTokens = asNumber(usage['output_tokens']) ?? 0
  return {
    inputTokens,
    cachedTokens: asNumber(asObject(usage['input_tokens_details'])?.['cached_tokens']) ?? 0,
    outputTokens,
    reasoningTokens: asNumber(asObject(usage['output_tokens_details'])?.['reasoning_tokens']) ?? 0,
    totalTokens: asNumber(usage['total_tokens']) ?? inputTokens + outputTokens,
  }
}
