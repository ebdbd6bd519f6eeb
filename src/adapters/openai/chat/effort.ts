/** How hard to think, in each of the spellings that clients have for it. */

import * as v from 'valibot'
import { EFFORTS, type Effort, SUMMARIES } from '../../../domain/conversation.ts'

/** Words with which some clients say that they have no wish. */
const NO_WISH = ['', 'auto', 'default']

const EffortWord = v.pipe(
  v.string(),
  v.toLowerCase(),
  v.transform(word => (NO_WISH.includes(word) ? undefined : word)),
  v.optional(v.picklist(EFFORTS)),
)
const Level = v.nullish(EffortWord)
const Switch = v.nullish(v.boolean())
const Budget = v.nullish(v.pipe(v.number(), v.integer(), v.minValue(0)))

/** The fields of a body that say it: the API's own, then those of OpenRouter, AI SDK, Anthropic, Qwen and Ollama. */
export const EffortFields = {
  reasoning_effort: Level,
  reasoning: v.nullish(
    v.looseObject({
      effort: Level,
      summary: v.nullish(v.picklist(SUMMARIES)),
      max_tokens: Budget,
      enabled: Switch,
      exclude: Switch,
    }),
  ),
  include_reasoning: Switch,
  reasoningEffort: Level,
  thinking: v.nullish(
    v.looseObject({
      type: v.nullish(v.picklist(['enabled', 'disabled', 'adaptive', 'auto'])),
      budget_tokens: Budget,
    }),
  ),
  enable_thinking: Switch,
  think: v.nullish(v.union([v.boolean(), EffortWord])),
}

/** A body in which the fields are checked. */
export type EffortBody = v.InferOutput<v.ObjectSchema<typeof EffortFields, undefined>>

/** The largest budget, in tokens, of each level. */
const BUDGETS: readonly (readonly [tokens: number, effort: Effort])[] = [
  [0, 'none'],
  [2048, 'low'],
  [8192, 'medium'],
  [24_576, 'high'],
]

/**
 * Reads the effort: a level wins over a budget, and that over a switch; of two levels the API's own.
 * Thinking that is switched on without a level leaves the choice open.
 */
export function decodeEffort(body: EffortBody): Effort | undefined {
  const { reasoning, thinking, think } = body
  const level =
    body.reasoning_effort ??
    reasoning?.effort ??
    body.reasoningEffort ??
    (typeof think === 'string' ? think : undefined)
  if (level) return level
  const budget =
    (reasoning?.enabled === false ? undefined : reasoning?.max_tokens) ??
    (thinking?.type === 'disabled' ? undefined : thinking?.budget_tokens)
  if (typeof budget === 'number') {
    return BUDGETS.find(([tokens]) => budget <= tokens)?.[1] ?? 'xhigh'
  }
  const isOff =
    reasoning?.enabled === false ||
    thinking?.type === 'disabled' ||
    body.enable_thinking === false ||
    think === false
  return isOff ? 'none' : undefined
}

/** Tells whether the answer is to leave the reasoning out. */
export function hidesReasoning({ reasoning, include_reasoning }: EffortBody): boolean {
  return reasoning?.exclude === true || include_reasoning === false
}
