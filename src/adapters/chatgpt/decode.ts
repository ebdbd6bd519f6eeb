/** The upstream's events (Responses API streaming events) as the domain's. */

import { type FinishReason, type JsonString, type ModelEvent, quote } from '../../domain/events.ts'
import {
  asNumber,
  asObject,
  asString,
  type JsonObject,
  objectsOf,
  parseJson,
} from '../../domain/json.ts'
import { createCalls, isCall } from './calls.ts'
import { createCitations } from './citations.ts'
import { cutReason, decodeUsage } from './ending.ts'
import { failureInStream } from './errors.ts'
import { findStreamedMessages } from './final-messages.ts'
import { createPlaces } from './places.ts'
import { createTurnRecord } from './reasoned-turn.ts'
import type { ReasonedTurn } from './reasoning-memory.ts'
import { createTexts, INDEX_KEYS, TEXT_KINDS, type TextKind } from './texts.ts'
import type { ToolNames } from './tool-names.ts'

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
  /^\{"type":"response\.(output_text|refusal|reasoning_summary_text|reasoning_text|function_call_arguments|custom_tool_call_input)\.delta"(?:,"sequence_number":\d+)?(?:,"item_id":"([^"\\]*)")?,"output_index":(\d+)(?:,"(?:content|summary)_index":(\d+))?,"delta":("[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*")(?:,"logprobs":\[\])?(?:,"obfuscation":"[^"\\]*")?(?:,"sequence_number":\d+)?\}$/
/** What calls are given, as event types name it, with the event field that has the whole of it. */
const ARGUMENT_KINDS: readonly (readonly [string, string])[] = [
  ['function_call_arguments', 'arguments'],
  ['custom_tool_call_input', 'input'],
]
/** Longer text is parsed: the expression keeps a trail as long as what it has matched. */
const MAX_FAST_LENGTH = 64 * 1024
const LEADING_TYPE = /^\{"type":"([^"\\]*)"/

/** Reads one type of event; `place` names the item of the answer that it is about. */
type Reader = (event: JsonObject, place: string) => readonly ModelEvent[]

/** What decoding an answer depends on. */
export interface DecodeOptions {
  /** Tells Unix time in milliseconds. */
  now(): number
  /** Gets what is told of usage in passing (`codex.rate_limits`), which is no part of the answer. */
  onLimits(event: JsonObject): void
  /** The names of the request that is answered. */
  readonly names: ToolNames
  /** Gets what is to be sent back with the calls of an answer that is whole, where there is any. */
  onTurn(turn: ReasonedTurn): void
}

/** Creates a decoder for one answer. */
export function createEventDecoder(options: DecodeOptions): EventDecoder {
  let answerId: string | undefined
  const calls = createCalls(options.names.toOriginal, () => answerId)
  const texts = createTexts()
  const citations = createCitations(texts)
  const turn = createTurnRecord()
  const places = createPlaces()
  let started = false

  function start(event: JsonObject): readonly ModelEvent[] {
    if (started) return NOTHING
    started = true
    const response = asObject(event['response']) ?? {}
    answerId = asString(response['id'])
    return [
      {
        type: 'started',
        id: answerId,
        createdAt: asNumber(response['created_at']),
        serviceTier: asString(response['service_tier']),
      },
    ]
  }

  function readItem(item: JsonObject, place: string): readonly ModelEvent[] {
    switch (item['type']) {
      case 'function_call':
      case 'custom_tool_call':
        return calls.whole(place, item)
      case 'message':
        texts.announceMessage(place)
        return objectsOf(item['content']).flatMap((part, i) => [
          ...readPart(part, place, String(i)),
          ...citations.part(place, String(i), part),
        ])
      case 'reasoning':
        return [
          ...readReasoning('reasoning_summary_text', place, item['summary']),
          ...readReasoning('reasoning_text', place, item['content']),
        ]
      default:
        return NOTHING
    }
  }

  function readPart(part: JsonObject, place: string, index: string): readonly ModelEvent[] {
    return part['type'] === 'refusal'
      ? texts.whole('refusal', place, index, asString(part['refusal']) ?? '')
      : texts.whole('output_text', place, index, asString(part['text']) ?? '')
  }

  function readReasoning(kind: TextKind, place: string, parts: unknown): readonly ModelEvent[] {
    return objectsOf(parts).flatMap((part, i) =>
      texts.whole(kind, place, String(i), asString(part['text']) ?? ''),
    )
  }

  /** The final output is often empty or thin; it is used for what has not been streamed, no more. */
  function readOutput(output: unknown): readonly ModelEvent[] {
    const hasAny = texts.hasAnswer() || texts.hasReasoning() || !calls.isEmpty()
    const items = objectsOf(output)
    const streamed = findStreamedMessages(items, texts.messages(), id => places.of(undefined, id))
    return items.flatMap((item, i) => {
      if (item['type'] === 'message') return readFinalMessage(item, streamed.get(item), String(i))
      const place = places.of(String(i), asString(item['id']))
      turn.note(place, item)
      if (isCall(item)) return calls.whole(place, item)
      return hasAny ? NOTHING : readItem(item, place)
    })
  }

  /** `streamed` is its place in the stream, if it was in it, `position` the one in the output. */
  function readFinalMessage(
    message: JsonObject,
    streamed: string | undefined,
    position: string,
  ): readonly ModelEvent[] {
    turn.note(streamed ?? position, message)
    // A new one needs a place of its own: the stream may have given the position to another.
    if (streamed === undefined) return readItem(message, `output ${position}`)
    return texts.hasTold(streamed) ? readCitations(message, streamed) : readItem(message, streamed)
  }

  function readCitations(message: JsonObject, place: string): readonly ModelEvent[] {
    return objectsOf(message['content']).flatMap((part, i) =>
      citations.part(place, String(i), part),
    )
  }

  function finish(event: JsonObject, reason: FinishReason): readonly ModelEvent[] {
    const response = asObject(event['response']) ?? {}
    const late = readOutput(response['output'])
    const reasoned = event['type'] === 'response.completed' ? turn.turn() : undefined
    if (reasoned !== undefined) options.onTurn(reasoned)
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
        const item = asObject(event['item']) ?? {}
        if (item['type'] === 'message') texts.announceMessage(place)
        if (!isCall(item)) return NOTHING
        turn.note(place, item)
        return calls.announce(place, item)
      },
    ],
    [
      'response.output_item.done',
      (event, place) => {
        const item = asObject(event['item']) ?? {}
        turn.note(place, item)
        return readItem(item, place)
      },
    ],
    [
      'response.output_text.annotation.added',
      (event, place) => {
        const annotation = asObject(event['annotation']) ?? {}
        return citations.annotation(place, String(event['content_index'] ?? '0'), annotation)
      },
    ],
    [
      'codex.rate_limits',
      event => {
        options.onLimits(event)
        return NOTHING
      },
    ],
    ['response.completed', event => finish(event, 'stop')],
    ['response.done', event => finish(event, 'stop')],
    ['response.incomplete', event => finish(event, cutReason(event))],
    [
      'response.failed',
      event => {
        throw failureInStream(event, asObject(event['response'])?.['error'], options.now())
      },
    ],
    [
      'error',
      event => {
        throw failureInStream(event, event['error'] ?? event, options.now())
      },
    ],
  ])
  for (const [kind, whole] of ARGUMENT_KINDS) {
    readers.set(`response.${kind}.delta`, (event, place) =>
      calls.delta(place, quote(asString(event['delta']) ?? '')),
    )
    readers.set(`response.${kind}.done`, (event, place) =>
      calls.argumentsDone(place, asString(event[whole]) ?? '', asString(event['name'])),
    )
  }
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
        return kind === 'function_call_arguments' || kind === 'custom_tool_call_input'
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
