/** What a body of `/api/generate` asks: a question, the next one of a conversation, or a text to go on with. */

import { continuation } from '../../../domain/continuation.ts'
import { type Message, type Part, said } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import type { Question } from '../decode.ts'
import { decodeImages } from '../images.ts'
import type { AnswerContext } from '../plan.ts'
import { decodeContext, encodeContext, MAX_ANSWER_LENGTH } from './context.ts'
import type { GenerateBody } from './schema.ts'

/** What is asked. */
export interface Prompt extends Pick<Question, 'context' | 'ignored'> {
  /** Empty if nothing is asked. */
  readonly items: readonly Message[]
  /** Whether it is a text to go on with, of which nothing was said before. */
  readonly isText: boolean
}

/**
 * Decodes it.
 *
 * @throws ProxyError `invalid_type`, `invalid_value` with the path of the field.
 */
export function decodePrompt(body: GenerateBody): Prompt {
  const prompt = body.prompt ?? ''
  const suffix = body.suffix ?? ''
  const system = body.system ?? ''
  const context = checkContext(body.context ?? [])
  if (body.raw && (body.template || system !== '' || context.length > 0)) {
    throw new ProxyError(
      'invalid_value',
      'raw mode does not support template, system, or context',
      { param: 'raw' },
    )
  }
  const images = decodeImages(body.images, 'images')
  if (suffix !== '' || (body.raw && prompt !== '')) {
    const [order, text] = continuation(prompt, suffix)
    return {
      items: [order, { ...text, parts: [...text.parts, ...images] }],
      isText: true,
      ignored: [...(system === '' ? [] : ['system']), ...(context.length > 0 ? ['context'] : [])],
      // Some clients cannot read an answer without one; only raw ones have none.
      context: body.raw ? undefined : contextAfter(said('user', textParts(prompt))),
    }
  }
  const question = said('user', [...textParts(prompt), ...images])
  const past = context.length > 0 ? decodeContext(context) : []
  // Numbers of another service, whose words nobody here can know.
  const ignored = past === undefined ? ['context'] : []
  if (question.length === 0) return { items: [], isText: false, ignored }
  const items = [...withSystem(past ?? [], system), ...question]
  return { items, isText: false, ignored, context: body.raw ? undefined : contextAfter(items) }
}

/** What the system says now takes the place of what it said before. */
function withSystem(past: readonly Message[], system: string): readonly Message[] {
  if (system === '') return past
  return [
    ...said('developer', textParts(system)),
    ...past.filter(({ role }) => role !== 'developer'),
  ]
}

function contextAfter(messages: readonly Message[]): AnswerContext {
  return {
    maxLength: MAX_ANSWER_LENGTH,
    of: answer => encodeContext([...messages, ...said('assistant', textParts(answer))]),
  }
}

/** A schema would take its time for each of a million integers. */
function checkContext(context: unknown): readonly number[] {
  if (Array.isArray(context) && context.every(Number.isSafeInteger)) return context
  throw new ProxyError(
    'invalid_type',
    "Invalid type for 'context': expected an array of integers, as an answer gave it.",
    { param: 'context' },
  )
}

function textParts(text: string): readonly Part[] {
  return text === '' ? [] : [{ type: 'text', text }]
}
