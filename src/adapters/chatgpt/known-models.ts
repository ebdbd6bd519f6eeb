/** The models of the backend as far as they are known without asking it. */

import type { Effort } from '../../domain/conversation.ts'
import type { BackendModel } from './catalog.ts'

const TO_XHIGH: readonly Effort[] = ['low', 'medium', 'high', 'xhigh']
const TO_MAX: readonly Effort[] = [...TO_XHIGH, 'max']
const TO_ULTRA: readonly Effort[] = [...TO_MAX, 'ultra']

/** The public models that a Codex client of November 2026 is offered, in the backend's order. */
// biome-ignore format: a table
export const KNOWN_MODELS: readonly BackendModel[] = [
  lite('gpt-6.1-sol',   'GPT-6.1 Sol',   'low',    TO_ULTRA,             'xhigh',  272_000),
  lite('gpt-6-astra',   'GPT-6 Astra',   'low',    TO_ULTRA,             'xhigh',  272_000),
  lite('gpt-6-sol',     'GPT-6 Sol',     'medium', ['none', ...TO_ULTRA], 'max',    272_000),
  lite('gpt-6-luna',    'GPT-6 Luna',    'medium', ['none', ...TO_MAX],   'medium', 272_000),
  lite('gpt-5.6-sol',   'GPT-5.6 Sol',   'low',    TO_ULTRA,             'max',    272_000),
  lite('gpt-6.1-terra', 'GPT-6.1 Terra', 'low',    ['none', ...TO_ULTRA], 'xhigh',  500_000),
  lite('gpt-5.6-terra', 'GPT-5.6 Terra', 'medium', TO_ULTRA,             'max',    272_000),
  lite('gpt-5.6-luna',  'GPT-5.6 Luna',  'medium', TO_MAX,               'medium', 272_000),
  {
    ...lite('gpt-5.5',  'GPT-5.5',       'medium', ['none', ...TO_XHIGH], 'medium', 272_000),
    lite: false,
  },
]

function lite(
  slug: string,
  displayName: string,
  defaultEffort: Effort,
  efforts: readonly Effort[],
  ultraEffort: BackendModel['ultraEffort'],
  contextWindow: number,
): BackendModel {
  return {
    slug,
    displayName,
    description: undefined,
    efforts,
    defaultEffort,
    ultraEffort,
    contextWindow,
    images: true,
    priority: true,
    lite: true,
  }
}
