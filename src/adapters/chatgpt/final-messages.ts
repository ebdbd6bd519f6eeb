/** The messages of a final output, found again among those of the stream. */

import { asString, type JsonObject } from '../../domain/json.ts'

/**
 * Returns the place in the stream of each message that was in it, by the message. Ids tell them; the
 * others come in the same order, though the output may count its items otherwise than the stream did.
 *
 * `streamed` has the places of the stream's messages, `placeOfId` returns the place of an id.
 */
export function findStreamedMessages(
  output: readonly JsonObject[],
  streamed: readonly string[],
  placeOfId: (id: string) => string,
): ReadonlyMap<JsonObject, string> {
  const found = new Map<JsonObject, string>()
  const left = new Set(streamed)
  const messages = output.filter(item => item['type'] === 'message')
  for (const message of messages) {
    const id = asString(message['id'])
    const place = id === undefined ? undefined : placeOfId(id)
    if (place !== undefined && left.delete(place)) found.set(message, place)
  }
  const others = messages.filter(message => !found.has(message))
  for (const [i, place] of [...left].entries()) {
    const message = others[i]
    if (message !== undefined) found.set(message, place)
  }
  return found
}
