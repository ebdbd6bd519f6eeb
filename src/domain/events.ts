/** What a model answers, event by event. */

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

/** Tokens used. `inputTokens` includes the cached ones, `outputTokens` the reasoning. */
export interface Usage {
  readonly inputTokens: number
  readonly cachedTokens: number
  readonly outputTokens: number
  readonly reasoningTokens: number
  readonly totalTokens: number
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
  | { readonly type: 'reasoning'; readonly text: JsonString }
  | { readonly type: 'text'; readonly text: JsonString }
  | { readonly type: 'refusal'; readonly text: JsonString }
  /**
   * A call begins. `index` counts the calls of the answer from 0. Calls come one after the other:
   * clients take the next call, or the end, as the end of the one before.
   */
  | {
      readonly type: 'tool-call'
      readonly index: number
      readonly callId: string
      readonly name: string
    }
  /** A piece of the JSON text of the arguments of call `index`, the latest one. */
  | { readonly type: 'tool-arguments'; readonly index: number; readonly text: JsonString }
  | {
      readonly type: 'finished'
      readonly reason: FinishReason
      readonly usage: Usage | undefined
      /** The service tier that it ran in, which may be another than the one it started in. */
      readonly serviceTier: string | undefined
    }
