/** What a model answers, event by event. */

import type { ToolKind } from './conversation.ts'

declare const literal: unique symbol

/**
 * A JSON string literal (RFC 8259 section 7), quotes included.
 *
 * A delta is a JSON string on the upstream's wire and again on every client's,
 * so it travels as that literal and is decoded only by whoever needs the characters.
 */
export type JsonString = string & { readonly [literal]: true }

/** Encodes characters as a JSON string literal. */
export function quote(text: string): JsonString {
  return JSON.stringify(text) as JsonString
}

/** Decodes a run of literals to the characters they spell together. */
export function unquote(literals: readonly JsonString[]): string {
  // One decode for the whole run: a surrogate pair may be cut between two literals.
  return JSON.parse(`"${literals.map(text => text.slice(1, -1)).join('')}"`) as string
}

/** Why the model stopped. A stop to call tools is a `stop`: the calls say the rest. */
export type FinishReason = 'stop' | 'length' | 'content-filter'

/**
 * Tokens used. `inputTokens` includes the ones read from the cache (`cachedTokens`) and written to it
 * (`cacheWriteTokens`), `outputTokens` includes the reasoning.
 */
export interface Usage {
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly cacheWriteTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly totalTokens: number
}

/** A source that a stretch of the text is based on. */
export interface Citation {
  readonly type: 'citation'
  readonly url: string
  readonly title: string
  /** Where the stretch begins and ends in the whole text, counted as the upstream counts. */
  readonly startIndex: number
  readonly endIndex: number
}

/**
 * One step of an answer. Events are small and carry no running state; a failure is
 * thrown, never an event. An answer that is whole ends with `finished`.
 */
export type ModelEvent =
  /** The upstream has taken up the request; no output yet. `createdAt` is Unix time in seconds. */
  | {
      readonly type: 'started'
      readonly id: string | undefined
      readonly createdAt: number | undefined
      /** The service tier that the request runs in, where the upstream says so. */
      readonly serviceTier: string | undefined
    }
  /** A piece of a summary of the reasoning, or of the reasoning itself where it is told raw. */
  | {
      readonly type: 'reasoning'
      readonly source: 'summary' | 'raw'
      readonly text: JsonString
    }
  | { readonly type: 'text'; readonly text: JsonString }
  | { readonly type: 'refusal'; readonly text: JsonString }
  /**
   * A call begins. `index` counts the calls of the answer from 0. Calls come one after the other:
   * clients take the next call, or the end, as the end of the one before.
   */
  | {
      readonly type: 'tool-call'
      readonly index: number
      readonly kind: ToolKind
      readonly callId: string
      readonly name: string
    }
  /** A piece of the arguments of call `index`, the latest one: of its JSON text, or free text. */
  | { readonly type: 'tool-arguments'; readonly index: number; readonly text: JsonString }
  | Citation
  | {
      readonly type: 'finished'
      readonly reason: FinishReason
      readonly usage: Usage | undefined
      /** The service tier that it ran in, which may be another than the one it started in. */
      readonly serviceTier: string | undefined
    }
