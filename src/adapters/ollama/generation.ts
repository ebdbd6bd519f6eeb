/** What a body says of how to answer, whatever it asks. */

import type { ChatRequest } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import type { ModelEntry } from '../../domain/ports.ts'
import { decodeTier, unmetTier } from '../fields/tier.ts'
import { decodeFormat } from './format.ts'
import { asksToUnload } from './keep-alive.ts'
import type { ChosenModel } from './model.ts'
import { decodeOptions } from './options.ts'
import type { GenerationBody } from './schema.ts'
import { decodeThink } from './think.ts'

/** Most alternatives to a token that Ollama tells. */
const MAX_TOP_LOGPROBS = 20

/** How to answer. */
export interface Generation {
  readonly stream: boolean
  /** Whether the client wants to see what the model thinks. */
  readonly showsThinking: boolean
  /** What becomes of a body that asks nothing. */
  readonly loadReason: 'load' | 'unload'
  /** Names of the fields that have no effect, beside those that the policy names. */
  readonly ignored: readonly string[]
  readonly request: Pick<
    ChatRequest,
    'model' | 'format' | 'effort' | 'summary' | 'verbosity' | 'priority' | 'stop'
  >
}

/**
 * Decodes it.
 *
 * @throws ProxyError `invalid_type`, `invalid_value`, `unsupported_value` with the path of the field.
 */
export function decodeGeneration(
  body: GenerationBody,
  model: ChosenModel,
  models: readonly ModelEntry[],
): Generation {
  checkTopLogprobs(body.top_logprobs ?? 0)
  const thinking = decodeThink(body.think, model)
  const options = decodeOptions(body.options ?? {})
  const { priority, isIgnored } = decodeTier(body)
  const unmet = isIgnored ? ['service_tier'] : unmetTier({ model: model.slug, priority }, models)
  return {
    stream: body.stream ?? true,
    showsThinking: thinking.isShown,
    loadReason: asksToUnload(body.keep_alive) ? 'unload' : 'load',
    ignored: [...options.ignored, ...unmet],
    request: {
      model: model.slug,
      format: decodeFormat(body.format),
      effort: thinking.effort,
      // Nobody is going to see one that is not shown.
      summary: thinking.isShown ? undefined : 'none',
      verbosity: undefined,
      priority,
      stop: options.stop,
    },
  }
}

function checkTopLogprobs(count: number): void {
  if (count >= 0 && count <= MAX_TOP_LOGPROBS) return
  throw new ProxyError('invalid_value', `top_logprobs must be between 0 and ${MAX_TOP_LOGPROBS}`, {
    param: 'top_logprobs',
  })
}
