/** The bodies of `/api/chat` and `/api/generate` as the domain's; either folder knows what its own asks. */

import type * as v from 'valibot'
import type { ChatRequest } from '../../domain/conversation.ts'
import type { ProxyError } from '../../domain/errors.ts'
import type { JsonObject } from '../../domain/json.ts'
import { check } from '../fields/check.ts'
import { applyPolicy, type FieldPolicy, refuseIgnored } from '../fields/policy.ts'
import { decodeGeneration, type Generation } from './generation.ts'
import { decodeModel, type ModelOptions } from './model.ts'
import type { AskPlan, Plan } from './plan.ts'
import type { GenerationBody } from './schema.ts'

/** What decides beside the body. */
export interface DecodeOptions extends ModelOptions {
  /** The conversation's name from a header, if the client sends one. */
  readonly sessionId: string | undefined
  /** Refuses fields without effect. */
  readonly strict: boolean
  /** Lets the model search the web unless the body says no. */
  readonly webSearch: boolean
}

/** A body that has been read. */
export interface Decoded {
  readonly plan: Plan
  /** The name of the model exactly as it was sent. */
  readonly asked: string
  /** The name that is sent upstream. */
  readonly remoteModel: string
  /** Names of the fields that have no effect, for `x-chatmock-ignored`. */
  readonly ignored: readonly string[]
}

/** What is particular about the body of one endpoint. */
export interface BodyForm<Body extends GenerationBody> {
  readonly schema: v.GenericSchema<unknown, Body>
  readonly policy: FieldPolicy
  /** Returns the refusal of a body that names no model. */
  noModel(): ProxyError
  /** @throws ProxyError with the path of the field. */
  decodeQuestion(body: Body, options: DecodeOptions): Question
}

/** What a body asks. */
export interface Question
  extends Pick<ChatRequest, 'items' | 'tools' | 'toolChoice' | 'parallelToolCalls'>,
    Partial<Pick<AskPlan, 'context'>> {
  /** Empty if nothing is asked. */
  readonly items: ChatRequest['items']
  /** What the effort is where the body leaves it open; `undefined` leaves it to the service. */
  readonly effort?: ChatRequest['effort']
  /** Names of the fields that have no effect, beside those that the policy names. */
  readonly ignored: readonly string[]
}

/**
 * Decodes a body; the model first, as clients look for one that is missing. One that asks nothing is
 * checked like any other.
 *
 * @throws ProxyError `missing_required_parameter`, `invalid_type`, `invalid_value`, `model_not_found`,
 *   `unsupported_value`, `unsupported_parameter`, with the field to blame.
 */
export function decodeBody<Body extends GenerationBody>(
  body: JsonObject,
  form: BodyForm<Body>,
  options: DecodeOptions,
): Decoded {
  const model = decodeModel(body['model'], options)
  if (model === undefined) throw form.noModel()
  const checked = check(form.schema, body)
  const generation = decodeGeneration(checked, model, options.models)
  const question = form.decodeQuestion(checked, options)
  const ignored = [...applyPolicy(body, form.policy), ...generation.ignored, ...question.ignored]
  refuseIgnored(ignored, options.strict)
  const { asked, slug: remoteModel } = model
  return { plan: planOf(generation, question, options.sessionId), asked, remoteModel, ignored }
}

function planOf(
  { request, stream, showsThinking, loadReason }: Generation,
  { items, tools, toolChoice, parallelToolCalls, effort, context }: Question,
  cacheKey: string | undefined,
): Plan {
  if (items.length === 0) return { type: 'load', reason: loadReason }
  return {
    type: 'ask',
    stream,
    showsThinking,
    context,
    request: {
      ...request,
      effort: request.effort ?? effort,
      items,
      tools,
      toolChoice,
      parallelToolCalls,
      cacheKey,
    },
  }
}
