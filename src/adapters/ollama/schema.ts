/** The fields that the bodies of `/api/chat` and `/api/generate` have in common, checked once at the edge. */

import * as v from 'valibot'
import { AnyObject } from '../fields/check.ts'

const Switch = v.nullish(v.boolean())

/** What either body says of how to answer; the last two are those of the Python ChatMock. */
export const GENERATION_FIELDS = {
  model: v.string(),
  stream: Switch,
  think: v.nullish(v.unknown()),
  format: v.nullish(v.unknown()),
  options: v.nullish(AnyObject),
  keep_alive: v.nullish(v.unknown()),
  fast_mode: v.nullish(v.unknown()),
  service_tier: v.nullish(v.string()),
}

/** What either body is checked for besides, and its policy looks at. */
export const OTHER_FIELDS = {
  truncate: Switch,
  shift: Switch,
  logprobs: Switch,
  top_logprobs: v.nullish(v.pipe(v.number(), v.integer())),
  _debug_render_only: Switch,
}

/** What either body says of how to answer, checked. */
export type GenerationBody = v.InferOutput<
  v.ObjectSchema<typeof GENERATION_FIELDS & typeof OTHER_FIELDS, undefined>
>
