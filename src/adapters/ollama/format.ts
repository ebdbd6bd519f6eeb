/** `format`: the form of the answer. */

import type { OutputFormat } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import { asObject } from '../../domain/json.ts'

/** The upstream wants a name of every schema, which clients do not give. */
const SCHEMA_NAME = 'response'

/**
 * Decodes the field; an empty text is the same as none.
 *
 * @throws ProxyError `invalid_value`.
 */
export function decodeFormat(value: unknown): OutputFormat | undefined {
  if (value === null || value === undefined || value === '') return undefined
  if (value === 'json') return { type: 'json-object' }
  const schema = asObject(value)
  if (schema === undefined) {
    throw new ProxyError(
      'invalid_value',
      'invalid format: expected "json" or a JSON Schema object',
      { param: 'format' },
    )
  }
  return { type: 'json-schema', name: SCHEMA_NAME, description: undefined, schema, strict: false }
}
