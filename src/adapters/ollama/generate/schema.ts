/** The body of `/api/generate`. */

import * as v from 'valibot'
import { listOf } from '../../fields/check.ts'
import { MAX_PARTS } from '../../fields/limits.ts'
import { GENERATION_FIELDS, OTHER_FIELDS } from '../schema.ts'

const OptionalText = v.nullish(v.string())

const Fields = {
  ...GENERATION_FIELDS,
  prompt: OptionalText,
  suffix: OptionalText,
  system: OptionalText,
  images: v.nullish(listOf(v.string(), MAX_PARTS)),
  raw: v.nullish(v.boolean()),
  context: v.nullish(v.unknown()),
}

/** The body. */
export const GenerateBody = v.looseObject({ ...Fields, ...OTHER_FIELDS, template: OptionalText })
/** A checked body. */
export type GenerateBody = v.InferOutput<typeof GenerateBody>
/** The fields of it that have an effect. */
export const GENERATE_FIELDS: readonly string[] = Object.keys(Fields)
