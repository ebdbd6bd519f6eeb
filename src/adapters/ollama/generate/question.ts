/** What a body of `/api/generate` asks: a question, the next one of a conversation, or a text to go on with. */

import { continuation } from '../../../domain/continuation.ts'
import type { Item, Message, Part, Role } from '../../../domain/conversation.ts'
import { ProxyError } from '../../../domain/errors.ts'
import { decodeImages } from '../images.ts'
import type { AskPlan } from '../plan.ts'
import type { GenerateBody } from '../schema.ts'
import { decodeContext, encodeContext } from './context.ts'

/** What is asked. */
export interface Question extends Pick<AskPlan, 'contextOf'> {
  readonly items: readonly Item[]
  /** Whether it is a text to go on with, of which nothing was said before. */
  readonly isText: boolean
  /** Names of the fields that have no effect on it. */
  readonly ignored: readonly string[]
}

/**
 * Decodes it; `undefined` if nothing is asked.
 *
 * @throws ProxyError `invalid_type`, `invalid_value` with the path of the field.
 */
export function decodeQuestion(body: GenerateBody): Question | undefined {
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
  if (prompt === '' && suffix === '' && images.length === 0) return undefined
  if (suffix !== '' || (body.raw && prompt !== '')) {
    return {
      items: withImages(continuation(prompt, suffix), images),
      isText: true,
      ignored: [...(system === '' ? [] : ['system']), ...(context.length > 0 ? ['context'] : [])],
      // Some clients cannot read an answer without one; only raw ones have none.
      ...(!body.raw && { contextOf: contextAfter(said('user', textParts(prompt))) }),
    }
  }
  const past = context.length > 0 ? decodeContext(context) : []
  const items = [
    ...withSystem(past ?? [], system),
    ...said('user', [...textParts(prompt), ...images]),
  ]
  return {
    items,
    isText: false,
    // Numbers of another service, whose words nobody here can know.
    ignored: past === undefined ? ['context'] : [],
    contextOf: contextAfter(items),
  }
}

/** What the system says now takes the place of what it said before. */
function withSystem(past: readonly Item[], system: string): readonly Item[] {
  if (system === '') return past
  const isOutdated = (item: Item) => item.type === 'message' && item.role === 'developer'
  return [...said('developer', textParts(system)), ...past.filter(item => !isOutdated(item))]
}

function contextAfter(items: readonly Item[]): (answer: string) => readonly number[] {
  return answer => encodeContext([...items, ...said('assistant', textParts(answer))])
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

function withImages(items: readonly Item[], images: readonly Part[]): readonly Item[] {
  const text = items.at(-1)
  if (text?.type !== 'message') return items
  return [...items.slice(0, -1), ...said(text.role, [...text.parts, ...images])]
}

function textParts(text: string): readonly Part[] {
  return text === '' ? [] : [{ type: 'text', text }]
}

function said(role: Role, parts: readonly Part[]): readonly Message[] {
  return parts.length === 0 ? [] : [{ type: 'message', role, parts }]
}
