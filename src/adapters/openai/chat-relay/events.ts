/** A model's answer as the events of the Responses API, for models that do not speak it themselves. */

import { ProxyError } from '../../../domain/errors.ts'
import {
  type FinishReason,
  type JsonString,
  type ModelEvent,
  quote,
  type Usage,
} from '../../../domain/events.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { RelayFrame } from '../../../domain/relay-ports.ts'
import { type ItemStatus, type OpenCall, openCall } from './calls.ts'
import { type MakeDelta, type MakeFrame, type OpenPart, openPart, type PartKind } from './parts.ts'

/** Most characters of an answer: the API tells all of it again at the end. */
const MAX_ANSWER_LENGTH = 64 * 1024 * 1024

/** A blank line is what stands between two parts of the reasoning. */
const BLANK_LINE = quote('\n\n')

/** What an answer says of itself where the model does not. */
export interface ResponseEventFacts {
  readonly model: string
  readonly fallbackId: string
}

/** Encodes the events of one answer. */
export interface ResponseEvents {
  /** @throws ProxyError `upstream_response_too_large`. */
  encode(event: ModelEvent): readonly RelayFrame[]
}

type Started = Extract<ModelEvent, { type: 'started' }>
type Finished = Extract<ModelEvent, { type: 'finished' }>
type Call = Extract<ModelEvent, { type: 'tool-call' }>

/** A message or reasoning that is being told. */
interface OpenItem {
  readonly type: 'message' | 'reasoning'
  readonly id: string
  readonly index: number
  readonly content: JsonObject[]
  readonly summary: JsonObject[]
  part: OpenPart | undefined
}

/**
 * Creates an encoder. Item ids are the response's with the place of the item, so they are the same
 * for the same answer. A citation belongs to the text that is being told; one that comes when there
 * is none is left out.
 */
export function createResponseEvents(facts: ResponseEventFacts): ResponseEvents {
  let sequence = 0
  let length = 0
  let base: JsonObject | undefined
  let idTail = ''
  const output: JsonObject[] = []
  let itemCount = 0
  let open: OpenItem | undefined
  /** Stays open beside later items until the next call or the end: its arguments may still come. */
  let call: OpenCall | undefined
  /** Code points of the text parts that are closed. */
  let textOffset = 0

  const makeFrame: MakeFrame = (type, fields) => ({
    type,
    data: JSON.stringify({ type, sequence_number: sequence++, ...fields }),
  })
  const makeDelta: MakeDelta = (type, head, text, tail) => ({
    type,
    data: `{"type":"${type}","sequence_number":${sequence++},${head}"delta":${text}${tail}}`,
  })

  function begin(started: Started | undefined): readonly RelayFrame[] {
    const id = started?.id ?? facts.fallbackId
    idTail = id.replace(/^resp_/, '')
    base = {
      id,
      object: 'response',
      ...(started?.createdAt !== undefined && { created_at: started.createdAt }),
      status: 'in_progress',
      error: null,
      incomplete_details: null,
      model: facts.model,
      output: [],
      ...(started?.serviceTier !== undefined && { service_tier: started.serviceTier }),
      usage: null,
    }
    return [
      makeFrame('response.created', { response: base }),
      makeFrame('response.in_progress', { response: base }),
    ]
  }

  function addItem(index: number, item: JsonObject): RelayFrame {
    return makeFrame('response.output_item.added', { output_index: index, item })
  }

  function endItem(index: number, item: JsonObject): RelayFrame {
    output[index] = item
    return makeFrame('response.output_item.done', { output_index: index, item })
  }

  function closePart(): readonly RelayFrame[] {
    if (!open?.part) return []
    const { frames, part, text } = open.part.close()
    open[open.part.list].push(part)
    if (open.part.kind === 'output_text') textOffset += codePointsIn(text)
    open.part = undefined
    return frames
  }

  function closeItem(status: ItemStatus): readonly RelayFrame[] {
    if (!open) return []
    const frames = closePart()
    const { type, id, index, content, summary } = open
    open = undefined
    const item =
      type === 'message'
        ? { id, type, status, role: 'assistant', content }
        : { id, type, status, summary, ...(content.length > 0 && { content }) }
    return [...frames, endItem(index, item)]
  }

  function closeCall(status: ItemStatus): readonly RelayFrame[] {
    if (!call) return []
    const { index } = call
    const { frame, item } = call.close(status)
    call = undefined
    return [frame, endItem(index, item)]
  }

  function openItem(type: OpenItem['type']): readonly RelayFrame[] {
    if (open?.type === type) return []
    const closing = closeItem('completed')
    const index = itemCount++
    const id = `${type === 'message' ? 'msg' : 'rs'}_${idTail}_${index}`
    open = { type, id, index, content: [], summary: [], part: undefined }
    const status = 'in_progress'
    const item =
      type === 'message'
        ? { id, type, status, role: 'assistant', content: [] }
        : { id, type, status, summary: [] }
    return [...closing, addItem(index, item)]
  }

  function tell(type: OpenItem['type'], kind: PartKind, text: JsonString): readonly RelayFrame[] {
    if (open?.part?.kind === kind) return [open.part.delta(text)]
    const frames = [...openItem(type), ...closePart()]
    const item = open as OpenItem
    const list = kind === 'summary_text' ? item.summary : item.content
    const place = { itemId: item.id, outputIndex: item.index, partIndex: list.length }
    const part = openPart(kind, place, makeFrame, makeDelta)
    item.part = part
    return [...frames, part.opening, part.delta(text)]
  }

  function announce(event: Call): readonly RelayFrame[] {
    const closing = [...closeItem('completed'), ...closeCall('completed')]
    call = openCall(event, { index: itemCount++, idTail }, makeFrame, makeDelta)
    return [...closing, addItem(call.index, call.item)]
  }

  function finish({ reason, usage, serviceTier }: Finished): readonly RelayFrame[] {
    const status = reason === 'stop' ? 'completed' : 'incomplete'
    const closing = [...closeItem(status), ...closeCall(status)]
    const response = {
      ...base,
      status,
      incomplete_details: reason === 'stop' ? null : { reason: cutReason(reason) },
      output,
      ...(serviceTier !== undefined && { service_tier: serviceTier }),
      usage: encodeUsage(usage),
    }
    return [...closing, makeFrame(`response.${status}`, { response })]
  }

  function encodeStep(event: ModelEvent): readonly RelayFrame[] {
    switch (event.type) {
      case 'started':
        return []
      case 'text':
        return tell('message', 'output_text', event.text)
      case 'refusal':
        return tell('message', 'refusal', event.text)
      case 'reasoning':
        if (event.text === BLANK_LINE) return open?.type === 'reasoning' ? closePart() : []
        return tell(
          'reasoning',
          event.source === 'summary' ? 'summary_text' : 'reasoning_text',
          event.text,
        )
      case 'tool-call':
        return announce(event)
      case 'tool-arguments':
        return call ? [call.delta(event.text)] : []
      case 'citation': {
        const isInText = open?.part?.kind === 'output_text' && event.startIndex >= textOffset
        return isInText && open?.part ? [open.part.cite(event, textOffset)] : []
      }
      case 'finished':
        return finish(event)
      default:
        return event satisfies never
    }
  }

  return {
    encode(event) {
      if ('text' in event) length += event.text.length
      if (length > MAX_ANSWER_LENGTH) {
        throw new ProxyError('upstream_response_too_large', 'The answer grew past 64 MiB.')
      }
      const opening = base === undefined ? begin(event.type === 'started' ? event : undefined) : []
      const step = encodeStep(event)
      return opening.length === 0 ? step : [...opening, ...step]
    },
  }
}

function codePointsIn(text: string): number {
  let count = 0
  for (const _ of text) count++
  return count
}

function cutReason(reason: Exclude<FinishReason, 'stop'>): string {
  return reason === 'length' ? 'max_output_tokens' : 'content_filter'
}

function encodeUsage(usage: Usage | undefined): JsonObject | null {
  if (usage === undefined) return null
  const { cachedTokens, cacheWriteTokens } = usage
  return {
    input_tokens: usage.inputTokens,
    input_tokens_details: {
      cached_tokens: cachedTokens,
      ...(cacheWriteTokens > 0 && { cache_write_tokens: cacheWriteTokens }),
    },
    output_tokens: usage.outputTokens,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: usage.totalTokens,
  }
}
