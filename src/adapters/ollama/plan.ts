/** What is to become of a body of `/api/chat` or `/api/generate`, once it has been read. */

import type { ChatRequest } from '../../domain/conversation.ts'

/** What to do. */
export type Plan = LoadPlan | AskPlan

/** Nothing is asked: the client wants the model in memory, or out of it. There is nothing to load. */
export interface LoadPlan {
  readonly type: 'load'
  readonly reason: 'load' | 'unload'
}

/** The model is asked. */
export interface AskPlan {
  readonly type: 'ask'
  readonly request: ChatRequest
  readonly stream: boolean
  /** Whether the client wants to see what the model thinks. */
  readonly showsThinking: boolean
  /** Names of the fields that have no effect, for `x-chatmock-ignored`. */
  readonly ignored: readonly string[]
  /** Returns the `context` that stands for the conversation with this answer. */
  readonly contextOf?: (answer: string) => readonly number[]
}
