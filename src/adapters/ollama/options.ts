/** `options`: what a model on this machine would be set to. Of all of it only `stop` has an effect here. */

import * as v from 'valibot'
import type { ChatRequest } from '../../domain/conversation.ts'
import type { JsonObject } from '../../domain/json.ts'
import { check, listOf } from '../fields/check.ts'
import { decodeStop, StopText } from '../fields/stop.ts'

/** Most stop texts: Ollama has no limit of its own. */
const MAX_STOPS = 64

const OptionalNumber = v.nullish(v.number())
const StopTexts = listOf(StopText, MAX_STOPS)

const Options = v.looseObject({
  stop: v.nullish(v.union([StopText, v.array(v.unknown())])),
  num_predict: OptionalNumber,
  temperature: OptionalNumber,
  top_k: OptionalNumber,
  top_p: OptionalNumber,
  min_p: OptionalNumber,
  typical_p: OptionalNumber,
  repeat_last_n: OptionalNumber,
  repeat_penalty: OptionalNumber,
  presence_penalty: OptionalNumber,
  frequency_penalty: OptionalNumber,
  seed: OptionalNumber,
  num_keep: OptionalNumber,
  num_ctx: OptionalNumber,
  num_batch: OptionalNumber,
  num_gpu: OptionalNumber,
  main_gpu: OptionalNumber,
  use_mmap: v.nullish(v.boolean()),
  num_thread: OptionalNumber,
  draft_num_predict: OptionalNumber,
})

/** What the options come to. */
export interface DecodedOptions {
  readonly stop: ChatRequest['stop']
  /** Names of those that have no effect, as paths from the body. */
  readonly ignored: readonly string[]
}

/**
 * Decodes the options.
 *
 * @throws ProxyError `invalid_type`, `invalid_value` with the path of the option.
 */
export function decodeOptions(given: JsonObject): DecodedOptions {
  const { stop, num_predict } = check(Options, given, 'options')
  const texts = typeof stop === 'string' ? stop : check(StopTexts, stop ?? [], 'options.stop')
  const asksForNothing = new Set(['stop'])
  // Ollama spells "no limit" as -1.
  if (typeof num_predict === 'number' && num_predict <= 0) asksForNothing.add('num_predict')
  return {
    stop: decodeStop(texts),
    ignored: Object.entries(given)
      .filter(([name, value]) => value !== null && !asksForNothing.has(name))
      .map(([name]) => `options.${name}`),
  }
}
