/** Which model a request about one model means. */

import * as v from 'valibot'
import { ProxyError } from '../../domain/errors.ts'

/** The fields that may name it. `name` is what older clients send, and some newer ones. */
export const AskedModel = v.object({
  model: v.nullish(v.string()),
  name: v.nullish(v.string()),
})

/**
 * Returns the name that a body has for it.
 *
 * @throws ProxyError `missing_required_parameter`.
 */
export function askedName({ model, name }: v.InferOutput<typeof AskedModel>): string {
  const asked = model?.trim() || name?.trim()
  if (asked) return asked
  throw new ProxyError('missing_required_parameter', 'model is required', { param: 'model' })
}
