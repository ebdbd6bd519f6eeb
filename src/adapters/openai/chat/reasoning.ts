/** Where an answer shows its reasoning: the API has no place for it, so clients read it in several. */

import type { Completion } from '../../../domain/collect.ts'
import { ProxyError } from '../../../domain/errors.ts'
import type { ModelEvent } from '../../../domain/events.ts'

/**
 * The ways to show it: the key `reasoning_content`; the key `reasoning`, as a string or (`o3`) as an
 * object; `think-tags` inside the content; `legacy` with the summary apart; `off` not at all.
 * `current` is an old name of `legacy`.
 */
export const REASONING_MODES = [
  'reasoning-content',
  'reasoning',
  'think-tags',
  'o3',
  'legacy',
  'current',
  'off',
] as const
/** One of {@link REASONING_MODES}, as people write it. */
export type ReasoningSetting = (typeof REASONING_MODES)[number]
/** What an answer does. */
export type ReasoningMode = Exclude<ReasoningSetting, 'current'>

/** Header by which a request chooses. */
const HEADER = 'x-reasoning-compat'

/** What a request says of its reasoning. */
export interface ReasoningWishes {
  /** Value of the header `X-Reasoning-Compat`; an empty one chooses nothing. */
  readonly header: string | undefined
  readonly hidesReasoning: boolean
  /** Whether the answer must be JSON, which tags inside it would break. */
  readonly hasFormat: boolean
}

/**
 * Chooses the mode of one answer: the header's, else the setting's.
 *
 * @throws ProxyError `invalid_value` if the header names none.
 */
export function chooseReasoningMode(
  setting: ReasoningSetting,
  { header, hidesReasoning, hasFormat }: ReasoningWishes,
): ReasoningMode {
  const mode = readHeader(header) ?? setting
  if (hidesReasoning) return 'off'
  if (mode === 'think-tags' && hasFormat) return 'reasoning-content'
  return mode === 'current' ? 'legacy' : mode
}

function readHeader(header: string | undefined): ReasoningSetting | undefined {
  const name = header?.trim().toLowerCase()
  if (name === undefined || name === '') return undefined
  const mode = REASONING_MODES.find(known => known === name)
  if (mode === undefined) {
    throw new ProxyError(
      'invalid_value',
      `The header ${HEADER} takes one of: ${REASONING_MODES.join(', ')}.`,
      { param: HEADER },
    )
  }
  return mode
}

type Reasoning = Extract<ModelEvent, { type: 'reasoning' }>

const told = {
  reasoningContent: ({ text }: Reasoning) => `{"reasoning_content":${text}}`,
  reasoning: ({ text }: Reasoning) => `{"reasoning":${text}}`,
  o3: ({ text }: Reasoning) => `{"reasoning":{"content":[{"type":"text","text":${text}}]}}`,
  legacy: ({ source, text }: Reasoning) =>
    source === 'summary'
      ? `{"reasoning_summary":${text},"reasoning":${text}}`
      : `{"reasoning":${text}}`,
  nothing: () => '',
}

/** Per mode: the delta of a chunk that tells a piece of reasoning, or '' if none does. */
export const REASONING_DELTAS: Readonly<Record<ReasoningMode, (piece: Reasoning) => string>> = {
  'reasoning-content': told.reasoningContent,
  reasoning: told.reasoning,
  // By now it is part of the text.
  'think-tags': told.nothing,
  o3: told.o3,
  legacy: told.legacy,
  off: told.nothing,
}

/** Returns the keys of a message that show its reasoning; none for an answer without any. */
export function encodeReasoning(
  mode: ReasoningMode,
  { reasoning, summary }: Pick<Completion, 'reasoning' | 'summary'>,
): object {
  if (reasoning === '') return {}
  switch (mode) {
    case 'reasoning-content':
      return { reasoning_content: reasoning }
    case 'reasoning':
      return { reasoning }
    case 'o3':
      return { reasoning: { content: [{ type: 'text', text: reasoning }] } }
    case 'legacy':
      return { ...(summary && { reasoning_summary: summary }), reasoning }
    case 'think-tags':
    case 'off':
      return {}
    default:
      return mode satisfies never
  }
}
