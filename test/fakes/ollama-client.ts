/** What the tests that drive programs made for Ollama have in common. */

import { setTimeout as sleep } from 'node:timers/promises'
import type { Json } from './api-client.ts'
import { answer, functionCall, type ItemEvents, message, STARTED } from './backend-events.ts'
import { type Answer, frames, openStream, type UpstreamServer } from './upstream-server.ts'

/** A picture of one pixel, in Base64. */
export const PIXEL =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

/** The picture as it goes to the backend. */
export const SENT_PIXEL = {
  type: 'input_image',
  image_url: `data:image/png;base64,${PIXEL}`,
  detail: 'auto',
}

/** Two calls, the second and the third item of an answer. */
export const TWO_CALLS: readonly ItemEvents[] = [
  functionCall(1, 'call_1', 'get_weather', ['{"city":', '"Paris"}']),
  functionCall(2, 'call_2', 'get_time', ['{"zone":"UTC"}']),
]

/** An answer of one word. */
export const HELLO = answer(message(0, ['Hel', 'lo']))

/** Returns those calls, then their results, as they go to the backend under the ids of a client. */
export function calledTwo(first = 'call_1', second = 'call_2'): readonly Json[] {
  return [
    {
      type: 'function_call',
      call_id: first,
      name: 'get_weather',
      arguments: '{"city":"Paris"}',
    },
    { type: 'function_call', call_id: second, name: 'get_time', arguments: '{"zone":"UTC"}' },
    { type: 'function_call_output', call_id: first, output: '22 degrees' },
    { type: 'function_call_output', call_id: second, output: 'noon' },
  ]
}

/** Plays text, and then nothing for ever. */
export function endless(...deltas: readonly string[]): Answer {
  const { added, pieces } = message(0, deltas)
  return response => {
    openStream(response)
    response.write(frames(...STARTED, added, ...pieces))
  }
}

/** Resolves when a request to the backend has been closed; throws if it is not within a second. */
export async function closedInTime({ requests }: UpstreamServer, index: number): Promise<void> {
  const controller = new AbortController()
  const late = sleep(1000, undefined, { signal: controller.signal }).then(() => {
    throw new Error('the upstream connection is still open after a second')
  })
  await Promise.race([requests[index]?.closed, late])
  controller.abort()
  await late.catch(() => {})
}

/** Reads a stream of lines to its end. */
export async function collect<Line>(lines: AsyncIterable<Line>): Promise<Line[]> {
  const all: Line[] = []
  for await (const line of lines) all.push(line)
  return all
}
