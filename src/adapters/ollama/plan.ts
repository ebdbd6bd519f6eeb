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
  /** `undefined` if the answer is to have none. */
  readonly context: AnswerContext | undefined
}

/** The `context` of an answer: what stands for the conversation with this answer. */
export interface AnswerContext {
  /** Most UTF-16 units that an answer may have in JSON; a longer one is left out. */
  readonly maxLength: number
  of(answer: string): readonly number[]
}
