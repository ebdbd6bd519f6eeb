/** The items of the Responses API that are known; keys that they do not name are left out. */

import * as v from 'valibot'
import { AnyObject } from '../../fields/check.ts'
import { MAX_PARTS } from '../../fields/limits.ts'

const OptionalText = v.nullish(v.string())
const Identifier = v.pipe(v.string(), v.nonEmpty())
/** What stands in the parts is read one by one. */
const Parts = v.pipe(v.array(v.unknown()), v.maxLength(MAX_PARTS))
const Content = v.union([v.string(), Parts])

/** Any item: one that has a type says it in words. */
export const AnyItem = v.looseObject({ type: v.nullish(Identifier) })

/** A message. Only the assistant may say nothing: it does where it calls tools. */
export const MessageItem = v.variant('role', [
  v.object({
    role: v.picklist(['user', 'developer', 'system']),
    content: Content,
    phase: OptionalText,
  }),
  v.object({ role: v.literal('assistant'), content: v.nullish(Content), phase: OptionalText }),
])

/** What the model thought. */
export const ReasoningItem = v.object({
  summary: v.nullish(v.array(AnyObject)),
  encrypted_content: OptionalText,
})

const CallFields = { call_id: Identifier, name: Identifier, namespace: OptionalText }

/** What every call says. */
export type CallNames = v.InferOutput<v.ObjectSchema<typeof CallFields, undefined>>

/** A call of a function. */
export const FunctionCallItem = v.object({
  ...CallFields,
  arguments: v.nullish(v.union([v.string(), AnyObject])),
})

/** A call of a custom tool. */
export const CustomCallItem = v.object({ ...CallFields, input: OptionalText })

/** What a call gave. */
export const CallOutputItem = v.object({
  call_id: Identifier,
  output: v.union([v.string(), Parts, AnyObject]),
})
