/** Texts as events of the Responses API: each is a part of an item, announced, told and summed up. */

import { type Citation, type JsonString, quote, unquote } from '../../../domain/events.ts'
import type { JsonObject } from '../../../domain/json.ts'
import type { RelayFrame } from '../../../domain/relay-ports.ts'

/** Kinds of parts, by the API's names. */
export type PartKind = 'output_text' | 'refusal' | 'summary_text' | 'reasoning_text'

interface PartForm {
  /** What the events are called: `response.{text}.delta`, `response.{part}.added`. */
  readonly text: string
  readonly part: 'content_part' | 'reasoning_summary_part'
  /** The list of the item that it is in; its place there is `{list}_index`. */
  readonly list: 'content' | 'summary'
  readonly key: 'text' | 'refusal'
  /** What else the part has, and what else its text events have. */
  readonly extras: JsonObject
  readonly eventExtras: JsonObject
}

const FORMS: Readonly<Record<PartKind, PartForm>> = {
  output_text: {
    text: 'output_text',
    part: 'content_part',
    list: 'content',
    key: 'text',
    extras: { annotations: [], logprobs: [] },
    eventExtras: { logprobs: [] },
  },
  refusal: {
    text: 'refusal',
    part: 'content_part',
    list: 'content',
    key: 'refusal',
    extras: {},
    eventExtras: {},
  },
  summary_text: {
    text: 'reasoning_summary_text',
    part: 'reasoning_summary_part',
    list: 'summary',
    key: 'text',
    extras: {},
    eventExtras: {},
  },
  reasoning_text: {
    text: 'reasoning_text',
    part: 'content_part',
    list: 'content',
    key: 'text',
    extras: {},
    eventExtras: {},
  },
}

/** Makes a frame of an event; gives it its number. */
export type MakeFrame = (type: string, fields: JsonObject) => RelayFrame

/** Makes a frame of a delta, of which only the text is new: `head` and `tail` are JSON around it. */
export type MakeDelta = (type: string, head: string, text: JsonString, tail: string) => RelayFrame

/** A part that is being told. */
export interface OpenPart {
  readonly kind: PartKind
  readonly list: PartForm['list']
  delta(text: JsonString): RelayFrame
  /** Tells a source; its places are counted from `textOffset` on. */
  cite(citation: Citation, textOffset: number): RelayFrame
  /** Ends the part. `part` is what its item keeps. */
  close(): { readonly frames: readonly RelayFrame[]; readonly part: JsonObject; text: string }
}

/** Begins a part at a place of an item; `opening` announces it. */
export function openPart(
  kind: PartKind,
  place: { readonly itemId: string; readonly outputIndex: number; readonly partIndex: number },
  makeFrame: MakeFrame,
  makeDelta: MakeDelta,
): OpenPart & { readonly opening: RelayFrame } {
  const { text: event, part, list, key, extras, eventExtras } = FORMS[kind]
  const indexKey = `${list}_index`
  const { itemId, outputIndex, partIndex } = place
  const where = { item_id: itemId, output_index: outputIndex, [indexKey]: partIndex }
  const head = `"item_id":${quote(itemId)},"output_index":${outputIndex},"${indexKey}":${partIndex},`
  const tail = kind === 'output_text' ? ',"logprobs":[]' : ''
  const deltaType = `response.${event}.delta`
  const literals: JsonString[] = []
  const annotations: JsonObject[] = []
  return {
    kind,
    list,
    opening: makeFrame(`response.${part}.added`, {
      ...where,
      part: { type: kind, [key]: '', ...extras },
    }),
    delta(text) {
      literals.push(text)
      return makeDelta(deltaType, head, text, tail)
    },
    cite({ url, title, startIndex, endIndex }, textOffset) {
      const annotation = {
        type: 'url_citation',
        url,
        title,
        start_index: startIndex - textOffset,
        end_index: endIndex - textOffset,
      }
      const annotationIndex = annotations.push(annotation) - 1
      return makeFrame('response.output_text.annotation.added', {
        ...where,
        annotation_index: annotationIndex,
        annotation,
      })
    },
    close() {
      const text = unquote(literals)
      const cited = annotations.length > 0 ? { annotations } : {}
      const whole = { type: kind, [key]: text, ...extras, ...cited }
      return {
        text,
        part: whole,
        frames: [
          makeFrame(`response.${event}.done`, { ...where, [key]: text, ...eventExtras }),
          makeFrame(`response.${part}.done`, { ...where, part: whole }),
        ],
      }
    },
  }
}
