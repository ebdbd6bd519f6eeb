/** The form of the answer, as either API asks for it. */

import * as v from 'valibot'
import type { OutputFormat } from '../../domain/conversation.ts'
import { AnyObject, check } from '../fields/check.ts'

const SchemaFields = {
  name: v.pipe(v.string(), v.regex(/^[\w-]{1,64}$/, 'expected 1 to 64 of a-z, A-Z, 0-9, _ and -')),
  description: v.nullish(v.string()),
  schema: AnyObject,
  strict: v.nullish(v.boolean()),
}

const PLAIN = [
  v.object({ type: v.literal('text') }),
  v.object({ type: v.literal('json_object') }),
] as const

const TextFormat = v.variant('type', [
  ...PLAIN,
  v.object({ type: v.literal('json_schema'), ...SchemaFields }),
])

const ResponseFormat = v.variant('type', [
  ...PLAIN,
  v.object({ type: v.literal('json_schema'), json_schema: v.object(SchemaFields) }),
])

/**
 * Decodes `text.format` of the Responses API; plain text and none are `undefined`.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value` with the path
 *   of the field.
 */
export function decodeTextFormat(format: unknown, path: string): OutputFormat | undefined {
  if (format === null || format === undefined) return undefined
  const known = check(TextFormat, format, path)
  return known.type === 'json_schema' ? schemaFormat(known) : plainFormat(known.type)
}

/**
 * Decodes `response_format` of the chat API, which some clients shorten to the name of its type.
 *
 * @throws ProxyError as {@link decodeTextFormat}.
 */
export function decodeResponseFormat(format: unknown, path: string): OutputFormat | undefined {
  if (format === null || format === undefined) return undefined
  if (typeof format === 'string') {
    return plainFormat(check(v.picklist(['text', 'json_object']), format, path))
  }
  const known = check(ResponseFormat, format, path)
  return known.type === 'json_schema' ? schemaFormat(known.json_schema) : plainFormat(known.type)
}

function plainFormat(type: 'text' | 'json_object'): OutputFormat | undefined {
  return type === 'text' ? undefined : { type: 'json-object' }
}

interface WireSchema {
  readonly name: string
  readonly description?: string | null | undefined
  readonly schema: v.InferOutput<typeof AnyObject>
  readonly strict?: boolean | null | undefined
}

function schemaFormat({ name, description, schema, strict }: WireSchema): OutputFormat {
  return {
    type: 'json-schema',
    name,
    description: description ?? undefined,
    schema,
    strict: strict ?? false,
  }
}
