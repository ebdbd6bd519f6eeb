/** Bodies of completions, checked once at the edge. */

import * as v from 'valibot'
import { GenerationFields, IdleFields } from '../chat/schema.ts'

const CompletionFields = {
  ...GenerationFields,
  prompt: v.nullish(v.unknown()),
  suffix: v.nullish(v.string()),
  echo: v.nullish(v.boolean()),
}

/** `POST /v1/completions`. */
export const CompletionBody = v.looseObject({ ...CompletionFields, ...IdleFields })
/** A checked completion body. */
export type CompletionBody = v.InferOutput<typeof CompletionBody>
/** The fields of a completion body that have an effect; more are looked at by its policy. */
export const COMPLETION_FIELDS: readonly string[] = Object.keys(CompletionFields)
