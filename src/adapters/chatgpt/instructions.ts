/** What the model is told to do, as items of the input. */

import { asObject, type JsonObject } from '../../domain/json.ts'

/** Returns a message of the developer's. */
export function developerSays(text: string): JsonObject {
  return { type: 'message', role: 'developer', content: [{ type: 'input_text', text }] }
}

/** Returns input for JSON mode, which is refused unless some message speaks of JSON. */
export function askForJson(input: readonly JsonObject[]): readonly JsonObject[] {
  return input.some(speaksOfJson)
    ? input
    : [...input, developerSays('Answer with one JSON object.')]
}

function speaksOfJson({ type, content }: JsonObject): boolean {
  if (type !== 'message') return false
  const texts = Array.isArray(content) ? content.map(part => asObject(part)?.['text']) : [content]
  return texts.some(text => typeof text === 'string' && /json/i.test(text))
}
