/** Which service tier to ask for. */

import { hasFastTier } from '../../domain/choices.ts'
import type { Priority } from '../../domain/conversation.ts'
import { ProxyError } from '../../domain/errors.ts'
import type { ModelEntry } from '../../domain/ports.ts'

const YES = ['1', 'true', 'yes', 'on']
const NO = ['0', 'false', 'no', 'off']
/** Names of the one tier that can be asked for, the second in the words of the Codex CLI. */
const FAST_TIERS = ['priority', 'fast']

/** The two fields that say it. */
export interface TierBody {
  readonly fast_mode?: unknown
  readonly service_tier?: string | null | undefined
}

/**
 * Reads the tier. `fast_mode` is an order, `service_tier` a wish: any but `auto` decides, the fast
 * tier or the one that is there besides. `isIgnored` if the wish is for another tier than those two,
 * or against the order.
 *
 * @throws ProxyError `invalid_type`, `invalid_value` for a `fast_mode` that is neither yes nor no.
 */
export function decodeTier({ fast_mode, service_tier }: TierBody): {
  readonly priority: Priority | undefined
  readonly isIgnored: boolean
} {
  const order = decodeFastMode(fast_mode)
  const tier = service_tier?.toLowerCase() ?? 'auto'
  const wishes = FAST_TIERS.includes(tier)
  const wish = wishes ? 'wished' : tier === 'auto' ? undefined : 'never'
  const isMet =
    tier === 'auto' || (wishes ? order !== 'never' : tier === 'default' && order !== 'required')
  return { priority: order ?? wish, isIgnored: !isMet }
}

/** Returns the names of the fields that have no effect because the model lacks the tier. */
export function unmetTier(
  { model, priority }: { readonly model: string; readonly priority: Priority | undefined },
  models: readonly ModelEntry[],
): readonly string[] {
  return priority === 'wished' && !hasFastTier(model, models) ? ['service_tier'] : []
}

function decodeFastMode(value: unknown): Priority | undefined {
  if (value === null || value === undefined) return undefined
  if (!['boolean', 'number', 'string'].includes(typeof value)) throw badFastMode('invalid_type')
  const word = String(value).toLowerCase()
  if (YES.includes(word)) return 'required'
  if (NO.includes(word)) return 'never'
  throw badFastMode('invalid_value')
}

function badFastMode(code: 'invalid_type' | 'invalid_value'): ProxyError {
  const subject = code === 'invalid_type' ? 'type' : 'value'
  return new ProxyError(code, `Invalid ${subject} for 'fast_mode': expected true or false.`, {
    param: 'fast_mode',
  })
}
