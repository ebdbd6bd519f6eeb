/** The body of a completion request as the domain's: a chat in which the model goes on with a text. */

import { continuation } from '../../../domain/continuation.ts'
import type { ChatRequest } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import type { JsonObject } from '../../../domain/json.ts'
import { check } from '../../fields/check.ts'
import {
  applyPolicy,
  type FieldPolicy,
  NO_LOG_PROBABILITIES,
  refuseIgnored,
} from '../../fields/policy.ts'
import { decodeStop } from '../../fields/stop.ts'
import { decodeTier } from '../../fields/tier.ts'
import type { DecodeOptions } from '../chat/decode.ts'
import { decodeEffort } from '../chat/effort.ts'
import { NO_BIAS, ONE_ANSWER } from '../refusals.ts'
import { COMPLETION_FIELDS, CompletionBody } from './schema.ts'

/** A completion request and what the answer must look like. */
export interface DecodedCompletion {
  readonly request: ChatRequest
  readonly stream: boolean
  readonly includeUsage: boolean
  /** Names of the fields that have no effect, for `x-chatmock-ignored`. */
  readonly ignored: readonly string[]
  /** What is told before the answer: the prompt where the client wants it back, else nothing. */
  readonly echo: string
}

const POLICY: FieldPolicy = {
  read: new Set([...COMPLETION_FIELDS, 'n', 'best_of', 'logprobs']),
  refused: new Map([
    ['n', ONE_ANSWER],
    ['best_of', ONE_ANSWER],
    ['logprobs', NO_LOG_PROBABILITIES],
    ['logit_bias', NO_BIAS],
  ]),
  nested: new Map([['stream_options', new Set(['include_usage'])]]),
}

/**
 * Decodes a body. There are no tools, and as little thinking as the model can do, unless the body
 * says how much: such clients wait for every word.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`,
 *   `unsupported_value`, `unsupported_parameter`, with the field to blame.
 */
export function decodeCompletion(body: JsonObject, options: DecodeOptions): DecodedCompletion {
  const completion = check(CompletionBody, body)
  const suffix = completion.suffix ?? ''
  const prompt = decodePrompt(completion.prompt, suffix)
  const tier = decodeTier(completion)
  const ignored = [...applyPolicy(body, POLICY), ...(tier.isIgnored ? ['service_tier'] : [])]
  refuseIgnored(ignored, options.strict)
  return {
    stream: completion.stream ?? false,
    includeUsage: completion.stream_options?.include_usage ?? false,
    ignored,
    echo: completion.echo ? prompt : '',
    request: {
      model: completion.model,
      items: continuation(prompt, suffix),
      tools: [],
      toolChoice: 'auto',
      parallelToolCalls: true,
      format: undefined,
      effort: decodeEffort(completion) ?? 'none',
      summary: undefined,
      verbosity: undefined,
      priority: tier.priority,
      cacheKey: completion.prompt_cache_key || options.sessionId,
      stop: decodeStop(completion.stop),
    },
  }
}

function decodePrompt(prompt: unknown, suffix: string): string {
  const [text, ...others]: readonly unknown[] = Array.isArray(prompt) ? prompt : [prompt]
  if (typeof text === 'number' || Array.isArray(text)) {
    throw badPrompt('unsupported_value', 'tokens cannot be read here, send text')
  }
  if (others.length > 0) {
    throw badPrompt('unsupported_value', 'one prompt a request is all there is')
  }
  if (text === null || text === undefined) {
    if (suffix !== '') return ''
    throw new ProxyError('missing_required_parameter', "Missing required parameter: 'prompt'.", {
      param: 'prompt',
    })
  }
  if (typeof text !== 'string') {
    throw badPrompt('invalid_type', 'expected a string, or an array of one string')
  }
  if (text === '' && suffix === '') throw badPrompt('invalid_value', 'it must not be empty')
  return text
}

const SUBJECTS = {
  unsupported_value: 'Unsupported value',
  invalid_type: 'Invalid type',
  invalid_value: 'Invalid value',
} as const

function badPrompt(code: keyof typeof SUBJECTS, why: string): ProxyError {
  return new ProxyError(code, `${SUBJECTS[code]} for 'prompt': ${why}.`, { param: 'prompt' })
}
